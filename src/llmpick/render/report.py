"""The answer as a document: markdown for a pull request, a self-contained page for a browser or a printer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.render import markdown as md
from llmpick.render.document import LICENSE_WORDS, document
from llmpick.render.text import link, plural, safe, sentence, stop

if TYPE_CHECKING:
    from datetime import date

    from jinja2 import Environment

    from llmpick.render.document import Document, Section
    from llmpick.verdict import Ranking


def markdown(answer: Ranking, *, version: str = "", today: date | None = None) -> str:
    """The report as GitHub markdown, without any HTML."""
    doc = document(answer, version, today)
    environment = _environment(finalize=md.escape, autoescape=False)
    environment.filters.update(code=md.code, anchor=md.anchor, anchor_text=_anchor_text, raw=md.Raw)
    environment.globals.update(
        question=_question(doc), ranking=_ranking(doc), memory=_memory, ratings=_ratings, amounts=_amounts
    )
    return environment.get_template("report.md.j2").render(doc=doc)


def html(answer: Ranking, *, version: str = "", today: date | None = None) -> str:
    """The report as one HTML page that loads nothing."""
    environment = _environment(finalize=_clean, autoescape=True)
    return environment.get_template("report.html.j2").render(doc=document(answer, version, today))


def _environment(**options: Any) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("llmpick.render", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    made.filters.update(sentence=sentence, stop=stop, plural=plural, link=link, license_words=LICENSE_WORDS.__getitem__)
    return made


def _clean(value: object) -> object:
    """Text without control characters; jinja2 escapes it afterwards, unless it is markup already."""
    return safe(value) if type(value) is str else value


def _anchor_text(text: str, page: str | None) -> md.Raw:
    return md.Raw(f"<{page}>") if text == page else md.anchor(md.escape(text), page)


def _question(doc: Document) -> md.Raw:
    rows = [(said.label, said.value, md.code(said.flag) if said.assumed else "") for said in doc.question]
    return md.table(("field", "answer", "assumed, change with"), rows)


def _ranking(doc: Document) -> md.Raw:
    header = ("rank", "model", "method", "memory", "time", "cost", "license", "score")
    rows = [(r.rank, md.code(r.name), r.method, r.fit, r.time, r.cost, _license(r), r.score) for r in doc.rows]
    return md.table(header, rows, right=(0,))


def _license(row: Section) -> str:
    return f"{row.verdict.license.id}: {row.verdict.license.verdict}"


def _memory(row: Section) -> md.Raw:
    drawn = row.drawing
    if drawn is None:
        return md.Raw("")
    rows: list[tuple[object, ...]] = [(part.name, part.size, part.of_card) for part in drawn.parts]
    total = ("**together**", drawn.total, drawn.total_of_card)
    share = "share of the card" if drawn.card else "share"
    return md.table(("part", "memory", share), [*rows, tuple(md.Raw(cell) for cell in total)], right=(1, 2))


def _amounts(row: Section) -> md.Raw:
    return md.table(("", "low", "expected", "high"), row.amounts, right=(1, 2, 3))


def _ratings(row: Section) -> md.Raw:
    rows = []
    for reason in row.reasons:
        pages = md.Raw(", ".join(md.anchor(md.Raw(str(i)), page) for i, page in enumerate(reason.pages, 1)))
        rating = reason.rating
        rows.append((rating.criterion, f"{rating.weight:.2f}", reason.value, rating.because, pages))
    return md.table(("criterion", "weight", "worth", "because", "sources"), rows, right=(1,))
