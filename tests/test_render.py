"""Ranking -> JSON, plain, CSV, terminal: one answer, the same facts, foreign text stays text."""

from __future__ import annotations

import csv as csv_reader
import io
import json as json_reader
import os
import subprocess
import sys
import unicodedata
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import render_cases as cases
from llmpick import verdict
from llmpick.profile import Profile
from llmpick.render import csv, json, outline, plain, screen, terminal
from llmpick.render.text import (
    age,
    count,
    dollars,
    gib,
    hours,
    hours_range,
    link,
    listed,
    percent,
    plural,
    safe,
    sentence,
)
from llmpick.units import GIB, MIB
from llmpick.verdict import Ranking, Span

GOLDEN = Path(__file__).parent / "golden" / "render"
ANSWERS = {"ranked": cases.ranking(), "nothing": cases.nothing(), "hostile": cases.hostile()}


def golden(name: str, text: str) -> None:
    """Compare with the committed text; LLMPICK_REWRITE_GOLDENS=1 writes it instead."""
    path = GOLDEN / name
    if os.environ.get("LLMPICK_REWRITE_GOLDENS"):
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_bytes().decode("utf-8")


def on_terminal(answer: Ranking, width: int = 100, **options: object) -> str:
    out = screen.console(io.StringIO(), width)
    terminal.ranking(answer, out, **options)  # type: ignore[arg-type]
    return out.file.getvalue()  # type: ignore[attr-defined]


def forbidden(text: str) -> set[str]:
    """Characters that could move a cursor, hide or reorder text."""
    return {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} - set("\n")


def test_a_lead_is_close_only_where_the_first_shares_its_rank() -> None:
    first, second, third, *_ = cases.ranking().recommended
    assert outline.firmness(cases.ranking())[0].endswith(": too close to tell apart")
    led = cases.ranking(recommended=(replace(first, tied=False), replace(second, rank=2), replace(third, rank=2)))
    assert "too close" not in outline.firmness(led)[0]


@pytest.mark.parametrize("answer", ["ranked", "nothing"])
def test_goldens(answer: str) -> None:
    ranking = ANSWERS[answer]
    golden(f"{answer}.json", json.dumps(json.ranking(ranking)) + "\n")
    golden(f"{answer}.tsv", plain.ranking(ranking))
    golden(f"{answer}.context.txt", plain.context(ranking))
    golden(f"{answer}.csv", csv.ranking(ranking))
    for width in (80, 100):
        golden(f"{answer}.{width}.txt", on_terminal(ranking, width, today=date(2027, 2, 23)))


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_terminal_lines_fit_and_ids_stay_whole(width: int) -> None:
    text = on_terminal(ANSWERS["ranked"], width)
    answer = ANSWERS["ranked"]
    ids = [v.model.id for v in outline.top(answer)] + [o.verdict.model.id for o in outline.nearest(answer)]
    assert all(any(id in line for line in text.splitlines()) for id in ids)
    if width >= 80:
        wide = [line for line in text.splitlines() if len(line) > width]
        assert all("a-very-long-name" in line for line in wide)
    assert all(line == line.rstrip() for line in text.splitlines())


def test_the_ruled_out_and_the_undecided_are_told_everywhere() -> None:
    answer = ANSWERS["ranked"]
    for text in (on_terminal(answer), plain.context(answer)):
        assert "google/gemma-3-27b-it" in text
        assert "org/new-model" in text and "its license" in " ".join(text.split())
    assert {o["model"] for o in json.ranking(answer)["ruled_out"]} == {o.verdict.model.id for o in answer.ruled_out}


def test_nearest_misses_are_the_least_short_of_each_step_that_can_be_helped() -> None:
    answer = cases.ranking()
    assert [(o.step, o.check.shortfall) for o in outline.nearest(answer)] == [
        ("resources", 0.03),
        ("resources", 0.12),
        ("license", None),
    ]
    helpless = cases.Check(name="structure", outcome="no", because="an encoder cannot write text")
    encoder = cases.ruled_out("FacebookAI/roberta-base", 124_697_433, "task", helpless)
    assert encoder not in outline.nearest(replace(answer, ruled_out=(encoder, *answer.ruled_out)))
    assert outline.nearest(replace(answer, ruled_out=(encoder,))) == (encoder,)


