"""The networks in a compiled form: their Sizes with the facts, the rest in columns, each read when it is asked for."""

from __future__ import annotations

import marshal
import sys
from array import array
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from llmpick.catalog.compiled import UNREADABLE
from llmpick.record import NamedTuple
from llmpick.sizing.networks import FORMAT, Needs, needs_of
from llmpick.sizing.parameters import count
from llmpick.sizing.size import NUMBER, USUAL, usual_peaks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from llmpick.architecture import Architecture
    from llmpick.catalog.compiled import Compiled
    from llmpick.sizing.networks import Size

T = TypeVar("T")
SHAPE = ["r", "llmpick.architecture:Architecture"]
"""How an Architecture is stored."""
PEAKS = tuple(f"peaks-{usual}" for usual in range(len(USUAL)))
"""Columns of numbers."""


class Sized(NamedTuple):
    """One network on its way into a compiled form."""

    head: tuple[str, int, int]
    """Structure, total and active parameters."""
    peaks: tuple[bytes, ...]
    """For each of USUAL, as they are stored."""
    needs: tuple[bytes, ...]
    """Each of its Needs, as `marshal` writes it."""

    @property
    def key(self) -> tuple[Any, ...]:
        """The same for equal networks alone."""
        return self.head, self.needs


def sized(size: Size, shape: Any) -> Sized:
    """A network that was just sized; `shape` is its architecture as it is stored."""
    number, networks = size.number, size.networks
    batchwise = networks.shape(number) is not None
    needs = networks.frames(number), networks.running(number), shape if batchwise else None
    peaks = tuple(_swapped(one).tobytes() for one in usual_peaks(size))
    return Sized(size[:3], peaks, tuple(marshal.dumps(one, FORMAT) for one in needs))


def columns_of(networks: Sequence[Sized]) -> dict[str, bytes]:
    """The sections that keep all but the heads of `networks`."""
    found = {name: _even([one.peaks[usual] for one in networks]) for usual, name in enumerate(PEAKS)}
    return found | {name: _uneven([one.needs[at] for one in networks]) for at, name in enumerate(Needs._fields)}


def networks_of(heads: Iterable[tuple[Any, ...]], section: Callable[[str], bytes]) -> list[Sized]:
    """What `columns_of` made the sections of, beside their heads, in the order of their numbers."""
    peaks = zip(*(_rows(*marshal.loads(section(name))) for name in PEAKS), strict=True)
    needs = zip(*(_items(*marshal.loads(section(name))) for name in Needs._fields), strict=True)
    return [Sized(*one) for one in zip(heads, peaks, needs, strict=True)]


def _even(rows: Sequence[bytes]) -> bytes:
    """A column of numbers: how many there are in each row, and the rows, filled up with 0."""
    size = max(map(len, rows), default=0) or NUMBER
    return marshal.dumps((size // NUMBER, b"".join([row.ljust(size, b"\0") for row in rows])), FORMAT)


def _rows(width: int, data: bytes) -> list[bytes]:
    size = width * NUMBER
    return [data[at : at + size] for at in range(0, len(data), size)]


def _numbers(column: bytes) -> tuple[int, array[int]]:
    """How many there are in each row of a column that `_even` wrote, and all of them."""
    width, data = marshal.loads(column)
    numbers = array("Q")
    numbers.frombytes(data)
    return int(width), _swapped(numbers)


def _swapped(numbers: array[int]) -> array[int]:
    """Little-endian in the compiled form, whichever machine wrote it."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _uneven(items: Sequence[bytes]) -> bytes:
    """A column of values: where each of them begins, and all of them."""
    return marshal.dumps(([0, *accumulate(map(len, items))], b"".join(items)), FORMAT)


def _items(begins: list[int], data: bytes) -> list[bytes]:
    return [data[begin:end] for begin, end in pairwise(begins)]


class Columns:
    """The Networks of one compiled form; what cannot be read of them is worked out anew."""

    def __init__(self, place: Compiled, count: int, shape_of: Callable[[Columns, int], Architecture]) -> None:
        """`shape_of` gives the architecture of a network by its number, as the record of a model has it."""
        self.count = count
        self._place = place
        self._shape_of = shape_of
        self._read: dict[str, tuple[list[int], bytes]] = {}
        self._anew: dict[int, Needs] = {}

    def peaks(self, usual: int) -> tuple[int, array[int]] | None:
        """As Networks says."""
        try:
            width, numbers = _numbers(self._place.form.section(PEAKS[usual]))
            if len(numbers) < width * self.count:
                raise ValueError("numbers are missing")
        except UNREADABLE:
            self._place.give_up()
            return None
        return width, numbers

    def frames(self, number: int) -> tuple[bytes, ...]:
        """As Needs says."""
        return self._one("frames", number, tuple)

    def running(self, number: int) -> Any:
        """As Needs says."""
        return self._one("running", number, tuple)

    def shape(self, number: int) -> Architecture | None:
        """As Needs says."""

        def made(plain: Any) -> Architecture | None:
            return self._place.form.maker(SHAPE)(plain)  # type: ignore[no-any-return]

        return self._one("shape", number, made)

    def _one(self, name: str, number: int, made: Callable[[Any], T]) -> T:
        try:
            if name not in self._read:
                self._read[name] = marshal.loads(self._place.form.section(name))
            begins, data = self._read[name]
            return made(marshal.loads(data[begins[number] : begins[number + 1]]))
        except UNREADABLE:
            self._place.give_up()
            self._read[name] = [], b""
            found: T = getattr(self._needs(number), name)
            return found

    def _needs(self, number: int) -> Needs:
        if number not in self._anew:
            shape = self._shape_of(self, number)
            self._anew[number] = needs_of(shape, count(shape))
        return self._anew[number]
