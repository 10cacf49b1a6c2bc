"""The estimate itself: strength as a sum of terms, its range, and its place on the scale from 0 to 1."""

from __future__ import annotations

import math
from operator import mul
from typing import TYPE_CHECKING, Any

from llmpick.quality.question import (
    SCRIPTS,
    Question,
    few_contexts,
    guessed,
    language_name,
    matches,
    question,
    unlisted,
)
from llmpick.quality.reasons import because, closeness, nearest, told
from llmpick.quality.traits import BOUNDS, Amounts, Traits, amounts_of, counts_tokens, traits, year_trait
from llmpick.record import NamedTuple, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmpick.quality.table import QualityTable, Standing
    from llmpick.schema import Domain, Model, Task

MIDDLE = 0.5
"""The value of strength 0: the middle of the models of a typical comparison."""
RANGE_Z = 1.2816
"""Half width of the printed range in standard deviations: 80 % of a normal distribution."""


@record
class Quality:
    """How good a model is expected to be after fine-tuning, in [0, 1], and why."""

    expected: float
    low: float
    high: float
    because: str
    evidence: tuple[str, ...] = ()
    """Where the results behind it can be read."""
    missing: tuple[str, ...] = ()
    """Facts that would narrow the range."""


def value_of(strength: float) -> float:
    """Strength -> [0, 1]: the logistic curve. Strength 0 is the middle of the published results."""
    return 1 / (1 + math.exp(-strength))


def estimate(
    model: Model,
    task: Task | str,
    *,
    domain: str,
    languages: tuple[str, ...],
    examples: int | None,
    table: QualityTable,
    domains: Iterable[Domain] | Mapping[str, Domain] = (),
) -> Quality:
    """How good `model` is expected to be after fine-tuning for this task. For many models, ask one `question`."""
    asked = question(task, domain=domain, languages=languages, examples=examples, table=table, domains=domains)
    return judge(traits(model), asked)


def judge(facts: Traits, asked: Question) -> Quality:
    """The answer for one model: where its strength lies, the reason, and what would narrow the range."""
    known, table = own(facts, amounts_of(facts), asked), asked.table
    low, expected, high, missing = strength(facts, asked, known)
    least, most = value_of(low - known.margin), value_of(high + known.margin)
    standing = nearest(table.standings.get(facts.id, ()), asked)
    return Quality(
        expected=value_of(expected),
        low=least,
        high=most,
        because=because(facts, standing, asked, below=(least + most) / 2 <= MIDDLE),
        evidence=(table.suites[standing.suite].url,) if standing else (),
        missing=missing,
    )


def span(facts: Traits, asked: Question, known: Own) -> tuple[float, float]:
    """Low and high end of the answer, all that a ranking reads of it."""
    low, _, high, _ = strength(facts, asked, known)
    return value_of(low - known.margin), value_of(high + known.margin)


@record
class Published:
    """One published comparison a model took part in."""

    suite: str
    """Its title."""
    tasks: int
    place: int
    """1 = best mean standing over the tasks."""
    of: int
    because: str
    """`second of 8 on 13 legal tasks (LexGLUE); beats org/name on 10 of 13`."""
    source: str
    near: bool
    """Of the same kind of task."""

    @property
    def beats(self) -> float:
        """Share of the other models it stands above, in [0, 1]."""
        return (self.of - self.place) / (self.of - 1) if self.of > 1 else 1.0


def published(facts: Traits, asked: Question) -> tuple[Published, ...]:
    """Every published comparison the model took part in, the nearest to the question first."""
    own = asked.table.standings.get(facts.id, ())
    own = tuple(sorted(own, key=lambda one: closeness(one, asked), reverse=True))
    return tuple(_published(one, asked) for one in own)


def _published(one: Standing, asked: Question) -> Published:
    cited = asked.table.suites[one.suite]
    return Published(
        suite=cited.title,
        tasks=one.tasks,
        place=one.place,
        of=one.of,
        because=told(one, asked.table),
        source=cited.url,
        near=asked.kind in one.kinds,
    )


class Own(NamedTuple):
    """What a model's own traits and results add to its strength, whatever it is asked to read."""

    plenty: float
    """Were there plenty of examples."""
    few: float
    """What few examples would add."""
    margin: float
    """What the fit leaves unexplained, on either side of its strength."""
    alike: tuple[Any, ...]
    """As Amounts has it."""


