"""What judging reads of each model, worked out once, as plain values: a model nobody sees is never decoded."""

from __future__ import annotations

import marshal
from functools import partial
from typing import TYPE_CHECKING, Any

from llmpick.catalog.codec import shared
from llmpick.catalog.networks import SHAPE, columns_of, networks_of, sized
from llmpick.errors import LlmpickError
from llmpick.licensing.judge import Licensed, licensed
from llmpick.quality.traits import Amounts, Traits, amounts_of, traits
from llmpick.record import NamedTuple, bare
from llmpick.sizing.networks import FORMAT, Size, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from llmpick.catalog.codec import Writer
    from llmpick.catalog.networks import Sized
    from llmpick.schema import Model, Tooling
    from llmpick.sizing.networks import Networks

TRAINERS = ("unsloth", "axolotl", "llama_factory", "ms_swift", "torchtune", "litgpt", "sentence_transformers")
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
    amounts: Amounts
    """Of the traits, for the estimate of quality."""


LICENSE, TOOLS, SIZE, TRAITS, AMOUNTS = map(Facts._fields.index, ("license", "tools", "size", "traits", "amounts"))


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
        amounts=amounts_of(known),
    )


class Plain:
    """Facts as plain tuples, to be stored. What many models have in common is one object, and worked out once."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._seen: dict[Any, Any] = {}
        self._sizes: dict[bytes, Sized | None] = {}

    def __call__(self, model: Model) -> tuple[Any, ...]:
        """What judging reads of `model`."""
        row = shared(bare(_facts(model, None)), self._seen)
        return (*row[:SIZE], self._size(model), *row[SIZE + 1 :])

    def _size(self, model: Model) -> Sized | None:
        """The network of a model, one for all that are alike."""
        shape = self.writer.plain(model.architecture and model.architecture.shape, SHAPE)
        alike = marshal.dumps(shape, FORMAT)
        if alike not in self._sizes:
            size = _size(model)
            self._sizes[alike] = size and sized(size, shape)
        return self._sizes[alike]


def split(rows: Sequence[Any]) -> tuple[list[Any], dict[str, bytes]]:
    """What Plain says as it is stored: of a network its Size and its number, the rest of it in sections of its own."""
    distinct = {id(one): one for row in rows if (one := row[SIZE]) is not None}
    networks = {one.key: one for one in distinct.values()}
    heads = {key: (*one.head, number) for number, (key, one) in enumerate(networks.items())}
    stored = {place: heads[one.key] for place, one in distinct.items()}
    return [_with(stored.get(id(row[SIZE])), row) for row in rows], columns_of(list(networks.values()))


def joined(rows: Iterable[Any], section: Callable[[str], bytes]) -> list[Any]:
    """What was `split`, as it was."""
    rows = list(rows)
    heads = {row[SIZE][-1]: row[SIZE][:-1] for row in rows if row[SIZE] is not None}
    networks = networks_of([heads[number] for number in range(len(heads))], section)
    return [_with(row[SIZE] and networks[row[SIZE][-1]], row) for row in rows]


def _with(size: Any, row: Any) -> Any:
    return (*row[:SIZE], size, *row[SIZE + 1 :])


def unpack(rows: Iterable[Any], networks_of: Callable[[int], Networks]) -> list[Facts]:
    """What was stored; `networks_of` says where so many networks are kept.

    What models have in common is one object.
    """
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    if not columns:
        return []
    networks = networks_of(1 + max((row[-1] for row in columns[SIZE] if row is not None), default=-1))
    columns[LICENSE] = _each(columns[LICENSE], partial(tuple.__new__, Licensed))
    columns[TOOLS] = _each(columns[TOOLS], partial(tuple.__new__, Tools))
    columns[SIZE] = _each(columns[SIZE], lambda row: tuple.__new__(Size, (*row, networks)))
    columns[TRAITS] = _each(columns[TRAITS], partial(tuple.__new__, Traits))
    columns[AMOUNTS] = _each(columns[AMOUNTS], partial(tuple.__new__, Amounts))
    return list(map(partial(tuple.__new__, Facts), zip(*columns, strict=True)))


def _each(rows: Sequence[Any], made: Callable[[Any], Any]) -> list[Any]:
    """What is `made` of each row, once of rows that are one object; None of None."""
    known = {id(row): row for row in rows}
    found = {key: row and made(row) for key, row in known.items()}
    return list(map(found.__getitem__, map(id, rows)))


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
