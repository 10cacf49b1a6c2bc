"""The compiled form of one catalog directory: read in milliseconds, rebuilt whenever it is not exactly right.

A compiled form is three lines of JSON: a header, the files it was made from, and their records as tables (`codec`).
It is trusted only when its checksums hold, when the code that defines records is the code that wrote it, and when
every catalog file has the size and time it had then, or else the same content. Anything else, noise included, means:
read what changed again, keep the rest, write the form anew beside the old one and swap. Where nothing can be written,
nothing is.
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
    mark: str = ""
    """Another one as soon as what the files say, or the code that reads them, is another."""


class Known(NamedTuple):
    """One file as it was read."""

    status: Stat
    digest: str
    """BLAKE2b of its bytes."""


class Stored(NamedTuple):
    """A sound compiled form, not yet rebuilt."""

    stamp: int
    files: bytes
    body: bytes
    mark: int


def load(directory: Path, shipped: Path | None = None) -> Compiled:
    """The catalog files of `directory`; `shipped` is a compiled form that came with the package."""
    began = time.time_ns()
    files = catalog_files(directory)
    key, now, cache = schema_key(), stamp(files), cache_path(directory)
    found = []
    for path in (shipped, cache):
        stored = read(path, key) if path else None
        compiled = rebuild(stored.body) if stored and stored.stamp == now else None
        if stored and compiled and compiled.values.keys() == files.keys():
            return compiled._replace(mark=f"{key} {stored.mark}")
        found += [stored] if stored else []
    compiled, text = _renew(directory, files, found, began, key)
    if cache:
        write(cache, text)
    body = text.split(b"\n")[2]
    return compiled._replace(mark=f"{key} {zlib.crc32(body)}")


def catalog_files(directory: Path) -> dict[str, Stat]:
    """The files of `directory` that belong to a catalog, by relative path."""
    return {path: status for path, status in scan(directory).items() if (kind := kind_of(path)) and kind.at_hand}


def _renew(
    directory: Path, files: Mapping[str, Stat], found: Iterable[Stored], began: int, key: str
) -> tuple[Compiled, bytes]:
    """The records of `files` and their compiled form, with the help of older forms."""
    older = [(dict(known_files(stored.files)), stored) for stored in found]
    now, contents = _digests(directory, files, [known for known, _ in older], began)
    for known, stored in older:
        compiled = rebuild(stored.body) if _same_contents(known, now) else None
        if compiled and compiled.values.keys() == now.keys():
            return compiled, _text(now, stored.body, key)
    values = _kept(older, now)
    faults: list[Fault] = []
    for path in now:
        if path not in values:
            value, wrong = _parse(contents[path] if path in contents else _bytes(directory, path), path)
            faults += wrong
            if not wrong:
                values[path] = value
    sound = {path: one for path, one in now.items() if path in values}
    body = dump({path: values[path] for path in sound})
    compiled = rebuild(body)
    assert compiled is not None, "a compiled form that was just written cannot be read"
    return compiled._replace(faults=tuple(faults)), _text(sound, body, key)


def _kept(older: Iterable[tuple[Mapping[str, Known], Stored]], now: Mapping[str, Known]) -> dict[str, Any]:
    """The records of files whose content is that of an older compiled form."""
    values: dict[str, Any] = {}
    for known, stored in older:
        compiled = rebuild(stored.body)
        for path, value in compiled.values.items() if compiled else ():
            if path in now and path in known and known[path].digest == now[path].digest:
                values[path] = value
    return values


def _same_contents(known: Mapping[str, Known], now: Mapping[str, Known]) -> bool:
    return len(known) == len(now) and all(path in known and known[path].digest == now[path].digest for path in now)


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


def schema_key() -> str:
    """Changes with every edit of the code that defines records or reads them."""
    modules = {kind.record.partition(":")[0].partition(".")[2] for kind in KINDS}
    modules |= {"record", "architecture", "catalog.codec", "catalog.compiled", "catalog.kinds"}
    modules |= {"catalog.parsing", "yamltext"}
    total = 0
    for module in sorted(modules):
        total = zlib.crc32((PACKAGE / f"{module.replace('.', '/')}.py").read_bytes(), total)
    return f"{total:08x}"


def cache_path(directory: Path) -> Path | None:
    """Where the user's compiled form of `directory` lies; None where the user has no home."""
    folder = cache_folder()
    place = f"{zlib.crc32(str(directory.absolute()).encode()):08x}-{zlib.crc32(str(PACKAGE).encode()):08x}"
    return folder / f"catalog-{place}.json" if folder else None