def own(facts: Traits, known: Amounts, asked: Question) -> Own:
    """The same for every question about this kind of task."""
    table = asked.table
    plenty, few = _coefficients(known.names, asked)
    start = asked.plenty["offset"] + table.families.get(facts.family, 0.0)
    many, changed = sum(map(mul, plenty, known.values), start), sum(map(mul, few, known.values))
    effects = table.effects.get(facts.id)
    if effects:
        rare = few_contexts(asked.kind)
        many += sum([effects.get(name, 0.0) * share for name, share in asked.contexts.items() if name not in rare])
        changed += sum([effects.get(name, 0.0) for name in rare])
    margin = RANGE_Z * (table.spread.known if facts.id in table.standings else table.spread.unknown)
    return Own(many, changed, margin, known.alike)


def settled(asked: Question) -> tuple[tuple[str, float], ...]:
    """All that an Own depends on beside the model: the contexts that the table speaks of, whatever the examples."""
    table, few = asked.table, few_contexts(asked.kind)
    spoken = {name.partition("@")[2] for name in table.terms}.union(*table.effects.values()) - few
    return tuple((name, share) for name, share in asked.contexts.items() if name in spoken or name == "any")


def _coefficients(names: tuple[str, ...], asked: Question) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Of each trait its coefficient with plenty of examples, and what few would add: the same for many models."""
    if names not in asked.memo:
        asked.memo[names] = tuple(tuple(one.get(name, 0.0) for name in names) for one in (asked.plenty, asked.few))
    known: tuple[tuple[float, ...], tuple[float, ...]] = asked.memo[names]
    return known


def strength(facts: Traits, asked: Question, known: Own | None = None) -> tuple[float, float, float, tuple[str, ...]]:
    """Lowest, expected and highest strength over what the unknown facts may be, and the names of those facts."""
    plenty, few, _, alike = known or own(facts, amounts_of(facts), asked)
    if alike not in asked.memo:
        asked.memo[alike] = meeting(facts, asked)
    met: Meeting = asked.memo[alike]
    low = expected = high = plenty + asked.share * few + met.adds
    if not asked.counted:
        many = plenty + met.adds
        low, high = (many, many + few) if few > 0 else (many + few, many)
    if not met.missing:
        return low, expected, high, ()
    least, usual, most = met.open
    return low + least, expected + usual, high + most, met.missing


Ends = tuple[float, float, float]
"""The least, usual and most that unknown facts may add to strength."""


class Meeting(NamedTuple):
    """What the question makes of a model's languages, specialties and training, and of what is not on record of it.

    The same for all models that share them.
    """

    adds: float
    """Strength."""
    open: Ends
    missing: tuple[str, ...]
    """The names of the facts that nobody recorded."""


def meeting(facts: Traits, asked: Question) -> Meeting:
    """How the model's languages and specialties meet the question."""
    adds, met = 0.0, matches(facts, asked)
    for name in met:
        adds += asked.weights.get(name, 0.0) * met[name]
    least = usual = most = 0.0
    spans = _unknown(facts, asked)
    for low, expected, high in spans.values():
        least, usual, most = least + low, usual + expected, most + high
    return Meeting(adds, (least, usual, most), tuple(spans))


def _unknown(facts: Traits, asked: Question) -> dict[str, Ends]:
    """Unknown fact -> what it may add to strength."""
    found: dict[str, Ends] = {}
    if facts.year is None:
        found["release date"] = _span(year_trait(facts), BOUNDS["year"], asked)
    if counts_tokens(facts) and (facts.year is None or not facts.tokens):
        found["training tokens"] = _span("tokens", BOUNDS["tokens"], asked)
    doubtful = tuple(wanted for wanted in asked.languages if unlisted(facts, wanted))
    if doubtful:
        found["languages"] = _language_span(facts, doubtful, asked)
    return found


def _span(name: str, bounds: tuple[float, float], asked: Question) -> Ends:
    weight = asked.weights.get(name, 0.0)
    one, other = weight * bounds[0], weight * bounds[1]
    return min(one, other), weight * asked.table.usual.get(name, 0.0), max(one, other)


def _language_span(facts: Traits, doubtful: tuple[str, ...], asked: Question) -> Ends:
    """It may be made for the languages asked for, or lack them all; usually it is as other models are."""
    weight = asked.weights.get
    low = expected = high = 0.0
    for wanted in doubtful:
        absent, among = (weight(language_name(facts.structure, how, wanted), 0.0) for how in ("absent", "among"))
        script = weight("language:script", 0.0) if wanted in SCRIPTS else 0.0
        doubted = not facts.languages and not facts.shared and facts.structure != "decoder"
        many = weight("multilingual", 0.0) if doubted else 0.0
        low += min(absent + min(script, 0.0) + min(many, 0.0), among + many, 0.0)
        high += max(absent, absent + script, among + many, 0.0)
        expected += sum(weight(name, 0.0) * share for name, share in guessed(facts, wanted, asked.table.usual).items())
    share = 1 / len(asked.languages)
    return low * share, expected * share, high * share
