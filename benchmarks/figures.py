"""Keep what a benchmark measured, and put it into the pages that quote it.

`results/NAME.json` holds a benchmark's tables; `save` writes one, `write` brings the pages up to date. A page quotes
between two comments, which no reader sees: `<!--= memory/traced steps -->`, the whole table, `<!--/-->`; or one figure
inside a line, `<!--= memory/traced steps/all, Trainer/median -->2.3 %<!--/-->`, with a format of its own
(`<!--= catalog/models as d -->`) and `/0` for a figure without its interval. `catalog/...`, `overhead/...` and
`serving/...` are those at hand. A line must not begin with such a comment unless it holds nothing else: markdown takes
it for HTML.

    python benchmarks/figures.py

rewrites every page; `tests/test_docs.py` fails where one disagrees.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmpick import catalog as catalogs
from llmpick.catalog import suites
from llmpick.sizing import latency, overhead
from llmpick.units import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
NAME = r"(?P<name>[^>}]*?)(?: as (?P<form>[^ }]+))?"
QUOTED = re.compile(rf"<!--= {NAME} -->(?P<now>.*?)<!--/-->", re.DOTALL)
ASKED = re.compile(rf"\{{{NAME}\}}")
DIGITS = 5
"""Digits of a stored figure: enough for any page, few enough to compare two runs by eye."""


def save(benchmark: str, table: str, columns: Mapping[str, str], rows: Mapping[str, Sequence[Any]]) -> None:
    """Store one table of a benchmark; tables that this run did not make stay as they were.

    `columns`: heading -> Python format of its numbers. A cell that is a list of three is a figure and its interval.
    """
    path = RESULTS / f"{benchmark}.json"
    tables = json.loads(path.read_text("utf-8")) if path.exists() else {}
    tables[table] = {
        "date": date.today().isoformat(),
        "versions": f"llmpick {_version()}, catalog of {catalogs.load().date}, Python {platform.python_version()}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, load {os.getloadavg()[0]:.1f}",
        "columns": dict(columns),
        "rows": {name: [_short(cell) for cell in cells] for name, cells in rows.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    path.write_text(_lines(tables), "utf-8")


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def _short(cell: Any) -> Any:
    if isinstance(cell, list | tuple):
        return [_short(one) for one in cell]
    return cell if isinstance(cell, int | str | None) else float(f"{float(cell):.{DIGITS}g}")


def _lines(tables: dict[str, Any]) -> str:
    """JSON with one line for each row of a table, so that a diff shows which moved."""
    text = json.dumps(tables, indent=1, ensure_ascii=False)
    rows = re.compile(r'^(   "(?:[^"\\]|\\.)*": )(\[\n.*?^   \])', re.MULTILINE | re.DOTALL)
    return rows.sub(lambda found: found[1] + json.dumps(json.loads(found[2]), ensure_ascii=False), text) + "\n"


def known() -> dict[str, Any]:
    """Every figure a page may quote: what was measured, by benchmark and table, and what the catalog holds now."""
    measured = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(RESULTS.glob("*.json"))}
    figures = {**measured, "catalog": counted(), "overhead": allowed(), "serving": served()}
    return {**figures, "README": dict(summaries(figures))}


def summaries(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The tables of `summaries.md` by their headings, each `{figure}` in them replaced."""
    for part in (Path(__file__).parent / "summaries.md").read_text("utf-8").split("\n## ")[1:]:
        heading, _, text = part.partition("\n")
        yield heading, ASKED.sub(lambda found: quote(figures, found["name"], found["form"]), text.strip())


def counted() -> dict[str, Any]:
    """How much of each kind the catalog at hand holds."""
    facts = catalogs.load()
    return {
        "models": len(facts.models),
        "licenses": len(facts.licenses),
        "vendor models": len(facts.apis),
        "GPUs": len(facts.gpus),
        "comparisons": len(suites.load(catalogs.bundled())),
        "date": facts.date,
        "pace": {
            "columns": {"compute": "", "traffic": "", "launch_ms": "", "low": "", "high": "", "rows": ",d"},
            "rows": {
                one.method: [one.compute, one.traffic, one.launch_ms, one.low, one.high, one.rows]
                for one in facts.efficiencies
            },
        },
    }


def allowed() -> dict[str, Any]:
    """What the memory model allows for what no tensor accounts for."""
    return {
        "context": overhead.CONTEXT // MIB,
        "communication": overhead.COMMUNICATION // MIB,
        "activations": overhead.MOVING,
        "logits": overhead.LOGITS,
        "rest": overhead.STILL,
    }


def served() -> dict[str, Any]:
    """The shares behind the speed of serving, and the ranges printed around it."""
    ranges = {"token": latency.TOKEN_RANGE, "pass": latency.PASS_RANGE, "prompt": latency.PROMPT_RANGE}
    return {
        "launch": round(latency.LAUNCH * 1e6),
        "plain": round(latency.PLAIN * 1e6),
        "split": latency.SPLIT,
        "read": latency.READ,
        "compute": latency.COMPUTE,
        "quantized": latency.QUANTIZED,
        "GeForce": latency.GEFORCE,
        **{name: f"{low:g} to {high:g}" for name, (low, high) in ranges.items()},
    }


def filled(page: str, figures: Mapping[str, Any]) -> str:
    """`page` with everything it quotes as it is in `figures`.

    Raises KeyError where it quotes what is not there.
    """

    def quoted(found: re.Match[str]) -> str:
        name, form = found["name"], found["form"]
        said = quote(figures, name, form)
        opened = f"<!--= {name}{f' as {form}' if form else ''} -->"
        return f"{opened}\n\n{said}\n\n<!--/-->" if "\n" in said else f"{opened}{said}<!--/-->"

    return QUOTED.sub(quoted, page)


def quote(figures: Mapping[str, Any], name: str, form: str | None) -> str:
    """A figure as text, or a table as markdown, by its path."""
    benchmark, about, *path = name.split("/")
    found = figures[benchmark][about]
    if not isinstance(found, dict):
        return written(found, form or "")
    columns, rows = found["columns"], found["rows"]
    if not path:
        return table(columns, rows)
    if len(path) == 1:  # when, with what or where it was measured
        return written(found[path[0]], "")
    row, column, *place = path
    cell = rows[row][list(columns).index(column)]
    return written(cell[int(place[0])] if place else cell, form or columns[column])


def table(columns: Mapping[str, str], rows: Mapping[str, Sequence[Any]]) -> str:
    """A markdown table, the rows' names first."""
    lines = [["", *columns], ["---", *["---:"] * len(columns)]]
    lines += [
        [name, *(written(cell, form) for cell, form in zip(cells, columns.values(), strict=True))]
        for name, cells in rows.items()
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def written(value: Any, form: str) -> str:
    """One cell: a figure with its interval in brackets, a share with a space before the sign, nothing for None."""
    if isinstance(value, list | tuple):
        middle, low, high = (written(one, form) for one in value)
        return f"{middle} ({low}–{high})"
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    said = format(value, form or ",").replace("%", " %")
    return said if any(digit in said for digit in "123456789") else said.lstrip("-")


def pages() -> list[Path]:
    """The pages that may quote."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def write() -> None:
    """Bring every page up to date."""
    figures = known()
    for path in pages():
        text = path.read_text("utf-8")
        if (now := filled(text, figures)) != text:
            path.write_text(now, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    write()
