"""Every answer other than the ranking: looks right at 80 and 100 columns, says the same in a pipe, keeps text text."""

from __future__ import annotations

import csv
import io
import json as json_reader
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from rich.cells import cell_len

import render_answers as answers
import render_cases as cases
from llmpick import cli
from llmpick.catalog.listed import listed_of
from llmpick.errors import LlmpickError
from llmpick.render import outline, rows, screen, screens, sizes, views
from llmpick.render.text import link
from llmpick.units import GIB
from test_render import forbidden, golden

FACTS = SimpleNamespace(popularity={}, origins={})
VIEWS: dict[str, tuple[Any, ...]] = {
    "memory": (answers.FIRST.memory,),
    "estimate": (answers.ESTIMATE, date(2026, 11, 21)),
    "explain": (answers.RANKING.profile, answers.EXPLANATION),
    "compare": (answers.RANKING.profile, answers.COMPARED),
    "advise": (answers.ADVICE,),
    "plan": (answers.PLAN,),
    "license": (answers.LICENSE,),
    "tree": (answers.TREE,),
    "models": (answers.LISTED, {}),
    "entry": (FACTS, answers.MODELS[0]),
    "stats": (answers.STATS,),
    "gpus": (answers.GPUS,),
    "machine": (answers.MACHINE,),
}


def shown(view: str, values: tuple[Any, ...], width: int = 100) -> str:
    out = screen.console(io.StringIO(), width)
    getattr(screens, view)(*values, out)
    return out.file.getvalue()  # type: ignore[attr-defined]


def written(view: str, values: tuple[Any, ...], form: str) -> str:
    return "".join(views.pieces(view, values, form))


@pytest.mark.parametrize("view", VIEWS)
def test_goldens(view: str) -> None:
    golden(f"{view}.tsv", written(view, VIEWS[view], "plain"))
    for width in (80, 100):
        golden(f"{view}.{width}.txt", shown(view, VIEWS[view], width))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("width", [80, 100])
def test_lines_fit(view: str, width: int) -> None:
    """Only an id or a link may be wider, with nothing on its line but a label: cut in two it could not be copied."""
    assert not too_wide(shown(view, VIEWS[view], width), width)


def too_wide(text: str, width: int) -> list[str]:
    """The lines beyond `width` that are more than one long id or link behind at most a label."""
    wide = [line for line in text.splitlines() if cell_len(line) > width]
    return [line for line in wide if len(line.split()) > 2 or "/" not in line.split()[-1]]


SAME = ("--task", "text-classification", "--gpu", "24GB", "--examples", "5000")
LIVE = {
    "estimate": ["qwen3-8b", "--method", "lora", "--seq-len", "2048", "--gpu", "RTX 4090", "--examples", "5000"],
    "recommend": SAME,
    "explain": ["answerdotai/ModernBERT-large", *SAME],
    "compare": ["answerdotai/ModernBERT-large", "qwen3-8b", *SAME],
    "advise": SAME,
    "plan": ["answerdotai/ModernBERT-large", *SAME],
    "license": ["llama3.1"],
    "tree": [],
    "hardware": ["--gpus"],
    "catalog list": [],
    "catalog show": ["qwen3-8b"],
    "catalog stats": [],
}


@pytest.mark.parametrize("command", LIVE)
def test_every_command_keeps_to_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.run([*command.split(), *LIVE[command], "--format", "table"]) == 0
    assert not too_wide(capsys.readouterr().out, 80)


def test_each_source_stands_once_with_its_blocks() -> None:
    text = " ".join(shown("entry", VIEWS["entry"], 80).split())
    found = {source.url for _, source in rows.cited(answers.MODELS[0])}
    assert found and all(text.count(f"{link(url) or url} (") == 1 for url in found)


@pytest.mark.parametrize("view", VIEWS)
def test_every_form_of_every_view(view: str) -> None:
    found = getattr(rows, view)(*VIEWS[view])
    lines = written(view, VIEWS[view], "plain").splitlines()
    table = list(csv.reader(io.StringIO(written(view, VIEWS[view], "csv"))))
    assert len(lines) - bool(found.title) == len(list(found.rows)) == len(table) - 1
    assert all(len(line.split("\t")) == len(found.header) for line in lines)
    assert tuple(table[0]) == found.header
    json_reader.loads(written(view, VIEWS[view], "json"))
    with pytest.raises(LlmpickError, match="html is for the ranking only"):
        written(view, VIEWS[view], "html")


