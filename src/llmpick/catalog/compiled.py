"""The compiled form of one catalog directory: opened in milliseconds, rebuilt whenever it is not exactly right.

A compiled form is a header, an index, the records one after another, and sections: the facts by which
models are judged, what is listed of them, the files all was made from. Opening it reads the index alone: where each
record lies. A record or a section is read when somebody asks for it. Nothing is trusted unless its checksum holds and
the code that defines records is the code that wrote it; the whole only when every catalog file has the size and time it
had then, or else the same content. Anything else, noise included, means: read what changed again, keep the rest, write
the form anew beside the old one and swap. Where nothing can be written, nothing is.
"""

from __future__ import annotations

import marshal
import os
import sys
import time
import zlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import finalize

from llmpick.catalog import codec
from llmpick.catalog.files import Stat, scan, stamp
from llmpick.catalog.kinds import KINDS, kind_named
from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from typing import BinaryIO

    from llmpick.catalog.compiling import Renewed
    from llmpick.catalog.faults import Fault

PACKAGE = Path(__file__).parents[1]
MOST = 32
"""Compiled forms kept for the user, one per catalog directory and installation."""
READ = 4_000
"""Records read that are kept, against being asked for again: some 20 MB."""
SHIPPED = PACKAGE / "_compiled" / "catalog.bin"
"""Written for the bundled catalog when the package is built or installed."""
FORMAT = 4
"""What every Python since 3.4 writes and reads, so that a wheel's compiled form serves whichever it is installed on."""
UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    EOFError,
    RecursionError,
)
"""What damaged or foreign bytes may raise."""


class Entry(NamedTuple):
    """Where the record of one file lies, and what is known of it without reading it."""

    kind: str
    at: int
    size: int
    crc: int
    date: str
    """The newest day in it; empty when there is none."""


class Known(NamedTuple):
    """One file as it was read."""

    status: Stat
    digest: str
    """BLAKE2b of its bytes."""


class Form:
    """A sound compiled form, its records not yet read."""

    def __init__(self, file: BinaryIO, header: Mapping[str, Any], start: int, path: Path | None) -> None:
        """`start`: where the index begins; raises ValueError and its like where it makes no sense."""
        self.file = file
        finalize(self, file.close)  # in time even where the Form is part of a circle
        self.key = str(header["key"])
        self.stamp = int(header["stamp"])
        self.path = path
        self.mark = int(header["mark"])
        index = _checked(file.read(header["index"][0]), header["index"][1])
        fields, date, entries = marshal.loads(index)
        if not isinstance(entries, dict) or len(entries) != header["entries"]:
            raise ValueError("no index")
        self.date = str(date)
        self.fields = fields
        self.entries: dict[str, Any] = entries
        self.records = start + len(index)
        at = self.records + header["records"]
        self._sections: dict[str, tuple[int, int, int]] = {}
        for name, size, crc in header["sections"]:
            self._sections[name] = at, size, crc
            at += size
        self._reader = codec.Reader(fields)
        self._makers: dict[str, Any] = {}

    def entry(self, path: str) -> Entry:
        """Where the record of the file `path` lies."""
        return Entry(*self.entries[path])

    def raw(self, path: str) -> bytes:
        """The bytes of one record; ValueError and its like where they are damaged."""
        entry = self.entry(path)
        self.file.seek(self.records + entry.at)
        return _checked(self.file.read(entry.size), entry.crc)

    def record(self, path: str) -> Any:
        """The record of one file; raises ValueError and its like where its bytes are damaged."""
        kind = self.entries[path][0]
        if kind not in self._makers:
            self._makers[kind] = self._reader.maker(kind_named(kind).spec())
        row = marshal.loads(self.raw(path))
        return self._makers[kind](row)

    def maker(self, spec: codec.Spec) -> Any:
        """What makes values of `spec` of their plain form."""
        return self._reader.maker(spec)

    def files(self) -> dict[str, Known]:
        """The files that the form was made from."""
        return {path: Known(Stat(size, mtime_ns), digest) for path, size, mtime_ns, digest in self._rows("files")}

    def told(self, section: str) -> dict[str, Any]:
        """What a section keeps of each file of the kinds that have it."""
        kinds = {kind.name for kind in KINDS if section in dict(kind.derived)}
        paths = [path for path, entry in self.entries.items() if entry[0] in kinds]
        return dict(zip(paths, self._rows(section), strict=True))

    def section(self, name: str) -> bytes:
        """The bytes of one section; ValueError and its like where they are damaged."""
        at, size, crc = self._sections[name]
        self.file.seek(at)
        data = self.file.read(size)
        if checksum(name, data) != crc:
            raise ValueError("damaged")
        return data

    def _rows(self, name: str) -> list[Any]:
        found = marshal.loads(self.section(name))
        if not isinstance(found, list):
            raise TypeError("no section")
        return found


