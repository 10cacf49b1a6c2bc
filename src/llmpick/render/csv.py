"""The answer for a spreadsheet: one row per model, ranked, undecided and ruled out. Cells can never act as formulas."""

from __future__ import annotations

import csv
import io
from itertools import chain
from typing import TYPE_CHECKING

from llmpick.render import outline
from llmpick.render.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llmpick.verdict import Ranking, RuledOut, Span, Verdict

COLUMNS = (
    *("status", "rank", "model", "method", "score", "score_high", "peak_bytes", "available_bytes"),
    *("hours_low", "hours_expected", "hours_high", "usd_low", "usd_expected", "usd_high"),
    *("license", "license_verdict", "step", "because", "despite", "missing"),
)


def ranking(answer: Ranking) -> str:
    """RFC 4180 with a header: the ranked that are shown, then the undecided, then all that was ruled out."""
    ranked = (_row("ranked", verdict) for verdict in outline.top(answer))
    undecided = (_row("undecided", verdict) for verdict in answer.undecided)
    return table(COLUMNS, chain(ranked, undecided, map(_ruled_out, answer.ruled_out)))


def table(columns: tuple[str, ...], rows: Iterable[dict[str, object]]) -> str:
    """Rows as CSV; text cells are made safe and lose the power to act as formulas, numbers stay numbers."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: cell(value) for key, value in row.items()} for row in rows)
    return out.getvalue()


def cell(value: object) -> object:
    """A number as it is, None as nothing, text without control characters and never read as a formula."""
    if value is None or isinstance(value, (int, float)):
        return value
    text = safe(value)
    # Spreadsheets evaluate what begins like this; the apostrophe makes it text.
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _row(status: str, verdict: Verdict) -> dict[str, object]:
    memory = verdict.memory
    return {
        "status": status,
        "rank": verdict.rank if status == "ranked" else None,
        "model": verdict.model.id,
        "method": verdict.method,
        "score": verdict.score,
        "score_high": verdict.score_high,
        "peak_bytes": memory and memory.breakdown.peak,
        "available_bytes": memory and memory.available_bytes,
        **_span("hours", verdict.time_hours),
        **_span("usd", verdict.cost_usd),
        "license": verdict.license.id,
        "license_verdict": verdict.license.verdict,
        "because": "; ".join(verdict.because),
        "despite": "; ".join(verdict.despite),
        "missing": "; ".join(verdict.missing),
    }


def _span(unit: str, span: Span | None) -> dict[str, object]:
    return {f"{unit}_low": span.low, f"{unit}_expected": span.expected, f"{unit}_high": span.high} if span else {}


def _ruled_out(out: RuledOut) -> dict[str, object]:
    verdict, check = out.both()
    needed = f"; it would need {check.remedy}" if check.remedy else ""
    return {
        "status": "ruled out",
        "model": verdict.model.id,
        "method": verdict.method,
        "license": verdict.license.id,
        "license_verdict": verdict.license.verdict,
        "step": out.step,
        "because": check.because + needed,
    }