def test_one_line_per_model_in_a_pipe() -> None:
    for name, answer in ANSWERS.items():
        lines = plain.ranking(answer).splitlines()
        assert len(lines) == min(5, len(answer.recommended)), name
        assert all(len(line.split("\t")) == len(plain.COLUMNS) for line in lines)


def test_every_format_tells_the_same_facts() -> None:
    answer = cases.ranking()
    data = json.ranking(answer)["recommended"]
    lines = [line.split("\t") for line in plain.ranking(answer).splitlines()]
    rows = list(csv_reader.DictReader(io.StringIO(csv.ranking(answer))))
    text = on_terminal(answer)
    for entry, line, row in zip(data, lines, rows, strict=False):
        assert entry["model"] == line[1] == row["model"] and entry["model"] in text
        assert str(entry["rank"]) == line[0].rstrip("=") == row["rank"]
        assert entry["score"] == float(row["score"]) and line[7] in text
        assert entry["license"]["verdict"] == line[6].rpartition(" ")[2] == row["license_verdict"]
        assert (entry["memory"] or {}).get("peak_bytes", "") == (int(row["peak_bytes"]) if row["peak_bytes"] else "")
        assert all(because in line[8] for because in entry["because"])


def test_json_profile_holds_every_field() -> None:
    assert set(json.profile(cases.profile())) == {field.name for field in fields(Profile)}


def test_json_parts_sum_to_the_peak_and_unknowns_are_null() -> None:
    first, *_, api, _ = json.ranking(cases.ranking())["recommended"]
    assert first["memory"] and sum(first["memory"]["breakdown_bytes"].values()) == first["memory"]["peak_bytes"]  # type: ignore[call-overload]
    assert api["memory"] is None and api["time_hours"] is None


PRINTED = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | PRINTED,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(PRINTED, inner),
)


@given(VALUES)
def test_json_is_laid_out_as_the_library_does_it(value: object) -> None:
    assert json.dumps(value) == json_reader.dumps(value, indent=2, ensure_ascii=False)


@given(st.lists(VALUES), PRINTED, VALUES)
def test_an_iterator_is_written_as_the_list_of_what_it_gives(items: list[object], name: str, other: object) -> None:
    assert json.dumps(iter(items)) == json.dumps(items)
    assert json.dumps({"other": other, name: iter(items)}) == json.dumps({"other": other, name: items})


def test_json_asks_for_an_item_when_those_before_it_are_written() -> None:
    asked: list[int] = []
    pieces = json.pieces({"rows": ({"row": asked.append(row) or row} for row in range(3))})
    for _ in range(2):  # the key, the first row
        next(pieces)
    assert asked == [0]


def test_json_takes_no_number_that_is_none() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json.dumps({"score": float("nan")})


def test_what_is_too_much_to_keep_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []

    def write(item: int) -> int:
        written.append(item)
        return item

    few = verdict.Written([1, 2, 3], write)
    assert [*few, *few] == [1, 2, 3] * 2
    assert written == [1, 2, 3]
    monkeypatch.setattr(verdict, "KEPT", 2)
    many = verdict.Written([4, 5, 6], write)
    assert [*many, *many] == [4, 5, 6] * 2
    assert written[3:] == [4, 5, 6] * 2


def test_json_keeps_foreign_text_whole_and_prints_no_control_character() -> None:
    answer = cases.hostile()
    text = json.dumps(json.ranking(answer))
    assert not forbidden(text)
    whole = answer.recommended[0].model.id.replace("\ud800", "\ufffd")  # half a character cannot be written
    assert json_reader.loads(text)["recommended"][0]["model"] == whole
    text.encode("utf-8")


@pytest.mark.parametrize("width", [80, 100])
def test_foreign_text_stays_text(width: int) -> None:
    for text in (on_terminal(cases.hostile(), width), plain.ranking(cases.hostile()).replace("\t", "")):
        assert not forbidden(text)
        assert "[red]markup[/red] :smile:" in " ".join(text.split())


def test_no_cell_is_a_formula() -> None:
    hostile = replace(cases.ranking(), undecided=(cases.verdict("=1+1", 1, missing=("@SUM(1)",)),))
    rows = list(csv_reader.reader(io.StringIO(csv.ranking(hostile))))
    numbers = {csv.COLUMNS.index(c) for c in ("rank", "score", "score_high", "peak_bytes", "available_bytes")}
    cells = [cell for row in rows for i, cell in enumerate(row) if i not in numbers]
    assert "'=1+1" in cells and "'@SUM(1)" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