def checksum(section: str, data: bytes) -> int:
    """What tells whether a section holds `data` still: no other section can stand for it."""
    return zlib.crc32(data, zlib.crc32(section.encode()))


def _checked(data: bytes, crc: int) -> bytes:
    if zlib.crc32(data) != crc:
        raise ValueError("damaged")
    return data


class Compiled(NamedTuple):
    """What a directory's catalog files say."""

    directory: Path
    form: Form
    date: str
    """The newest day on which a source was opened or a figure taken; empty when there is none."""
    faults: tuple[Fault, ...] = ()
    mark: str = ""
    """Another one as soon as what the files say, or the code that reads them, is another."""

    @property
    def values(self) -> Values:
        """Relative path -> record or rows; without the files that have faults."""
        return Values(dict.fromkeys(self.form.entries, self))

    def value(self, path: str) -> Any:
        """The record or rows of one file; read from the file itself where the compiled form is damaged there."""
        try:
            return self.form.record(path)
        except UNREADABLE:
            self.give_up()
            from llmpick.catalog.compiling import read_file

            return read_file(self.directory, path)[0]

    def give_up(self) -> None:
        """The form is damaged: whoever comes next writes it anew, or finds one of the user's own where it must stay."""
        path, self.form.path = self.form.path, None
        cache = cache_path(self.directory)
        if path and not _remove(path) and cache and cache != path:
            from llmpick.catalog.compiling import ship

            ship(self.directory, cache)


class Values(Mapping[str, Any]):
    """Records by relative path, each read when it is asked for."""

    def __init__(self, places: dict[str, Compiled], given: Mapping[str, Any] | None = None) -> None:
        """`places` says in which compiled form a file lies; what is `given` stands for what lies there."""
        self.places = places
        self.given = dict(given or {})
        self._read: dict[str, Any] = {}

    def kinds(self) -> Iterator[tuple[str, str]]:
        """Every file, and the name of its kind."""
        return ((path, place.form.entries[path][0]) for path, place in self.places.items())

    def over(self, below: Values, given: Mapping[str, Any]) -> Values:
        """These files laid over those `below`, and `given` over both."""
        kept = {path: value for path, value in below.given.items() if path not in self.places}
        return Values({**below.places, **self.places}, {**kept, **self.given, **given})

    def only(self, paths: Iterable[str], given: Mapping[str, Any]) -> Values:
        """Only the files `paths`, with `given` for some of them."""
        return Values({path: self.places[path] for path in paths}, {**self.given, **given})

    def __getitem__(self, path: str) -> Any:
        if path not in self.given and path not in self._read:
            if len(self._read) >= READ:
                self._read.clear()
            self._read[path] = self.places[path].value(path)
        return self.given[path] if path in self.given else self._read[path]

    def at_hand(self) -> list[str]:
        """The files that were read, and are kept."""
        return [*self._read]

    def passing(self, paths: Collection[str]) -> Iterator[Any]:
        """What these files hold, one after another; of more than can be kept, none is."""
        if len(paths) <= READ:
            return map(self.__getitem__, paths)
        return (self.given[path] if path in self.given else self.places[path].value(path) for path in paths)

    def __contains__(self, path: object) -> bool:
        return path in self.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def load(directory: Path, shipped: Path | None = None) -> Compiled:
    """The catalog files of `directory`; `shipped` is a compiled form that came with the package."""
    began = time.time_ns()
    scanned = scan(directory)
    key, now, cache = schema_key(), stamp(scanned), cache_path(directory)
    places = [path for path in (cache, shipped) if path]  # one of the user's is there where that of all did not do
    for path in places:
        form = read(path, lambda header: header["key"] == key and header["stamp"] == now)
        if form:
            return Compiled(directory, form, form.date, mark=f"{key} {form.mark}")
    from llmpick.catalog.compiling import renew

    older = [form for path in places if (form := read(path, lambda header: same_records(header["key"], key)))]
    renewed = renew(directory, scanned, older, began, key)
    for form in older:
        form.file.close()  # Windows does not replace an open file
    form = _kept(cache, renewed)
    return Compiled(directory, form, form.date, renewed.faults, f"{key} {form.mark}")


