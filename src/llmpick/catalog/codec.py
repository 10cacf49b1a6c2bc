"""Records <-> plain JSON tables that load fast.

Equal records are stored once. Each record class is one table, stored column by column: a constant column as its one
value, a repetitive one as indexes into its distinct values. Loading sets whole columns at C speed through the slots'
descriptors, without calling any `__init__`; the values were validated when the table was written.

A field's spec says how to rebuild it from JSON: None = as it stands, ["t", spec] = tuple, ["d", spec] = dict,
["r", class] = a record, stored as its index in that class's table, ["x", [specs]] = a tuple of fixed length.
"""

from __future__ import annotations

import dataclasses
import gc
import types
import typing
from collections import deque
from contextlib import contextmanager
from importlib import import_module
from itertools import repeat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Spec = Any


class Tables:
    """Records being written: `add` them, then take `dump()`."""

    def __init__(self) -> None:
        self.rows: dict[type, dict[str, int]] = {}
        self.specs: dict[type, dict[str, Spec]] = {}
        self.columns: dict[type, list[list[Any]]] = {}
        self.known: dict[int, tuple[Any, int]] = {}

    def add(self, value: Any, spec: Spec) -> Any:
        """`value` as plain JSON, its records replaced by their index."""
        if spec is None or value is None:
            return value
        tag, inner = spec
        if tag == "r":
            return self._record(value)
        if tag == "t":
            return [self.add(item, inner) for item in value]
        if tag == "d":
            return {key: self.add(item, inner) for key, item in value.items()}
        return [self.add(item, one) for item, one in zip(value, inner, strict=True)]

    def _record(self, record: Any) -> int:
        seen = self.known.get(id(record))
        if seen is not None:
            return seen[1]
        cls = type(record)
        if cls not in self.specs:
            self.specs[cls] = specs_of(cls)
        row = [self.add(getattr(record, name), spec) for name, spec in self.specs[cls].items()]
        table = self.rows.setdefault(cls, {})
        index = table.setdefault(repr(row), len(table))
        columns = self.columns.setdefault(cls, [[] for _ in row])
        if index == len(columns[0]):
            for column, item in zip(columns, row, strict=True):
                column.append(item)
        self.known[id(record)] = (record, index)  # holds the record, so that its id stays its own
        return index

    def dump(self) -> list[Any]:
        """One table per class, those that others refer to first."""
        return [
            {
                "class": f"{cls.__module__}:{cls.__qualname__}",
                "rows": len(self.columns[cls][0]),
                "fields": [
                    [name, spec, *_pack(column)]
                    for (name, spec), column in zip(self.specs[cls].items(), self.columns[cls], strict=True)
                ],
            }
            for cls in self._ordered()
        ]

    def _ordered(self) -> list[type]:
        """Classes such that each comes after those it refers to."""
        names = {f"{cls.__module__}:{cls.__qualname__}": cls for cls in self.columns}
        ordered: dict[type, None] = {}

        def visit(cls: type) -> None:
            for spec in self.specs[cls].values():
                for name in _references(spec):
                    if name in names and names[name] not in ordered:
                        visit(names[name])
            ordered[cls] = None

        for cls in names.values():
            visit(cls)
        return list(ordered)


def column(tables: Iterable[Mapping[str, Any]], cls: str, field: str) -> list[Any]:
    """The distinct values of one field of one class in dumped tables."""
    for table in tables:
        if table["class"] == cls:
            return next(values for name, _, values, _ in table["fields"] if name == field)
    return []


def _pack(column: list[Any]) -> tuple[Any, Any]:
    """(distinct values, index of each row), or (values, None) where they hardly repeat."""
    texts = [repr(value) for value in column]  # tells 1 from 1.0 and True, which compare equal
    distinct = dict(zip(texts, column, strict=True))
    if len(distinct) == 1:
        return column[:1], 0
    if len(distinct) * 2 > len(column):
        return column, None
    position = {text: index for index, text in enumerate(distinct)}
    return list(distinct.values()), [position[text] for text in texts]


