"""Published comparisons: several models put through one recipe. Read by the fit and by `explain`, never to rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import MinLen

from llmpick.architecture import Positive
from llmpick.errors import CatalogError, did_you_mean
from llmpick.languages import KNOWN
from llmpick.quality.traits import Structure, Traits, specialties
from llmpick.record import Pattern, record
from llmpick.schema import Language, Month, Slug, Sources, Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from llmpick.catalog import Catalog
    from llmpick.catalog.faults import Fault

HubId = Annotated[str, Pattern(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")]


@record
class Results:
    """One task of a comparison: what each model scored after fine-tuning on it."""

    name: Text
    task: Slug
    """An id of `tasks.yaml`."""
    domain: Slug = "general"
    """An id of `domains.yaml`."""
    languages: Annotated[tuple[Language, ...], MinLen(1)] = ("en",)
    """`mul` = the source averages over many."""
    examples: Positive | None = None
    """Training examples; None = not stated."""
    methods: tuple[Text, ...] = ("full",)
    metric: Text
    lower_is_better: bool = False
    scores: Annotated[dict[HubId, float], MinLen(2)]


@record
class Subject:
    """A compared model that has no file of its own: the few facts the fit needs."""

    id: HubId
    family: Slug
    structure: Structure
    parameters: Positive
    released: Month | None = None
    replaced_token: bool = False
    variant: Literal["base", "instruct", "distilled", "embedding", "task"] = "base"
    languages: tuple[Language, ...] = ()
    domains: tuple[Slug, ...] = ()
    """What it read, the main kind of text first."""


@record
class Suite:
    """One published comparison: `catalog/evidence/<id>.yaml`."""

    id: str
    title: Text
    by: Text
    """Who ran it."""
    fixed: Text
    """What was held fixed over the models."""
    caution: str | None = None
    """What to know before trusting it."""
    confidence: Literal["high", "medium", "low"]
    sources: Sources
    tasks: Annotated[tuple[Results, ...], MinLen(1)]
    subjects: tuple[Subject, ...] = ()
    """Facts of compared models that have no catalog file; each stands in one suite only."""


def load(directory: Path) -> tuple[Suite, ...]:
    """The suites of the catalog in `directory`, by id. Raises CatalogError naming the first fault."""
    found = []
    for suite, faults in _read(directory):
        if faults:
            raise CatalogError(str(faults[0]))
        found.append(suite)
    return tuple(found)


def _read(directory: Path) -> Iterator[tuple[Suite, tuple[Fault, ...]]]:
    from llmpick.catalog.kinds import kind_of
    from llmpick.catalog.parsing import parse

    for file in sorted((directory / "evidence").glob("*.yaml")):
        path = f"evidence/{file.name}"
        kind = kind_of(path)
        if kind:
            yield parse(file.read_bytes(), kind, path)


def problems(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """(path, what is wrong) of each comparison that cannot be read or used."""
    for directory in catalog.directories:
        told: set[str] = set()
        for suite, faults in _read(directory):
            yield from ((fault.path, fault.message) for fault in faults)
            if not faults:
                yield from ((f"evidence/{suite.id}.yaml", text) for text in _unusable(suite, catalog, told))


def _unusable(suite: Suite, catalog: Catalog, told: set[str]) -> Iterator[str]:
    """What the fit could not use; `told` holds the models whose facts are known so far, and grows."""
    for subject in suite.subjects:
        if subject.id in told:
            yield f"the facts of {subject.id} stand in another comparison; remove it from `subjects`"
        told.add(subject.id)
    words = {"task": {one.id for one in catalog.tasks}, "domain": {one.id for one in catalog.domains}}
    for results in suite.tasks:
        for name, known in words.items():
            word = getattr(results, name)
            if word not in known:
                yield f"{results.name}: unknown {name} `{word}`; {did_you_mean(word, known)}"
        for language in results.languages:
            if language != "mul" and language not in KNOWN:
                yield f"{results.name}: unknown language `{language}`; write its ISO 639-1 code"


def subject_traits(subject: Subject) -> Traits:
    """The facts of a compared model without a file, as the estimate reads them."""
    released = subject.released
    return Traits(
        id=subject.id,
        family=subject.family,
        structure=subject.structure,
        size=float(subject.parameters),
        year=int(released[:4]) + (int(released[5:7]) - 1) / 12 if released else None,
        tokens=None,
        replaced_token=subject.replaced_token,
        variant=subject.variant,
        languages=subject.languages,
        specialties=specialties(subject.domains),
    )
