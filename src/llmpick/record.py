"""`record`: the frozen dataclass every fact and every answer is, and the constraints its fields may carry.
`NamedTuple`: the same for what is made by the thousand.

Records are stdlib dataclasses to everyone who asks (`fields`, `replace`, `asdict`, pydantic), but making one costs what
an empty class costs: a hundred records are defined at every start and a dozen are used. What has to be compiled is
compiled when many instances are made, and the dataclass fields are worked out when somebody asks for them.

Pydantic reads the same definitions (strict, unknown keys refused) when catalog files are validated and when JSON
Schemas are written; answering a question never imports it.
"""

from __future__ import annotations

from collections import namedtuple
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NamedTuple

    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema
else:
    _PLACES = namedtuple("_PLACES", [f"field_{place}" for place in range(32)])
    # Each reads one place of any tuple, faster than a property could.
    _GETTERS = [vars(_PLACES)[field] for field in _PLACES._fields]

    class _Tuple(tuple):
        """What all named tuples share."""

        __slots__ = ()

        def __new__(cls, *given: Any, **named: Any) -> Any:
            """Stand in until FEW instances were made, or one is made wrongly."""
            names = cls._fields
            values = {**cls._field_defaults, **dict(zip(names, given, strict=False)), **named}
            once = len(given) <= len(names) and named.keys().isdisjoint(names[: len(given)])
            if once and values.keys() == set(names) and next(cls._made) < FEW:
                return tuple.__new__(cls, map(values.__getitem__, names))
            plain = namedtuple(cls.__name__, cls._fields, defaults=cls._field_defaults.values())
            cls.__new__ = staticmethod(plain.__new__)
            return cls.__new__(cls, *given, **named)

        @classmethod
        def _make(cls, values: Iterable[Any]) -> Any:
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"{cls.__name__} has {len(cls._fields)} fields, not {len(made)}")
            return made

        def _replace(self, **changes: Any) -> Any:
            made = self._make(map(changes.pop, self._fields, self))
            if changes:
                raise ValueError(f"{type(self).__name__} has no field {', '.join(changes)}")
            return made

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def __getnewargs__(self) -> tuple[Any, ...]:
            return tuple(self)

        def __repr__(self) -> str:
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

    class _Named(type):
        """Makes the fields of a class body those of a tuple."""

        def __new__(cls, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, space)
            names = tuple(space["__annotations__"])
            defaults = {field: space[field] for field in names if field in space}
            getters = dict(zip(names, _GETTERS[: len(names)], strict=True))
            own = {"__slots__": (), "_fields": names, "_field_defaults": defaults, "_made": count()}
            return type(name, (_Tuple,), {**space, **getters, **own})

    class NamedTuple(metaclass=_Named):
        """What `typing` calls so, defined in a fifth of the time.

        That one compiles every annotation and an `__new__` for every class; this one no annotation, and an `__new__`
        when FEW instances were made.
        """


T = TypeVar("T")
EARLY = 100
"""Instances of a record that are made in the time that compiling its `__init__` takes."""
FEW = 20
"""The same of a named tuple."""

# Read by pydantic from every record; plain data, so that nothing imports pydantic for it.
PYDANTIC_CONFIG: dict[str, str | bool] = {"extra": "forbid", "strict": True}


@dataclass_transform(frozen_default=True, kw_only_default=True)
def record(cls: type[T]) -> type[T]:
    """Make `cls` a frozen, slotted, keyword-only dataclass that pydantic reads strictly."""
    names = tuple(cls.__annotations__)
    left_out = {*names, "__dict__", "__weakref__"}
    space = {name: value for name, value in vars(cls).items() if name not in left_out}
    space |= _SHARED
    space["__slots__"] = names
    space["__qualname__"] = cls.__qualname__
    space["__dataclass_fields__"] = _AsDataclass(cls, "__dataclass_fields__")
    space["__dataclass_params__"] = _AsDataclass(cls, "__dataclass_params__")
    space["_values"] = attrgetter(*names)
    space["_slots"] = {}
    space["_made"] = count(1)
    space["_defaults"] = {name: vars(cls)[name] for name in names if name in vars(cls)}
    made: type[T] = type(cls.__name__, cls.__bases__, space)
    return made


