"""Records <-> plain tuples that `marshal` keeps, and that a record is made of again in microseconds.

A record becomes the tuple of its fields. Making it again sets each field through its slot, without calling any
`__init__`; the values were validated when they were written. A field's spec says what to make of it: None = as it
stands, ["t", spec] = tuple, ["d", spec] = dict, ["r", class] = a record, ["x", [specs]] = a tuple of fixed length.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Spec = Any
Fields = dict[str, list[tuple[str, Spec]]]
"""`module:name` of a record class -> name and spec of each of its fields."""


class Writer:
    """Records being written; `fields` says how to read them."""

    def __init__(self) -> None:
        self.fields: Fields = {}

    def plain(self, value: Any, spec: Spec) -> Any:
        """`value` with its records as tuples."""
        if spec is None or value is None:
            return value
        tag, inner = spec
        if tag == "r":
            named = self.describe(inner)
            return tuple([self.plain(getattr(value, name), one) for name, one in named])
        if tag == "t":
            return tuple([self.plain(item, inner) for item in value])
        if tag == "d":
            return {key: self.plain(item, inner) for key, item in value.items()}
        return tuple([self.plain(item, one) for item, one in zip(value, inner, strict=True)])

    def describe(self, name: str) -> list[tuple[str, Spec]]:
        """Name and spec of each field of the record class `name`, and of all it refers to."""
        if name not in self.fields:
            self.fields[name] = list(specs_of(class_of(name)).items())
            for _, spec in self.fields[name]:
                for other in _references(spec):
                    self.describe(other)
        return self.fields[name]


class Reader:
    """Makes records of plain tuples; raises ValueError and its like where they do not fit the classes of today."""

    def __init__(self, fields: Mapping[str, Sequence[tuple[str, Spec]]]) -> None:
        self.fields = fields
        self._makers: dict[str, Callable[[Any], Any]] = {}

    def maker(self, spec: Spec) -> Callable[[Any], Any] | None:
        """What makes a value of `spec` from its plain form; None where that is the value."""
        if spec is None:
            return None
        tag, inner = spec
        if tag == "r":
            return self._record(inner)
        if tag == "x":
            return _fixed([self.maker(one) for one in inner])
        made = self.maker(inner)
        if tag == "t":
            return None if made is None else lambda value: None if value is None else tuple(map(made, value))
        if made and inner and inner[0] == "t":
            return lambda value: value and Made(value, made)
        return None if made is None else lambda value: value and {key: made(item) for key, item in value.items()}

    def _record(self, name: str) -> Callable[[Any], Any]:
        if name not in self._makers:
            cls = class_of(name)
            named = self.fields[name]
            if [field for field, _ in named] != list(cls.__slots__):
                raise ValueError(f"{name} has other fields now")
            slots = [(getattr(cls, field).__set__, self.maker(spec)) for field, spec in named]
            self._makers[name] = _maker(cls, slots)
        return self._makers[name]


class Made(Mapping[str, Any]):
    """Rows of records by name, made when one name is asked for: of a thousand models few are shown."""

    __slots__ = ("_made", "_plain")

    def __init__(self, plain: dict[str, Any], made: Callable[[Any], Any]) -> None:
        self._plain, self._made = plain, made

    def __getitem__(self, name: str) -> Any:
        return self._made(self._plain[name])

    def __contains__(self, name: object) -> bool:
        return name in self._plain

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)

    def __len__(self) -> int:
        return len(self._plain)


def _maker(cls: Any, slots: list[tuple[Any, Callable[[Any], Any] | None]]) -> Callable[[Any], Any]:
    new, width = object.__new__, len(slots)

    def make(row: Any) -> Any:
        if row is None:
            return None
        if len(row) != width:
            raise ValueError(f"{cls.__name__} is cut short")
        record = new(cls)
        for (put, made), value in zip(slots, row, strict=True):
            put(record, value if made is None else made(value))
        return record

    return make


def _fixed(makers: list[Callable[[Any], Any] | None]) -> Callable[[Any], Any]:
    def make(row: Any) -> Any:
        if row is None:
            return None
        return tuple([item if made is None else made(item) for made, item in zip(makers, row, strict=True)])

    return make


def specs_of(cls: Any) -> dict[str, Spec]:
    """The spec of each field of a record class, in order."""
    hints = typing.get_type_hints(cls)
    return {name: spec_of(hints[name]) for name in cls.__slots__}


def spec_of(hint: Any) -> Spec:
    """How a value of type `hint` is stored."""
    if _is_record(hint):
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


def _references(spec: Spec) -> list[str]:
    """Names of the record classes in a spec."""
    if not spec:
        return []
    tag, inner = spec
    if tag == "r":
        return [inner]
    return [name for one in (inner if tag == "x" else [inner]) for name in _references(one)]


def class_of(name: str) -> Any:
    """The record class `module:name` of this package; raises ValueError for anything else."""
    module, _, qualname = name.partition(":")
    found = getattr(import_module(module), qualname, None) if module.startswith("llmpick.") else None
    if not _is_record(found):
        raise ValueError(f"{name} is no record of llmpick")
    return found


def _is_record(found: Any) -> bool:
    return isinstance(found, type) and "__dataclass_fields__" in vars(found)


def shared(value: Any, seen: dict[Any, Any]) -> Any:
    """`value` with equal tuples and texts inside it as one object, across all calls with the same `seen`."""
    if isinstance(value, tuple):
        value = tuple([shared(item, seen) for item in value])
    elif isinstance(value, dict):
        return {key: shared(item, seen) for key, item in value.items()}
    elif not isinstance(value, str):
        return value
    return seen.setdefault(_digest(value) if isinstance(value, tuple) else value, value)


def _digest(value: tuple[Any, ...]) -> bytes:
    """Equal for equal tuples of equal types: there are a dozen tuples to a model, and what they say is long."""
    from hashlib import blake2b

    return blake2b(repr(value).encode(), digest_size=16).digest()


__all__ = ["Reader", "Spec", "Writer", "class_of", "shared", "spec_of", "specs_of"]