def load(tables: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The records of each class, by `module:name`; raises ValueError and its like on anything unexpected."""
    records: dict[str, list[Any]] = {}
    for table in tables:
        cls = _class(table["class"])
        records[table["class"]] = _load_table(cls, table, records)
    return records


@contextmanager
def without_collection() -> Iterator[None]:
    """No garbage collection inside: a hundred thousand new objects, none of them garbage."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _load_table(cls: Any, table: Mapping[str, Any], records: Mapping[str, list[Any]]) -> list[Any]:
    names = [field[0] for field in table["fields"]]
    if names != list(cls.__slots__):
        raise ValueError(f"{cls.__name__} has other fields now")
    rows: int = table["rows"]
    made = list(map(object.__new__, repeat(cls, rows)))
    for name, spec, values, index in table["fields"]:
        column = _column(revive(spec, values, records), index, rows)
        deque(map(getattr(cls, name).__set__, made, column), maxlen=0)
    return made


def _column(values: Sequence[Any], index: Any, rows: int) -> Iterable[Any]:
    if index == 0:
        return repeat(values[0], rows)
    if len(index if index is not None else values) != rows:
        raise ValueError("a column is cut short")
    return values if index is None else map(values.__getitem__, index)


def revive(spec: Spec, values: Sequence[Any], records: Mapping[str, list[Any]]) -> Sequence[Any]:
    """The values of one column from their stored JSON; None stays None."""
    if spec is None:
        return values
    tag, inner = spec
    if tag == "r":
        pick = records.get(inner, []).__getitem__
        return [None if value is None else pick(value) for value in values]
    if tag == "t":
        return _tuples(inner, values, records)
    if tag == "d":
        return [
            None if value is None else dict(zip(value, revive(inner, list(value.values()), records), strict=True))
            for value in values
        ]
    return [
        None
        if value is None
        else tuple(revive(one, [item], records)[0] for one, item in zip(inner, value, strict=True))
        for value in values
    ]


def _tuples(inner: Spec, values: Sequence[Any], records: Mapping[str, list[Any]]) -> Sequence[Any]:
    """Tuples from lists; lists of plain values and of records, nearly all there are, without a call per item."""
    if inner is None:
        return [None if value is None else tuple(value) for value in values]
    if inner[0] == "r":
        pick = records.get(inner[1], []).__getitem__
        return [None if value is None else tuple(map(pick, value)) for value in values]
    return [None if value is None else tuple(revive(inner, value, records)) for value in values]


def specs_of(cls: type) -> dict[str, Spec]:
    """The spec of each field of a record class, in order."""
    hints = typing.get_type_hints(cls)
    return {field.name: spec_of(hints[field.name]) for field in dataclasses.fields(cls)}


def spec_of(hint: Any) -> Spec:
    """How a value of type `hint` is stored."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return ["r", f"{hint.__module__}:{hint.__qualname__}"]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _only([spec_of(option) for option in arguments if option is not type(None)], hint)
    if origin is tuple and arguments[-1] is not ...:
        return ["x", [spec_of(argument) for argument in arguments]]
    if origin in (tuple, dict):
        inner = spec_of(arguments[0 if origin is tuple else 1])
        return ["t", inner] if origin is tuple else ["d", inner] if inner else None
    return spec_of(arguments[0]) if origin is typing.Annotated else None


def _only(specs: list[Spec], hint: Any) -> Spec:
    if any(spec != specs[0] for spec in specs):
        raise TypeError(f"a record field may not be {hint}: its parts are stored differently")
    return specs[0]


def _references(spec: Spec) -> Iterator[str]:
    """Names of the record classes in a spec."""
    if spec:
        tag, inner = spec
        if tag == "r":
            yield inner
        else:
            for one in inner if tag == "x" else [inner]:
                yield from _references(one)


def _class(name: str) -> Any:
    """The record class `module:name` of this package; raises ValueError for anything else."""
    module, _, qualname = name.partition(":")
    found = getattr(import_module(module), qualname, None) if module.startswith("llmpick.") else None
    if not dataclasses.is_dataclass(found):
        raise ValueError(f"{name} is no record of llmpick")
    return found