def replace(one: T, **changes: Any) -> T:
    """A copy of a record with `changes`: `dataclasses.replace` without its ceremony."""
    given = {name: getattr(one, name) for name in type(one).__slots__}  # type: ignore[attr-defined]
    return type(one)(**{**given, **changes})


ATOMS = frozenset({int, float, str, bytes, bool, type(None)})
"""Types of values without parts."""


def bare(value: Any) -> Any:
    """`value` with its named tuples and mappings as plain tuples and dicts, as `marshal` stores them."""
    if isinstance(value, tuple):
        return tuple([item if type(item) in ATOMS else bare(item) for item in value])
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items()}
    return value


class _AsDataclass:
    """A class attribute that only a dataclass has, taken from `plain` made one; worked out when first read."""

    def __init__(self, plain: type, name: str) -> None:
        self.plain = plain
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        from dataclasses import dataclass

        if self.name not in vars(self.plain):
            dataclass(frozen=True, kw_only=True, repr=False, eq=False)(self.plain)
        return vars(self.plain)[self.name]


def _early_init(self: Any, **given: Any) -> None:
    """Stands in for `__init__` until EARLY instances were made, or one is made wrongly."""
    cls = type(self)
    slots = cls._slots or _find_slots(cls)
    values = given if len(given) == len(slots) else {**cls._defaults, **given}
    if next(cls._made) > EARLY or values.keys() != slots.keys():
        cls.__init__ = _compiled_init(cls)
        cls.__init__(self, **given)
        return
    for name, put in slots.items():
        put(self, values[name])


def _find_slots(cls: Any) -> dict[str, Any]:
    cls._slots.update({name: vars(cls)[name].__set__ for name in cls.__slots__})
    found: dict[str, Any] = cls._slots
    return found


def _compiled_init(cls: Any) -> Any:
    """The `__init__` of a record: one keyword per field, each set through its slot."""
    names = cls.__slots__
    known = {f"_set_{name}": put for name, put in _find_slots(cls).items()}
    known |= {f"_default_{name}": value for name, value in cls._defaults.items()}
    takes = ", ".join(f"{name}=_default_{name}" if name in cls._defaults else name for name in names)
    body = "".join(f"\n    _set_{name}(self, {name})" for name in names)
    made: dict[str, Any] = {}
    exec(f"def __init__(self, *, {takes}):{body}", known, made)
    made["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return made["__init__"]


def _equal(self: Any, other: Any) -> bool:
    if other.__class__ is not self.__class__:
        return NotImplemented  # type: ignore[no-any-return]
    return bool(self is other or self.__class__._values(self) == other.__class__._values(other))


def _hash(self: Any) -> int:
    return hash(self.__class__._values(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
    return f"{type(self).__qualname__}({shown})"


def _refuse_set(self: Any, name: str, value: Any) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__slots__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__slots__, state, strict=True):
        object.__setattr__(self, name, value)


_SHARED = {
    "__init__": _early_init,
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse_set,
    "__delattr__": _refuse_delete,
    "__getstate__": _state,
    "__setstate__": _restore,
    "__match_args__": (),
    "__pydantic_config__": PYDANTIC_CONFIG,
}


class Pattern:
    """Metadata for `Annotated[str, Pattern(...)]`: the whole text must match `regex`."""

    def __init__(self, regex: str) -> None:
        self.regex = regex

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.str_schema(pattern=f"^(?:{self.regex})$", strict=True)


class Bound:
    """Metadata for `Annotated[int, Bound(gt=0)]`: `gt`, `ge`, `lt`, `le` for numbers, `min_length` for the others."""

    def __init__(self, **limits: float) -> None:
        self.limits = limits

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return {**handler(source), **self.limits}  # type: ignore[misc,return-value,unused-ignore]


__all__ = ["Bound", "NamedTuple", "Pattern", "bare", "record", "replace"]
