"""The answer for a pipe: one line per model, tab-separated; what surrounds it is talk for stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.render import outline, question
from llmpick.render.text import NONE, dollars_range, hours_range, plural, safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llmpick.verdict import Ranking, RuledOut, Verdict

COLUMNS = (
    *("rank", "model", "method", "memory", "time", "cost", "license", "score"),
    *("because", "despite", "missing", "also"),
)


def line(cells: Iterable[object]) -> str:
    """One record: cells made safe and joined by tabs; an empty cell is a dash, so that columns keep their place."""
    return "\t".join(safe(cell) or NONE for cell in cells)


def ranking(answer: Ranking) -> str:
    """The ranked models, one per line, in the order of COLUMNS; empty when nothing qualifies."""
    return "".join(line(_cells(verdict)) + "\n" for verdict in outline.top(answer))


def _cells(verdict: Verdict) -> tuple[str, ...]:
    return (
        outline.rank(verdict),
        outline.name(verdict),
        outline.method(verdict),
        outline.fit(verdict.memory),
        hours_range(verdict.time_hours) if verdict.time_hours else NONE,
        dollars_range(verdict.cost_usd) if verdict.cost_usd else NONE,
        f"{verdict.license.id}: {verdict.license.verdict}",
        outline.score(verdict),
        "; ".join(verdict.because),
        "; ".join(verdict.despite),
        "; ".join(verdict.missing),
        ", ".join(verdict.siblings),
    )


def context(answer: Ranking) -> str:
    """What the table says around the ranking, one fact per line: for stderr when the ranking goes into a pipe."""
    stated = [f"{a.label} {a.value}" for a in question.answers(answer.profile) if not a.assumed]
    assumed = [f"{a.label} {a.value} ({a.flag})" for a in question.answers(answer.profile) if a.assumed]
    lines = [f"asked: {'; '.join(stated)}", f"assumed: {'; '.join(assumed)}" if assumed else ""]
    lines += [f"advice: fine-tune: {'; '.join([answer.advice.fine_tune, *answer.advice.because])}"]
    lines += [f"instead: {text}" for text in answer.advice.instead]
    lines += [f"note: {text}" for text in answer.notes]
    lines += [f"ruled out at {step}: {plural(number, 'model')}" for step, number in outline.counts(answer)]
    lines += [f"nearest miss: {miss(out)}" for out in outline.nearest(answer)]
    lines += [_undecided(answer.undecided)] if answer.undecided else []
    lines += [
        f"catalog of {answer.catalog_date}, {plural(answer.catalog_models, 'model')}, policy {answer.policy_version}"
    ]
    return "".join(safe(text) + "\n" for text in lines if text)


def _undecided(verdicts: Sequence[Verdict]) -> str:
    """How many are not known well enough, and what is not known of one of them."""
    first = verdicts[0]
    many = plural(len(verdicts), "model is", "models are")
    unknown = outline.unknown(first, 1)
    return f"undecided: {many} not known well enough (--format json lists all), such as {first.model.id}: {unknown}"


def miss(out: RuledOut) -> str:
    """A model that was ruled out, why, and what it would need, on one line."""
    remedy = outline.needed(out)
    needed = f"; it would need {remedy}" if remedy else ""
    return safe(f"{out.standing.id} ({out.step}): {out.check.because}{needed}")
