"""Looking things up in a Catalog: by name, by trait, and as counts of what it covers."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NoReturn

from llmpick.catalog.shelf import listed_in
from llmpick.errors import LlmpickError, did_you_mean
from llmpick.record import record
from llmpick.schema import ApiModel, Model, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from llmpick.catalog import Catalog
    from llmpick.catalog.listed import Listed
    from llmpick.schema import ParameterFacts, Task

SHOWN = 8
"""Names an ambiguous one lists."""
ECHOED = 80
"""Characters of an unknown name that an error repeats."""
TELLING = 3
"""Letters from which a part of a name is worth looking for."""
OLDEST = 10
"""Facts that `stats` calls the oldest."""
BLOCKS = ("architecture", "license", "pretraining", "tooling")
COVERED: dict[str, Callable[[Model], Any]] = {
    "released": lambda model: model.released,
    "languages": lambda model: model.languages,
    "context_length": lambda model: model.context_length,
    "parameters.published": lambda model: model.parameters.published,
    "architecture": lambda model: model.architecture,
    "license": lambda model: model.license,
    "license.gated": lambda model: model.license and model.license.gated is not None,
    "pretraining": lambda model: model.pretraining,
    "pretraining.domains": lambda model: model.pretraining and model.pretraining.domains,
    "pretraining.corpora": lambda model: model.pretraining and model.pretraining.corpora,
    "pretraining.tokens": lambda model: model.pretraining and model.pretraining.tokens,
    "pretraining.objective": lambda model: model.pretraining and model.pretraining.objective,
    "pretraining.initialized_from": lambda model: model.pretraining and model.pretraining.initialized_from,
    "pretraining.knowledge_cutoff": lambda model: model.pretraining and model.pretraining.knowledge_cutoff,
    "scores": lambda model: model.scores,
    "tooling": lambda model: model.tooling,
}
"""Facts whose coverage `stats` counts; a truthy answer means known."""


@record
class Wanted:
    """What `catalog list` is asked for; None or empty = anything."""

    family: str | None = None
    """Family, lineage or the beginning of either; case does not matter."""
    task: str | None = None
    """Id, alias or Hub name of a task."""
    license: str | None = None
    """License id, or a class of licenses."""
    max_params: int | None = None
    """Total parameters."""
    min_params: int | None = None
    language: str | None = None
    """ISO 639 code; models whose languages are unknown do not match."""
    domain: str | None = None


@record
class Coverage:
    """How many of the models have a fact."""

    field: str
    known: int
    models: int


@record
class Dated:
    """A fact and the day its newest source was opened."""

    checked: str
    model: str
    block: str


@record
class Bare:
    """A model without an architecture, and why."""

    model: str
    because: str


@record
class Overlay:
    """What a directory laid over the bundled catalog does. Entries are `models/ORG/NAME` or `gpus.yaml: NAME`."""

    directory: str
    added: tuple[str, ...]
    replaced: tuple[str, ...]
    hidden: tuple[str, ...]


@record
class Stats:
    """What a Catalog holds and how well it is covered."""

    date: str
    models: int
    lineages: int
    families: int
    apis: int
    licenses: int
    gpus: int
    prices: int
    structures: tuple[tuple[str, int], ...]
    """(structure, models), most first; `unknown` = no architecture."""
    by_license: tuple[tuple[str, int], ...]
    by_family: tuple[tuple[str, int], ...]
    blocks: int
    """Blocks of facts: identity, parameters, architecture, license, pretraining, tooling and each score."""
    sourced: int
    """Those with at least one source."""
    sources: int
    """Different places cited."""
    identical: int
    """Models whose architecture gives exactly the published count."""
    explained: int
    """Models whose published count differs, and the file says by what."""
    unconfirmed: int
    """Models with an architecture but no published count."""
    coverage: tuple[Coverage, ...]
    oldest: tuple[Dated, ...]
    without_architecture: tuple[Bare, ...]
    layers: tuple[Overlay, ...] = ()
    """The directories laid over the bundled catalog, the undermost first."""


def find(catalog: Catalog, name: str) -> Model:
    """The model that `name` means: a Hub id, or any unambiguous short form of one, case ignored.

    Raises LlmpickError with the candidates when several or none match.
    """
    ids = catalog.ids
    return catalog.model(_meant(ids, name) or _unfound(name, ids))


def find_any(catalog: Catalog, name: str) -> Model | ApiModel:
    """Like `find`; a vendor's model by its whole id, or by any name that no open-weight model has."""
    ids, tuned = catalog.ids, {api.id: api for api in catalog.apis}
    if name in tuned and name not in ids:
        return tuned[name]
    meant = _meant(ids, name)
    if meant:
        return catalog.model(meant)
    return tuned[_meant(tuple(tuned), name) or _unfound(name, (*ids, *tuned))]


