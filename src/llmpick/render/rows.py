"""Answers other than a ranking as rows of cells: one header, one row a fact. Plain lines and CSV are made of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import record
from llmpick.render import entries, outline, sizes
from llmpick.render.text import NONE, count, dollars_range, gib, hours_range
from llmpick.verdict import Tuning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from llmpick.catalog import Catalog
    from llmpick.catalog.browse import Stats
    from llmpick.catalog.listed import Listed
    from llmpick.explain import Compared, Explanation
    from llmpick.guidance.answers import AdviseAnswer, Plan
    from llmpick.licensing.asking import Answer
    from llmpick.machine import Card
    from llmpick.profile import Profile
    from llmpick.schema import ApiModel, Gpu, Model, Source
    from llmpick.sizing.options import Estimate
    from llmpick.tree import Tree
    from llmpick.verdict import Memory, Verdict


NOT_ADVICE = "this is not legal advice"


@record
class Rows:
    """A header and the cells below it; a cell is a number or text."""

    header: tuple[str, ...]
    rows: Iterable[tuple[object, ...]]
    title: tuple[str, ...] = ()
    """A first line where no header is printed but the columns cannot be told apart without one."""


def of(header: Iterable[str], rows: Iterable[Sequence[object]], title: tuple[str, ...] = ()) -> Rows:
    """Rows from anything that yields rows."""
    return Rows(header=tuple(header), rows=tuple(tuple(row) for row in rows), title=title)


def memory(need: Memory) -> Rows:
    """Part by part, then what it adds up to and what it fits."""
    found: list[tuple[str, object]] = [("model", need.model), ("method", need.method)]
    found += [("params", need.params), ("trainable_params", need.trainable_params)]
    found += [(f"{part}_bytes", size) for part, size in outline.parts(need)]
    found += [("peak_bytes", need.breakdown.peak), ("available_bytes", need.available_bytes)]
    found += [("fits", need.fits), ("margin_bytes", need.margin_bytes), *spans(need)]
    found += [("assumed", text) for text in need.assumptions]
    return of(("field", "value"), found)


def estimate(answer: Estimate | Tuning, today: date | None = None) -> Rows:
    """The memory, and what surrounds it; of a vendor's model what it bills and what binds."""
    if isinstance(answer, Tuning):
        return _tuned(answer, today)
    found = [*memory(answer.memory).rows]
    spot, power = answer.spot_cost_usd, answer.electricity_usd
    found += [("spot_cost", dollars_range(spot))] if spot else []
    found += [("electricity", dollars_range(power))] if power else []
    found += [("price", sizes.priced(answer.price, today))] if answer.price else []
    found += [("speed", sizes.speed(answer))] if sizes.speed(answer) else []
    found += [("largest_batch", answer.largest_batch), ("largest_seq_len", answer.largest_seq)]
    found += [("would_fit", sizes.change(answer))] if sizes.change(answer) else []
    found += [("gpus", sizes.holding(answer))]
    found += [("gpus", ": ".join(filter(None, cells))) for cells in sizes.by_size(answer)]
    return of(("field", "value"), found)


def _tuned(answer: Tuning, today: date | None) -> Rows:
    cost = dollars_range(answer.cost_usd) if answer.cost_usd else None
    found: list[tuple[str, object]] = [("model", answer.api.id), ("method", "api"), ("params", answer.params)]
    found += [("cost", cost), ("tokens", sizes.billed(answer)), ("price", sizes.token_price(answer, today))]
    found += [("assumed", text) for text in answer.assumptions]
    found += [("watch", text) for text in answer.watch]
    return of(("field", "value"), found)


def spans(answer: Memory | Verdict | Plan) -> list[tuple[str, object]]:
    """Time and cost in words, empty where nothing sound can be said."""
    time, cost = answer.time_hours, answer.cost_usd
    return [("time", hours_range(time) if time else None), ("cost", dollars_range(cost) if cost else None)]


def explain(asked: Profile, answer: Explanation) -> Rows:
    """Where the model stands, every Check and Rating, the contrast, what would make it win."""
    said = answer.verdict
    found: list[tuple[object, ...]] = [("status", said.model.id, answer.status, None, None)]
    found += [("score", said.method, outline.score(said), None, outline.fit(said.memory))]
    for step in said.steps:
        found += [(step.step, check.name, check.outcome, None, check.because) for check in step.checks]
        found += [(step.step, r.criterion, outline.worth(r), f"{r.weight:.2f}", r.because) for r in step.ratings]
    if answer.contrast:
        against = f"{answer.contrast.ahead} over {answer.contrast.behind}"
        parts = (*answer.contrast.because, *answer.contrast.despite)
        found += [(against, part.criterion, f"{part.gap:+.3f}", None, part.because) for part in parts]
    found += [("would win if", one.criterion or None, None, None, one.text) for one in answer.would_win_if]
    found += based(answer)
    return of(("part", "name", "outcome", "weight", "because"), found)