def cache_folder() -> Path | None:
    """Where llmpick keeps what it can make anew; None where the user has no home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # noqa: PTH117 - the XDG rule: relative means unset
        base = os.environ.get("LOCALAPPDATA", "") if os.name == "nt" else ""
        base = base or os.path.expanduser("~/.cache")  # noqa: PTH111 - Path's own raises without a home
    return None if base.startswith("~") else Path(base) / "llmpick"


def dump(values: Mapping[str, Any]) -> bytes:
    """The records of catalog files, by path, as one line of JSON."""
    tables = codec.Tables()
    groups = []
    for kind in KINDS:
        chosen = {path: value for path, value in values.items() if kind_of(path) == kind}
        spec = _spec(kind)
        stored = [tables.add(value, spec) for value in chosen.values()]
        groups.append({"kind": kind.name, "spec": spec, "paths": list(chosen), "values": stored})
    dumped = tables.dump()
    days = [str(day) for cls, field in DATED for day in codec.column(dumped, f"llmpick.schema:{cls}", field) if day]
    return json.dumps({"date": max(days, default=""), "tables": dumped, "groups": groups}).encode()


def _spec(kind: Kind) -> Any:
    one = ["r", kind.record]
    return ["t", one] if kind.shape == "rows" else one


def rebuild(body: bytes) -> Compiled | None:
    """The records that `dump` wrote; None where the line makes no sense."""
    try:
        with codec.without_collection():
            said = json.loads(body)
            records = codec.load(said["tables"])
            values: dict[str, Any] = {}
            for group in said["groups"]:
                revived = codec.revive(group["spec"], group["values"], records)
                values.update(zip(group["paths"], revived, strict=True))
            return Compiled(values, str(said["date"]))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None


def _text(files: Mapping[str, Known], body: bytes, key: str) -> bytes:
    """A whole compiled form."""
    listed = [[path, *one.status, one.digest] for path, one in files.items()]
    line = json.dumps(listed).encode()
    stamped = stamp({path: one.status for path, one in files.items()})
    header = {"key": key, "stamp": stamped, "length": len(body), "crc": zlib.crc32(body, zlib.crc32(line))}
    header["mark"] = zlib.crc32(body)
    return b"\n".join((json.dumps(header).encode(), line, body))


def known_files(line: bytes) -> Iterable[tuple[str, Known]]:
    """The files that a compiled form was made from."""
    return ((path, Known(Stat(size, mtime_ns), digest)) for path, size, mtime_ns, digest in json.loads(line))


def read(path: Path, key: str) -> Stored | None:
    """The compiled form at `path`, if it is sound and was written by this very code."""
    try:
        header, line, body = path.read_bytes().split(b"\n")
        said = json.loads(header)
        if (said["key"], said["length"]) != (key, len(body)) or said["crc"] != zlib.crc32(body, zlib.crc32(line)):
            return None
        return Stored(int(said["stamp"]), line, body, int(said["mark"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(path: Path, data: bytes) -> bool:
    """Swap `data` in at `path`, whole or not at all; False where that is not possible."""
    beside = path.with_name(f"{path.name}.{os.getpid()}-{time.time_ns()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        beside.replace(path)
    except OSError:
        _remove(beside)
        return False
    return True


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def ship(directory: Path, target: Path) -> tuple[Fault, ...]:
    """Write the compiled form of `directory` to `target`, for the package to carry; returns the faults found."""
    began = time.time_ns()
    key = schema_key()
    stored = read(target, key)
    compiled, text = _renew(directory, catalog_files(directory), [stored] if stored else [], began, key)
    write(target, text)
    return compiled.faults
