"""Catalog files -> their compiled form: what changed is read again, the rest is kept from older forms."""

from __future__ import annotations

import gc
import marshal
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, Any

from llmpick.catalog import codec
from llmpick.catalog.compiled import (
    FORMAT,
    UNREADABLE,
    Entry,
    Known,
    checksum,
    headed,
    read,
    same_records,
    schema_key,
    write,
)
from llmpick.catalog.facts import joined, split
from llmpick.catalog.files import Stat, scan, stamp
from llmpick.catalog.kinds import KINDS, kind_named, kind_of, named
from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from llmpick.catalog.compiled import Form
    from llmpick.catalog.faults import Fault

GRANULARITY_NS = 20_000_000
"""Two writes closer together than this may leave the same time on some file system (Linux: up to 10 ms)."""
UNKNOWN_TIME = -1
MANY = 5_000
"""Files from which compiling takes long enough to say how far it has come."""
STEP = 500
TOGETHER = 2_000
"""Records that are packed together: a catalog of fewer is not."""
DATED = {"llmpick.schema:Source": "checked", "llmpick.schema:Price": "as_of", "llmpick.schema:Hub": "as_of"}
"""Records that carry a day, and in which field."""
SECTIONS = tuple(section for kind in KINDS for section, _ in kind.derived)
"""Of what is worked out of records."""


def catalog_files(scanned: Mapping[str, tuple[int, int]]) -> dict[str, Stat]:
    """Those of `scanned` that belong to a catalog."""
    return {path: Stat(*status) for path, status in scanned.items() if (kind := kind_of(path)) and kind.at_hand}


class Stored(NamedTuple):
    """The record of one file as a compiled form holds it."""

    entry: Entry
    raw: bytes
    told: tuple[Any, ...]
    """What its kind's sections keep of it."""


class Records:
    """Records on their way into a compiled form, packed: those of a large catalog wait for minutes."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes so far, unpacked."""
        self._packed: list[bytes] = []
        self._loose: list[bytes] = []

    def add(self, entry: Entry, raw: bytes) -> Entry:
        """Put the record last; returns where it lies."""
        placed = entry._replace(at=self.size, size=len(raw), crc=zlib.crc32(raw))
        self.size += len(raw)
        self._loose.append(raw)
        if len(self._loose) == TOGETHER:
            self._packed.append(zlib.compress(b"".join(self._loose), 1))
            self._loose.clear()
        return placed

    def __iter__(self) -> Iterator[bytes]:
        yield from map(zlib.decompress, self._packed)
        yield from self._loose


class Older(NamedTuple):
    """A compiled form that was made before."""

    form: Form
    known: Mapping[str, Known]
    """The files it was made from; none where that is not known any more."""
    told: Mapping[str, Mapping[str, Any]]
    """Its sections; none where other code worked them out."""


class Renewed(NamedTuple):
    """A compiled form, to be written piece by piece."""

    header: dict[str, Any]
    head: bytes
    records: Records
    sections: tuple[bytes, ...]
    faults: tuple[Fault, ...]
    """What is wrong with the files it lacks."""

    @property
    def pieces(self) -> Iterator[bytes]:
        """All of it."""
        return chain([self.head], self.records, self.sections)


