"""The rules a catalog must keep, beyond the schema: `llmpick catalog check`.

A rule is a function from a Catalog to remarks; its docstring is its explanation and its name, with hyphens, its id.
No rule depends on today's date. A model may name rules it has good reason to break in its `exceptions`; an
exception that is no longer needed is itself a finding.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from llmpick import catalog as catalogs
from llmpick.catalog.browse import blocks_of
from llmpick.catalog.kinds import KINDS, kind_of
from llmpick.catalog.layers import HIDE
from llmpick.errors import CatalogError, LlmpickError, did_you_mean
from llmpick.languages import KNOWN as LANGUAGES
from llmpick.sizing.parameters import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from llmpick.catalog import Catalog
    from llmpick.catalog.faults import Fault
    from llmpick.licensing.schema import License
    from llmpick.schema import ApiModel, Model, Price, Source

MULTIPLE = "mul"
"""ISO 639's code for many languages."""
TOLERANCE = 0.005
"""Share by which a published parameter count may differ from ours without an explanation."""
LINEAGE_TOLERANCE = 0.1
"""Share by which checkpoints of one lineage may differ in size: another vocabulary, but the same network."""
ROUNDING = 1.1
"""Context lengths closer than this factor are one length, rounded differently."""
READ = ("domains", "tokens", "objective")
"""Facts of the pre-training that tuning does not change; tuned checkpoints do report later cutoffs than their base."""
COPIES = re.compile(
    r"(?<![a-z0-9])(gguf|ggml|gptq|awq|exl[23]|bnb|nf4|int[48]|fp[48]|nvfp4|mxfp4|w[48]a(8|16)|[2-8](bit|bpw)|q[2-8]_[0k]"
    r"|mlx|quantized|quant|merge|merged|slerp|dare|ties|frankenmerge|abliterated|uncensored)(?![a-z0-9])",
    re.IGNORECASE,
)
COPIERS = frozenset(
    """
    thebloke unsloth bartowski mlx-community lmstudio-community mradermacher quantfactory redhatai neuralmagic
    casperhansen modelcloud ggml-org turboderp solidrust techxgenus second-state
    """.split()
)
"""Organizations on the Hub that publish copies of other people's models."""
COMMIT = re.compile(r"github:[^@]+@[0-9a-f]{7,40}(:\S+)?")
ARXIV = re.compile(r"arxiv:(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v\d+)?")
SOUGHT: dict[str, tuple[str, Callable[[Model], Any]]] = {
    "license": ("license", lambda model: model.license),
    "languages": ("languages", lambda model: model.languages),
    "release month": ("released", lambda model: model.released),
    "context length": ("context_length", lambda model: model.context_length),
    "training tokens": ("pretraining", lambda model: model.pretraining and model.pretraining.tokens),
    "architecture": ("architecture", lambda model: model.architecture),
}
"""What `looked_for` may say was sought in vain -> where the fact would stand, and the fact."""
Loc = tuple[str | int, ...]


class Remark(NamedTuple):
    """What a rule has to say of one place."""

    path: str
    loc: Loc
    message: str


class Finding(NamedTuple):
    """A rule that does not hold, where, and the fix. Lines and columns count from 1."""

    path: str
    line: int
    column: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.rule}: {self.message}"


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


def parameters_from_architecture(catalog: Catalog) -> Iterator[Remark]:
    """`parameters.total` and `parameters.active` are what the architecture gives, to the last parameter.

    The architecture decides memory and time, so a shape that does not add up makes every later figure wrong.
    """
    for model in catalog.models:
        if model.architecture is None:
            continue
        try:
            counted = count(model.architecture.shape)
        except LlmpickError as error:
            yield Remark(_file(model), ("architecture", "shape", "model_type"), str(error))
            continue
        for field, ours in (("total", counted.total), ("active", counted.active)):
            said: int = getattr(model.parameters, field)
            if said != ours:
                message = f"the architecture gives {ours:,} {field} parameters, the file says {said:,}; correct either"
                yield Remark(_file(model), ("parameters", field), message)


