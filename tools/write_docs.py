"""Write what the docs show of the program: reference pages, transcripts, figures and the picture in the README.

`python tools/write_docs.py` rewrites all of it; the tests compare, so that no page can grow stale. A transcript is a
`console` block: every `$ llmpick …` in it is run and what it prints put below it. A figure stands between two comments
that name it: `benchmarks/figures.py` says how.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shlex
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from rich.console import Console
from rich.text import Text

from llmpick import catalog as catalogs
from llmpick import cli, policy, tree
from llmpick.render.text import link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from llmpick.catalog import Catalog

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "benchmarks"))

from figures import filled, known, pages  # noqa: E402

DOCS = ROOT / "docs"
WIDTH = 100
WRITTEN = "<!-- Written by tools/write_docs.py: edit the program, not this page. -->\n\n"
COMMANDS = (
    *("recommend", "interview", "report", "explain", "compare", "estimate", "advise", "plan", "license", "tree"),
    *(f"catalog {name}" for name in ("list", "show", "check", "stats", "add", "refresh", "schema")),
    *("hardware", "mcp"),
)
PICTURE = 'llmpick recommend --task ner --domain biomedical --gpu "RTX 4090" --examples 5000 --commercial --top 3'


def output(line: str, folder: Path, color: bool = False) -> str:
    """What one command line prints on a terminal of WIDTH columns, both streams together; `| head -n N` cuts it.

    The day is the catalog's, so that ages do not change overnight.
    """
    command, _, cut = line.partition(" | head -n ")
    words = shlex.split(command)[1:]
    screen = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    terminal = {"COLUMNS": str(WIDTH), **({"FORCE_COLOR": "1", "TERM": "xterm-256color"} if color else {})}
    with contextlib.ExitStack() as setting:
        setting.enter_context(mock.patch.dict(os.environ, terminal))
        setting.enter_context(mock.patch("datetime.date", _catalog_day()))
        setting.enter_context(contextlib.chdir(folder))
        setting.enter_context(contextlib.redirect_stdout(screen))
        setting.enter_context(contextlib.redirect_stderr(screen))
        screen.isatty = lambda: True  # type: ignore[method-assign]
        cli.run(words)
    said = screen.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]
    lines = [text.rstrip() for text in (said if color else Text.from_ansi(said).plain).splitlines()]
    return "\n".join(lines[: int(cut)] if cut else lines).strip("\n")


def _catalog_day() -> type[date]:
    day = date.fromisoformat(catalogs.load().date)

    class CatalogDay(date):
        @classmethod
        def today(cls) -> date:  # type: ignore[override]
            return day

    return CatalogDay


def transcript(page: str) -> str:
    """`page` with the output of every command in its `console` blocks brought up to date."""
    with tempfile.TemporaryDirectory() as folder:

        def block(found: re.Match[str]) -> str:
            commands = [line for line in found[1].splitlines() if line.startswith("$ ")]
            shown = "\n\n".join(f"{line}\n{output(line[2:], Path(folder))}".rstrip() for line in commands)
            return f"```console\n{shown}\n```"

        return re.sub(r"```console\n(.*?)\n```", block, page, flags=re.DOTALL)


def picture(line: str) -> str:
    """One command line and its colored output as SVG."""
    canvas = Console(width=WIDTH, record=True, file=io.StringIO(), force_terminal=True)
    canvas.print(Text.assemble(("$ ", "bold green"), line))
    with tempfile.TemporaryDirectory() as folder:
        canvas.print(Text.from_ansi(output(line, Path(folder), color=True)), soft_wrap=True)
    return canvas.export_svg(title="llmpick", unique_id="llmpick")


def commands() -> str:
    """Every command's `--help`."""
    parts = [WRITTEN + "# Commands\n"]
    with tempfile.TemporaryDirectory() as folder:
        for name in COMMANDS:
            parts.append(f"## llmpick {name}\n\n```text\n{output(f'llmpick {name} --help', Path(folder))}\n```\n")
    return "\n".join(parts)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines) + "\n"


def _cell(value: object) -> str:
    return "–" if value is None else str(value).replace("|", r"\|").replace("\n", " ")


def tasks(facts: Catalog) -> str:
    """The vocabularies: tasks with their defaults, and domains."""
    rows = [
        (f"`{t.id}`", t.kind, ", ".join((*t.hub, *t.aliases)), t.seq_len, t.batch_size, t.epochs, t.because)
        for t in facts.tasks
    ]
    kinds = [
        (f"`{d.id}`", d.name, ", ".join(d.aliases) or None, ", ".join(d.near) or None, d.distance)
        for d in facts.domains
    ]
    return (
        f"{WRITTEN}# Tasks and domains\n\nWhat `--task` and `--domain` take. "
        "Spellings in the third column mean the same.\n\n## Tasks\n\n"
        + table(("task", "kind", "also written", "tokens", "batch", "epochs", "why these defaults"), rows)
        + "\n## Domains\n\n`near` domains count in part; "
        "the distance is that from the web text every model has read.\n\n"
        + table(("domain", "name", "also written", "near", "distance"), kinds)
    )


