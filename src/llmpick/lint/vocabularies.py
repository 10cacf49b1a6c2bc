"""Rules on words: every id is one that the catalog has, and stands once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.languages import KNOWN as LANGUAGES
from llmpick.lint.remarks import Loc, Remark, file_of, unless_known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmpick.catalog import Catalog
    from llmpick.schema import ApiModel, Model

MULTIPLE = "mul"
"""ISO 639's code for many languages."""


def known_tasks(catalog: Catalog) -> Iterator[Remark]:
    """Every task is an id of tasks.yaml."""
    known = {task.id for task in catalog.tasks}
    entries: tuple[Model | ApiModel, ...] = (*catalog.models, *catalog.apis)
    for entry in entries:
        for position, task in enumerate(entry.tasks):
            yield from unless_known(file_of(entry), ("tasks", position), "task", task, known)


def known_licenses(catalog: Catalog) -> Iterator[Remark]:
    """Every license is a file of licenses/."""
    for model in catalog.models:
        if model.license is not None:
            yield from unless_known(file_of(model), ("license", "id"), "license", model.license.id, catalog.licenses)
            for position, id_ in enumerate(model.license.also):
                yield from unless_known(file_of(model), ("license", "also", position), "license", id_, catalog.licenses)


def known_domains(catalog: Catalog) -> Iterator[Remark]:
    """Every domain, in models and in domains.yaml, is an id of domains.yaml."""
    known = {domain.id for domain in catalog.domains}
    for model in catalog.models:
        for position, id_ in enumerate(model.pretraining.domains if model.pretraining else ()):
            yield from unless_known(file_of(model), ("pretraining", "domains", position), "domain", id_, known)
    for row, domain in enumerate(catalog.domains):
        for position, id_ in enumerate(domain.near):
            yield from unless_known("domains.yaml", (row, "near", position), "domain", id_, known)


def known_benchmarks(catalog: Catalog) -> Iterator[Remark]:
    """Every benchmark is an id of benchmarks.yaml, and every score lies in that benchmark's range."""
    known = {benchmark.id: benchmark for benchmark in catalog.benchmarks}
    for model in catalog.models:
        for row, score in enumerate(model.scores):
            loc: Loc = ("scores", row)
            benchmark = known.get(score.benchmark)
            if benchmark is None:
                yield from unless_known(file_of(model), (*loc, "benchmark"), "benchmark", score.benchmark, known)
            elif not benchmark.low <= score.value <= benchmark.high:
                message = f"{score.value:g} is outside {benchmark.name}'s {benchmark.low:g} to {benchmark.high:g}"
                yield Remark(file_of(model), (*loc, "value"), message)


def known_languages(catalog: Catalog) -> Iterator[Remark]:
    """Languages are ISO 639-1 codes, ISO 639-3 where there is no shorter one; `mul` means many more, not listed.

    Where `mul` stands, `languages_note` says what is claimed.
    """
    for model in catalog.models:
        for position, code in enumerate(model.languages):
            if code == MULTIPLE and not model.languages_note:
                yield Remark(
                    file_of(model), ("languages", position), "`mul` needs a `languages_note`: which, how many?"
                )
            elif code not in LANGUAGES and code != MULTIPLE:
                message = f"`{code}` is not a known ISO 639-1 code (nor 639-3 of a language without one); correct it"
                yield Remark(file_of(model), ("languages", position), message)


def known_gpus(catalog: Catalog) -> Iterator[Remark]:
    """Every price is for a GPU of gpus.yaml, under its name."""
    known = {gpu.name for gpu in catalog.gpus}
    for row, price in enumerate(catalog.prices):
        yield from unless_known("prices.yaml", (row, "gpu"), "GPU", price.gpu, known)


def known_hub_models(catalog: Catalog) -> Iterator[Remark]:
    """hub.json counts models of the catalog, spelled as their files are."""
    known = {model.id for model in catalog.models}
    for id_ in catalog.popularity:
        yield from unless_known("hub.json", ("models", id_), "model", id_, known)


def unique_ids(catalog: Catalog) -> Iterator[Remark]:
    """No two models have ids that differ only in case: to the Hub they are one."""
    seen: dict[str, str] = {}
    for model in catalog.models:
        other = seen.setdefault(model.id.casefold(), model.id)
        if other != model.id:
            yield Remark(file_of(model), (), f"{other} is the same repository; keep one of the two files")


def unique_rows(catalog: Catalog) -> Iterator[Remark]:
    """No id or name stands twice in a table. Two GPUs may share an alias: a name that means both is asked back."""
    tables = (
        ("tasks.yaml", [task.id for task in catalog.tasks]),
        ("domains.yaml", [domain.id for domain in catalog.domains]),
        ("benchmarks.yaml", [benchmark.id for benchmark in catalog.benchmarks]),
        ("prices.yaml", [price.gpu for price in catalog.prices]),
        ("gpus.yaml", [gpu.name for gpu in catalog.gpus]),
    )
    for path, names in tables:
        first: dict[str, int] = {}
        for row, name in enumerate(names):
            other = first.setdefault(name.casefold(), row)
            if other != row:
                yield Remark(path, (row,), f"`{name}` is row {other + 1} already; keep one of them")