def based(answer: Explanation) -> list[tuple[object, ...]]:
    """What the quality rests on, how far each weight may move, and how often the model comes first."""
    found: list[tuple[object, ...]] = []
    if answer.basis:
        found += [("quality from", part.name, f"{part.amount:+.2f}", None, None) for part in answer.basis.parts]
        found += [
            ("evidence", one.suite, f"{one.place} of {one.of}", None, f"{one.because}: {one.source}")
            for one in answer.basis.published
        ]
    found += [
        ("stability", one.criterion, f"{one.low:.2f}–{one.high:.2f}", f"{one.weight:.2f}", one.text)
        for one in answer.stability
    ]
    if answer.first_share is not None:
        found.append(("first of all weightings", None, f"{answer.first_share:.0%}", None, None))
    return found


def compare(asked: Profile, models: Sequence[Compared]) -> Rows:
    """A row for each fact, a column for each model."""
    ids = [one.verdict.model.id for one in models]
    return of(("fact", *ids), compared(models), title=("model", *ids))


def compared(models: Sequence[Compared]) -> list[tuple[str, ...]]:
    """(fact, its value for each model)."""
    verdicts = [one.verdict for one in models]
    found = [
        ("rank", *(outline.rank(one.verdict) if one.rank else NONE for one in models)),
        ("score", *map(outline.score, verdicts)),
        ("expected quality", *(quality(one) for one in models)),
        ("method", *map(outline.method, verdicts)),
        ("memory", *(outline.fit(verdict.memory) for verdict in verdicts)),
        ("time", *(str(spans(verdict)[0][1] or NONE) for verdict in verdicts)),
        ("cost", *(str(spans(verdict)[1][1] or NONE) for verdict in verdicts)),
        ("license", *(f"{verdict.license.id}: {verdict.license.verdict}" for verdict in verdicts)),
    ]
    for criterion in dict.fromkeys(rating.criterion for verdict in verdicts for rating in verdict.ratings):
        found.append((f"worth: {criterion}", *(_worth(verdict, criterion) for verdict in verdicts)))
    if any(one.failed for one in models):
        found.append(("ruled out", *(one.failed or NONE for one in models)))
    return found


def quality(one: Compared) -> str:
    """`0.72 (0.62–0.86)`: expected after fine-tuning."""
    return f"{one.quality.expected:.2f} ({one.quality.low:.2f}–{one.quality.high:.2f})"


def _worth(verdict: Verdict, criterion: str) -> str:
    return next((outline.worth(rating) for rating in verdict.ratings if rating.criterion == criterion), NONE)


def models(entries: Sequence[Listed], laid: Mapping[str, str]) -> Rows:
    """One model a row; `laid` has the directory of those that are not bundled."""
    header: tuple[str, ...] = ("model", "params", "active_params", "architecture", "license", "released")
    header += ("tasks", "domains", "languages")
    if not laid:
        return Rows(header=header, rows=map(_model, entries))
    rows = ((*_model(entry), laid.get(entry.id)) for entry in entries)
    return Rows(header=(*header, "directory"), rows=rows)


def _model(entry: Listed) -> tuple[object, ...]:
    return (
        entry.id,
        entry.params,
        entry.active_params,
        entry.structure,
        entry.license,
        entry.released,
        ",".join(entry.tasks),
        None if entry.domains is None else ",".join(entry.domains),
        ",".join(entry.languages),
    )


def entry(facts: Catalog, one: Model | ApiModel) -> Rows:
    """Every fact of one entry, then where each block was read."""
    from llmpick.catalog.browse import file_of

    found = [(label, value, None) for label, value in entries.facts(one)]
    found += [("file", file, None)] if (file := file_of(facts, one)) else []
    return of(("field", "value", "checked"), [*found, *((block, s.url, s.checked) for block, s in cited(one))])


def cited(one: Model | ApiModel) -> list[tuple[str, Source]]:
    """(block, Source) of an entry."""
    from llmpick.catalog.browse import blocks_of
    from llmpick.schema import ApiModel

    if isinstance(one, ApiModel):
        return [("identity", source) for source in one.sources]
    return [(block, source) for block, sources in blocks_of(one) for source in sources]


