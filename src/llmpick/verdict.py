"""The answer, as plain values: Checks, Ratings, Verdicts, the Ranking. Renderers lay them out and rebuild nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from llmpick.record import record

if TYPE_CHECKING:
    from llmpick.profile import Profile
    from llmpick.schema import ApiModel, Model

Step = Literal["task", "resources", "domain", "license", "community"]
STEPS: tuple[Step, ...] = ("task", "resources", "domain", "license", "community")
Outcome = Literal["ok", "no", "unknown"]
Method = Literal["full", "lora", "qlora", "api", "inference"]


@record
class Span:
    """A figure with its spread: hours, dollars."""

    low: float
    expected: float
    high: float


@record
class Breakdown:
    """Bytes on the fullest GPU at the worst moment, part by part."""

    weights: int
    adapters: int
    gradients: int
    optimizer: int
    activations: int
    logits: int
    overhead: int
    """What no tensor accounts for: CUDA context, allocator slack."""

    @property
    def peak(self) -> int:
        """Their sum."""
        return (
            self.weights
            + self.adapters
            + self.gradients
            + self.optimizer
            + self.activations
            + self.logits
            + self.overhead
        )


@record
class Memory:
    """The object of `llmpick estimate --format json`."""

    model: str
    method: Method
    params: int
    trainable_params: int
    breakdown: Breakdown
    available_bytes: int | None = None
    """Usable bytes of one GPU; None = no GPU was named."""
    time_hours: Span | None = None
    cost_usd: Span | None = None
    assumptions: tuple[str, ...] = ()

    @property
    def fits(self) -> bool | None:
        """Whether one GPU holds the peak; None without a GPU."""
        return None if self.available_bytes is None else self.breakdown.peak <= self.available_bytes

    @property
    def margin_bytes(self) -> int | None:
        """Available minus peak; negative when it does not fit."""
        return None if self.available_bytes is None else self.available_bytes - self.breakdown.peak


@record
class Check:
    """A Constraint judged: `ok`, `no` or `unknown`, with the sentence that says why."""

    name: str
    outcome: Outcome
    because: str
    sources: tuple[str, ...] = ()
    shortfall: float | None = None
    """How far a `no` is from passing, as a share of what was needed (0.1 = 10 % short); None = no matter of degree."""
    remedy: str = ""
    """What would turn a `no` into `ok`, as a clause: 'a 32 GB card'."""


@record
class Rating:
    """A Criterion judged: where the truth may lie in [0, 1], its weight, and the sentence."""

    criterion: str
    low: float
    high: float
    weight: float
    because: str
    sources: tuple[str, ...] = ()


@record
class StepVerdict:
    """All Checks and Ratings of one Step."""

    step: Step
    checks: tuple[Check, ...] = ()
    ratings: tuple[Rating, ...] = ()


@record
class LicenseVerdict:
    """What the license says about this use."""

    id: str
    verdict: Literal["allowed", "conditional", "forbidden", "unknown"]
    duties: tuple[str, ...] = ()
    """Duty ids, e.g. `include_licence_copy`; `license.duty_text` puts them in words."""
    because: str
    clause: str = ""
    """A short quotation of the deciding clause."""
    source: str = ""


@record
class Verdict:
    """All that was judged of one Candidate, and its score."""

    model: Model | ApiModel
    method: Method
    steps: tuple[StepVerdict, ...]
    score: float
    """Weighted sum of the Ratings' low ends: what the ranking goes by."""
    score_high: float
    memory: Memory | None = None
    time_hours: Span | None = None
    cost_usd: Span | None = None
    license: LicenseVerdict
    because: tuple[str, ...] = ()
    despite: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Facts that would narrow the score."""
    siblings: tuple[str, ...] = ()
    """Checkpoints of the same lineage that this row stands for."""
    rank: int = 0
    tied: bool = False

    @property
    def checks(self) -> tuple[Check, ...]:
        """The Checks of all Steps, in order."""
        return tuple(check for step in self.steps for check in step.checks)

    @property
    def ratings(self) -> tuple[Rating, ...]:
        """The Ratings of all Steps, in order."""
        return tuple(rating for step in self.steps for rating in step.ratings)


@record
class RuledOut:
    """A model that fails a Constraint, at the first Step that says no."""

    verdict: Verdict
    step: Step
    check: Check


@record
class Advice:
    """Whether to fine-tune at all."""

    fine_tune: Literal["yes", "maybe", "no"]
    because: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@record
class Ranking:
    """The whole answer to one Profile."""

    profile: Profile
    advice: Advice
    recommended: tuple[Verdict, ...]
    """All that qualify, best first; renderers show the first `profile.top`."""
    ruled_out: tuple[RuledOut, ...]
    undecided: tuple[Verdict, ...]
    catalog_date: str
    catalog_models: int
    policy_version: str
    first_share: float | None = None
    """Share of all weightings under which the first stays first; None = not worked out."""
    notes: tuple[str, ...] = ()
    """What was assumed and what a reader should know before acting."""
