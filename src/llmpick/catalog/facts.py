"""What judging reads of each model, worked out once, as plain values: a model nobody sees is never decoded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from llmpick.errors import LlmpickError
from llmpick.licensing.judge import Licensed, licensed
from llmpick.quality.traits import Traits, amounts, traits
from llmpick.record import bare
from llmpick.sizing.size import Size, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llmpick.architecture import Architecture
    from llmpick.catalog.codec import Writer
    from llmpick.schema import Model, Tooling

TRAINERS = ("unsloth", "axolotl", "llama_factory", "ms_swift", "torchtune", "litgpt", "sentence_transformers")
SHAPE = ["r", "llmpick.architecture:Architecture"]
"""How an Architecture is stored."""
SERVERS = ("vllm", "sglang", "llama_cpp", "mlx")


class Tools(NamedTuple):
    """Which tools know a model."""

    transformers: bool
    remote_code: bool
    adapts: bool
    """PEFT adapts it."""
    trainers: bool
    servers: bool


class Facts(NamedTuple):
    """One model as the Steps read it. None or empty = not on record."""

    id: str
    lineage: str
    variant: str
    structure: str | None
    tasks: tuple[str, ...]
    context: int | None
    languages: tuple[str, ...]
    reads: tuple[str, ...]
    """Kinds of text it was pre-trained on."""
    license: Licensed
    tools: Tools | None
    active: int
    """Parameters a token passes through, as the catalog says."""
    size: Size | None
    """None = it cannot be sized."""
    traits: Traits
    amounts: dict[str, float]
    """Of the traits, for the estimate of quality."""


def facts_of(model: Model) -> Facts:
    """What judging reads of `model`."""
    known = traits(model)
    return Facts(
        id=model.id,
        lineage=model.lineage,
        variant=model.variant,
        structure=model.architecture.shape.structure if model.architecture else None,
        tasks=model.tasks,
        context=model.context_length,
        languages=model.languages,
        reads=model.pretraining.domains if model.pretraining else (),
        license=licensed(model),
        tools=tools_of(model.tooling),
        active=model.parameters.active,
        size=_size(model),
        traits=known,
        amounts=amounts(known),
    )


def plain_facts(model: Model, writer: Writer) -> tuple[Any, ...]:
    """What judging reads of `model` as plain tuples, to be stored."""
    facts = facts_of(model)
    size = facts.size
    if size is not None:
        size = size._replace(shape=size.shape and writer.plain(size.shape(), SHAPE))
    plain: tuple[Any, ...] = bare(facts._replace(size=size))
    return plain


def unpack(rows: Iterable[Any], shape: Callable[[Any], Architecture | None]) -> list[Facts]:
    """What was stored, as it was; `shape` makes Architectures. Networks that are alike share one Size."""
    sizes: dict[int, Size] = {}
    found = []
    for *plain, weights, tools, active, size, known, told in rows:
        one = sizes.get(id(size))
        if one is None and size is not None:
            one = sizes[id(size)] = Size._make((*size[:5], size[5] and partial(shape, size[5])))
        parts = Licensed(*weights), tools and Tools(*tools), active, one, Traits(*known), told
        found.append(Facts._make((*plain, *parts)))
    return found


def tools_of(tooling: Tooling | None) -> Tools | None:
    """Which tools know a model; None where nobody looked."""
    if tooling is None or tooling.transformers is None:
        return None
    return Tools(
        transformers=tooling.transformers,
        remote_code=bool(tooling.remote_code),
        adapts=bool(tooling.peft or tooling.lora_targets),
        trainers=any(getattr(tooling, name) for name in TRAINERS),
        servers=any(getattr(tooling, name) for name in SERVERS),
    )


def _size(model: Model) -> Size | None:
    if model.architecture is None:
        return None
    try:
        return size_of(model.architecture.shape)
    except LlmpickError:
        return None
