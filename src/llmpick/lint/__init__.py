"""The rules a catalog must keep, beyond the schema: `llmpick catalog check`.

A rule is a function from a Catalog to remarks; its docstring is its explanation and its name, with hyphens, its id.
No rule depends on today's date. A model may name rules it has good reason to break in its `exceptions`; an
exception that is no longer needed is itself a finding.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from llmpick import catalog as catalogs
from llmpick.errors import CatalogError
from llmpick.lint.files import expected_files, hidden_entries, modelines, usable_evidence
from llmpick.lint.lineages import (
    languages_of_the_base,
    lineage_agreement,
    one_base_per_lineage,
    pretraining_agreement,
    terms_of_the_base,
    tokens_with_the_base,
)
from llmpick.lint.origins import dates_in_order, gaps_explained, openable_sources, originals_only
from llmpick.lint.remarks import Finding, Loc, Remark, file_of, unless_known
from llmpick.lint.shapes import (
    active_parameters,
    context_within_positions,
    parameters_from_architecture,
    published_parameters,
    several_languages_translate,
    tasks_fit_structure,
)
from llmpick.lint.tables import (
    dated_shutdowns,
    policy_adds_up,
    policy_complete,
    policy_in_order,
    sound_gpus,
    sound_prices,
)
from llmpick.lint.tools import loaded_by_something, tools_by_architecture
from llmpick.lint.vocabularies import (
    known_benchmarks,
    known_domains,
    known_gpus,
    known_hub_models,
    known_languages,
    known_licenses,
    known_tasks,
    unique_ids,
    unique_rows,
)
from llmpick.record import NamedTuple, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from llmpick.catalog import Catalog
    from llmpick.catalog.faults import Fault


class Report(NamedTuple):
    """What a check found."""

    findings: tuple[Finding, ...]
    files: int
    """Files that were read."""

    @property
    def text(self) -> str:
        """One line per finding, or the one line that says there is none."""
        if self.findings:
            return "\n".join(map(str, self.findings))
        return f"{self.files:,} files keep all {len(RULES)} rules"


RULES: tuple[Callable[[Catalog], Iterator[Remark]], ...] = (
    parameters_from_architecture,
    published_parameters,
    active_parameters,
    known_tasks,
    known_licenses,
    known_domains,
    known_benchmarks,
    known_languages,
    known_gpus,
    known_hub_models,
    openable_sources,
    dates_in_order,
    lineage_agreement,
    pretraining_agreement,
    tokens_with_the_base,
    terms_of_the_base,
    languages_of_the_base,
    one_base_per_lineage,
    tasks_fit_structure,
    several_languages_translate,
    tools_by_architecture,
    loaded_by_something,
    originals_only,
    unique_ids,
    unique_rows,
    sound_gpus,
    sound_prices,
    dated_shutdowns,
    context_within_positions,
    gaps_explained,
    policy_adds_up,
    policy_complete,
    policy_in_order,
    hidden_entries,
    modelines,
    usable_evidence,
    expected_files,
)
"""All rules, in the order in which they are explained."""
UNNEEDED = "unneeded-exception"


FATAL: tuple[Callable[[Catalog], Iterator[Remark]], ...] = (
    parameters_from_architecture,
    known_tasks,
    known_licenses,
    known_domains,
    known_languages,
    known_gpus,
    openable_sources,
    policy_complete,
    policy_in_order,
    hidden_entries,
)
"""Rules without which an answer from a user's own catalog cannot be trusted."""


def demand(directories: Sequence[Path]) -> None:
    """Refuse overlays that would make an answer wrong: raises CatalogError with the first such finding."""
    fatal = {"schema", *(rule_id(rule) for rule in FATAL)}
    folders = tuple(f"{catalogs.shown(directory).rstrip('/')}/" for directory in directories)
    found = [one for one in check(directories).findings if one.rule in fatal and one.path.startswith(folders)]
    if found:
        more = f"; {len(found) - 1} more: llmpick catalog check {directories[0]}" if len(found) > 1 else ""
        raise CatalogError(f"{found[0].path}:{found[0].line}:{found[0].column}: {found[0].message}{more}")


