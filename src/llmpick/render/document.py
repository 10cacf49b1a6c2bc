"""What a report says, in the order in which it says it: plain values for the templates of `report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import record
from llmpick.render import outline, question
from llmpick.render.text import (
    NONE,
    age,
    dollars,
    dollars_range,
    gib,
    hours,
    hours_range,
    link,
    listed,
    percent,
    plural,
    safe,
    stop,
)
from llmpick.verdict import STEPS

if TYPE_CHECKING:
    from datetime import date

    from llmpick.render.question import Answer
    from llmpick.verdict import Memory, Ranking, Rating, RuledOut, Step, Verdict

LEADERS = 3
"""Models that get a section of their own."""
REASONS = 2
"""Reasons for and against in the paragraph that sums up."""
NAMED = 8
"""Ruled-out and undecided models that are named; the JSON has them all."""
LICENSE_WORDS = {
    "allowed": "allows this use",
    "conditional": "allows this use under conditions",
    "forbidden": "forbids this use",
    "unknown": "leaves this use unclear",
}


@record
class Part:
    """One part of the memory drawn."""

    name: str
    size: str
    of_card: str
    """Share of the card, or of the peak where no card was named."""
    start: float
    """Where the bar begins and how long it is, in percent of the drawing."""
    length: float


@record
class Drawing:
    """Memory part by part against the card."""

    title: str
    description: str
    parts: tuple[Part, ...]
    total: str
    total_of_card: str
    card: float | None
    """Where the card ends, in percent of the drawing."""
    assumptions: tuple[str, ...]


@record
class Reason:
    """One Rating with its public pages."""

    rating: Rating
    value: str
    pages: tuple[str, ...]


@record
class Section:
    """A Verdict as the templates lay it out."""

    verdict: Verdict
    rank: str
    name: str
    page: str | None
    method: str
    fit: str
    time: str
    cost: str
    score: str
    amounts: tuple[tuple[str, str, str, str], ...]
    """(what, low, expected, high)."""
    score_bar: tuple[float, float]
    """Low and high end of the score, in percent."""
    drawing: Drawing | None
    duties: tuple[str, ...]
    license_page: str | None
    verify: tuple[str, ...]
    reasons: tuple[Reason, ...]
    checks: tuple[tuple[str, str, str], ...]
    """(name, outcome, because)."""


@record
class Group:
    """What one Step ruled out: the nearest first."""

    step: Step
    number: int
    named: tuple[RuledOut, ...]
    more: int


@record
class Document:
    """Everything the templates show."""

    title: str
    answer: str
    question: tuple[Answer, ...]
    command: str
    fine_tune: str
    advice: tuple[str, ...]
    instead: tuple[str, ...]
    rows: tuple[Section, ...]
    groups: tuple[Group, ...]
    undecided: tuple[Verdict, ...]
    more_undecided: int
    firmness: tuple[str, ...]
    steps: tuple[str, ...]
    notes: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str | None], ...]
    """(as the catalog writes it, its public page)."""

    @property
    def leaders(self) -> tuple[Section, ...]:
        """The rows with a section of their own."""
        return self.rows[:LEADERS]


def document(answer: Ranking, version: str = "", today: date | None = None) -> Document:
    """What the report says, in the order in which it says it."""
    rows = tuple(section(verdict) for verdict in outline.top(answer))
    return Document(
        title=f"Which base model to fine-tune for {safe(answer.profile.task)}",
        answer=_answer(answer),
        question=question.answers(answer.profile),
        command=question.command(answer.profile),
        fine_tune=answer.advice.fine_tune.capitalize(),
        advice=answer.advice.because,
        instead=answer.advice.instead,
        rows=rows,
        groups=_groups(answer),
        undecided=answer.undecided[:NAMED],
        more_undecided=max(0, len(answer.undecided) - NAMED),
        firmness=tuple(outline.firmness(answer)),
        steps=tuple(_next_steps(answer)),
        notes=answer.notes,
        versions=_versions(answer, version, today),
        sources=_sources(answer, rows[:LEADERS]),
    )


def section(verdict: Verdict) -> Section:
    """One ranked model with everything its section shows."""
    return Section(
        verdict=verdict,
        rank=outline.rank(verdict),
        name=outline.name(verdict),
        page=outline.page(verdict),
        method=outline.method(verdict),
        fit=outline.fit(verdict.memory),
        time=hours_range(verdict.time_hours) if verdict.time_hours else NONE,
        cost=dollars_range(verdict.cost_usd) if verdict.cost_usd else NONE,
        score=outline.score(verdict),
        amounts=_amounts(verdict),
        score_bar=(100 * verdict.score, 100 * verdict.score_high),
        drawing=drawing(verdict.memory) if verdict.memory else None,
        duties=tuple(outline.duties(verdict.license.duties)),
        license_page=link(verdict.license.source),
        verify=outline.verify(verdict),
        reasons=tuple(_reason(rating) for rating in verdict.ratings),
        checks=tuple((check.name, check.outcome, check.because) for check in verdict.checks),
    )


def _amounts(verdict: Verdict) -> tuple[tuple[str, str, str, str], ...]:
    found = []
    for what, span, words in (("Time", verdict.time_hours, hours), ("Cost", verdict.cost_usd, dollars)):
        if span:
            found.append((what, words(span.low), words(span.expected), words(span.high)))
    return tuple(found)


def _reason(rating: Rating) -> Reason:
    pages = tuple(dict.fromkeys(page for source in rating.sources if (page := link(source))))
    return Reason(rating=rating, value=outline.worth(rating), pages=pages)


def drawing(memory: Memory) -> Drawing:
    """The parts of the peak laid end to end, and where the card ends."""
    peak, card = memory.breakdown.peak, memory.available_bytes
    scale = 100 / max(peak, card or 0, 1)
    parts, start = [], 0
    for name, size in (part for part in outline.parts(memory) if part[1]):
        share = percent(size / (card or peak))
        parts.append(Part(name=name, size=gib(size), of_card=share, start=start * scale, length=size * scale))
        start += size
    return Drawing(
        title=f"Memory drawn: {outline.fit(memory)}",
        description=", ".join(f"{part.name} {part.size}" for part in parts),
        parts=tuple(parts),
        total=gib(peak),
        total_of_card=percent(peak / (card or peak)),
        card=card * scale if card else None,
        assumptions=memory.assumptions,
    )


def _answer(answer: Ranking) -> str:
    """The whole answer in one paragraph."""
    if not answer.recommended:
        near = outline.nearest(answer)
        missed = f" The nearest is {outline.name(near[0].verdict)}: {stop(near[0].check.because)}" if near else ""
        return f"Nothing in the catalog qualifies.{missed}"
    first, *others = answer.recommended
    tied = [outline.name(other) for other in others if other.rank == first.rank]
    equals = f", level with {listed(tied)}" if tied else ""
    parts = [f"Start from {outline.name(first)}{equals}, {question.METHOD_WORDS[first.method]}: {_takes(first)}."]
    parts += [f"Its license, {safe(first.license.id)}, {LICENSE_WORDS[first.license.verdict]}."]
    parts += [f"Why: {stop('; '.join(first.because[:REASONS]))}"] if first.because else []
    parts += [f"Despite: {stop('; '.join(first.despite[:REASONS]))}"] if first.despite else []
    return safe(" ".join(parts))


def _takes(verdict: Verdict) -> str:
    """`it takes 9.0 of 22.5 GiB, 13–31 min and $0.08–0.31`, as far as that is known."""
    amounts = [outline.fit(verdict.memory)] if verdict.memory else []
    amounts += [hours_range(verdict.time_hours)] if verdict.time_hours else []
    amounts += [dollars_range(verdict.cost_usd)] if verdict.cost_usd else []
    return f"it takes {listed(amounts)}" if amounts else "what it takes is not known"


def _groups(answer: Ranking) -> tuple[Group, ...]:
    near = outline.by_distance(answer)
    found = []
    for step in STEPS:
        outs = [out for out in near if out.step == step]
        if outs:
            more = max(0, len(outs) - NAMED)
            found.append(Group(step=step, number=len(outs), named=tuple(outs[:NAMED]), more=more))
    return tuple(found)


def _next_steps(answer: Ranking) -> list[str]:
    """What to do with the answer, in order."""
    if not answer.recommended:
        return [f"{safe(out.verdict.model.id)} would need {out.check.remedy}" for out in outline.nearest(answer)]
    first, *others = answer.recommended
    steps = [f"Before training: {text}" for text in answer.advice.instead]
    steps += [f"Find out about {outline.name(first)}: {fact}" for fact in outline.verify(first)]
    steps.append(f"Read the license of {outline.name(first)} ({first.license.id}) and meet its duties")
    steps.append("Set a test set aside, and measure on it what you have today: that is the number to beat")
    steps.append(f"Train {outline.name(first)} on a small share of the data; compare memory and time with this report")
    steps += (
        [f"Train {outline.name(others[0])} too: the two are too close to tell apart"] if first.tied and others else []
    )
    steps.append("Judge the tuned model once on the test set, against that number")
    return [step[0].upper() + step[1:] for step in steps]


def _versions(answer: Ranking, version: str, today: date | None) -> tuple[tuple[str, str], ...]:
    dated = f"{answer.catalog_date}{age(answer.catalog_date, today)}, {plural(answer.catalog_models, 'model')}"
    rows = [("llmpick", version), ("Catalog", dated), ("Policy", answer.policy_version)]
    return tuple((what, said) for what, said in rows if said)


def _sources(answer: Ranking, rows: tuple[Section, ...]) -> tuple[tuple[str, str | None], ...]:
    cited = [*answer.advice.sources] + [source for row in rows for source in outline.sources(row.verdict)]
    return tuple((source, link(source)) for source in dict.fromkeys(cited))
