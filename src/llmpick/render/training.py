"""What a report says on training: the technique, the data, the metrics, and the plan of the model that leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import record
from llmpick.render import outline
from llmpick.render.rows import value
from llmpick.render.text import dollars_range, hours_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmpick.guidance.answers import AdviseAnswer, Guide, Metric, Plan, Setting


@record
class Line:
    """One row of a table: a metric or a setting, and the number of its source."""

    name: str
    value: str
    because: str
    source: int | None


@record
class Lesson:
    """How to go about it, whatever the model."""

    technique: str
    because: str
    sources: tuple[int, ...]
    others: tuple[str, ...]
    data: tuple[str, ...]
    data_sources: tuple[int, ...]
    metrics: tuple[Line, ...]
    baseline: str


@record
class Run:
    """How to train the model that leads."""

    model: str
    takes: str
    """Memory, hours and dollars of one run by these settings."""
    settings: tuple[Line, ...]
    watch: tuple[str, ...]


def sources(guide: Guide) -> tuple[str, ...]:
    """Everything the training part rests on."""
    said, plan = guide.advise, guide.plan
    found = [*said.technique.sources, *said.data.sources, *(metric.source for metric in said.metrics)]
    return tuple(dict.fromkeys([*found, *(plan.sources if plan else ())]))


def lesson(said: AdviseAnswer, numbers: Mapping[str, int]) -> Lesson:
    """The advice with its sources as numbers."""
    return Lesson(
        technique=said.technique.name,
        because=said.technique.because,
        sources=tuple(numbers[source] for source in said.technique.sources),
        others=tuple(f"{other.name}: {other.because}" for other in said.others),
        data=(_amount(said), said.data.because, f"How to split them: {said.data.splits}", *said.data.quality),
        data_sources=tuple(numbers[source] for source in said.data.sources),
        metrics=tuple(_metric(metric, numbers) for metric in said.metrics),
        baseline=said.baseline,
    )


def run(plan: Plan, numbers: Mapping[str, int]) -> Run:
    """The plan with its sources as numbers."""
    amounts = [outline.fit(plan.memory)] if plan.memory else []
    amounts += [hours_range(plan.time_hours)] if plan.time_hours else []
    amounts += [dollars_range(plan.cost_usd)] if plan.cost_usd else []
    return Run(
        model=plan.model,
        takes=", ".join(amounts),
        settings=tuple(_setting(setting, numbers) for setting in plan.settings),
        watch=plan.watch,
    )


def _amount(said: AdviseAnswer) -> str:
    have = "how many you have was not said" if said.data.have is None else f"you have {said.data.have:,}"
    return f"at least {said.data.minimum:,} examples, good from {said.data.good:,}; {have}"


def _metric(metric: Metric, numbers: Mapping[str, int]) -> Line:
    return Line(name=metric.name, value="", because=metric.because, source=numbers[metric.source])


def _setting(setting: Setting, numbers: Mapping[str, int]) -> Line:
    return Line(name=setting.name, value=value(setting.value), because=setting.because, source=numbers[setting.source])