def rules(facts: Catalog) -> str:
    """The policy: the tree, weights by kind of task, value points, unknown ranges, constants."""
    chosen = facts.policy
    kinds = ("understanding", "embedding", "sequence-to-sequence", "generation")
    weights = {kind: policy.weights(chosen, kind) for kind in kinds}
    leaves = [
        (step.step, leaf.criterion, *(f"{weights[kind][leaf.criterion]:.3f}" for kind in kinds), leaf.because)
        for step in chosen.tree
        for leaf in step.criteria
    ]
    demands = [(step, name, asks) for step, asked in tree.CONSTRAINTS.items() for name, asks in asked]
    values = [
        (v.name, v.unit, ", ".join(f"{p.at:g}: {p.worth:g}" for p in v.points), v.scale, v.because)
        for v in chosen.values
    ]
    unknown = [(u.criterion, f"{u.low:g} to {u.high:g}", u.because) for u in chosen.unknown]
    constants = [(f"`{c.name}`", f"{c.value:g}", c.because) for c in chosen.constants]
    return "\n".join(
        (
            f"{WRITTEN}# Policy\n\nVersion {chosen.version}, from `catalog/policy.yaml`. "
            "[How llmpick decides](../decide.md) says how the numbers are used.\n",
            "## Constraints\n\n" + table(("step", "constraint", "asks"), demands),
            "## Weights by kind of task\n\n" + table(("step", "criterion", *kinds, "why"), leaves),
            "## Value points\n\n" + table(("criterion", "unit", "amount: worth", "scale", "why"), values),
            "## What an unknown fact may be worth\n\n" + table(("criterion", "range", "why"), unknown),
            "## Constants\n\n" + table(("name", "value", "why"), constants),
        )
    )


def licenses(facts: Catalog) -> str:
    """Every license on record."""
    rows = [
        (f"`{one.id}`", one.name, ", ".join(one.permissions) or None, f"[text]({link(one.sources[0].url)})")
        for one in sorted(facts.licenses.values(), key=lambda one: one.id)
    ]
    return (
        f"{WRITTEN}# Licenses\n\n{len(rows)} licenses; `llmpick license ID` asks one for your situation. "
        "[How verdicts are reached](../licenses.md).\n\n" + table(("id", "name", "permissions", "source"), rows)
    )


def gpus(facts: Catalog) -> str:
    """Every GPU with what sizing uses."""
    rows = [
        (one.name, f"{one.memory_gib:g}", _number(one.bandwidth_gb_s), _number(one.tflops_bf16), one.released)
        for one in sorted(facts.gpus, key=lambda one: (one.vendor, one.name))
    ]
    head = ("name", "memory, GiB", "bandwidth, GB/s", "dense bf16, TFLOPS", "released")
    return f"{WRITTEN}# GPUs\n\nWhat `--gpu` takes by name. TFLOPS are dense, never sparse.\n\n" + table(head, rows)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def schemas() -> str:
    """The keys of every JSON answer."""
    parts = [
        f"{WRITTEN}# JSON\n\n`--format json` prints one object on stdout: sizes in bytes, money in US dollars, time in "
        "hours, scores in [0, 1]. Keys are only ever added. The schemas are the files under `docs/schema/`.\n"
    ]
    for path in sorted((DOCS / "schema").glob("*.json")):
        schema = json.loads(path.read_text("utf-8"))
        shapes = {path.stem: schema, **schema.get("$defs", {})}
        parts.append(f"## {path.stem}\n")
        for name, shape in shapes.items():
            if "properties" in shape:
                said = shape.get("description", "")
                title = f"**{name}**" + (f": {said}" if said else "")
                rows = [(f"`{key}`", _kind(value)) for key, value in shape["properties"].items()]
                parts.append(f"{title}\n\n{table(('key', 'value'), rows)}")
    return "\n".join(parts)


def _kind(value: dict[str, Any]) -> str:
    """A JSON Schema in words."""
    if "$ref" in value:
        return value["$ref"].rsplit("/", 1)[-1]
    if "enum" in value:
        return ", ".join(str(one) for one in value["enum"])
    if "anyOf" in value:
        return " or ".join(_kind(one) for one in value["anyOf"])
    if value.get("type") == "array":
        return f"list of {_kind(value.get('items', {}))}"
    return str(value.get("const", value.get("type", "any")))


EXIT_CODES = f"""{WRITTEN}# Exit codes

| code | meaning |
|---|---|
| 0 | answered |
| 1 | a bug: please report it |
| 2 | bad usage or a bad input file; one line on stderr says what, where and what would be right |
| 3 | nothing qualifies; the nearest misses are shown |
| 4 | the catalog is invalid |
| 5 | the network or the Hub failed |
| 130 | interrupted |
"""


def generated() -> dict[Path, Callable[[], str]]:
    """Every file that is written here, with how."""
    facts, figures = catalogs.load(), known()
    alive = [page for page in pages() if re.search("```console|<!--= ", page.read_text("utf-8"))]
    return {
        **{page: lambda page=page: filled(transcript(page.read_text("utf-8")), figures) for page in alive},
        DOCS / "reference" / "commands.md": commands,
        DOCS / "reference" / "json.md": schemas,
        DOCS / "reference" / "tasks.md": lambda: tasks(facts),
        DOCS / "reference" / "policy.md": lambda: rules(facts),
        DOCS / "reference" / "licenses.md": lambda: licenses(facts),
        DOCS / "reference" / "gpus.md": lambda: gpus(facts),
        DOCS / "reference" / "exit-codes.md": lambda: EXIT_CODES,
        DOCS / "images" / "recommend.svg": lambda: picture(PICTURE),
    }


def main() -> None:
    """Write every page that differs."""
    for path, write in generated().items():
        text = write()
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
