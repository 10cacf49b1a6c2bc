"""Hostile text in a catalog, a flag, a file name or an answer is shown as text, by every command in every form."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import render_cases as cases
from llmpick import cli
from llmpick.render.text import safe
from test_render import forbidden
from test_render_report import Page, by_github, rendered, squeezed

pytestmark = pytest.mark.usefixtures("loaded")

ROOT = Path(__file__).parent / "data" / "catalog_small"
SAID = " ".join(text for text in cases.HOSTILE if text.isprintable())
"""What passes the catalog's own rules, which refuse control and bidirectional characters."""
MODEL = "evil/ModernBERT"
SAME = ("--task", "classification", "--gpu", "24GB")
FORMS = ("table", "markdown", "csv")
"""plain and json are held to the same in test_render and test_render_views."""


def spoiled(path: str, **fields: object) -> str:
    """A file of the small catalog with hostile text in its free fields."""
    data = yaml.safe_load((ROOT / path).read_text("utf-8")) | fields
    return json.dumps(data, ensure_ascii=False, default=str)  # JSON is YAML, and has no aliases


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, its license, a domain and a card whose every free text is hostile."""
    folder = tmp_path_factory.mktemp("over [red]")
    source = [{"url": "https://example.org/a|b[c](d)<e>", "checked": "2026-11-20", "where": SAID, "reported_by": SAID}]
    license_ = {"id": "evil", "sources": source}
    files = {
        f"models/{MODEL}.yaml": spoiled(
            "models/answerdotai/ModernBERT-base.yaml",
            **{"developer": SAID, "lineage": "evil", "license": license_, "identity": source, "context_note": SAID},
        ),
        "licenses/evil.yaml": spoiled(
            "licenses/mit.yaml", name=SAID, quote=SAID, sources=source, terms=[{"duty": "keep_notice", "quote": SAID}]
        ),
        "domains.yaml": json.dumps([{"id": "evil", "name": SAID, "aliases": [SAID], "near": [], "distance": "far"}]),
        "gpus.yaml": json.dumps(
            [{"name": SAID, "vendor": SAID, "kind": "datacenter", "memory_gib": 24, "sources": source}],
        ),
    }
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return folder


def called(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = cli.run(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


def harmless(out: str, form: str) -> str:
    """`out` as a reader sees it; fails on what could act instead of being read."""
    assert not forbidden(out.replace("\t", "").replace("\r\n", "\n"))
    if form == "csv":
        cells = [cell for row in csv.reader(io.StringIO(out)) for cell in row]
        assert not [cell for cell in cells if cell[:1] in "=+@\t\r" and cell]
        return "\n".join(cells)
    if form in ("markdown", "html"):
        pages = [rendered(out), by_github(out)] if form == "markdown" else [Page(out)]
        for page in pages:
            assert not {"script", "img", "b", "em", "del"} & set(page.tags)
            assert all(url.startswith("https://") or url == "data:," for url in page.values("href"))
        return pages[0].text
    return out


COMMANDS = {
    "recommend": ["recommend", *SAME, "--top", "1000"],
    "explain": ["explain", MODEL, *SAME],
    "compare": ["compare", MODEL, "answerdotai/ModernBERT-base", *SAME],
    "license": ["license", "evil"],
    "show": ["catalog", "show", MODEL],
    "list": ["catalog", "list", "--license", "evil"],
    "hardware": ["hardware", "--gpus"],
    "plan": ["plan", MODEL, *SAME],
    "estimate": ["estimate", MODEL, "--gpu", "24GB"],
    "stats": ["catalog", "stats"],
}
DOMAIN = ("--domain", "evil")
COMMANDS |= {
    "recommend": [*COMMANDS["recommend"], *DOMAIN],
    "explain": [*COMMANDS["explain"], *DOMAIN],
    "compare": [*COMMANDS["compare"], *DOMAIN],
    "tree": ["tree", "--task", "classification"],
}
SHOWS = {"explain", "license", "show", "hardware"}
"""Commands that print at least one of the hostile texts."""


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", FORMS)
def test_hostile_facts_are_text_in_every_form(
    small: Path, overlay: Path, capsys: pytest.CaptureFixture[str], command: str, form: str
) -> None:
    code, out, err = called([*COMMANDS[command], "--catalog", str(overlay), "--format", form], capsys)
    assert code == 0, err
    text = squeezed(harmless(out, form))
    if command in SHOWS and form != "table":  # which breaks lines anywhere between words
        assert "alert(1)</script>" in text and "[x](javascript:1)" in text
    assert not forbidden(err)


def test_a_hostile_domain_name_is_text_where_it_is_printed(
    small: Path, overlay: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nowhere but in the hint at a misspelled one: an answer prints a domain's id."""
    near = ["--domain", SAID + "x", "--catalog", str(overlay)]
    code, out, err = called(["recommend", "--task", "chat", *near], capsys)
    assert (code, out) == (2, "")
    assert "did you mean" in err and "alert(1)</script>" in err.split("did you mean")[1].casefold()
    assert not forbidden(err)
    assert err.count("\n") == 1


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_a_report_on_hostile_facts_is_text(
    small: Path, overlay: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    arguments = ["report", "--task", "classification", "--license", "evil", *DOMAIN, "--catalog", str(overlay)]
    code, out, err = called([*arguments, "--format", form], capsys)
    assert code == 0, err
    text = squeezed(harmless(out, form))
    assert MODEL in text and squeezed(safe(SAID)) in text


@pytest.mark.parametrize("bad", [text for text in cases.HOSTILE if not text.isprintable() and "\ud800" not in text])
def test_a_catalog_with_control_characters_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str
) -> None:
    card = [{"name": f"x {bad} y", "vendor": "v", "kind": "datacenter", "memory_gib": 24, "sources": []}]
    (tmp_path / "gpus.yaml").write_text(yaml.safe_dump(card), "utf-8")
    code, out, err = called(["hardware", "--gpus", "--catalog", str(tmp_path)], capsys)
    assert (code, out) == (4, "") and len(err.splitlines()) == 1 and not forbidden(err)


