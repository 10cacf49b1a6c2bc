"""What a report says, in the order in which it says it: plain values for the templates of `report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import record
from llmpick.render import outline, question, training
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
from llmpick.sensitivity import stability
from llmpick.verdict import STEPS, placed, rated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from llmpick.guidance.answers import Guide
    from llmpick.render.question import Answer
    from llmpick.render.training import Lesson, Run
    from llmpick.verdict import Memory, Ranking, Rating, RuledOut, Step, Verdict

LEADERS = 3
"""Models that get a section of their own."""
REASONS = 2
"""Reasons for and against in the paragraph that sums up."""
WHY = 4
"""Reasons that a leader's section lists; the table of its score has them all."""
NAMED = 4
"""Reasons for ruling out, and undecided models, that are named per step; the JSON has them all."""
TOGETHER = 3
"""Models named beside one reason they share."""
PRECARIOUS = 3
"""Criteria, those whose weight could move least before another model leads, that are named."""
CELLS = 24
"""Characters across which markdown draws the card."""
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
    cells: str
    """The same drawn with characters."""


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
    """One Rating with its Sources, as numbers in the list of sources."""

    rating: Rating
    value: str
    sources: tuple[int, ...]


@record
class Cited:
    """One Source of the report: what it is called and its public page."""

    number: int
    label: str
    page: str | None


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
    because: tuple[str, ...]
    license_source: int | None
    """Its number in the list of sources."""
    verify: tuple[str, ...]
    reasons: tuple[Reason, ...]


@record
class Group:
    """What one Step ruled out: the nearest first."""

    step: Step
    number: int
    named: tuple[Missed, ...]
    more: int
    """Models that are not named."""


@record
class Missed:
    """Models that one reason ruled out, and what would lift it."""

    models: tuple[str, ...]
    more: int
    because: str
    needed: str


@record
class Unknown:
    """A model of which too little is known, and what."""

    model: str
    missing: str


@record
class Document:
    """Everything the templates show."""

    title: str
    answer: str
    question: tuple[Answer, ...]
    command: str
    fine_tune: str
    advice: tuple[str, ...]
    advice_sources: tuple[int, ...]
    instead: tuple[str, ...]
    rows: tuple[Section, ...]
    groups: tuple[Group, ...]
    undecided: tuple[Unknown, ...]
    more_undecided: int
    firmness: tuple[str, ...]
    steps: tuple[str, ...]
    notes: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    sources: tuple[Cited, ...]
    lesson: Lesson | None = None
    """How to go about it; None where nobody asked."""
    run: Run | None = None
    """How to train the model that leads."""
    unplanned: str = ""
    """Why there is no such plan."""

    @property
    def leaders(self) -> tuple[Section, ...]:
        """The rows with a section of their own."""
        return self.rows[:LEADERS]


def document(answer: Ranking, version: str = "", today: date | None = None, guide: Guide | None = None) -> Document:
    """What the report says, in the order in which it says it."""
    cited = list(dict.fromkeys([*_cited(answer), *(training.sources(guide) if guide else ())]))
    numbers = {source: number for number, source in enumerate(cited, 1)}
    rows = tuple(section(verdict, numbers) for verdict in outline.top(answer))
    return Document(
        title=f"Which base model to fine-tune for {safe(answer.profile.task)}",
        answer=_answer(answer),
        question=question.answers(answer.profile),
        command=question.command(answer.profile),
        fine_tune=answer.advice.fine_tune.capitalize(),
        advice=answer.advice.because,
        advice_sources=_numbers(answer.advice.sources, numbers),
        instead=answer.advice.instead,
        rows=rows,
        groups=_groups(answer),
        undecided=tuple(_unknown(verdict) for verdict in answer.undecided[:NAMED]),
        more_undecided=max(0, len(answer.undecided) - NAMED),
        firmness=(*outline.firmness(answer), *_precarious(answer)),
        steps=tuple(_next_steps(answer)),
        notes=answer.notes,
        versions=_versions(answer, version, today),
        sources=tuple(Cited(number=n, label=outline.label(s), page=link(s)) for s, n in numbers.items()),
        lesson=training.lesson(guide.advise, numbers) if guide else None,
        run=training.run(guide.plan, numbers) if guide and guide.plan else None,
        unplanned=guide.unplanned if guide else "",
    )


