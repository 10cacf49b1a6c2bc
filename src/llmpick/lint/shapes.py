"""Rules on what a network's shape gives: its parameters, the tasks it can do, the context it has positions for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError
from llmpick.lint.remarks import Loc, Remark, file_of
from llmpick.lint.vocabularies import MULTIPLE
from llmpick.sizing.parameters import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmpick.catalog import Catalog

TOLERANCE = 0.005
"""Share by which a published parameter count may differ from ours without an explanation."""
FOR_EVERYTHING = {"generation", "chat", "math-reasoning", "code-generation"}
"""Tasks that together mark a decoder made for every kind of text; a specialist lacks one of them."""
NORWEGIAN = ("nb", "nn")
"""Two written forms of one language."""


def parameters_from_architecture(catalog: Catalog) -> Iterator[Remark]:
    """`parameters.total` and `parameters.active` are what the architecture gives, to the last parameter.

    The architecture decides memory and time, so a shape that does not add up makes every later figure wrong.
    """
    for model in catalog.models:
        if model.architecture is None:
            continue
        try:
            counted = count(model.architecture.shape)
        except LlmpickError as error:
            yield Remark(file_of(model), ("architecture", "shape", "model_type"), str(error))
            continue
        for field, ours in (("total", counted.total), ("active", counted.active)):
            said: int = getattr(model.parameters, field)
            if said != ours:
                message = f"the architecture gives {ours:,} {field} parameters, the file says {said:,}; correct either"
                yield Remark(file_of(model), ("parameters", field), message)


def published_parameters(catalog: Catalog) -> Iterator[Remark]:
    """`parameters.published` lies within 0.5 % of `total`, or `published_as` says what makes the difference."""
    for model in catalog.models:
        said = model.parameters
        loc: Loc = ("parameters", "published")
        if said.published is None:
            if said.published_as:
                yield Remark(
                    file_of(model), ("parameters", "published_as"), "there is no `published`; remove this line"
                )
        elif abs(said.published - said.total) > TOLERANCE * said.published and not said.published_as:
            share = (said.total - said.published) / said.published
            message = f"`total` is {share:+.2%} off; correct it, or say in `published_as` what makes the difference"
            yield Remark(file_of(model), loc, message)


def active_parameters(catalog: Catalog) -> Iterator[Remark]:
    """`parameters.active` is at most `parameters.total`."""
    for model in catalog.models:
        if model.parameters.active > model.parameters.total:
            message = f"more active ({model.parameters.active:,}) than total parameters; swap or correct them"
            yield Remark(file_of(model), ("parameters", "active"), message)


def tasks_fit_structure(catalog: Catalog) -> Iterator[Remark]:
    """A model's structure can do each of its tasks, as tasks.yaml says."""
    structures = {task.id: task.structures for task in catalog.tasks}
    for model in catalog.models:
        structure = model.architecture.shape.structure if model.architecture else None
        for position, task in enumerate(model.tasks):
            if structure and structure not in structures.get(task, (structure,)):
                message = f"{task} takes {' or '.join(structures[task])}, this is {structure}; remove the task"
                yield Remark(file_of(model), ("tasks", position), message)


def several_languages_translate(catalog: Catalog) -> Iterator[Remark]:
    """A decoder for every kind of text has `translation` where its languages are more than one, and only there."""
    for model in catalog.models:
        shape = model.architecture.shape if model.architecture else None
        if shape and shape.structure == "decoder" and model.languages and set(model.tasks) >= FOR_EVERYTHING:
            several = len({"no" if code in NORWEGIAN else code for code in model.languages}) > 1
            several = several or MULTIPLE in model.languages
            if several != ("translation" in model.tasks):
                count = "several languages" if several else "one language"
                message = f"it knows {count}: {'add' if several else 'remove'} translation, or correct `languages`"
                yield Remark(file_of(model), ("tasks",), message)


def context_within_positions(catalog: Catalog) -> Iterator[Remark]:
    """A learned position table has a row for every token of the context."""
    for model in catalog.models:
        shape = model.architecture.shape if model.architecture else None
        tokens = model.context_length or 0
        if shape and shape.position == "learned" and tokens > shape.position_rows:
            message = f"{tokens:,} tokens, but {shape.position_rows:,} position rows; correct either"
            yield Remark(file_of(model), ("context_length",), message)