def check(directories: Sequence[Path] = (), base: Path | None = None) -> Report:
    """Everything wrong with the catalog in `base` (default: the bundled one) under `directories`, by place.

    Files that do not load are findings of the rule `schema`. Raises LlmpickError when a directory cannot be read.
    """
    layers = catalogs.read((base or catalogs.bundled(), *directories))
    faults = [_from_fault(fault) for fault in layers.faults]
    try:
        catalog = catalogs.assemble(layers)
    except CatalogError as error:
        return Report(tuple(faults) or (Finding("catalog", 1, 1, "schema", str(error)),), len(layers.origins))
    return Report(tuple(sorted([*faults, *check_catalog(catalog)])), len(layers.origins))


def check_catalog(catalog: Catalog) -> list[Finding]:
    """What the rules find in a loaded catalog, by place. Every rule reads every model: they are read once."""
    catalog = replace(catalog, models=tuple(catalog.models))
    remarks = [(rule_id(rule), remark) for rule in RULES for remark in rule(catalog)]
    excepted = {(file_of(model), rule) for model in catalog.models for rule in model.exceptions}
    needed = {(remark.path, rule) for rule, remark in remarks}
    kept = [(rule, remark) for rule, remark in remarks if (remark.path, rule) not in excepted]
    kept += [(UNNEEDED, remark) for remark in _unneeded(catalog, needed)]
    return sorted(_located(kept, catalog))


def rule_id(rule: Callable[..., Any]) -> str:
    """A rule's id, as findings and exceptions write it."""
    return rule.__name__.replace("_", "-")


def explanations() -> dict[str, str]:
    """Rule id -> what it demands and why."""
    return {rule_id(rule): re.sub(r"\s+", " ", rule.__doc__ or "").strip() for rule in RULES}


def _unneeded(catalog: Catalog, needed: set[tuple[str, str]]) -> Iterator[Remark]:
    known = {rule_id(rule) for rule in RULES}
    for model in catalog.models:
        for position, rule in enumerate(model.exceptions):
            loc: Loc = ("exceptions", position)
            if rule not in known:
                yield from unless_known(file_of(model), loc, "rule", rule, known)
            elif (file_of(model), rule) not in needed:
                yield Remark(file_of(model), loc, f"the file keeps the rule `{rule}`; remove the exception")


def _located(remarks: Iterable[tuple[str, Remark]], catalog: Catalog) -> Iterator[Finding]:
    """Findings with the line each place stands on; only files with findings are read again."""
    from llmpick.catalog.parsing import locate

    by_file: dict[Path, list[tuple[str, str, Loc]]] = defaultdict(list)
    for rule, remark in remarks:
        file, loc = _written_at(remark, catalog)
        by_file[file].append((rule, remark.message, loc))
    for file, found in by_file.items():
        marks = locate(file, [loc for _, _, loc in found])
        for (rule, message, _), (line, column) in zip(found, marks, strict=True):
            yield Finding(catalogs.shown(file), line, column, rule, message)


def _written_at(remark: Remark, catalog: Catalog) -> tuple[Path, Loc]:
    """The file and the place in it that a remark is about: rows of a table may come from several directories."""
    rows = catalog.places.get(remark.path)
    if rows and remark.loc and isinstance(remark.loc[0], int):
        place = rows[remark.loc[0]]
        return place.directory / remark.path, (place.row, *remark.loc[1:])
    anywhere = next(iter(catalog.origins.values()))
    return catalog.origins.get(remark.path, anywhere) / remark.path, remark.loc


def _from_fault(fault: Fault) -> Finding:
    return Finding(fault.path, fault.line, fault.column, "schema", fault.message)