def _cited(answer: Ranking) -> list[str]:
    """Every Source the report rests on, each once: the advice's, then the leaders'."""
    leaders = outline.top(answer)[:LEADERS]
    return list(dict.fromkeys([*answer.advice.sources, *(s for one in leaders for s in outline.sources(one))]))


def _numbers(sources: tuple[str, ...], numbers: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(numbers[source] for source in dict.fromkeys(sources) if source in numbers)


def section(verdict: Verdict, numbers: Mapping[str, int]) -> Section:
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
        because=verdict.because[:WHY],
        license_source=numbers.get(verdict.license.source),
        verify=outline.verify(verdict),
        reasons=tuple(_reason(rating, numbers) for rating in verdict.ratings),
    )


def _amounts(verdict: Verdict) -> tuple[tuple[str, str, str, str], ...]:
    found = []
    for what, span, words in (("Time", verdict.time_hours, hours), ("Cost", verdict.cost_usd, dollars)):
        if span:
            found.append((what, words(span.low), words(span.expected), words(span.high)))
    return tuple(found)


def _reason(rating: Rating, numbers: Mapping[str, int]) -> Reason:
    return Reason(rating=rating, value=outline.worth(rating), sources=_numbers(rating.sources, numbers))


def _unknown(verdict: Verdict) -> Unknown:
    return Unknown(model=verdict.model.id, missing=outline.unknown(verdict, REASONS))


def _precarious(answer: Ranking) -> list[str]:
    """Whose weight decides: the criteria that could move least before another model leads."""
    movable = [s for s in stability(rated(answer.recommended)) if s.below or s.above]
    movable.sort(key=lambda s: min([s.weight - s.low] * bool(s.below) + [s.high - s.weight] * bool(s.above)))
    return [one.text for one in movable[:PRECARIOUS]]


def drawing(memory: Memory) -> Drawing:
    """The parts of the peak laid end to end, and where the card ends."""
    peak, card = memory.breakdown.peak, memory.available_bytes
    scale = 100 / max(peak, card or 0, 1)
    parts, start = [], 0
    for name, size in (part for part in outline.parts(memory) if part[1]):
        share = percent(size / (card or peak))
        at = (start * scale, size * scale)
        parts.append(Part(name=name, size=gib(size), of_card=share, start=at[0], length=at[1], cells=_cells(*at)))
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


def _cells(start: float, length: float) -> str:
    """A part of the bar in CELLS characters: nothing is too small to be seen."""
    first = min(round(start * CELLS / 100), CELLS - 1)
    last = min(max(round((start + length) * CELLS / 100), first + 1), CELLS)
    return "·" * first + "█" * (last - first) + "·" * (CELLS - last)


def _answer(answer: Ranking) -> str:
    """The whole answer in one paragraph."""
    if not answer.recommended:
        near = outline.nearest(answer)
        missed = f" The nearest is {outline.name(near[0].verdict)}: {stop(near[0].check.because)}" if near else ""
        return f"Nothing in the catalog qualifies.{missed}"
    first = answer.recommended[0]
    tied = [safe(other.id) for other in placed(answer.recommended)[1:] if other.rank == first.rank]
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
            named = _missed(outs)[:NAMED]
            more = len(outs) - sum(len(one.models) + one.more for one in named)
            found.append(Group(step=step, number=len(outs), named=tuple(named), more=more))
    return tuple(found)


def _missed(outs: list[RuledOut]) -> list[Missed]:
    """One line a reason: models that share it stand together; where nothing was near, what ruled out most is first."""
    shared: dict[tuple[str, str], list[str]] = {}
    for out in outs:
        shared.setdefault((out.check.because, outline.needed(out)), []).append(out.standing.id)
    lines = [
        Missed(models=tuple(ids[:TOGETHER]), more=max(0, len(ids) - TOGETHER), because=because, needed=needed)
        for (because, needed), ids in shared.items()
    ]
    by_degree = any(out.standing.shortfall is not None for out in outs)
    return lines if by_degree else sorted(lines, key=lambda one: -len(one.models) - one.more)


def _next_steps(answer: Ranking) -> list[str]:
    """What to do with the answer, in order."""
    if not answer.recommended:
        return [f"{safe(out.standing.id)} would need {out.check.remedy}" for out in outline.nearest(answer)]
    first, *others = answer.recommended[:2]
    steps = [f"Before training: {text}" for text in answer.advice.instead]
    unknown = [check.because for check in first.checks if check.outcome == "unknown"]
    steps += [f"Find out about {outline.name(first)}: {fact}" for fact in unknown]
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