def published_parameters(catalog: Catalog) -> Iterator[Remark]:
    """`parameters.published` lies within 0.5 % of `total`, or `published_as` says what makes the difference."""
    for model in catalog.models:
        said = model.parameters
        loc: Loc = ("parameters", "published")
        if said.published is None:
            if said.published_as:
                yield Remark(_file(model), ("parameters", "published_as"), "there is no `published`; remove this line")
        elif abs(said.published - said.total) > TOLERANCE * said.published and not said.published_as:
            share = (said.total - said.published) / said.published
            message = f"`total` is {share:+.2%} off; correct it, or say in `published_as` what makes the difference"
            yield Remark(_file(model), loc, message)


def active_parameters(catalog: Catalog) -> Iterator[Remark]:
    """`parameters.active` is at most `parameters.total`."""
    for model in catalog.models:
        if model.parameters.active > model.parameters.total:
            message = f"more active ({model.parameters.active:,}) than total parameters; swap or correct them"
            yield Remark(_file(model), ("parameters", "active"), message)


def known_tasks(catalog: Catalog) -> Iterator[Remark]:
    """Every task is an id of tasks.yaml."""
    known = {task.id for task in catalog.tasks}
    entries: tuple[Model | ApiModel, ...] = (*catalog.models, *catalog.apis)
    for entry in entries:
        for position, task in enumerate(entry.tasks):
            yield from _unless_known(_file(entry), ("tasks", position), "task", task, known)


def known_licenses(catalog: Catalog) -> Iterator[Remark]:
    """Every license is a file of licenses/."""
    for model in catalog.models:
        if model.license is not None:
            yield from _unless_known(_file(model), ("license", "id"), "license", model.license.id, catalog.licenses)
            for position, id_ in enumerate(model.license.also):
                yield from _unless_known(_file(model), ("license", "also", position), "license", id_, catalog.licenses)


def known_domains(catalog: Catalog) -> Iterator[Remark]:
    """Every domain, in models and in domains.yaml, is an id of domains.yaml."""
    known = {domain.id for domain in catalog.domains}
    for model in catalog.models:
        for position, id_ in enumerate(model.pretraining.domains if model.pretraining else ()):
            yield from _unless_known(_file(model), ("pretraining", "domains", position), "domain", id_, known)
    for row, domain in enumerate(catalog.domains):
        for position, id_ in enumerate(domain.near):
            yield from _unless_known("domains.yaml", (row, "near", position), "domain", id_, known)


def known_benchmarks(catalog: Catalog) -> Iterator[Remark]:
    """Every benchmark is an id of benchmarks.yaml, and every score lies in that benchmark's range."""
    known = {benchmark.id: benchmark for benchmark in catalog.benchmarks}
    for model in catalog.models:
        for row, score in enumerate(model.scores):
            loc: Loc = ("scores", row)
            benchmark = known.get(score.benchmark)
            if benchmark is None:
                yield from _unless_known(_file(model), (*loc, "benchmark"), "benchmark", score.benchmark, known)
            elif not benchmark.low <= score.value <= benchmark.high:
                message = f"{score.value:g} is outside {benchmark.name}'s {benchmark.low:g} to {benchmark.high:g}"
                yield Remark(_file(model), (*loc, "value"), message)


def known_languages(catalog: Catalog) -> Iterator[Remark]:
    """Languages are ISO 639-1 codes, ISO 639-3 where there is no shorter one; `mul` means many more, not listed.

    Where `mul` stands, `languages_note` says what is claimed.
    """
    for model in catalog.models:
        for position, code in enumerate(model.languages):
            if code == MULTIPLE and not model.languages_note:
                yield Remark(_file(model), ("languages", position), "`mul` needs a `languages_note`: which, how many?")
            elif code not in LANGUAGES and code != MULTIPLE:
                message = f"`{code}` is not a known ISO 639-1 code (nor 639-3 of a language without one); correct it"
                yield Remark(_file(model), ("languages", position), message)


