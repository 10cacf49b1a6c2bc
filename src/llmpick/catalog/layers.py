"""Catalog directories laid over each other: what each adds, replaces and hides, and where everything came from.

A file of a directory replaces the file of the same path beneath it. Tables (gpus.yaml, prices.yaml, tasks.yaml, ...)
are laid over row by row, and hub.json model by model, where the newer figures stand. `hide.yaml` leaves out what lies
beneath.
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from llmpick.catalog.kinds import KINDS
from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from llmpick.catalog.compiled import Values
    from llmpick.catalog.faults import Fault

HIDE = "hide.yaml"
FOLDERS = ("models", "apis", "licenses")
"""Kinds that `hide.yaml` names by the path of a file; the others are rows of a table."""

TABLES = {kind.folder: kind.key for kind in KINDS if kind.key}
"""Files whose rows are laid over those beneath -> the field that tells rows apart."""
THIN = ("hub.json", "gpus.yaml", "prices.yaml")
"""Files that lose rows to `hide.yaml`."""


class Place(NamedTuple):
    """A row of a table as it was written."""

    directory: Path
    row: int


class Layer(NamedTuple):
    """What one directory does to those beneath it. Entries are named `models/ORG/NAME` or `gpus.yaml: NAME`."""

    directory: Path
    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    idle: tuple[tuple[str, int], ...] = ()
    """(kind, position) of the names in its hide.yaml that nothing beneath it has."""


class Layers(NamedTuple):
    """The files of several directories, laid over each other."""

    values: Values
    """Relative path -> record or rows."""
    origins: Mapping[str, Path]
    directories: tuple[Path, ...]
    date: str = ""
    faults: tuple[Fault, ...] = ()
    places: Mapping[str, tuple[Place, ...]] = {}
    """Relative path of each table that several directories fill -> where its rows were written."""
    layers: tuple[Layer, ...] = ()
    """All directories but the undermost."""
    mark: str = ""
    """Another one as soon as the files of any directory say something else."""


def first(directory: Path, values: Values) -> Layers:
    """The undermost directory; there is nothing that it could hide."""
    return Layers(values, dict.fromkeys(values, directory), (directory,))


def over(below: Layers, directory: Path, values: Values) -> Layers:
    """`below` with the files of `directory` laid over it."""
    hides = values.get(HIDE)
    kept, hidden, idle = _without(below, hides) if hides else (below, (), ())
    merged: dict[str, Any] = {}
    places = dict(kept.places)
    added: list[str] = []
    replaced: list[str] = []
    for path in values:
        known_of = path in kept.values
        if path in TABLES and known_of:
            under, value, key = kept.values[path], values[path], attrgetter(TABLES[path])
            before = places.get(path) or _places(kept.origins[path], under)
            merged[path], places[path] = _laid(under, value, before, directory, key)
            known = {key(row) for row in under}
            for row in value:
                (replaced if key(row) in known else added).append(f"{path}: {key(row)}")
        elif path == "hub.json" and known_of:
            merged[path] = _newest(kept.values[path], values[path])
        else:
            (replaced if known_of else added).append(path.removesuffix(".yaml"))
    mine = [name for name in added if name not in ("hide", "hub.json")]
    return below._replace(
        values=values.over(kept.values, merged),
        origins={**kept.origins, **dict.fromkeys(values, directory)},
        directories=(*below.directories, directory),
        places=places,
        layers=(*below.layers, Layer(directory, tuple(mine), tuple(replaced), hidden, idle)),
    )


def _places(directory: Path, rows: Iterable[Any]) -> tuple[Place, ...]:
    return tuple(Place(directory, row) for row, _ in enumerate(rows))


def _laid(
    under: tuple[Any, ...], rows: tuple[Any, ...], before: tuple[Place, ...], directory: Path, key: Any
) -> tuple[tuple[Any, ...], tuple[Place, ...]]:
    """The rows of a table and their places: one that replaces another takes its turn, a new one comes last.

    A row that stands twice in one file stays twice, so that the catalog check can say so.
    """
    found = list(zip(under, before, strict=True))
    own = _places(directory, rows)
    at = {key(row): position for position, row in enumerate(under)}
    for row, place in zip(rows, own, strict=True):
        position = at.pop(key(row), None)
        if position is None:
            found.append((row, place))
        else:
            found[position] = (row, place)
    return tuple(row for row, _ in found), tuple(place for _, place in found)


def _newest(under: Any, upper: Any) -> Any:
    """Both hub.json: what `under` knows of other models, or knows from a later day, stays."""
    models = dict(under.models)
    for id_, one in upper.models.items():
        # `as_of` may be a span or a bound: its day comes last.
        if id_ not in models or (one.as_of or "")[-10:] >= (models[id_].as_of or "")[-10:]:
            models[id_] = one
    return type(upper)(as_of=max(under.as_of, upper.as_of), models=models)


def _without(below: Layers, hides: Any) -> tuple[Layers, tuple[str, ...], tuple[tuple[str, int], ...]]:
    """`below` without what `hides` names, the names of what went, and the entries that name nothing."""
    gone: set[str] = set()
    idle: list[tuple[str, int]] = []
    for kind in type(hides).__slots__:
        named: dict[str, list[str]] = {}
        for name, plain in _names(below.values, kind):
            named.setdefault(plain, []).append(name)
        for position, wanted in enumerate(getattr(hides, kind)):
            taken = [name for plain in _matching(wanted, named) for name in named[plain]]
            gone.update(taken)
            idle += [] if taken else [(kind, position)]
    gone |= set(_dependents(below.values, gone))
    left = [path for path in below.values if _name(path) not in gone]
    values = below.values.only(left, {path: _thinned(path, below.values[path], gone) for path in left if path in THIN})
    places = {
        path: tuple(place for place, row in zip(found, below.values[path], strict=True) if _row(path, row) not in gone)
        for path, found in below.places.items()
    }
    origins = {path: directory for path, directory in below.origins.items() if path in values}
    return below._replace(values=values, origins=origins, places=places), tuple(sorted(gone)), tuple(idle)


def _matching(wanted: str, known: Mapping[str, Any]) -> Iterable[str]:
    """Those of the names `known` that an entry of hide.yaml means; only a star makes it look at each of them."""
    if "*" not in wanted:
        return [wanted] if wanted in known else []
    matches = re.compile(".*".join(map(re.escape, wanted.split("*"))), re.DOTALL).fullmatch
    return filter(matches, known)


def _names(values: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    """(name of the entry, what hide.yaml calls it) of all entries of a kind."""
    if kind in FOLDERS:
        for path in values:
            if path.startswith(f"{kind}/"):
                yield _name(path), _name(path).partition("/")[2]
    else:
        for row in values.get(f"{kind}.yaml", ()):
            yield _row(f"{kind}.yaml", row), row.name if kind == "gpus" else row.gpu


def _dependents(values: Values, gone: set[str]) -> Iterator[str]:
    """What cannot stay without `gone`: models under a hidden license, prices of a hidden GPU."""
    if any(name.startswith("licenses/") for name in gone):
        from llmpick.catalog.shelf import Shelf

        paths = {_name(path).partition("/")[2]: path for path in values if path.startswith("models/")}
        for model in Shelf(paths, values).listed:
            if any(f"licenses/{id_}" in gone for id_ in model.licenses):
                yield f"models/{model.id}"
    for price in values.get("prices.yaml", ()):
        if f"gpus.yaml: {price.gpu}" in gone:
            yield _row("prices.yaml", price)


def _thinned(path: str, value: Any, gone: set[str]) -> Any:
    """A table without its hidden rows, hub.json without the hidden models."""
    if path == "hub.json":
        return type(value)(
            as_of=value.as_of, models={id_: one for id_, one in value.models.items() if f"models/{id_}" not in gone}
        )
    return tuple(row for row in value if _row(path, row) not in gone)


def _name(path: str) -> str:
    return path.removesuffix(".yaml")


def _row(path: str, row: Any) -> str:
    return f"{path}: {getattr(row, TABLES[path])}" if path in TABLES else ""