WORDS = st.one_of(st.sampled_from(cases.HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
FLAGS = {
    "--task": ["recommend"],
    "--gpu": ["recommend", "--task", "chat"],
    "--domain": ["recommend", "--task", "chat"],
    "--language": ["recommend", "--task", "chat"],
    "--license": ["recommend", "--task", "chat"],
    "--what-if": ["recommend", "--task", "chat"],
    "--weight": ["recommend", "--task", "chat"],
    "--priority": ["recommend", "--task", "chat"],
    "--format": ["recommend", "--task", "chat"],
    "--profile": ["recommend"],
    "--catalog": ["recommend", "--task", "chat"],
    "--config": ["estimate"],
    "--situation": ["license", "mit"],
    "--family": ["catalog", "list"],
}


@pytest.mark.parametrize("flag", FLAGS)
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(word=WORDS)
def test_a_hostile_flag_is_one_plain_line(capsys: pytest.CaptureFixture[str], flag: str, word: str) -> None:
    code, out, err = called([*FLAGS[flag], f"{flag}={word}"], capsys)
    assert code in (0, 2, 3, 4)
    assert not forbidden((out + err).replace("\t", ""))
    if code in (2, 4):
        assert out == "" and len(err.splitlines()) == 1 and err.startswith("llmpick: ")


@pytest.mark.parametrize("command", ["explain", "compare", "plan", "license", "estimate", "catalog show"])
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(word=WORDS.filter(lambda word: not word.startswith("-")))
def test_a_hostile_model_name_is_one_plain_line(capsys: pytest.CaptureFixture[str], command: str, word: str) -> None:
    rest = ["--task", "chat"] if command in ("explain", "compare", "plan") else []
    code, out, err = called([*command.split(), word, *rest], capsys)
    assert not forbidden((out + err).replace("\t", ""))
    assert code in (0, 2) and (code == 0 or (out == "" and len(err.splitlines()) == 1))


@pytest.mark.parametrize("hostile", cases.HOSTILE[:6:2])
def test_hostile_answers_and_file_names_in_the_interview(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, hostile: str
) -> None:
    """Said at each question in turn, then as the name of the report."""
    monkeypatch.chdir(tmp_path)
    one = " ".join(hostile.splitlines()).replace("\r", " ").strip()
    answers = "".join(f"{one}\n\n" for _ in range(9)) + f"{one.replace('/', '')}\n\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(answers))
    code, out, err = called(["interview", "--format", "plain"], capsys)
    assert code == 0
    assert not forbidden((out + err).replace("\t", ""))
    assert [path.name for path in tmp_path.iterdir()] in ([], [one.replace("/", "")])