def known_gpus(catalog: Catalog) -> Iterator[Remark]:
    """Every price is for a GPU of gpus.yaml, under its name."""
    known = {gpu.name for gpu in catalog.gpus}
    for row, price in enumerate(catalog.prices):
        yield from _unless_known("prices.yaml", (row, "gpu"), "GPU", price.gpu, known)


def known_hub_models(catalog: Catalog) -> Iterator[Remark]:
    """hub.json counts models of the catalog, spelled as their files are."""
    known = {model.id for model in catalog.models}
    for id_ in catalog.popularity:
        yield from _unless_known("hub.json", ("models", id_), "model", id_, known)


def openable_sources(catalog: Catalog) -> Iterator[Remark]:
    """A stranger can open every source: GitHub at a commit, arXiv by number; and the day it was opened exists."""
    for path, loc, source in _sources(catalog):
        if source.url.startswith("github:") and not COMMIT.fullmatch(source.url):
            yield Remark(path, (*loc, "url"), f"`{source.url}` names no commit; write github:owner/repo@commit:path")
        elif source.url.startswith("arxiv:") and not ARXIV.fullmatch(source.url):
            yield Remark(path, (*loc, "url"), f"`{source.url}` is no arXiv number; write arxiv:2310.06825")
        if not _is_day(source.checked):
            yield Remark(path, (*loc, "checked"), f"{source.checked} is no day of the calendar; correct it")


def dates_in_order(catalog: Catalog) -> Iterator[Remark]:
    """A model comes out after its knowledge ends and after what it continues from, and before its sources are read."""
    released = {model.id: model.released for model in catalog.models}
    for model in catalog.models:
        if model.released is None:
            continue
        for loc, earlier, what in _earlier_than_release(model, released):
            if earlier > model.released:
                yield Remark(_file(model), loc, f"{what} {earlier}, after the release {model.released}; correct either")
        read = max(source.checked for source in model.identity)
        if model.released > read:
            message = f"released {model.released}, but its sources were read on {read}; correct either"
            yield Remark(_file(model), ("released",), message)


def lineage_agreement(catalog: Catalog) -> Iterator[Remark]:
    """Checkpoints of one lineage are one network under one license; a tuned one reads no less than its base.

    Other sizes, other layers, another license, languages of which neither holds the other's, or a shorter context
    after tuning mean that a fact is wrong or that the two are not of one lineage.
    """
    for lineage in _lineages(catalog).values():
        base = _base(lineage)
        for model in lineage:
            for loc, message in _disagreements(model, base):
                yield Remark(_file(model), loc, f"{message}; correct it, or give it a lineage of its own")


def pretraining_agreement(catalog: Catalog) -> Iterator[Remark]:
    """Checkpoints of one lineage have read the same before anyone tuned them, and their files say so alike.

    Domains, tokens and objective are those of the base; where one file has them, all have.
    """
    for lineage in _lineages(catalog).values():
        for field in READ:
            knowing = next((model for model in (_base(lineage), *lineage) if _read(model, field)), None)
            if knowing is not None:
                yield from _read_otherwise(lineage, field, knowing)


def tokens_with_the_base(catalog: Catalog) -> Iterator[Remark]:
    """Training tokens are those of all phases: what the checkpoint it continues from has read is among them."""
    read = {model.id: _read(model, "tokens") for model in catalog.models}
    for model in catalog.models:
        base = model.pretraining.initialized_from if model.pretraining else None
        here, there = read[model.id], read.get(base) if base else None
        if here and there and here < there:
            message = f"{here:g} tokens, but {base}, which it continues from, has read {there:g}; add those"
            yield Remark(_file(model), ("pretraining", "tokens"), message)


