"""The report: reads well raw, loads nothing, and foreign text stays text in both forms."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pymarkdown.api import PyMarkdownApi

import render_cases as cases
from llmpick import cli
from llmpick.render import markdown as md
from llmpick.render import outline, question, report
from llmpick.render.document import WHY, document
from llmpick.render.text import safe
from test_render import forbidden, golden

ANSWERS = {"ranked": cases.ranking(), "nothing": cases.nothing(), "hostile": cases.hostile()}
VOID = {"meta", "link", "rect", "line", "input", "br", "hr", "img"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails on a tag that is not closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, name: str) -> list[str]:
        return [value or "" for _, found, value in self.attributes if found == name]


def rendered(markdown: str) -> Page:
    html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    return Page(html)


def by_github(markdown: str) -> Page:
    """The same by the C library that GitHub renders with."""
    extensions = ["table", "strikethrough"]
    unsafe = cmarkgfm.Options.CMARK_OPT_UNSAFE  # so that raw HTML, if there were any, would show as a tag
    return Page(cmarkgfm.markdown_to_html_with_extensions(markdown, options=unsafe, extensions=extensions))


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("answer", ["ranked", "nothing"])
def test_goldens(answer: str) -> None:
    golden(f"{answer}.md", report.markdown(ANSWERS[answer], version="1.2.3"))
    golden(f"{answer}.html", report.html(ANSWERS[answer], version="1.2.3"))


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_page_loads_nothing_and_runs_nothing(answer: str) -> None:
    page = Page(report.html(ANSWERS[answer]))
    assert not {"script", "iframe", "object", "embed", "img", "form", "base", "video", "audio"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in {"style", "src"}]
    assert all(url.startswith("https://") or url == "data:," for url in page.values("href"))
    assert "default-src 'none'" in " ".join(page.values("content"))
    assert "@import" not in page.text and "url(" not in page.text


@pytest.mark.parametrize("answer", ANSWERS)
def test_the_page_is_accessible_by_structure(answer: str) -> None:
    html = report.html(ANSWERS[answer])
    page = Page(html)
    levels = [int(tag[1]) for tag in page.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert page.tags.count("table") == page.tags.count("caption")
    assert all(scope in {"row", "col"} for scope in page.values("scope"))
    assert page.tags.count("th") == len(page.values("scope"))
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {one for names in page.values("aria-labelledby") for one in names.split()} <= set(ids)
    described = len(re.findall(r'<svg class="memory"[^>]*role="img"', html))
    assert described == page.tags.count("desc") == sum(bool(row.drawing) for row in document(ANSWERS[answer]).leaders)


@pytest.mark.parametrize("answer", ANSWERS)
def test_markdown_needs_no_html_and_its_tables_are_tables(answer: str) -> None:
    text = report.markdown(ANSWERS[answer])
    page = rendered(text)
    assert set(page.tags) <= {
        *("h1", "h2", "h3", "p", "ul", "ol", "li", "pre", "code", "strong", "a"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
    rows = [line for line in text.splitlines() if line.startswith("|")]
    rulers = [line for line in rows if re.fullmatch(r"[|\-: ]+", line)]
    assert page.tags.count("table") == len(rulers)
    assert page.tags.count("tr") == len(rows) - len(rulers)
    assert all(url.startswith("https://") for url in page.values("href"))
    assert text.endswith("\n") and not text.endswith("\n\n") and "\n\n\n" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def read_twice_and_linted(text: str, *also: str) -> None:
    """Fails where two renderers differ or the linter has a finding other than of the rules named in `also`."""
    one, other = rendered(text), by_github(text)
    assert one.tags == other.tags and squeezed(one.text) == squeezed(other.text)
    assert one.values("href") == other.values("href")
    linter = PyMarkdownApi().disable_rule_by_identifier("MD013")  # a table's line is as long as its row
    for rule in also:
        linter = linter.disable_rule_by_identifier(rule)
    found = linter.scan_string(text)
    assert not found.scan_failures and not found.pragma_errors


@pytest.mark.parametrize("answer", ANSWERS)
def test_two_renderers_read_the_same_and_a_linter_finds_nothing(answer: str) -> None:
    alike = ["MD024"] if answer == "hostile" else []  # its ids are all alike, and so are its headings
    read_twice_and_linted(report.markdown(ANSWERS[answer], version="1.2.3"), *alike)


@pytest.mark.parametrize("name", ["support-ticket-triage", "brand-voice-descriptions"])
def test_so_they_do_of_a_whole_report(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With what it says on training: one of open weights, one of a vendor's API."""
    assert cli.run(["report", "--profile", str(Path(__file__).parents[1] / "examples" / f"{name}.yaml")]) == 0
    read_twice_and_linted(capsys.readouterr().out)


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_number_leads_to_its_source(answer: str) -> None:
    text = report.markdown(ANSWERS[answer])
    defined = re.findall(r"^\[(\d+)\]: (https://\S+)$", text, re.M)
    sources = document(ANSWERS[answer]).sources
    assert [int(number) for number, _ in defined] == [source.number for source in sources if source.page]
    assert set(re.findall(r"\]\[(\d+)\]", text)) <= {number for number, _ in defined}
    assert [source.number for source in sources] == list(range(1, len(sources) + 1))


