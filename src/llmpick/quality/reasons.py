"""Why an estimate is what it is, in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llmpick.quality.question import Question
    from llmpick.quality.table import QualityTable, Standing
    from llmpick.quality.traits import Traits

KIND_WORDS = {
    "labels": "classification",
    "tags": "tagging",
    "spans": "extractive QA",
    "vectors": "similarity",
    "text": "writing",
    "answers": "multiple-choice",
}
ORDINALS = {1: "best", 2: "second", 3: "third"}
ROUNDS_UP = 0.9995
"""Share of a unit that three digits show as a whole one."""
LISTED = 3
"""Domains of one comparison beyond which they are not named."""


def nearest(standings: tuple[Standing, ...], asked: Question) -> Standing | None:
    """The standing that speaks most to the question: same domain, language, kind; then the most models and tasks."""
    return max(standings, key=lambda one: closeness(one, asked), default=None)


def closeness(one: Standing, asked: Question) -> tuple[int, int, int, str]:
    """How near a comparison is to the question; larger is nearer."""
    shared = 2 * (asked.domain in one.domains) + 2 * (asked.kind in one.kinds)
    shared += 2 * any(language in one.languages for language in asked.languages)
    return shared, one.of, one.tasks, one.suite


def because(facts: Traits, standing: Standing | None, asked: Question, below: bool = False) -> str:
    """Its best published standing, or the facts the estimate rests on.

    `below`: little is expected of it. A standing alone would praise it: it may have led a comparison of small models.
    """
    if standing is None:
        return f"no direct evidence; expected from {in_words(facts)}"
    all_in_all = "all in all in the lower half of what is compared; " if below else ""
    return all_in_all + told(standing, asked.table)


def told(standing: Standing, table: QualityTable) -> str:
    """`best of 8 on 13 legal classification tasks (LexGLUE); beats google-bert/bert-base-uncased on 12 of 13`."""
    title = table.suites[standing.suite].title
    over = f"; beats {standing.over} on {standing.wins} of {standing.met}" if standing.over else ""
    return f"{place(standing.place)} of {standing.of} on {_tasks(standing)} ({title}){over}"


def place(number: int) -> str:
    """`best`, `second`, `21st`."""
    if number in ORDINALS:
        return ORDINALS[number]
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _tasks(standing: Standing) -> str:
    """`13 legal classification tasks`: how many, and of which domain and kind where they are all of one."""
    words = [str(standing.tasks)]
    if len(standing.domains) == 1 and standing.domains != ("general",):
        words.append(standing.domains[0])
    if len(standing.kinds) == 1 and standing.kinds != ("reasoning",):
        words.append(KIND_WORDS[standing.kinds[0]])
    words.append("task" if standing.tasks == 1 else "tasks")
    if len(standing.languages) == 1 and standing.languages != ("en",):
        words.append(f"in {standing.languages[0]}")
    return " ".join(words)


def in_words(facts: Traits) -> str:
    """The facts the estimate rests on: '8.19 B parameters, qwen3 family of 2025, 36 T training tokens'."""
    of = f" of {int(facts.year)}" if facts.year else ""
    words = [_parameters(facts), f"{facts.family} family{of}"]
    if facts.tokens:
        words.append(f"{quantity(facts.tokens)} training tokens")
    if facts.specialties:
        words.append(f"made for {' and '.join(facts.specialties[:LISTED])} text")
    return ", ".join(words)


def _parameters(facts: Traits) -> str:
    """`8.19 B parameters`; of a mixture of experts all of them, though the estimate reads the geometric mean."""
    if facts.active is None:
        return f"{quantity(facts.size)} parameters"
    return f"{quantity(facts.size**2 / facts.active)} parameters with {quantity(facts.active)} active"


def quantity(number: float) -> str:
    """Three digits and a unit: 8.19 B."""
    for size, unit in ((1e12, " T"), (1e9, " B"), (1e6, " M")):
        if number >= ROUNDS_UP * size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.0f}"