def stats(found: Stats) -> Rows:
    """What the catalog holds, how well it is covered, what is oldest."""
    held = ("date", "models", "lineages", "families", "apis", "licenses", "gpus", "prices")
    rows: list[tuple[object, ...]] = [(field, getattr(found, field)) for field in held]
    rows += [("sourced blocks", f"{found.sourced} of {found.blocks}"), ("sources", found.sources)]
    rows += [("parameters as published", found.identical), ("difference explained", found.explained)]
    rows += [("no published count", found.unconfirmed)]
    rows += [(f"structure {name}", number) for name, number in found.structures]
    rows += [(f"known {one.field}", f"{one.known} of {one.models}") for one in found.coverage]
    rows += [(f"oldest {one.checked}", f"{one.model} {one.block}") for one in found.oldest]
    rows += [("without architecture", f"{one.model}: {one.because}") for one in found.without_architecture]
    for one in found.layers:
        does = (("adds", one.added), ("replaces", one.replaced), ("hides", one.hidden))
        rows += [(f"{one.directory} {verb}", name) for verb, names in does for name in names]
    return of(("field", "value"), rows)


def gpus(cards: Sequence[Gpu]) -> Rows:
    """One GPU a row."""
    header = ("gpu", "memory_gib", "usable_mib", "bandwidth_gb_s", "tflops_bf16", "bf16", "fp8", "kind")
    return of(
        header,
        [(g.name, g.memory_gib, g.usable_mib, g.bandwidth_gb_s, g.tflops_bf16, g.bf16, g.fp8, g.kind) for g in cards],
    )


def machine(cards: Sequence[Card]) -> Rows:
    """One card of this machine a row."""
    return of(("gpu", "total_bytes", "free_bytes"), [(card.name, card.total_bytes, card.free_bytes) for card in cards])


def tree(answer: Tree) -> Rows:
    """Steps in order, each with its constraints and criteria."""
    found: list[tuple[object, ...]] = []
    for branch in answer.branches:
        found.append((branch.step, "step", None, f"{branch.weight:.3f}", branch.because))
        found += [(branch.step, "constraint", one.name, None, one.asks) for one in branch.constraints]
        found += [(branch.step, "criterion", one.name, f"{one.weight:.3f}", one.because) for one in branch.criteria]
    return of(("step", "kind", "name", "weight", "because"), found)


def advise(answer: AdviseAnswer) -> Rows:
    """Whether, how, with how much data, judged by what."""
    data = answer.data
    found: list[tuple[str, object, object]] = [("fine-tune", answer.fine_tune, None)]
    found += [("because", text, None) for text in answer.because]
    found += [("instead", text, None) for text in answer.instead]
    found += [("technique", answer.technique.name, answer.technique.because)]
    found += [("other technique", other.name, other.because) for other in answer.others]
    found += [("examples", f"have {data.have if data.have is not None else NONE}", data.because)]
    found += [("examples", f"at least {data.minimum:,}, good from {data.good:,}", None), ("splits", data.splits, None)]
    found += [("data quality", text, None) for text in data.quality]
    found += [("metric", metric.name, metric.because) for metric in answer.metrics]
    found += [("baseline", answer.baseline, None), *(("source", source, None) for source in answer.sources)]
    return of(("part", "what", "because"), found)


def license(answer: Answer) -> Rows:
    """The verdict, the reason, the duties and the clause."""
    said = answer.verdict
    found: list[tuple[str, object]] = [("license", said.id), ("name", answer.name), ("verdict", said.verdict)]
    found += [("because", said.because), *(("duty", text) for text in outline.duties(said.duties))]
    found += [("clause", said.clause), ("source", said.source)] if said.clause else []
    return of(("field", "value"), [*found, ("note", NOT_ADVICE)])


def plan(answer: Plan) -> Rows:
    """One setting a row, then what it takes and what to watch."""
    found: list[tuple[object, ...]] = [(s.name, value(s.value), s.because, s.source) for s in answer.settings]
    found += [("memory", outline.fit(answer.memory), None, None)]
    found += [(name, said, None, None) for name, said in spans(answer)]
    found += [("watch", text, None, None) for text in answer.watch]
    return of(("setting", "value", "because", "source"), found)


def value(setting: object) -> str:
    """A setting's value as one writes it: lists comma-separated, true and false in lower case."""
    if isinstance(setting, bool):
        return str(setting).lower()
    return ",".join(map(str, setting)) if isinstance(setting, tuple) else f"{setting}"


def spared(need: Memory) -> str:
    """`fits with 11.6 GiB to spare`, `3.1 GiB too much`, or '' where no card was named."""
    if need.margin_bytes is None:
        return ""
    return f"fits with {gib(need.margin_bytes)} to spare" if need.fits else f"{gib(-need.margin_bytes)} too much"


def trained(need: Memory) -> str:
    """`20M of 8B parameters (0.25 %)`."""
    share = 100 * need.trainable_params / need.params if need.params else 0.0
    shown = f"{share:.0f}" if share >= 10 else f"{share:.2g}"
    return f"{count(need.trainable_params)} of {count(need.params)} parameters ({shown} %)"