def terms_of_the_base(catalog: Catalog) -> Iterator[Remark]:
    """Weights made from another maker's carry its license too, unless that asks for notices at most.

    A tag of `mit` on a fine-tune of Gemma or of a share-alike encoder does not free it: `also` names what still binds.
    """
    by_id = {model.id: model for model in catalog.models}
    for model in catalog.models:
        base = by_id.get(model.pretraining.initialized_from or "") if model.pretraining else None
        if base and base.license and model.license and base.developer != model.developer:
            ours = {model.license.id, *model.license.also}
            for id_ in (base.license.id, *base.license.also):
                if id_ not in ours and id_ in catalog.licenses and not _permits(catalog.licenses[id_]):
                    message = f"made from {base.id}, whose license {id_} binds as well; add it to `also`"
                    yield Remark(_file(model), ("license",), message)


def one_base_per_lineage(catalog: Catalog) -> Iterator[Remark]:
    """A lineage has one base checkpoint, or one for each casing of its vocabulary."""
    for lineage in _lineages(catalog).values():
        seen: dict[str, str] = {}
        for model in lineage:
            if model.variant != "base":
                continue
            casing = next((word for word in ("uncased", "cased") if word in model.id.casefold()), "")
            if casing in seen:
                message = f"{seen[casing]} is the base of `{model.lineage}` already; give this one another lineage"
                yield Remark(_file(model), ("lineage",), message)
            seen.setdefault(casing, model.id)


def tasks_fit_structure(catalog: Catalog) -> Iterator[Remark]:
    """A model's structure can do each of its tasks, as tasks.yaml says."""
    structures = {task.id: task.structures for task in catalog.tasks}
    for model in catalog.models:
        structure = model.architecture.shape.structure if model.architecture else None
        for position, task in enumerate(model.tasks):
            if structure and structure not in structures.get(task, (structure,)):
                message = f"{task} takes {' or '.join(structures[task])}, this is {structure}; remove the task"
                yield Remark(_file(model), ("tasks", position), message)


def originals_only(catalog: Catalog) -> Iterator[Remark]:
    """No re-uploads, quantized copies, merges or uncensored variants: they stand for somebody else's model."""
    for model in catalog.models:
        organization, _, name = model.id.partition("/")
        copy = COPIES.search(name)
        if copy:
            yield Remark(_file(model), (), f"`{copy[0]}` marks a copy, a merge or a quantization; list the original")
        elif organization.casefold() in COPIERS:
            yield Remark(_file(model), (), f"{organization} publishes copies of others' models; list the original")


def unique_ids(catalog: Catalog) -> Iterator[Remark]:
    """No two models have ids that differ only in case: to the Hub they are one."""
    seen: dict[str, str] = {}
    for model in catalog.models:
        other = seen.setdefault(model.id.casefold(), model.id)
        if other != model.id:
            yield Remark(_file(model), (), f"{other} is the same repository; keep one of the two files")


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


def sound_gpus(catalog: Catalog) -> Iterator[Remark]:
    """Usable memory is no more than marketed memory, and a speed is given only for formats the GPU has."""
    for row, gpu in enumerate(catalog.gpus):
        if gpu.usable_mib is not None and gpu.usable_mib > gpu.memory_gib * 1024:
            message = f"{gpu.usable_mib:,} MiB usable of {gpu.memory_gib:g} GiB; correct either"
            yield Remark("gpus.yaml", (row, "usable_mib"), message)
        for flag, speed in (("bf16", gpu.tflops_bf16), ("fp8", gpu.tflops_fp8)):
            if speed and getattr(gpu, flag) is False:
                message = f"{gpu.name} has no {flag}, yet a {flag} speed; correct either"
                yield Remark("gpus.yaml", (row, f"tflops_{flag}"), message)


def sound_prices(catalog: Catalog) -> Iterator[Remark]:
    """The lowest spot price is no higher than the typical one, and prices are no newer than their sources' reading."""
    for row, price in enumerate(catalog.prices):
        for loc, message in _odd_prices(price):
            yield Remark("prices.yaml", (row, loc), message)


