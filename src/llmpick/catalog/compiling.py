"""Catalog files -> their compiled form: what changed is read again, the rest is kept from older forms."""

from __future__ import annotations

import marshal
import sys
import time
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Any

from llmpick.catalog import codec
from llmpick.catalog.compiled import (
    FORMAT,
    UNREADABLE,
    Compiled,
    Entry,
    Known,
    open_form,
    read,
    schema_key,
    write,
)
from llmpick.catalog.files import Stat, scan, stamp
from llmpick.catalog.kinds import KINDS, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from llmpick.catalog.compiled import Form
    from llmpick.catalog.faults import Fault

GRANULARITY_NS = 20_000_000
"""Two writes closer together than this may leave the same time on some file system (Linux: up to 10 ms)."""
UNKNOWN_TIME = -1
MANY = 5_000
"""Files from which compiling takes long enough to say how far it has come."""
DATED = {"llmpick.schema:Source": "checked", "llmpick.schema:Price": "as_of", "llmpick.schema:Hub": "as_of"}
"""Records that carry a day, and in which field."""


def catalog_files(scanned: Mapping[str, Stat]) -> dict[str, Stat]:
    """Those of `scanned` that belong to a catalog."""
    return {path: status for path, status in scanned.items() if (kind := kind_of(path)) and kind.at_hand}


def renew(
    directory: Path, scanned: Mapping[str, Stat], found: list[Form], began: int, key: str
) -> tuple[Compiled, bytes]:
    """The records of the files `scanned` and their compiled form, with the help of older forms."""
    files = catalog_files(scanned)
    older = [(_files(form), form) for form in found]
    now, contents = _digests(directory, files, [known for known, _ in older], began)
    writer = codec.Writer()
    written: dict[str, tuple[Any, bytes]] = {}
    faults: list[Fault] = []
    say = _progress(len(now))
    for number, (path, one) in enumerate(now.items()):
        kept = _kept(path, one, older)
        if kept is None:
            say(number)
            value, wrong = _parse(contents.pop(path) if path in contents else _bytes(directory, path), path)
            faults += wrong
            kept = None if wrong else _write_record(path, value, writer)
        if kept is not None:
            written[path] = kept
    # A form that lacks a faulty file, or holds one that may yet change unseen, is not taken as it is.
    settled = {path: now[path].status if path in now else status for path, status in scanned.items()}
    head = {"key": key, "stamp": UNKNOWN_TIME if faults else stamp(settled)}
    data = _data(written, {path: now[path] for path in written}, writer, head)
    form = open_form(BytesIO(data), key, None)
    assert form is not None, "a compiled form that was just written cannot be read"
    return Compiled(directory, form, form.date, tuple(faults), f"{key} {form.mark}"), data


def _progress(files: int) -> Callable[[int], None]:
    """Says on a terminal how far the compiling of a large catalog has come, and takes it back at the end."""
    step, talks = 500, files > MANY and sys.stderr.isatty()

    def say(number: int) -> None:
        if talks and number % step == 0:
            ended = "\r\033[K" if number + step >= files else ""
            print(f"\rcompiling the catalog: {number:,} of {files:,} files{ended}", end="", file=sys.stderr, flush=True)

    return say


def _files(form: Form) -> dict[str, Known]:
    try:
        return form.files()
    except UNREADABLE:
        return {}


def _kept(path: str, now: Known, older: Iterable[tuple[Mapping[str, Known], Form]]) -> tuple[Any, bytes] | None:
    """Entry and bytes of a file whose content is that of an older compiled form."""
    for known, form in older:
        if path in known and known[path].digest == now.digest:
            try:
                return form.entry(path), form.raw(path)
            except UNREADABLE:
                continue
    return None


def _write_record(path: str, value: Any, writer: codec.Writer) -> tuple[Any, bytes]:
    """Entry and bytes of the record of one file."""
    kind = kind_of(path)
    assert kind is not None, path
    row = writer.plain(value, kind.spec())
    derived = kind.derive()
    facts = derived(value, writer) if derived else None
    return Entry(kind.name, 0, 0, 0, newest(row, kind.spec(), writer.fields), facts), marshal.dumps(row, FORMAT)


def newest(row: Any, spec: codec.Spec, fields: codec.Fields) -> str:
    """The newest day in a record; empty when there is none."""
    if not spec or not row:
        return ""
    tag, inner = spec
    if tag in ("t", "d"):
        return max((newest(one, inner, fields) for one in (row.values() if tag == "d" else row)), default="")
    if tag == "x":
        return max((newest(one, part, fields) for one, part in zip(row, inner, strict=True)), default="")
    days = [newest(one, part, fields) for one, (_, part) in zip(row, fields[inner], strict=True)]
    days += [one for one, (name, _) in zip(row, fields[inner], strict=True) if name == DATED.get(inner)]
    return max((day for day in days if day), default="")


def _digests(
    directory: Path, files: Mapping[str, Stat], older: Iterable[Mapping[str, Known]], began: int
) -> tuple[dict[str, Known], dict[str, bytes | OSError]]:
    """Each file as it stands, and the bytes of those that had to be read."""
    from hashlib import blake2b

    by_status = {(path, one.status): one for known in older for path, one in known.items()}
    now: dict[str, Known] = {}
    contents: dict[str, bytes | OSError] = {}
    for path, status in files.items():
        known_one = by_status.get((path, status))
        if known_one is None:
            contents[path] = data = _bytes(directory, path)
            content = b"" if isinstance(data, OSError) else data
            # A later write could leave the same time: trust this one's no further than its content.
            recent = status.mtime_ns > began - GRANULARITY_NS
            settled = Stat(status.size, UNKNOWN_TIME) if recent else status
            known_one = Known(settled, blake2b(content, digest_size=16).hexdigest())
        now[path] = known_one
    return now, contents


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


def _data(
    written: Mapping[str, tuple[Entry, bytes]], files: Mapping[str, Known], writer: codec.Writer, head: dict[str, Any]
) -> bytes:
    """A whole compiled form."""
    for kind in KINDS:
        writer.plain(() if kind.shape == "rows" else None, kind.spec())
        writer.describe(kind.record)
    seen: dict[Any, Any] = {}
    entries: dict[str, Any] = {}
    at = 0
    for path, (entry, raw) in written.items():
        placed = entry._replace(at=at, size=len(raw), crc=zlib.crc32(raw))
        # what an older form gave shares its parts already
        entries[path] = tuple(placed) if entry.size else codec.shared(tuple(placed), seen)
        at += len(raw)
    date = max((entry.date for entry, _ in written.values()), default="")
    index = marshal.dumps((writer.fields, date, entries), FORMAT)
    listed = marshal.dumps([(path, *one.status, one.digest) for path, one in files.items()], FORMAT)
    header = {
        **head,
        "index": (len(index), zlib.crc32(index)),
        "records": at,
        "entries": len(entries),
        "mark": zlib.crc32("".join(f"{path} {one.digest} " for path, one in files.items()).encode()),
        "files": (len(listed), zlib.crc32(listed)),
    }
    return b"".join((repr(header).encode(), b"\n", index, *(raw for _, raw in written.values()), listed))


def ship(directory: Path, target: Path) -> tuple[Fault, ...]:
    """Write the compiled form of `directory` to `target`, for the package to carry; returns the faults found."""
    began = time.time_ns()
    key = schema_key()
    form = read(target, key)
    compiled, data = renew(directory, scan(directory), [form] if form else [], began, key)
    if form:
        form.file.close()
    write(target, data)
    return compiled.faults
