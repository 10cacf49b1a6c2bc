"""The compiled form of one catalog directory: read in milliseconds, rebuilt whenever it is not exactly right.

A compiled form is a header line and a body line, both JSON (`codec` says what the body's tables are). It is trusted
only when its checksum holds, when the code that defines records is the code that wrote it, and when every catalog
file has the size and time it had then. Anything else, noise included, means: read what changed again, keep the rest,
write the form anew beside the old one and swap. A file with another time but the same content counts as unchanged.
Where nothing can be written, nothing is.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from llmpick.catalog import codec
from llmpick.catalog.files import Stat, scan, stamp
from llmpick.catalog.kinds import KINDS, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmpick.catalog.faults import Fault
    from llmpick.catalog.kinds import Kind

PACKAGE = Path(__file__).parents[1]
SHIPPED = PACKAGE / "_compiled" / "catalog.json"
"""Written for the bundled catalog when the package is built or installed."""
GRANULARITY_NS = 20_000_000
"""Two writes closer together than this may leave the same time on some file system (Linux: up to 10 ms)."""
UNKNOWN_TIME = -1
DATED = (("Source", "checked"), ("Price", "as_of"), ("Hub", "as_of"))


class Compiled(NamedTuple):
    """What a directory's catalog files say."""

    values: Mapping[str, Any]
    """Relative path -> record or rows; without the files that have faults."""
    date: str
    """The newest day on which a source was opened or a figure taken; empty when there is none."""
    faults: tuple[Fault, ...] = ()


class Stored(NamedTuple):
    """A sound compiled form, not yet rebuilt."""

    stamp: int
    body: Any


class Entry(NamedTuple):
    """One file as it was read."""

    status: Stat
    digest: str
    """BLAKE2b of its bytes."""
    value: Any


def load(directory: Path, shipped: Path | None = None) -> Compiled:
    """The catalog files of `directory`; `shipped` is a compiled form that came with the package."""
    directory = directory.absolute()
    began = time.time_ns()
    files = {path: status for path, status in scan(directory).items() if kind_of(path)}
    key, now, cache = schema_key(), stamp(files), cache_path(directory)
    old: dict[str, Entry] = {}
    for path in (shipped, cache):
        stored = read(path, key) if path else None
        found = rebuild(stored) if stored and stored.stamp == now else None
        if found:
            return found
        old |= entries(stored) if stored else {}
    return _compile(directory, files, old, began, cache)


def _compile(
    directory: Path, files: Mapping[str, Stat], old: Mapping[str, Entry], began: int, cache: Path | None
) -> Compiled:
    """Read what changed, leave a compiled form for the next time, and answer from that very form."""
    new, faults = build(directory, files, old, began)
    text = dump(new, schema_key())
    if cache:
        write(cache, text)
    found = rebuild(_parsed(text, schema_key()))
    assert found is not None, "a compiled form that was just written cannot be read"
    return found._replace(faults=faults)


def build(
    directory: Path, files: Mapping[str, Stat], old: Mapping[str, Entry], began: int
) -> tuple[dict[str, Entry], tuple[Fault, ...]]:
    """The entry of each of `files`, read again where `old` does not have it as it stands, and what is wrong."""
    from hashlib import blake2b

    new: dict[str, Entry] = {}
    faults: list[Fault] = []
    for path, status in files.items():
        known = old.get(path)
        if known and known.status == status:
            new[path] = known
            continue
        if status.mtime_ns > began - GRANULARITY_NS:
            status = Stat(status.size, UNKNOWN_TIME)  # noqa: PLW2901 - a later write could leave the same time
        data = _bytes(directory / path)
        digest = blake2b(data, digest_size=16).hexdigest()
        value, wrong = (known.value, ()) if known and known.digest == digest else _parse(data, path)
        faults += wrong
        if not wrong:
            new[path] = Entry(status, digest, value)
    return new, tuple(faults)


def _bytes(path: Path) -> bytes:
    """The file's bytes, or enough of them to see that they are too many; none if it is gone."""
    try:
        with path.open("rb") as file:
            return file.read(max(kind.limit for kind in KINDS) + 1)
    except OSError:
        return b""


def _parse(data: bytes, path: str) -> tuple[Any, tuple[Fault, ...]]:
    from llmpick.catalog.parsing import parse

    kind = kind_of(path)
    assert kind is not None, path
    return parse(data, kind, path)


