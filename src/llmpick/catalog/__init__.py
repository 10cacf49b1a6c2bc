"""The catalog: what llmpick knows, read from a directory of sourced files, with others laid over it."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from llmpick.catalog import compiled
from llmpick.catalog.faults import Fault, InvalidCatalogError
from llmpick.catalog.kinds import KINDS, kind_of
from llmpick.errors import CatalogError
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmpick.licensing.schema import License
    from llmpick.policy import Policy
    from llmpick.quality import QualityTable
    from llmpick.schema import ApiModel, Benchmark, Domain, Efficiency, Gpu, Model, Popularity, Price, Task


@record
class Catalog:
    """All facts an answer may rest on. Nothing in it is changed after loading."""

    models: tuple[Model, ...]
    """By id."""
    apis: tuple[ApiModel, ...]
    """By id."""
    licenses: Mapping[str, License]
    """By id."""
    gpus: tuple[Gpu, ...]
    prices: tuple[Price, ...]
    efficiencies: tuple[Efficiency, ...]
    tasks: tuple[Task, ...]
    domains: tuple[Domain, ...]
    benchmarks: tuple[Benchmark, ...]
    popularity: Mapping[str, Popularity]
    """By Hub id."""
    policy: Policy
    quality: QualityTable
    date: str
    """The newest day on which somebody opened one of its sources (YYYY-MM-DD); empty when there are none."""
    origins: Mapping[str, Path]
    """Relative path of each file read -> the directory it came from."""
    directories: tuple[Path, ...] = ()
    """All directories, the undermost first."""

    def model(self, id_: str) -> Model:
        """The model with that very Hub id; KeyError if there is none. `browse.find` takes short names."""
        for model in self.models:
            if model.id == id_:
                return model
        raise KeyError(id_)


def bundled() -> Path:
    """The catalog that came with the package: a wheel's own, else the repository's."""
    shipped = Path(__file__).parents[1] / "_catalog"
    return shipped if shipped.is_dir() else Path(__file__).parents[3] / "catalog"


class Layers(NamedTuple):
    """The files of several directories, laid over each other."""

    values: Mapping[str, Any]
    """Relative path -> record or rows."""
    origins: Mapping[str, Path]
    directories: tuple[Path, ...]
    date: str
    faults: tuple[Fault, ...]


def load(directories: Sequence[Path] = (), base: Path | None = None) -> Catalog:
    """The catalog in `base` (default: the bundled one) with `directories` laid over it, later ones on top.

    A file of an overlay replaces the file of the same relative path; only hub.json is merged, model by model, where
    the newer figures stand. Raises InvalidCatalogError, naming
    every place, when files are invalid; CatalogError when the whole lacks a table; LlmpickError when a directory
    cannot be read.
    """
    layers = read((base or bundled(), *directories))
    if layers.faults:
        raise InvalidCatalogError(layers.faults)
    return assemble(layers)


def read(directories: Sequence[Path]) -> Layers:
    """The files of `directories`, later ones over earlier ones, and what is wrong with those left out.

    Raises LlmpickError when a directory cannot be read.
    """
    values: dict[str, Any] = {}
    origins: dict[str, Path] = {}
    dates, faults = [], []
    for directory in directories:
        layer = compiled.load(directory, compiled.SHIPPED if directory == bundled() else None)
        values |= _over(values, layer.values)
        origins |= dict.fromkeys(layer.values, directory)
        dates.append(layer.date)
        faults += [fault._replace(path=shown(directory / fault.path)) for fault in layer.faults]
    return Layers(values, origins, tuple(directories), max(dates), tuple(faults))


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> Mapping[str, Any]:
    """The files of `above`; hub.json keeps what `below` knows of other models, or knows from a later day."""
    under, upper = below.get("hub.json"), above.get("hub.json")
    if under is None or upper is None:
        return above
    models = dict(under.models)
    for id_, one in upper.models.items():
        # `as_of` may be a span or a bound: its day comes last.
        if id_ not in models or (one.as_of or "")[-10:] >= (models[id_].as_of or "")[-10:]:
            models[id_] = one
    return {**above, "hub.json": type(upper)(as_of=max(under.as_of, upper.as_of), models=models)}


def assemble(layers: Layers) -> Catalog:
    """The Catalog of these files; raises CatalogError when a table is missing."""
    parts: dict[str, dict[str, Any]] = {kind.name: {} for kind in KINDS if kind.at_hand}
    for path in sorted(layers.values):
        kind = kind_of(path)
        if kind:
            parts[kind.name][path] = layers.values[path]
    hub = next(iter(parts.pop("hub").values()), None)
    tables = {name: _single(name, found) for name, found in parts.items() if name not in ("models", "apis", "licenses")}
    return Catalog(
        models=_by_id(parts["models"]),
        apis=_by_id(parts["apis"]),
        licenses={one.id: one for one in _by_id(parts["licenses"])},
        popularity=hub.models if hub else {},
        **tables,
        date=layers.date,
        origins=layers.origins,
        directories=layers.directories,
    )


def _by_id(found: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(sorted(found.values(), key=attrgetter("id")))


def _single(name: str, found: Mapping[str, Any]) -> Any:
    """The one table of its kind; empty where a catalog may do without."""
    if found:
        return next(iter(found.values()))
    if name in ("policy", "quality", "tasks", "domains"):
        raise CatalogError(f"the catalog has no {name}.yaml; without it nothing can be judged")
    return ()


def shown(path: Path) -> str:
    """`path` as a person in the working directory would write it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)


__all__ = ["Catalog", "Fault", "InvalidCatalogError", "bundled", "load"]