def renew(
    directory: Path, scanned: Mapping[str, tuple[int, int]], found: Iterable[Form], began: int, key: str
) -> Renewed:
    """The compiled form of the files `scanned`, made with the help of older forms."""
    files = catalog_files(scanned)
    older = [_older(form, key) for form in found]
    by_status = {(path, file.status): file for one in older for path, file in one.known.items()}
    now: dict[str, Known] = {}
    entries: dict[str, Entry] = {}
    told: dict[str, list[Any]] = {name: [] for name in SECTIONS}
    records = Records()
    faults: list[Fault] = []
    writer = Writer(key)
    with _progress(len(files)) as say, _uncollected():
        for number, (path, status) in enumerate(files.items()):
            say(number)
            now[path], data = _look(directory, path, status, by_status, began)
            kept = _kept(path, now[path], older, writer)
            if kept is None:
                value, wrong = _parse(_bytes(directory, path) if data is None else data, path)
                faults += wrong
                kept = None if wrong else writer.stored(path, value)
            if kept is not None:
                entries[path] = records.add(kept.entry, kept.raw)
                for (section, _), row in zip(kind_named(kept.entry.kind).derived, kept.told, strict=True):
                    told[section].append(row)
        # A form that lacks a faulty file, or holds one that may yet change unseen, is not taken as it is.
        settled = {path: now[path].status if path in now else status for path, status in scanned.items()}
        mark = zlib.crc32("".join([f"{path} {now[path].digest} " for path in entries]).encode())
        head = {"key": key, "stamp": UNKNOWN_TIME if faults else stamp(settled), "mark": mark}
        sections = _sections(told, {path: now[path] for path in entries})
        header, opening = _head(entries, records.size, sections, writer, head)
    return Renewed(header, opening, records, tuple(sections.values()), tuple(faults))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for garbage: a thousand records live on, and what dies refers to nothing that refers to it."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def _progress(files: int) -> Iterator[Callable[[int], None]]:
    """Says on a terminal how far the compiling of a large catalog has come, and takes it back at the end."""
    talks = files > MANY and sys.stderr.isatty()

    def say(number: int) -> None:
        if talks and number % STEP == 0:
            print(f"\rcompiling the catalog: {number:,} of {files:,} files", end="", file=sys.stderr, flush=True)

    try:
        yield say
    finally:
        if talks:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _older(form: Form, key: str) -> Older:
    try:
        return Older(form, form.files(), _told(form) if form.key == key else {})
    except UNREADABLE:
        return Older(form, {}, {})


def _told(form: Form) -> dict[str, dict[str, Any]]:
    """The sections of a form by path, the networks whole among the facts."""
    told = {name: form.told(name) for name in SECTIONS}
    facts = told["facts"]
    return {**told, "facts": dict(zip(facts, joined(facts.values(), form.section), strict=True))}


def _kept(path: str, now: Known, older: Iterable[Older], writer: Writer) -> Stored | None:
    """What an older compiled form holds of a file of the same content; worked out anew where other code did that."""
    for form, known, told in older:
        if path in known and known[path].digest == now.digest:
            try:
                if not told:
                    return writer.stored(path, form.record(path))
                entry = form.entry(path)
                rows = [told[section][path] for section, _ in kind_named(entry.kind).derived]
                return Stored(entry, form.raw(path), tuple(rows))
            except UNREADABLE:
                continue
    return None


class Writer:
    """Records on their way into a compiled form."""

    def __init__(self, key: str) -> None:
        """`key`: that of the code at work."""
        self.key = key
        self.codec = codec.Writer()
        self._ways: dict[str, Way] = {}

    def stored(self, path: str, value: Any) -> Stored:
        """The record of one file."""
        kind = kind_of(path)
        assert kind is not None, path
        if kind.name not in self._ways:
            self.codec.describe(kind.record)
            spec, derived = kind.spec(), tuple(named(name)(self.codec) for _, name in kind.derived)
            self._ways[kind.name] = Way(spec, dating(spec, self.codec.fields), derived)
        spec, dates, derived = self._ways[kind.name]
        row = self.codec.plain(value, spec)
        entry = Entry(kind.name, 0, 0, 0, dates(row) if dates else "")
        return Stored(entry, marshal.dumps(row, FORMAT), tuple(tell(value) for tell in derived))


class Way(NamedTuple):
    """How records of one kind are stored."""

    spec: codec.Spec
    dates: Dating | None
    derived: tuple[Callable[[Any], Any], ...]


Dating = Callable[[Any], str]
"""Finds the newest day in a plain value; empty when none is given."""