def test_raw_tables_line_up() -> None:
    for block in report.markdown(ANSWERS["ranked"]).split("\n\n"):
        if block.startswith("|"):
            assert len({md._width(line) for line in block.splitlines()}) == 1


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_foreign_text_stays_text(form: str) -> None:
    text = report.markdown(cases.hostile()) if form == "markdown" else report.html(cases.hostile())
    assert not forbidden(text)
    page = rendered(text) if form == "markdown" else Page(text)
    for hostile in cases.HOSTILE:
        assert squeezed(safe(hostile)) in squeezed(page.text)


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_the_report_tells_what_the_ranking_says(form: str) -> None:
    answer = ANSWERS["ranked"]
    text = report.markdown(answer) if form == "markdown" else report.html(answer)
    said = squeezed((rendered(text) if form == "markdown" else Page(text)).text)
    for verdict in outline.top(answer):
        assert verdict.model.id in said and outline.score(verdict) in said and outline.fit(verdict.memory) in said
    for out in answer.ruled_out:
        assert out.verdict.model.id in said and out.check.because in said
    first = answer.recommended[0]
    for sentence in (*first.because[:WHY], *first.despite, *outline.duties(first.license.duties), *answer.notes):
        assert sentence[1:] in said
    for source in outline.sources(first):
        assert outline.label(source) in said
    assert first.license.clause in said and answer.catalog_date in said


def test_only_public_pages_are_linked() -> None:
    bad = cases.license_verdict(source="javascript:alert(1)")
    answer = cases.ranking(recommended=(replace(cases.verdict("a/b", 1, license=bad), rank=1),))
    for text in (report.markdown(answer), report.html(answer)):
        assert "javascript:alert(1)" in text
        page = rendered(text) if text.startswith("#") else Page(text)
        assert not [url for url in page.values("href") if "javascript" in url]


def test_the_bar_is_drawn_from_the_numbers() -> None:
    need = cases.memory("org/model", 400_000_000)
    drawn = document(cases.ranking()).leaders[0].drawing
    assert drawn and drawn.card == pytest.approx(100)
    assert need.available_bytes
    lengths = sum(part.length for part in drawn.parts)
    first = cases.ranking().recommended[0].memory
    assert first and lengths == pytest.approx(100 * first.breakdown.peak / need.available_bytes)
    assert [part.start for part in drawn.parts] == sorted(part.start for part in drawn.parts)


def test_a_model_too_large_reaches_beyond_the_card() -> None:
    from llmpick.render.document import drawing

    drawn = drawing(cases.memory("org/model", 7_000_000_000))
    assert drawn.card and drawn.card < 100
    assert sum(part.length for part in drawn.parts) == pytest.approx(100)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_any_text_survives_markdown(text: str) -> None:
    """In a paragraph, a list item and a table cell."""
    shown = squeezed(safe(text))
    written = f"A {md.escape(text)}\n\n- {md.escape(text)}\n\n{md.table(('x',), [(text,)])}\n"
    page = rendered(written)
    assert set(page.tags) <= {"p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"}
    assert squeezed(page.text) == squeezed(f"A {shown} {shown} x {shown}")


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40))
def test_any_text_survives_a_code_span(text: str) -> None:
    page = rendered(f"- {md.code(text)}\n\n{md.table(('x',), [(md.code(text),)])}\n")
    assert set(page.tags) <= {"ul", "li", "code", "table", "thead", "tbody", "tr", "th", "td", "p"}
    if "\\" not in text:
        assert squeezed(page.text) == squeezed(f"{safe(text)} x {safe(text)}")


