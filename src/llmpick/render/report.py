"""The answer as a document: markdown for a pull request, a self-contained page for a browser or a printer."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from llmpick.render import markdown as md
from llmpick.render.document import LICENSE_WORDS, document
from llmpick.render.text import link, plural, safe, sentence, stop

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from jinja2 import Template

    from llmpick.guidance.answers import Guide
    from llmpick.render.document import Cited, Document, Section
    from llmpick.render.training import Lesson, Run
    from llmpick.verdict import Ranking


def markdown(answer: Ranking, *, version: str = "", today: date | None = None, guide: Guide | None = None) -> str:
    """The report as GitHub markdown, without any HTML."""
    doc = document(answer, version, today, guide)
    cite = _citing(doc)
    return _template("report.md.j2").render(
        doc=doc,
        cite=cite,
        question=_question(doc),
        ranking=_ranking(doc),
        memory=_memory,
        amounts=_amounts,
        ratings=lambda row: _ratings(row, cite),
        metrics=lambda lesson: _metrics(lesson, cite),
        settings=lambda run: _settings(run, cite),
        definition=_definition,
    )


def html(answer: Ranking, *, version: str = "", today: date | None = None, guide: Guide | None = None) -> str:
    """The report as one HTML page that loads nothing."""
    return _template("report.html.j2").render(doc=document(answer, version, today, guide))


@cache
def _template(name: str) -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    page = name == "report.html.j2"
    made = Environment(
        loader=PackageLoader("llmpick.render", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_clean if page else md.escape,
        autoescape=page,
    )
    made.filters.update(sentence=sentence, stop=stop, plural=plural, link=link, license_words=LICENSE_WORDS.__getitem__)
    made.filters.update(code=md.code, anchor=md.anchor, raw=md.Raw)
    return made.get_template(name)


def _clean(value: object) -> object:
    """Text without control characters; jinja2 escapes it afterwards, unless it is markup already."""
    return safe(value) if type(value) is str else value


def _citing(doc: Document) -> Callable[..., md.Raw]:
    """Writes a Source's number, or `text` in its stead, as a link to the definition at the end of the report."""
    linked = {source.number for source in doc.sources if source.page}

    def cite(number: int | None, text: str = "") -> md.Raw:
        if number not in linked:
            return md.escape(text or f"({number})")
        return md.Raw(f"[{md.escape(text)}][{number}]" if text else f"[{number}]")

    return cite


def _definition(source: Cited) -> md.Raw:
    """`[3]: https://…`: where a number leads."""
    return md.Raw(f"[{source.number}]: {md.target(source.page)}" if source.page else "")


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
    rows: list[tuple[object, ...]] = [(p.name, p.size, p.of_card, md.code(p.cells)) for p in drawn.parts]
    total = ("**together**", drawn.total, drawn.total_of_card, "")
    share, drawing = ("of the card", "drawn against the card") if drawn.card else ("share", "drawn")
    return md.table(("part", "memory", share, drawing), [*rows, tuple(md.Raw(cell) for cell in total)], right=(1, 2))


def _amounts(row: Section) -> md.Raw:
    return md.table(("", "low", "expected", "high"), row.amounts, right=(1, 2, 3))


def _ratings(row: Section, cite: Callable[..., md.Raw]) -> md.Raw:
    rows = []
    for reason in row.reasons:
        pages = md.Raw(", ".join(map(cite, reason.sources)))
        rating = reason.rating
        rows.append((rating.criterion, f"{rating.weight:.2f}", reason.value, rating.because, pages))
    return md.table(("criterion", "weight", "worth", "because", "sources"), rows, right=(1,))


def _metrics(lesson: Lesson, cite: Callable[..., md.Raw]) -> md.Raw:
    rows = [(one.name, one.because, cite(one.source)) for one in lesson.metrics]
    return md.table(("metric", "because", "source"), rows)


def _settings(run: Run, cite: Callable[..., md.Raw]) -> md.Raw:
    rows = [(one.name, md.code(one.value), one.because, cite(one.source)) for one in run.settings]
    return md.table(("setting", "value", "because", "source"), rows)