def dating(spec: codec.Spec, fields: codec.Fields) -> Dating | None:
    """What finds the newest day in values of `spec`; None where there is no place for one."""
    if not spec:
        return None
    tag, inner = spec
    if tag == "r":
        return _newest_of([_day if name == DATED.get(inner) else dating(part, fields) for name, part in fields[inner]])
    if tag == "x":
        return _newest_of([dating(part, fields) for part in inner])
    one = dating(inner, fields)
    items = dict.values if tag == "d" else tuple
    return one and (lambda value: max(map(one, items(value)), default="") if value else "")


def _newest_of(parts: list[Dating | None]) -> Dating | None:
    """What finds the newest day in a row of these parts."""
    dated = [(place, part) for place, part in enumerate(parts) if part]
    return (lambda row: max([part(row[place]) for place, part in dated]) if row else "") if dated else None


def _day(value: str | None) -> str:
    return value or ""


def _look(
    directory: Path, path: str, status: Stat, known: Mapping[tuple[str, Stat], Known], began: int
) -> tuple[Known, bytes | OSError | None]:
    """The file as it stands, and its bytes if it had to be read to know that."""
    one = known.get((path, status))
    if one is not None:
        return one, None
    data = _bytes(directory, path)
    # A later write could leave the same time: trust this one's no further than its content.
    recent = status.mtime_ns > began - GRANULARITY_NS
    content = b"" if isinstance(data, OSError) else data
    settled = Stat(status.size, UNKNOWN_TIME) if recent else status
    return Known(settled, blake2b(content, digest_size=16).hexdigest()), data


def read_file(directory: Path, path: str) -> tuple[Any, tuple[Fault, ...]]:
    """The record of one file, or its faults."""
    return _parse(_bytes(directory, path), path)


def _bytes(directory: Path, path: str) -> bytes | OSError:
    """The file's bytes, or enough of them to see that they are too many, or why they cannot be read."""
    kind = kind_of(path)
    try:
        with (directory / path).open("rb") as file:
            return file.read(kind.limit + 1 if kind else 0)
    except OSError as error:
        return error


def _parse(data: bytes | OSError, path: str) -> tuple[Any, tuple[Fault, ...]]:
    from llmpick.catalog.faults import Fault
    from llmpick.catalog.parsing import parse

    if isinstance(data, OSError):
        return None, (Fault(path, 1, 1, f"the file cannot be read: {data.strerror}"),)

    kind = kind_of(path)
    assert kind is not None, path
    return parse(data, kind, path)


def _sections(told: dict[str, list[Any]], files: Mapping[str, Known]) -> dict[str, bytes]:
    """The sections of a compiled form by name; `told` is used up."""
    facts, columns = split(told.pop("facts"))
    sections = {"facts": marshal.dumps(facts, FORMAT)}
    del facts
    for name in [*told]:
        sections[name] = marshal.dumps(told.pop(name), FORMAT)
    sections["files"] = marshal.dumps([(path, *one.status, one.digest) for path, one in files.items()], FORMAT)
    return sections | columns


def _head(
    entries: Mapping[str, Entry], records: int, sections: Mapping[str, bytes], writer: Writer, known: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    """The header of a compiled form, and what stands before its records; `known`: what the header says beside."""
    for kind in KINDS:
        writer.codec.plain(() if kind.shape == "rows" else None, kind.spec())
        writer.codec.describe(kind.record)
    date = max((one.date for one in entries.values()), default="")
    index = marshal.dumps((writer.codec.fields, date, {path: tuple(one) for path, one in entries.items()}), FORMAT)
    header = {
        **known,
        "index": (len(index), zlib.crc32(index)),
        "records": records,
        "entries": len(entries),
        "sections": [(name, len(data), checksum(name, data)) for name, data in sections.items()],
    }
    return header, headed(header) + index


def ship(directory: Path, target: Path) -> tuple[Fault, ...]:
    """Write the compiled form of `directory` to `target`, for the package to carry; returns the faults found."""
    began = time.time_ns()
    key = schema_key()
    form = read(target, lambda header: same_records(header["key"], key))
    renewed = renew(directory, scan(directory), [form] if form else [], began, key)
    if form:
        form.file.close()
    write(target, renewed.pieces)
    return renewed.faults