def test_the_command_asks_the_same_question() -> None:
    gpu = replace(cases.CARD, text="24GB")
    asked = cases.profile(
        gpu=gpu, commercial=False, privacy=False, license=("mit", "apache-2.0"), budget=12.5, weight=(("quality", 2.0),)
    )
    assert question.command(asked) == (
        "llmpick recommend --task classification --gpu 24GB --non-commercial --license mit,apache-2.0"
        " --budget 12.5 --weight quality=2 --no-privacy"
    )


def test_models_that_one_reason_ruled_out_share_a_line_and_the_commonest_comes_first() -> None:
    def out(number: int, because: str) -> object:
        return cases.ruled_out(
            f"org/{number:02}", 1, "task", cases.Check(name="purpose", outcome="no", because=because)
        )

    outs = (out(0, "rare"), *(out(number, "common") for number in range(1, 6)))
    (group,) = document(cases.ranking(ruled_out=outs)).groups
    assert [(one.because, len(one.models) + one.more) for one in group.named] == [("common", 5), ("rare", 1)]
    assert group.named[0].models == ("org/01", "org/02", "org/03") and (group.number, group.more) == (6, 0)


@pytest.mark.parametrize(
    ("because", "remedy", "needed"),
    [
        ("needs 25.6 GiB, the card has 22.5", "25.6 GiB of usable GPU memory", ""),
        ("about $12.40 for one run, the budget is $5.00", "a budget of $12.40", ""),
        ("commercial use is not permitted: a separate license is needed", "a separate license from the licensor", ""),
        ("needs 25.6 GiB, the card has 22.5", "a 32 GB card", "a 32 GB card"),
        ("its text goes to the vendor", "--no-privacy", "--no-privacy"),
    ],
)
def test_a_remedy_is_told_only_where_the_reason_does_not_name_it(because: str, remedy: str, needed: str) -> None:
    check = cases.Check(name="memory", outcome="no", because=because, remedy=remedy)
    assert outline.needed(cases.ruled_out("a/b", 1, "resources", check)) == needed


def test_only_unknown_constraints_become_a_step_to_take() -> None:
    """A rating that nobody knows can change the order; a constraint that nobody knows can forbid the whole plan."""
    first = cases.verdict("a/b", 1, missing=("its downloads", "its license"))
    unknown = cases.Check(name="license use", outcome="unknown", because="its license")
    license_step = replace(first.steps[3], checks=(unknown,))
    judged = replace(first, rank=1, steps=(*first.steps[:3], license_step, *first.steps[4:]))
    steps = document(cases.ranking(recommended=(judged,))).steps
    assert "Find out about a/b: its license" in steps and not [step for step in steps if "downloads" in step]


def test_the_weights_that_could_move_least_are_named() -> None:
    first, rival = cases.verdict("a/b", 1, (0.6, 0.6)), cases.verdict("c/d", 1, (0.5, 0.5))
    headroom = replace(rival.steps[1].ratings[0], low=0.9, high=0.9)
    resources = replace(rival.steps[1], ratings=(headroom,))
    rival = replace(rival, rank=2, steps=(rival.steps[0], resources, *rival.steps[2:]))
    answer = cases.ranking(recommended=(replace(first, rank=1), rival))
    said = [text for text in document(answer).firmness if "may weigh" in text]
    assert (
        len(said) == 2 and said[0].startswith("headroom may weigh 0.00 to 0.") and said[0].endswith("above, c/d leads")
    )
    assert said[1].startswith("quality may weigh 0.") and said[1].endswith("below, c/d leads")


def test_every_part_of_the_drawing_can_be_seen() -> None:
    drawn = document(ANSWERS["ranked"]).leaders[0].drawing
    assert drawn and all(len(part.cells) == 24 and "█" in part.cells for part in drawn.parts)
