"""The models of a catalog: their facts at hand, their records read from the compiled form one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, overload

from llmpick.catalog.compiled import UNREADABLE
from llmpick.catalog.facts import facts_of, unpack
from llmpick.catalog.grants import TERM, grant_of
from llmpick.catalog.grants import unpack as unpack_grants
from llmpick.catalog.networks import Columns
from llmpick.sizing.size import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from llmpick.architecture import Architecture
    from llmpick.catalog.compiled import Compiled, Values
    from llmpick.catalog.facts import Facts
    from llmpick.catalog.listed import Listed
    from llmpick.licensing.schema import Grant, License
    from llmpick.schema import Model
    from llmpick.sizing.networks import Networks

T = TypeVar("T")
SAID = 24
"""Things said about one thing of which a Shelf remembers what follows: up to 0.3 MB each with a thousand models."""


class Rows(Sequence[T]):
    """The rows of a table, or the records of a folder, read when somebody asks for one of them."""

    def __init__(self, read: Callable[[], tuple[T, ...]]) -> None:
        self._read = read

    @cached_property
    def all(self) -> tuple[T, ...]:
        """Every row."""
        return self._read()

    def __len__(self) -> int:
        return len(self.all)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self.all[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self.all)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.all == tuple(other)

    def __hash__(self) -> int:
        return hash(self.all)


class Lasting:
    """What was worked out for one question and holds for every other that says the same of one thing."""

    def __init__(self) -> None:
        self._catalog: object = None
        self._kept: dict[str, dict[Any, dict[Any, Any]]] = {}

    def of(self, catalog: object, about: str, *said: Any) -> dict[Any, Any]:
        """Where to look, and to put, what follows from `catalog` and what was `said` about one thing."""
        if self._catalog is not catalog:
            self._catalog, self._kept = catalog, {}
        known = self._kept.setdefault(about, {})
        if said not in known:
            known[said] = {}
            if len(known) > SAID:
                known.pop(next(iter(known)))
        return known[said]


def told(
    paths: Mapping[str, str],
    values: Values,
    section: str,
    made: Callable[[list[Any], Compiled], Iterable[T]],
    of: Callable[[Any], T],
) -> list[T]:
    """What a section keeps of the files `paths`, `made` of its rows; where it is damaged, worked out of the records."""
    found: list[T] = []
    places = values.places
    for place in {id(places[path]): places[path] for path in paths.values()}.values():
        mine = [path for path in paths.values() if places[path] is place]
        try:
            known = place.form.told(section)
            rows = list(made([known[path] for path in mine], place))
            if len(rows) != len(mine):
                raise ValueError("rows are missing")
        except UNREADABLE:
            place.give_up()
            rows = [of(values[path]) for path in mine]
        found += rows
    return found


class Licenses(Mapping[str, "License"]):
    """Licenses by id, each read when it is asked for."""

    def __init__(self, paths: Mapping[str, str], values: Values) -> None:
        """`paths`: the file of each id in `values`."""
        self.paths = paths
        self.values_by_path = values

    @cached_property
    def grants(self) -> Mapping[str, Grant]:
        """What judging reads of each of them."""

        def made(rows: list[Any], place: Compiled) -> Iterable[Grant]:
            return unpack_grants(rows, place.form.maker(TERM))

        return {grant.id: grant for grant in told(self.paths, self.values_by_path, "grants", made, grant_of)}

    def __getitem__(self, id_: str) -> License:
        found: License = self.values_by_path[self.paths[id_]]
        return found

    def __contains__(self, id_: object) -> bool:
        return id_ in self.paths

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


class Shelf(Sequence["Model"]):
    """The models of some files, by id."""

    def __init__(self, paths: dict[str, str], values: Values) -> None:
        """`paths`: the file of each id in `values`."""
        self.paths = dict(sorted(paths.items()))
        self.values = values

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Of all models, in their order."""
        return tuple(self.paths)

    @cached_property
    def facts(self) -> list[Facts]:
        """What judging reads of each of them."""

        def made(rows: list[Any], place: Compiled) -> Iterable[Facts]:
            return unpack(rows, lambda count: Columns(place, count, self._shape_of))

        return sorted(told(self.paths, self.values, "facts", made, facts_of), key=lambda facts: facts.id)

    def _shape_of(self, networks: Networks, number: int) -> Architecture:
        """That of a network, as the record of a model says."""
        model = self.values[self.paths[self._by_network[id(networks), number]]]
        shape: Architecture = model.architecture.shape
        return shape

    @cached_property
    def _by_network(self) -> dict[tuple[int, int], str]:
        """A model of each network."""
        return {(id(one.size.networks), one.size.number): one.id for one in self.facts if one.size}

    @cached_property
    def listed(self) -> list[Listed]:
        """What is listed of each of them."""
        from llmpick.catalog.listed import Listed, listed_of

        return sorted(told(self.paths, self.values, "listed", lambda rows, _: map(Listed._make, rows), listed_of))

    @cached_property
    def store(self) -> Store:
        """What was worked out of their Sizes for one question and holds for the next."""
        return Store()

    @cached_property
    def lasting(self) -> Lasting:
        """The same of what a question says."""
        return Lasting()

    def get(self, id_: str) -> Model | None:
        """The model of that id, or None."""
        path = self.paths.get(id_)
        return None if path is None else self.values[path]

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> Model: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Model, ...]: ...
    def __getitem__(self, index: int | slice) -> Model | tuple[Model, ...]:
        chosen = self.ids[index]
        if isinstance(chosen, str):
            one: Model = self.values[self.paths[chosen]]
            return one
        return tuple(self.values[self.paths[id_]] for id_ in chosen)

    def __iter__(self) -> Iterator[Model]:
        """One after another: whoever needs them all at once keeps them."""
        return self.values.passing(self.paths.values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(self.ids)


def facts_in(models: Sequence[Model]) -> Sequence[Facts]:
    """What judging reads of each of `models`."""
    return models.facts if isinstance(models, Shelf) else [facts_of(model) for model in models]


def grants_in(licenses: Mapping[str, License]) -> Mapping[str, License | Grant]:
    """What judging reads of each of `licenses`."""
    return licenses.grants if isinstance(licenses, Licenses) else licenses


def listed_in(models: Sequence[Model]) -> Sequence[Listed]:
    """What is listed of each of `models`."""
    from llmpick.catalog.listed import listed_of

    return models.listed if isinstance(models, Shelf) else [listed_of(model) for model in models]


def lasting_in(models: Sequence[Model]) -> Lasting:
    """Where what follows from questions about `models` is kept."""
    return models.lasting if isinstance(models, Shelf) else Lasting()


def store_in(models: Sequence[Model]) -> Store:
    """Where what was worked out of the Sizes of `models` is kept; emptied when it holds much."""
    if not isinstance(models, Shelf):
        return Store()
    models.store.trim()
    return models.store


def finder(models: Sequence[Model]) -> Callable[[str], Model | None]:
    """What finds one of `models` by its id."""
    return models.get if isinstance(models, Shelf) else {model.id: model for model in models}.get


def ids_of(models: Sequence[Model]) -> Sequence[str]:
    """The ids of `models`, in their order."""
    return models.ids if isinstance(models, Shelf) else [model.id for model in models]
