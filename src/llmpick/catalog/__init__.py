"""The catalog: what llmpick knows, read from a directory of sourced files, with others laid over it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmpick.catalog import compiled
from llmpick.catalog.faults import Fault, InvalidCatalogError
from llmpick.catalog.kinds import KINDS
from llmpick.catalog.layers import Layer, Layers, Place, first, over
from llmpick.catalog.shelf import Licenses, Rows, Shelf, finder, ids_of
from llmpick.errors import CatalogError
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from llmpick.licensing.schema import License
    from llmpick.policy import Policy
    from llmpick.quality import QualityTable
    from llmpick.schema import ApiModel, Benchmark, Domain, Efficiency, Gpu, Model, Popularity, Price, Task

SELDOM = ("gpus", "prices", "benchmarks")
"""Tables that many an answer does without."""


@record
class Catalog:
    """All facts an answer may rest on. Nothing in it is changed after loading."""

    models: Sequence[Model]
    """By id."""
    apis: Sequence[ApiModel]
    """By id."""
    licenses: Mapping[str, License]
    """By id."""
    gpus: Sequence[Gpu]
    prices: Sequence[Price]
    efficiencies: tuple[Efficiency, ...]
    tasks: tuple[Task, ...]
    domains: tuple[Domain, ...]
    benchmarks: Sequence[Benchmark]
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
    layers: tuple[Layer, ...] = ()
    """What each directory but the undermost does to those beneath it."""
    places: Mapping[str, tuple[Place, ...]]
    """Relative path of each table that several directories fill -> where its rows were written."""
    mark: str = ""
    """Another one as soon as the files of any directory say something else."""

    @property
    def ids(self) -> Sequence[str]:
        """Of the models, in their order."""
        return ids_of(self.models)

    def model(self, id_: str) -> Model:
        """The model with that very Hub id; KeyError if there is none. `browse.find` takes short names."""
        found = finder(self.models)(id_)
        if found is None:
            raise KeyError(id_)
        return found


def bundled() -> Path:
    """The catalog that came with the package: a wheel's own, else the repository's."""
    shipped = Path(__file__).parents[1] / "_catalog"
    return shipped if shipped.is_dir() else Path(__file__).parents[3] / "catalog"


def load(directories: Sequence[Path] = (), base: Path | None = None) -> Catalog:
    """The catalog in `base` (default: the bundled one) with `directories` laid over it, later ones on top.

    `layers` says how. Raises InvalidCatalogError, naming every place, when files are invalid; CatalogError when the
    whole lacks a table; LlmpickError when a directory cannot be read.
    """
    layers = read((base or bundled(), *directories))
    if layers.faults:
        raise InvalidCatalogError(layers.faults)
    return assemble(layers)


def read(directories: Sequence[Path]) -> Layers:
    """The files of `directories`, later ones over earlier ones, and what is wrong with those left out.

    Raises LlmpickError when a directory cannot be read.
    """
    layers = Layers(compiled.Values({}), {}, ())
    marks: list[str] = []
    faults: list[Fault] = []
    for directory in directories:
        layer = compiled.load(directory, compiled.SHIPPED if directory == bundled() else None)
        layers = over(layers, directory, layer.values) if marks else first(directory, layer.values)
        layers = layers._replace(date=max(layers.date, layer.date))
        marks.append(f"{directory.absolute()} {layer.mark}")
        faults += [fault._replace(path=shown(directory / fault.path)) for fault in layer.faults]
    return layers._replace(faults=tuple(faults), mark="\n".join(marks))


def assemble(layers: Layers) -> Catalog:
    """The Catalog of these files; raises CatalogError when a table is missing."""
    values = layers.values
    parts: dict[str, list[str]] = {kind.name: [] for kind in KINDS if kind.at_hand}
    for path, kind in values.kinds():
        parts[kind].append(path)
    hub = next((values[path] for path in parts.pop("hub")), None)
    parts.pop("hide")
    models, apis, licenses = (_by_id(f"{name}/", parts.pop(name)) for name in ("models", "apis", "licenses"))
    return Catalog(
        models=Shelf(models, values),
        apis=Rows(lambda: tuple(values[path] for path in apis.values())),
        licenses=Licenses(licenses, values),
        popularity=hub.models if hub else {},
        **{name: _single(name, found, values) for name, found in parts.items()},
        date=layers.date,
        origins=layers.origins,
        directories=layers.directories,
        layers=layers.layers,
        places=layers.places,
        mark=layers.mark,
    )


def _by_id(folder: str, paths: Iterable[str]) -> dict[str, str]:
    """Paths by id, `licenses/mit.yaml` by `mit`."""
    id_ = slice(len(folder), -len(".yaml"))
    return {path[id_]: path for path in sorted(paths)}


def _single(name: str, paths: Sequence[str], values: Mapping[str, Any]) -> Any:
    """The one table of its kind; empty where a catalog may do without."""
    if paths:
        return Rows(lambda: values[paths[0]]) if name in SELDOM else values[paths[0]]
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