def dated_shutdowns(catalog: Catalog) -> Iterator[Remark]:
    """A vendor model that closes or has closed says when or how; an open one has no shutdown date."""
    for api in catalog.apis:
        if api.status == "open" and api.shutdown:
            message = f"open, yet it stops on {api.shutdown}; write `status: closing`"
            yield Remark(_file(api), ("status",), message)
        elif api.status != "open" and not (api.shutdown or api.status_note):
            message = f"{api.status}, but not since or until when; add `shutdown` or `status_note`"
            yield Remark(_file(api), ("status",), message)
        if api.shutdown and not _is_day(api.shutdown):
            yield Remark(_file(api), ("shutdown",), f"{api.shutdown} is no day of the calendar; correct it")


def context_within_positions(catalog: Catalog) -> Iterator[Remark]:
    """A learned position table has a row for every token of the context."""
    for model in catalog.models:
        shape = model.architecture.shape if model.architecture else None
        tokens = model.context_length or 0
        if shape and shape.position == "learned" and tokens > shape.position_rows:
            message = f"{tokens:,} tokens, but {shape.position_rows:,} position rows; correct either"
            yield Remark(_file(model), ("context_length",), message)


def gaps_explained(catalog: Catalog) -> Iterator[Remark]:
    """A missing architecture, license, release month, language list or context length stands under `looked_for`.

    And what stands there is indeed missing: a fact that was found is taken off the list.
    """
    for model in catalog.models:
        for what, (field, fact) in SOUGHT.items():
            listed = what in model.looked_for
            if fact(model) and listed:
                position = model.looked_for.index(what)
                yield Remark(_file(model), ("looked_for", position), f"`{what}` was found; take it off the list")
            elif not fact(model) and not listed and what not in ("training tokens", "languages"):
                yield Remark(_file(model), (), f"`{field}` is missing; add it, or add `{what}` to `looked_for`")


def policy_adds_up(catalog: Catalog) -> Iterator[Remark]:
    """Shares of steps, of a step's criteria and of each kind of task sum to 1."""
    policy = catalog.policy
    sums: list[tuple[Loc, float]] = [(("tree",), sum(step.share for step in policy.tree))]
    sums += [
        (("tree", row, "criteria"), sum(leaf.share for leaf in step.criteria)) for row, step in enumerate(policy.tree)
    ]
    sums += [(("kinds", row, "shares"), sum(kind.shares.values())) for row, kind in enumerate(policy.kinds)]
    for loc, total in sums:
        if abs(total - 1) > 1e-9:
            yield Remark("policy.yaml", loc, f"the shares sum to {total:g}; they must sum to 1")


def modelines(catalog: Catalog) -> Iterator[Remark]:
    """The first line names the file's JSON Schema, so that editors complete and check it."""
    for path, directory in catalog.origins.items():
        kind = kind_of(path)
        if kind and kind.schema:
            wanted = modeline(path, kind.schema)
            with (directory / path).open(encoding="utf-8-sig", errors="replace") as file:
                first = file.readline(200).rstrip("\r\n")
            if first != wanted:
                yield Remark(path, (), f"the first line must be `{wanted}`")


def expected_files(catalog: Catalog) -> Iterator[Remark]:
    """Every file of a catalog is one that llmpick reads."""
    for directory in catalog.directories:
        for file in sorted(directory.rglob("*")):
            path = file.relative_to(directory).as_posix()
            odd = file.suffix in (".yaml", ".yml", ".json") and not kind_of(path)
            if odd and path not in _written(path) and not file.is_dir():
                folders = ", ".join(kind.folder for kind in KINDS)
                yield Remark(path, (), f"nothing reads this file; rename or remove it (files read: {folders})")


def hidden_entries(catalog: Catalog) -> Iterator[Remark]:
    """Every name in hide.yaml is of something that a catalog beneath it has."""
    for layer in catalog.layers:
        for kind, position in layer.idle:
            message = f"no catalog beneath has such a name among its {kind}; correct or remove it"
            yield Remark(str((layer.directory / HIDE).absolute()), (kind, position), message)