def schema_key() -> str:
    """Changes with every edit of the code that defines records or reads them."""
    modules = {kind.record.partition(":")[0].partition(".")[2] for kind in KINDS}
    modules |= {"record", "architecture", "catalog.codec", "catalog.compiled", "catalog.kinds"}
    modules |= {"catalog.parsing", "catalog.yamltext"}
    total = 0
    for module in sorted(modules):
        total = zlib.crc32((PACKAGE / f"{module.replace('.', '/')}.py").read_bytes(), total)
    return f"{total:08x}"


def cache_path(directory: Path) -> Path | None:
    """Where the user's compiled form of `directory` lies; None where the user has no home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # noqa: PTH117 - the XDG rule: relative means unset
        base = os.environ.get("LOCALAPPDATA", "") if os.name == "nt" else ""
        base = base or os.path.expanduser("~/.cache")  # noqa: PTH111 - Path's own raises without a home
    if base.startswith("~"):
        return None
    place = f"{zlib.crc32(str(directory).encode()):08x}-{zlib.crc32(str(PACKAGE).encode()):08x}"
    return Path(base) / "llmpick" / f"catalog-{place}.json"


def dump(files: Mapping[str, Entry], key: str) -> bytes:
    """The compiled form of `files`."""
    tables = codec.Tables()
    groups = [_group(kind, files, tables) for kind in KINDS]
    dumped = tables.dump()
    days = [str(day) for cls, field in DATED for day in codec.column(dumped, f"llmpick.schema:{cls}", field) if day]
    body = json.dumps({"date": max(days, default=""), "tables": dumped, "files": groups}).encode()
    stamped = stamp({path: entry.status for path, entry in files.items()})
    header = {"key": key, "stamp": stamped, "length": len(body), "crc": zlib.crc32(body)}
    return json.dumps(header).encode() + b"\n" + body


def _group(kind: Kind, files: Mapping[str, Entry], tables: codec.Tables) -> dict[str, Any]:
    """All files of one kind, column by column."""
    chosen = {path: entry for path, entry in files.items() if kind_of(path) == kind}
    spec = _spec(kind)
    return {
        "kind": kind.name,
        "spec": spec,
        "paths": list(chosen),
        "sizes": [entry.status.size for entry in chosen.values()],
        "times": [entry.status.mtime_ns for entry in chosen.values()],
        "digests": [entry.digest for entry in chosen.values()],
        "values": [tables.add(entry.value, spec) for entry in chosen.values()],
    }


def _spec(kind: Kind) -> Any:
    one = ["r", kind.record]
    return ["t", one] if kind.shape == "rows" else one


def read(path: Path, key: str) -> Stored | None:
    """The compiled form at `path`, if it is sound and was written by this very code."""
    try:
        return _parsed(path.read_bytes(), key)
    except OSError:
        return None


def _parsed(data: bytes, key: str) -> Stored | None:
    header, _, body = data.partition(b"\n")
    try:
        said = json.loads(header)
        if (said["key"], said["length"], said["crc"]) != (key, len(body), zlib.crc32(body)):
            return None
        return Stored(int(said["stamp"]), json.loads(body))
    except (ValueError, KeyError, TypeError):
        return None


def rebuild(stored: Stored | None) -> Compiled | None:
    """The records of a compiled form; None where it makes no sense after all."""
    try:
        assert stored is not None
        records = codec.load(stored.body["tables"])
        values: dict[str, Any] = {}
        for group in stored.body["files"]:
            one = codec.builder(group["spec"], records)
            values.update(zip(group["paths"], map(one, group["values"]), strict=True))
        return Compiled(values, str(stored.body["date"]))
    except (AssertionError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None


def entries(stored: Stored) -> dict[str, Entry]:
    """The files of a compiled form as they were read; none where it makes no sense."""
    found = rebuild(stored)
    if found is None:
        return {}
    return {
        path: Entry(Stat(size, mtime_ns), digest, found.values[path])
        for group in stored.body["files"]
        for path, size, mtime_ns, digest in zip(
            group["paths"], group["sizes"], group["times"], group["digests"], strict=True
        )
    }


def write(path: Path, data: bytes) -> bool:
    """Swap `data` in at `path`, whole or not at all; False where that is not possible."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        return False
    return True


def ship(directory: Path, target: Path) -> tuple[Fault, ...]:
    """Write the compiled form of `directory` to `target`, for the package to carry; returns the faults found."""
    began = time.time_ns()
    files = {path: status for path, status in scan(directory).items() if kind_of(path)}
    old: Iterable[Stored | None] = (read(target, schema_key()),)
    new, faults = build(directory, files, {k: v for stored in old if stored for k, v in entries(stored).items()}, began)
    write(target, dump(new, schema_key()))
    return faults