def test_foreign_text_stays_text() -> None:
    hostile = cases._spoil(answers.EXPLANATION)
    for view, values in {
        "explain": (answers.RANKING.profile, hostile),
        "memory": (hostile.verdict.memory,),
        "estimate": (cases._spoil(answers.ESTIMATE), None),
        "compare": (answers.RANKING.profile, (replace(answers.COMPARED[0], verdict=hostile.verdict),)),
        "license": (cases._spoil(answers.LICENSE),),
        "entry": (FACTS, cases._spoil(answers.MODELS[0])),
        "models": ((listed_of(cases._spoil(answers.MODELS[0])),), {}),
        "tree": (cases._spoil(answers.TREE),),
        "gpus": (cases._spoil(answers.GPUS),),
        "machine": (cases._spoil(answers.MACHINE),),
        "advise": (cases._spoil(answers.ADVICE),),
        "plan": (cases._spoil(answers.PLAN),),
    }.items():
        for text in (shown(view, values), written(view, values, "plain").replace("\t", "")):
            assert not forbidden(text), view
            assert "[red]markup[/red] :smile:" in " ".join(text.split()), view


def test_compare_folds_many_models_and_marks_who_is_ruled_out() -> None:
    many = answers.COMPARED * 3
    text = shown("compare", (answers.RANKING.profile, many), 80)
    assert max(map(len, text.splitlines())) <= 80
    assert all(text.count(letter + "  ") for letter in "ABCDEF")
    assert "ruled out" in text
    assert len(written("compare", (answers.RANKING.profile, many), "plain").splitlines()[0].split("\t")) == 7


def test_memory_says_whether_it_fits() -> None:
    assert "to spare" in shown("memory", (cases.memory("org/model", 400_000_000),))
    assert "too much" in shown("memory", (cases.memory("org/model", 7_000_000_000),))
    short = replace(cases.memory("org/model", 7_000_000_000), available_bytes=round(29.91 * GIB))
    need = replace(short.breakdown, weights=short.breakdown.weights + round(29.93 * GIB) - short.breakdown.peak)
    assert outline.fit(replace(short, breakdown=need)) == "30.0 of 29.9 GiB"
    assert outline.fit(replace(short, breakdown=need, available_bytes=need.peak)) == "29.9 of 29.9 GiB"
    unnamed = shown("memory", (cases.memory("org/model", 7_000_000_000, available=None),))
    assert "to spare" not in unnamed and "too much" not in unnamed


def test_an_estimate_dates_its_prices_and_names_the_smallest_size_that_holds_it() -> None:
    text = shown("estimate", (answers.ESTIMATE, date(2026, 11, 21)))
    assert "$0.35–0.38/h on demand, $0.20/h spot (2026-08-22, 91 days old)" in text
    assert "10 of 12 known cards hold it, from 24 GiB on" in text
    assert "16 GiB" in text and "GeForce GTX 1080" not in text
    assert "RTX A2" not in text and "RTX A1 and 4 more" in text
    assert "GeForce RTX 80" not in text


def test_an_estimate_of_several_cards_says_how_many_of_each() -> None:
    text = shown("estimate", (replace(answers.ESTIMATE, n_gpus=2), None))
    assert "hold it, 2 of each, from 24 GiB on" in text


def test_an_estimate_without_a_card_names_no_change_and_no_room() -> None:
    need = cases.memory("org/model", 7_000_000_000, available=None)
    bare = replace(answers.ESTIMATE, memory=need, largest_batch=None, largest_seq=None, change=None, price=None)
    text = shown("estimate", (bare, None))
    assert "Would fit" not in text and "Largest" not in text and "Price" not in text


def test_no_gpu_on_this_machine_is_said() -> None:
    assert "No GPU" in shown("machine", ((),))


def test_a_card_is_named_by_what_the_run_costs_or_an_hour_where_hours_are_not_known() -> None:
    def rents(*cards: Any, n_gpus: int = 1) -> list[str]:
        return [rent for *_, rent in sizes.by_size(replace(answers.ESTIMATE, cards=cards, n_gpus=n_gpus))]

    known = answers.on_card("A", 24, fits=True, price=answers.PRICE)
    unknown = replace(known, name="B", time_hours=None, cost_usd=None)
    lowest = replace(unknown, price=replace(answers.PRICE, on_demand_typical=None))
    assert rents(known) == ["A: $3.00 a run"]
    assert rents(unknown) == ["B: $0.38/h"]
    assert rents(unknown, n_gpus=2) == ["B: $0.38/h each"]
    assert rents(lowest) == ["B: $0.35/h"]
    assert rents(unknown, replace(lowest, name="C")) == ["C: $0.35/h"]
    assert rents(replace(known, price=None, cost_usd=None)) == rents(replace(known, fits=False)) == [""]
