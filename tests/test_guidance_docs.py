"""The tables of docs/advise.md are those of the code; they are rewritten with the other goldens."""

import os
from pathlib import Path

import pytest

from llmpick.guidance.decision import MINIMUM, PLENTY, ROWS
from llmpick.guidance.frameworks import FRAMEWORKS
from llmpick.guidance.technique import CHOICES, FURTHER

DOCS = Path(__file__).parent.parent / "docs"


def cell(text: str, work: str) -> str:
    words = {"have": "N", "minimum": f"{MINIMUM[work]:,}", "good": f"{PLENTY[work]:,}", "classes": "K"}
    for name, word in words.items():
        text = text.replace(f"{{{name}:,}}", word)
    return text


def links(sources: tuple[str, ...]) -> str:
    return " ".join(f"[{number}]({source})" for number, source in enumerate(sources, 1))


def rows_table() -> str:
    lines = [
        "| work | examples | facts | form | stage | fine-tune | because | sources |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        answers = [", ".join(each) for each in (row.amount, row.facts, row.style, row.stage)]
        cells = [row.work, *answers, row.fine_tune, cell(row.because, row.work), links(row.sources)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def techniques_table() -> str:
    lines = ["| technique | when | because | sources |", "|---|---|---|---|"]
    lines += [
        f"| {item.name} | {item.when} | {item.because} | {links(item.sources)} |" for item in (*CHOICES, *FURTHER)
    ]
    return "\n".join(lines)


@pytest.mark.parametrize(("name", "made"), [("rows", rows_table), ("techniques", techniques_table)])
def test_table_in_the_docs_is_that_of_the_code(name: str, made) -> None:
    path = DOCS / "advise.md"
    text = path.read_text(encoding="utf-8")
    start = text.index(f"<!-- {name}: written by the tests from the table itself -->")
    begin = text.index("\n", start) + 1
    end = text.index(f"<!-- end of {name} -->")
    if os.environ.get("LLMPICK_REWRITE_GOLDENS"):
        path.write_text(f"{text[:begin]}\n{made()}\n\n{text[end:]}", encoding="utf-8")
    else:
        assert text[begin:end].strip() == made()


def test_thresholds_in_the_docs_are_those_of_the_code() -> None:
    text = (DOCS / "advise.md").read_text(encoding="utf-8")
    for work, unit in (("labels", " for each class"), ("spans", " for each type"), ("vectors", " pairs"), ("text", "")):
        many = f"{PLENTY[work]:,}{' pairs' if work == 'vectors' else ''}"
        assert f"| {work} | {MINIMUM[work]}{unit} | {many} |" in text


def test_every_framework_is_in_the_docs() -> None:
    text = (DOCS / "plan.md").read_text(encoding="utf-8")
    assert all(f"| `{framework.name}` |" in text for framework in FRAMEWORKS)
