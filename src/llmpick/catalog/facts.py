"""What judging reads of each model, worked out once, as plain values: a model nobody sees is never decoded."""

from __future__ import annotations

import marshal
from functools import partial
from typing import TYPE_CHECKING, Any

from llmpick.catalog.codec import shared
from llmpick.errors import LlmpickError
from llmpick.licensing.judge import Licensed, licensed
from llmpick.quality.traits import Traits, amounts, traits
from llmpick.record import NamedTuple, bare
from llmpick.sizing.size import Size, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llmpick.architecture import Architecture
    from llmpick.catalog.codec import Writer
    from llmpick.schema import Model, Tooling

TRAINERS = ("unsloth", "axolotl", "llama_factory", "ms_swift", "torchtune", "litgpt", "sentence_transformers")
SHAPE = ["r", "llmpick.architecture:Architecture"]
"""How an Architecture is stored."""
BY_VALUE = 2
"""The last format in which `marshal` writes what is equal as the same bytes."""
SERVERS = {"vllm": "vLLM", "sglang": "SGLang", "llama_cpp": "llama.cpp", "mlx": "MLX"}
"""Field of Tooling -> the name of what serves it."""


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


LICENSE, TOOLS, SIZE, TRAITS = map(Facts._fields.index, ("license", "tools", "size", "traits"))


def facts_of(model: Model) -> Facts:
    """What judging reads of `model`."""
    return _facts(model, _size(model))


def _facts(model: Model, size: Size | None) -> Facts:
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
        size=size,
        traits=known,
        amounts=amounts(known),
    )


class Plain:
    """Facts as plain tuples, to be stored. What many models have in common is one object, and worked out once."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._seen: dict[Any, Any] = {}
        self._sizes: dict[bytes, Any] = {}

    def __call__(self, model: Model) -> tuple[Any, ...]:
        """What judging reads of `model`."""
        row = shared(bare(_facts(model, None)), self._seen)
        return (*row[:SIZE], self._size(model), *row[SIZE + 1 :])

    def _size(self, model: Model) -> Any:
        """The Size of a model's network, one for all that are alike."""
        shape = self.writer.plain(model.architecture and model.architecture.shape, SHAPE)
        alike = marshal.dumps(shape, BY_VALUE)
        if alike not in self._sizes:
            size = _size(model)
            self._sizes[alike] = size and bare(size._replace(shape=shape if size.shape else None))
        return self._sizes[alike]


def unpack(rows: Iterable[Any], shape: Callable[[Any], Architecture | None]) -> list[Facts]:
    """What was stored, as it was; `shape` makes Architectures. Networks that are alike share one Size."""
    columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
    if not columns:
        return []
    sizes = {id(row): row for row in columns[SIZE] if row is not None}
    made = {key: tuple.__new__(Size, (*row[:-1], row[-1] and partial(shape, row[-1]))) for key, row in sizes.items()}
    columns[LICENSE] = map(partial(tuple.__new__, Licensed), columns[LICENSE])
    columns[TOOLS] = [row and tuple.__new__(Tools, row) for row in columns[TOOLS]]
    columns[SIZE] = map(made.get, map(id, columns[SIZE]))
    columns[TRAITS] = map(partial(tuple.__new__, Traits), columns[TRAITS])
    return list(map(partial(tuple.__new__, Facts), zip(*columns, strict=True)))


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