@given(st.text(st.characters()))
def test_safe_text_is_one_printable_line_and_settled(text: str) -> None:
    assert safe(text).isprintable()
    assert safe(safe(text)) == safe(text)
    assert [c for c in text if c.isalnum() and c.isprintable()] == [c for c in safe(text) if c.isalnum()]


@pytest.mark.parametrize("color", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_no_escape_reaches_a_pipe_or_a_dumb_terminal(color: dict[str, str]) -> None:
    assert "\x1b" not in shown(color)


def test_force_color_colors_a_pipe_and_no_color_wins() -> None:
    assert "\x1b[" in shown({"FORCE_COLOR": "1", "TERM": "xterm-256color"})
    assert "\x1b[3" not in shown({"FORCE_COLOR": "1", "NO_COLOR": "1", "TERM": "xterm-256color"})


def test_ascii_terminals_get_ascii_bars() -> None:
    text = shown({"PYTHONIOENCODING": "ascii:replace"})
    assert "####......" in text and "█" not in text


def shown(environment: dict[str, str]) -> str:
    script = (
        "import render_cases; from llmpick.render import screen, terminal;"
        "terminal.ranking(render_cases.ranking(), screen.console())"
    )
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1] / "src")])
    base = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "TERM"}}
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**base, "PYTHONPATH": path, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8", **environment},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return run.stdout


@pytest.mark.parametrize("module", ["plain", "json", "csv", "terminal", "screen", "outline", "ranking"])
def test_renderers_import_no_library(module: str) -> None:
    heavy = "{'rich', 'pydantic', 'jinja2', 'yaml', 'huggingface_hub', 'typing_extensions'}"
    script = f"import sys, llmpick.render.{module}; print(sorted(set(sys.modules) & {heavy}))"
    path = str(Path(__file__).parents[1] / "src")
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (gib(9.8 * GIB), "9.8 GiB"),
        (gib(310 * MIB), "0.3 GiB"),
        (gib(31 * MIB), "31 MiB"),
        (gib(0), "0.0 GiB"),
        (gib(141 * GIB), "141 GiB"),
        (count(395_831_296), "396M"),
        (count(7_615_616_512), "7.6B"),
        (count(1_000_000_000), "1B"),
        (count(999_900_000), "1B"),
        (count(12), "12"),
        (hours(0.32), "19 min"),
        (hours(0.0001), "under 1 min"),
        (hours(3.21), "3.2 h"),
        (hours(1240), "1,240 h"),
        (hours_range(Span(low=0.2, expected=0.4, high=1.5)), "12 min–1.5 h"),
        (dollars(0), "$0.00"),
        (dollars(0.001), "under $0.01"),
        (dollars(12.4), "$12.40"),
        (dollars(1240.2), "$1,240"),
        (percent(0.13), "13 %"),
        (percent(0.001), "under 1 %"),
        (plural(1, "model"), "1 model"),
        (plural(1204, "model"), "1,204 models"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (listed(["a"]), "a"),
        (listed([]), ""),
        (age("2026-11-21", date(2027, 2, 23)), ", 94 days old"),
        (age("2026-11-21", date(2026, 11, 21)), ""),
        (age("no date", date(2026, 11, 21)), ""),
        (sentence("the card is full"), "The card is full."),
        (sentence("org/model has no license"), "org/model has no license."),
        (sentence("mit: owes notices"), "mit: owes notices."),
        (sentence("mT5 reads Korean"), "mT5 reads Korean."),
    ],
)
def test_amounts(said: str, meant: str) -> None:
    assert said == meant


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("github:owner/repo@abc123:path/to/file.py", "https://github.com/owner/repo/blob/abc123/path/to/file.py"),
        ("github:owner/repo@abc123", "https://github.com/owner/repo/tree/abc123"),
        ("arxiv:2412.13663", "https://arxiv.org/abs/2412.13663"),
        ("doi:10.18653/v1/2020.acl-main.740", "https://doi.org/10.18653/v1/2020.acl-main.740"),
        ("pypi:peft==0.17.1", None),
        ("https://example.org/a b?c=<d>", "https://example.org/a%20b?c=%3Cd%3E"),
        ("http://example.org", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("", None),
    ],
)
def test_links_lead_to_public_https_pages_only(source: str, page: str | None) -> None:
    assert link(source) == page