def usable_evidence(catalog: Catalog) -> Iterator[Remark]:
    """Every comparison under evidence/ can be read, uses the catalog's words and says each model's facts once."""
    from llmpick.catalog.suites import problems

    for path, message in problems(catalog):
        yield Remark(path, (), message)


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
    one_base_per_lineage,
    tasks_fit_structure,
    originals_only,
    unique_ids,
    unique_rows,
    sound_gpus,
    sound_prices,
    dated_shutdowns,
    context_within_positions,
    gaps_explained,
    policy_adds_up,
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
    """What the rules find in a loaded catalog, by place."""
    remarks = [(rule_id(rule), remark) for rule in RULES for remark in rule(catalog)]
    excepted = {(_file(model), rule) for model in catalog.models for rule in model.exceptions}
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


def modeline(path: str, schema: str) -> str:
    """The first line of the catalog file at `path`."""
    return f"# yaml-language-server: $schema={'../' * path.count('/')}schema/{schema}.json"


def _unneeded(catalog: Catalog, needed: set[tuple[str, str]]) -> Iterator[Remark]:
    known = {rule_id(rule) for rule in RULES}
    for model in catalog.models:
        for position, rule in enumerate(model.exceptions):
            loc: Loc = ("exceptions", position)
            if rule not in known:
                yield from _unless_known(_file(model), loc, "rule", rule, known)
            elif (_file(model), rule) not in needed:
                yield Remark(_file(model), loc, f"the file keeps the rule `{rule}`; remove the exception")


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


def _file(entry: Model | ApiModel) -> str:
    """Relative path of an entry's file."""
    return f"{'models' if hasattr(entry, 'lineage') else 'apis'}/{entry.id}.yaml"


def _written(path: str) -> tuple[str, ...]:
    """Paths that tools write."""
    return (path,) if path.startswith(("schema/", ".")) else ()


def _unless_known(path: str, loc: Loc, what: str, word: str, known: Iterable[str]) -> Iterator[Remark]:
    names = set(known)
    if word not in names:
        hint = did_you_mean(word, names) or f"the catalog has {len(names)}"
        yield Remark(path, loc, f"unknown {what} `{word}`; {hint}")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _sources(catalog: Catalog) -> Iterator[tuple[str, Loc, Source]]:
    """Every source with its place."""
    for model in catalog.models:
        for block, sources in blocks_of(model):
            for position, source in enumerate(sources):
                yield _file(model), _source_loc(block, position), source
    listed: list[tuple[str, Loc, tuple[Source, ...]]] = [(_file(api), (), api.sources) for api in catalog.apis]
    listed += [(f"licenses/{id_}.yaml", (), license.sources) for id_, license in catalog.licenses.items()]
    listed += [("gpus.yaml", (row,), gpu.sources) for row, gpu in enumerate(catalog.gpus)]
    listed += [("prices.yaml", (row,), price.sources) for row, price in enumerate(catalog.prices)]
    for path, loc, sources in listed:
        for position, source in enumerate(sources):
            yield path, (*loc, "sources", position), source
    for row, benchmark in enumerate(catalog.benchmarks):
        yield "benchmarks.yaml", (row, "source"), benchmark.source


def _source_loc(block: str, position: int) -> Loc:
    if block == "identity":
        return ("identity", position)
    score = re.fullmatch(r"scores\[(\d+)\]", block)
    return ("scores", int(score[1]), "source") if score else (block, "sources", position)


def _earlier_than_release(model: Model, released: Mapping[str, str | None]) -> Iterator[tuple[Loc, str, str]]:
    known = model.pretraining
    if known and known.knowledge_cutoff:
        yield ("pretraining", "knowledge_cutoff"), known.knowledge_cutoff, "its knowledge ends"
    parent = released.get(known.initialized_from) if known and known.initialized_from else None
    if parent:
        yield ("pretraining", "initialized_from"), parent, "the checkpoint it continues from is of"