def _kept(cache: Path | None, renewed: Renewed) -> Form:
    """The compiled form just made, at `cache` where it can be kept there."""
    form = None
    if cache and write(cache, renewed.pieces):
        _prune(cache.parent)
        form = read(cache, lambda header: header == renewed.header)
    form = form or open_form(BytesIO(b"".join(renewed.pieces)), None, bool)
    assert form is not None, "a compiled form that was just made cannot be read"
    return form


def _prune(folder: Path) -> None:
    """Remove all but the `MOST` forms written last, and what a killed process left: directories come and go."""
    for path in sorted(folder.glob("catalog-*"), key=_written, reverse=True)[MOST:]:
        _remove(path)


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def schema_key() -> str:
    """Changes with every edit of the code that defines records or reads them, and of that which works out facts.

    Two numbers: the first is of the code that makes records of files, the second of what makes Facts of records.
    """
    modules = {kind.record.partition(":")[0].partition(".")[2].replace(".", "/") for kind in KINDS}
    modules |= {"record", "architecture", "catalog/codec", "catalog/compiled", "catalog/compiling"}
    modules |= {"catalog/kinds", "catalog/parsing", "yamltext"}
    sizing = os.listdir(PACKAGE / "sizing")  # noqa: PTH208
    deriving = {"catalog/facts", "catalog/grants", "catalog/listed", "catalog/networks"}
    deriving |= {"quality/traits", "licensing/judge"}
    deriving |= {f"sizing/{name[:-3]}" for name in sizing if name.endswith(".py")}
    return f"{_crc(modules):08x}-{_crc(deriving):08x}"


def _crc(modules: Iterable[str]) -> int:
    total = zlib.crc32(sys.implementation.name.encode())
    for module in sorted(modules):
        with open(f"{PACKAGE}/{module}.py", "rb") as file:  # noqa: PTH123 - fifty of them at every start
            total = zlib.crc32(file.read(), total)
    return total


def same_records(one: str, other: str) -> bool:
    """Whether the code of two keys makes the same records of the same files."""
    return one.partition("-")[0] == other.partition("-")[0]


def cache_path(directory: Path) -> Path | None:
    """Where the user's compiled form of `directory` lies; None where the user has no home."""
    folder = cache_folder()
    place = f"{zlib.crc32(str(directory.absolute()).encode()):08x}-{zlib.crc32(str(PACKAGE).encode()):08x}"
    return folder / f"catalog-{place}.bin" if folder else None


def cache_folder() -> Path | None:
    """Where llmpick keeps what it can make anew; None where the user has no home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # noqa: PTH117 - the XDG rule: relative means unset
        base = os.environ.get("LOCALAPPDATA", "") if os.name == "nt" else ""
        base = base or os.path.expanduser("~/.cache")  # noqa: PTH111 - Path's own raises without a home
    return None if base.startswith("~") else Path(base) / "llmpick"


def read(path: Path, fits: Callable[[dict[str, Any]], bool]) -> Form | None:
    """The compiled form at `path`, if it is sound and its header `fits`."""
    try:
        file = path.open("rb")
    except OSError:
        return None
    form = open_form(file, path, fits)
    if form is None:
        file.close()
    return form


def open_form(file: BinaryIO, path: Path | None, fits: Callable[[dict[str, Any]], object]) -> Form | None:
    """The compiled form in `file`; None where it makes no sense or its header does not fit."""
    try:
        header, start = header_of(file)
        whole = start + header["index"][0] + header["records"] + sum(size for _, size, _ in header["sections"])
        if not fits(header) or file.seek(0, os.SEEK_END) != whole:
            return None
        file.seek(start)
        return Form(file, header, start, path)
    except UNREADABLE:
        return None


def header_of(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """The header with which `file` begins, and where it ends; raises ValueError and its like where it is damaged."""
    size, crc = file.read(4), file.read(8)
    said = _checked(file.read(int(size, 16)), int(crc, 16))
    return marshal.loads(said), file.tell()


def headed(header: dict[str, Any]) -> bytes:
    """A header as a form begins with it: its size, its checksum, itself."""
    said = marshal.dumps(header, FORMAT)
    return b"%04x%08x" % (len(said), zlib.crc32(said)) + said


def write(path: Path, pieces: Iterable[bytes]) -> bool:
    """Swap `pieces` in at `path`, whole or not at all; False where that is not possible."""
    beside = path.with_name(f"{path.name}.{os.getpid()}-{time.time_ns()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.writelines(pieces)
        beside.replace(path)
    except OSError:
        _remove(beside)
        return False
    return True


def _remove(path: Path) -> bool:
    """Whether it is gone."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True
