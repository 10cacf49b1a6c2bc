"""What the guidance answers: plain values, each reason beside where it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from llmpick.record import record

if TYPE_CHECKING:
    from llmpick.verdict import Memory, Span


@record
class Technique:
    """How to train, and why that way."""

    name: str
    because: str
    sources: tuple[str, ...]


@record
class Metric:
    """One number to judge the trained model by."""

    name: str
    because: str
    source: str


@record
class Data:
    """How much data this task needs, how to split it, what a good set looks like."""

    have: int | None
    """Examples the user has; None = not told."""
    minimum: int
    """Fewer than these and tuning is not worth starting."""
    good: int
    """From here on the published recipes for this kind of task apply."""
    because: str
    splits: str
    quality: tuple[str, ...]
    sources: tuple[str, ...]


@record
class AdviseAnswer:
    """The object of `llmpick advise --format json`."""

    fine_tune: Literal["yes", "maybe", "no"]
    because: tuple[str, ...]
    instead: tuple[str, ...]
    technique: Technique
    others: tuple[Technique, ...]
    """Techniques that would fit another situation, each with its condition."""
    data: Data
    metrics: tuple[Metric, ...]
    baseline: str
    sources: tuple[str, ...]


@record
class Setting:
    """One hyperparameter. `value` is what the trainer's option takes."""

    name: str
    value: str | int | float | bool | tuple[str, ...] | tuple[int, ...]
    because: str
    source: str


@record
class Plan:
    """The object of `llmpick plan MODEL --format json`."""

    model: str
    task: str
    kind: str
    """classifier, tagger, reader, embedder, setfit, seq2seq or writer: what is trained; vendor: a vendor trains it."""
    after: str
    """The preference stage after it: dpo, kto or none."""
    cards: int
    """GPUs that train together; 0 where a vendor trains."""
    method: str
    settings: tuple[Setting, ...]
    memory: Memory | None
    time_hours: Span | None
    cost_usd: Span | None
    watch: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """What the settings rest on, each once."""
        return tuple(dict.fromkeys(setting.source for setting in self.settings))

    @property
    def values(self) -> dict[str, Any]:
        """The settings by name."""
        return {setting.name: setting.value for setting in self.settings}


@record
class Guide:
    """What a report says beyond the choice: how to go about it, and how to train the model that leads."""

    advise: AdviseAnswer
    plan: Plan | None = None
    unplanned: str = ""
    """Why there is no plan."""