def _lineages(catalog: Catalog) -> dict[str, list[Model]]:
    """Lineages of more than one model."""
    found: dict[str, list[Model]] = defaultdict(list)
    for model in catalog.models:
        found[model.lineage].append(model)
    return {name: models for name, models in found.items() if len(models) > 1}


def _permits(license_: License) -> bool:
    """Whether it lets anyone relicense what is made from it, for notices at most."""
    from llmpick.licensing.classes import classes

    return "permissive" in classes(license_)


def _base(lineage: Sequence[Model]) -> Model:
    """The checkpoint that the others of a lineage were tuned from; the first one where none is a base."""
    return next((model for model in lineage if model.variant == "base"), lineage[0])


def _read_otherwise(lineage: Sequence[Model], field: str, knowing: Model) -> Iterator[Remark]:
    """The checkpoints whose file says otherwise than that of `knowing`, or says nothing."""
    there = _read(knowing, field)
    for model in lineage:
        here = _read(model, field)
        if here != there:
            loc: Loc = ("pretraining", field) if here else ("pretraining",) if model.pretraining else ()
            said = f"{field} is {_said(here)}, {knowing.id} of its lineage has {_said(there)}"
            yield Remark(_file(model), loc, f"{said}; write what the better source says into both")


def _read(model: Model, field: str) -> Any:
    """A fact of the pre-training; None where nobody knows it."""
    return (getattr(model.pretraining, field) or None) if model.pretraining else None


def _said(value: object) -> str:
    """A fact as a finding writes it."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "missing"
    return "missing" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _disagreements(model: Model, base: Model) -> Iterator[tuple[Loc, str]]:
    """Where `model` cannot be a checkpoint of the same network as `base`."""
    ours, theirs = model.architecture, base.architecture
    if ours and theirs:
        for field in ("structure", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
            here, there = getattr(ours.shape, field), getattr(theirs.shape, field)
            if here != there:
                yield ("architecture", "shape", field), f"{field} is {here}, {base.id} of its lineage has {there}"
    size, other = model.parameters.total, base.parameters.total
    if abs(size - other) > LINEAGE_TOLERANCE * other:
        yield ("parameters", "total"), f"{size:,} parameters, {base.id} of its lineage has {other:,}"
    if model.family != base.family:
        yield ("family",), f"family {model.family}, {base.id} of its lineage says {base.family}"
    yield from _terms_disagree(model, base)


def _terms_disagree(model: Model, base: Model) -> Iterator[tuple[Loc, str]]:
    """License, languages and context that do not go together."""
    if model.license and base.license and model.license.id != base.license.id:
        message = f"license {model.license.id}, {base.id} of its lineage has {base.license.id}"
        yield ("license", "id"), message
    ours, theirs = set(model.languages), set(base.languages)
    if ours and theirs and not (ours <= theirs or theirs <= ours):
        yield ("languages",), f"languages {_few(ours - theirs)} here only, {_few(theirs - ours)} only in {base.id}"
    here, there = model.context_length, base.context_length
    if here and there and here != there and (here < there or here < there * ROUNDING):
        yield ("context_length",), f"{here:,} tokens, {base.id} of its lineage reads {there:,}"


def _few(codes: set[str]) -> str:
    return ", ".join(sorted(codes)[:5])


def _odd_prices(price: Price) -> Iterator[tuple[str, str]]:
    if price.spot_low is not None and price.spot_typical is not None and price.spot_low > price.spot_typical:
        yield "spot_low", f"${price.spot_low:g} is more than the typical ${price.spot_typical:g}; correct either"
    if not _is_day(price.as_of):
        yield "as_of", f"{price.as_of} is no day of the calendar; correct it"
    elif price.as_of > max(source.checked for source in price.sources):
        yield "as_of", f"{price.as_of} is later than the day its sources were read; correct either"