def _meant(ids: Sequence[str], name: str) -> str | None:
    """The id that `name` means; None where it means none, LlmpickError where it means several."""
    wanted = _without_host(name)
    for form in (_exact, str.casefold, _short, _squashed):
        sought = form(wanted)
        found = [id_ for id_ in ids if form(id_) == sought]
        if len(found) == 1:
            return found[0]
        if found:
            raise LlmpickError(f"{_quoted(name)} may be {_listed(found)}", "give the whole id")
    return None


def _unfound(name: str, ids: Sequence[str]) -> NoReturn:
    hint = _near(_without_host(name), ids)
    raise LlmpickError(f"no model {_quoted(name)} in the catalog", hint)


def _quoted(name: str) -> str:
    return repr(name if len(name) <= ECHOED else f"{name[:ECHOED]}...")


def _without_host(name: str) -> str:
    """The id in the address of any page of a repository on the Hub; other names as they are."""
    page = re.match(r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/([^/?#]+/[^/?#]+)", name.strip())
    return page[1] if page else name.strip().strip("/")


def _exact(id_: str) -> str:
    return id_


def _short(id_: str) -> str:
    """The name without its organization."""
    return id_.rpartition("/")[2].casefold()


def _squashed(id_: str) -> str:
    """Letters and digits of the short name: `Llama 3.1 8b` is `Llama-3.1-8B`."""
    return re.sub(r"[^a-z0-9]", "", _short(id_))


def _listed(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _near(wanted: str, ids: Sequence[str]) -> str:
    """A hint: ids that contain what was typed, else those spelled alike."""
    typed = _squashed(wanted)
    inside = [id_ for id_ in ids if len(typed) >= TELLING and typed in _squashed(id_)]
    if inside:
        return f"did you mean {_listed(sorted(inside, key=len))}?"
    by_short = {_short(id_): id_ for id_ in ids}
    alike = did_you_mean(_short(wanted), by_short)
    return alike or "`llmpick catalog list` names them all; `llmpick estimate --config` sizes any other"


def select(catalog: Catalog, wanted: Wanted) -> tuple[Listed, ...]:
    """The models that answer to every demand of `wanted`, by id.

    Raises LlmpickError for a family, task, license or domain that the catalog does not know.
    """
    models = listed_in(catalog.models)
    tests = tuple(_tests(catalog, models, wanted))
    return tuple(model for model in models if all(test(model) for test in tests))


def _tests(catalog: Catalog, models: Sequence[Listed], wanted: Wanted) -> Iterator[Callable[[Listed], bool]]:
    if wanted.family is not None:
        yield _family_test(models, wanted.family.casefold())
    if wanted.task is not None:
        task = _task(catalog.tasks, wanted.task)
        yield lambda model: task in model.tasks
    if wanted.license is not None:
        ids = _license_ids(catalog, wanted.license)
        yield lambda model: bool(model.licenses) and ids.issuperset(model.licenses)
    most, least = wanted.max_params, wanted.min_params
    if most is not None:
        yield lambda model: model.params <= most
    if least is not None:
        yield lambda model: model.params >= least
    if wanted.language is not None:
        code = wanted.language.casefold()
        yield lambda model: code in model.languages
    if wanted.domain is not None:
        domain = _known(wanted.domain, {one.id: (one.id, one.name, *one.aliases) for one in catalog.domains}, "domain")
        yield lambda model: domain in (model.domains or ())


def _family_test(models: Sequence[Listed], family: str) -> Callable[[Listed], bool]:
    known = {model.family for model in models}
    if family in known:
        return lambda model: model.family == family
    if family and any(name.startswith(family) for model in models for name in (model.family, model.lineage)):
        return lambda model: model.family.startswith(family) or model.lineage.startswith(family)
    hint = did_you_mean(family, known) or "`llmpick catalog show MODEL` names the family of a model"
    raise LlmpickError(f"no family {_quoted(family)} in the catalog", hint)


def _task(tasks: Sequence[Task], name: str) -> str:
    return _known(name, {task.id: (task.id, task.name, *task.hub, *task.aliases) for task in tasks}, "task")


def _known(name: str, spellings: Mapping[str, Iterable[str]], what: str) -> str:
    """The id among `spellings` that `name` spells; an id goes before another's alias."""
    wanted = name.strip().casefold()
    if wanted in spellings:
        return wanted
    for id_, spelled in spellings.items():
        if wanted in map(str.casefold, spelled):
            return id_
    hint = did_you_mean(wanted, (word for spelled in spellings.values() for word in spelled))
    raise LlmpickError(f"no {what} {name!r} in the catalog", hint or f"one of {', '.join(spellings)}")


def _license_ids(catalog: Catalog, name: str) -> frozenset[str]:
    from llmpick.licensing.classes import CLASSES, classes

    group = name.strip().casefold()
    if group in CLASSES:
        return frozenset(id_ for id_, one in catalog.licenses.items() if group in classes(one))
    names = {id_: (id_, one.name, one.spdx or id_, *one.aliases) for id_, one in catalog.licenses.items()}
    return frozenset({_known(name, {**names, **{word: (word,) for word in CLASSES}}, "license")})


def stats(catalog: Catalog) -> Stats:
    """Counts of what `catalog` holds and how much of it is known."""
    models = Tally()
    for model in catalog.models:
        models.add(model)
    return Stats(
        date=catalog.date,
        models=models.number,
        lineages=len(models.lineages),
        families=len(models.families),
        apis=len(catalog.apis),
        licenses=len(catalog.licenses),
        gpus=len(catalog.gpus),
        prices=len(catalog.prices),
        structures=_counted(models.structures),
        by_license=_counted(models.licenses),
        by_family=_counted(models.families),
        blocks=models.blocks,
        sourced=models.sourced,
        sources=len(models.places),
        identical=models.published["identical"],
        explained=models.published["explained"],
        unconfirmed=models.published["unconfirmed"],
        coverage=tuple(Coverage(field=field, known=models.known[field], models=models.number) for field in COVERED),
        oldest=tuple(models.oldest),
        without_architecture=tuple(models.bare),
        layers=tuple(
            Overlay(directory=str(one.directory), added=one.added, replaced=one.replaced, hidden=one.hidden)
            for one in catalog.layers
        ),
    )


class Tally:
    """What `stats` counts, model by model: none of them is kept."""

    def __init__(self) -> None:
        self.number = self.blocks = self.sourced = 0
        self.lineages: set[str] = set()
        self.places: set[str] = set()
        """Cited."""
        self.families: Counter[str] = Counter()
        self.structures: Counter[str] = Counter()
        self.licenses: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        """Of COVERED."""
        self.published: Counter[str] = Counter()
        """How the published number of parameters goes with the architecture."""
        self.oldest: list[Dated] = []
        self.bare: list[Bare] = []

    def add(self, model: Model) -> None:
        """Count `model`."""
        self.number += 1
        self.lineages.add(model.lineage)
        self.families[model.family] += 1
        self.structures[model.architecture.shape.structure if model.architecture else "unknown"] += 1
        self.licenses[model.license.id if model.license else "unknown"] += 1
        self.known.update(field for field, known in COVERED.items() if known(model))
        if model.architecture:
            self.published[_confirmed(model.parameters)] += 1
        else:
            self.bare.append(Bare(model=model.id, because=_why_bare(model)))
        self._cite(model)

    def _cite(self, model: Model) -> None:
        dated = []
        for name, sources in blocks_of(model):
            self.blocks += 1
            if sources:
                self.sourced += 1
                self.places.update(source.url for source in sources)
                dated.append(Dated(checked=max(source.checked for source in sources), model=model.id, block=name))
        self.oldest = sorted([*self.oldest, *dated], key=lambda one: (one.checked, one.model, one.block))[:OLDEST]


def _confirmed(parameters: ParameterFacts) -> str:
    if parameters.published is None:
        return "unconfirmed"
    return "identical" if parameters.published == parameters.total else "explained"


def blocks_of(model: Model) -> Iterator[tuple[str, tuple[Source, ...]]]:
    """Every block of facts of `model` with the sources it rests on."""
    yield "identity", model.identity
    yield "parameters", model.parameters.sources
    for name in BLOCKS:
        block = getattr(model, name)
        if block is not None:
            yield name, block.sources
    for position, score in enumerate(model.scores):
        yield f"scores[{position}]", (score.source,)


def _counted(found: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _why_bare(model: Model) -> str:
    sought = [what for what in model.looked_for if "architecture" in what]
    return f"looked for, not found: {', '.join(sought)}" if sought else "nobody wrote it down yet"


def laid(catalog: Catalog, models: Iterable[Listed]) -> dict[str, str]:
    """Hub id -> directory of those `models` that come from no bundled file."""
    over = {layer.directory for layer in catalog.layers}
    origins = ((model.id, catalog.origins[f"models/{model.id}.yaml"]) for model in models)
    return {id_: str(origin) for id_, origin in origins if origin in over}


def file_of(catalog: Catalog, entry: Model | ApiModel) -> str | None:
    """The file that an entry was read from."""
    path = f"{'models' if isinstance(entry, Model) else 'apis'}/{entry.id}.yaml"
    origin = catalog.origins.get(path)
    return str(origin / path) if origin else None


def entry_json(catalog: Catalog, entry: Model | ApiModel) -> dict[str, Any]:
    """The whole entry with its sources, its popularity on the Hub and the file it came from."""
    counted = catalog.popularity.get(entry.id)
    return {
        **dataclasses.asdict(entry),
        "popularity": dataclasses.asdict(counted) if counted else None,
        "file": file_of(catalog, entry),
    }
