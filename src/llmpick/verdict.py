"""The answer, as plain values: Checks, Ratings, Verdicts, the Ranking. Renderers lay them out and rebuild nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from llmpick.record import NamedTuple, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from llmpick.profile import Profile
    from llmpick.schema import ApiModel, Model

T = TypeVar("T")
Step = Literal["task", "resources", "domain", "license", "community"]
STEPS: tuple[Step, ...] = ("task", "resources", "domain", "license", "community")
Outcome = Literal["ok", "no", "unknown"]
Method = Literal["full", "lora", "qlora", "api", "inference"]
Permission = Literal["allowed", "conditional", "forbidden", "unknown"]
"""What licenses say about a use."""


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
    """What a Model takes by one method on the fullest GPU, and the hours and dollars of a run."""

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
class Tuning:
    """The answer of `llmpick estimate` for a vendor's model: no memory is ours, no hours are promised."""

    api: ApiModel
    params: int | None
    """Of the open weights it tunes; None = not published."""
    passes: int
    tokens: Span | None
    """Billed; None without `examples`."""
    cost_usd: Span | None
    assumptions: tuple[str, ...]
    watch: tuple[str, ...]
    """Dates, prices and terms, the most pressing first."""


class Finding(NamedTuple):
    """A Constraint judged, its sentence not yet written: what the ranking goes by, field by field as in a Check."""

    name: str
    outcome: Outcome
    shortfall: float | None = None
    remedy: str = ""

    def said(self, because: str, sources: tuple[str, ...] = ()) -> Check:
        """The Check that says why."""
        name, outcome, shortfall, remedy = self
        return Check(name=name, outcome=outcome, because=because, sources=sources, shortfall=shortfall, remedy=remedy)


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

    @property
    def adds(self) -> tuple[float, float]:
        """What its Ratings add to the score and to `score_high`: the sums of weight times low and times high end."""
        low = high = 0.0
        for one in self.ratings:
            low += one.weight * one.low
            high += one.weight * one.high
        return low, high


@record
class LicenseVerdict:
    """What the license says about this use."""

    id: str
    verdict: Permission
    duties: tuple[str, ...] = ()
    """Duty ids, e.g. `include_licence_copy`; `licensing.wording.duty_text` puts them in words."""
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


class Standing(NamedTuple):
    """Where a Candidate stands, in numbers: all that the order of an answer depends on."""

    id: str
    score: float
    """Of a Candidate that is ruled out, by the Steps up to the one that says no; of a vendor's model by all."""
    score_high: float
    undecided: bool = False
    step: Step | None = None
    """The first Step that says no."""
    shortfall: float | None = None
    """How far its Check is from passing; None = no matter of degree."""
    helped: bool = False
    """Something could turn that Check."""


KEPT = 4_000
"""Items of a list that are kept once they are written: up to 40 MB of Verdicts."""


class Written(Sequence[T]):
    """What was found, in words only for those who read it: each item is written when it is first asked for.

    Whoever goes through more than can be kept gets each anew.
    """

    def __init__(self, found: Sequence[Any], write: Callable[[Any], T]) -> None:
        self.found = found
        self._write = write
        self._written: dict[int, T] = {}

    def __len__(self) -> int:
        return len(self.found)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(len(self.found))[index])
        place = index if index >= 0 else range(len(self.found))[index]
        if place not in self._written:
            self._written[place] = self._write(self.found[place])
        return self._written[place]

    def __iter__(self) -> Iterator[T]:
        if len(self.found) <= KEPT:
            return map(self.__getitem__, range(len(self.found)))
        return map(self._write, self.found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


class Placed(NamedTuple):
    """Where one row of a ranking stands."""

    id: str
    siblings: tuple[str, ...]
    """Checkpoints for which it stands too."""
    rank: int
    tied: bool
    score_high: float

    def stands_for(self, id_: str) -> bool:
        """Whether it is the row of that model, or of a checkpoint of its lineage."""
        return id_ == self.id or id_ in self.siblings


class Worth(NamedTuple):
    """A Rating in numbers."""

    criterion: str
    low: float
    weight: float


class Rated(NamedTuple):
    """What one row of a ranking is worth by each criterion."""

    id: str
    ratings: tuple[Worth, ...]


class Ranked(Written["Verdict"]):
    """The rows of a ranking, and the same in numbers: of hundreds that matter few are put in words."""

    def __init__(
        self,
        found: Sequence[Any],
        write: Callable[[Any], Verdict],
        place: Callable[[Any], Placed],
        rate: Callable[[Sequence[Any]], Sequence[Rated]],
    ) -> None:
        super().__init__(found, write)
        self._place = place
        self._rate = rate

    @cached_property
    def placed(self) -> list[Placed]:
        """Where each stands."""
        return [self._place(one) for one in self.found]

    @cached_property
    def rated(self) -> Sequence[Rated]:
        """What each is worth."""
        return self._rate(self.found)


def placed(ranked: Sequence[Verdict]) -> Sequence[Placed]:
    """Where each of `ranked` stands."""
    if isinstance(ranked, Ranked):
        return ranked.placed
    return [Placed(one.model.id, one.siblings, one.rank, one.tied, one.score_high) for one in ranked]


def rated(ranked: Sequence[Verdict]) -> Sequence[Rated]:
    """What each of `ranked` is worth by each criterion."""
    return ranked.rated if isinstance(ranked, Ranked) else [rated_of(one) for one in ranked]


def rated_of(one: Verdict) -> Rated:
    """What a Candidate is worth by each criterion."""
    return Rated(one.model.id, tuple(Worth(rating.criterion, rating.low, rating.weight) for rating in one.ratings))


class RuledOut:
    """A model that fails a Constraint, at the first Step that says no; its Check and its Verdict are written when they
    are read, and only the Check is kept: there are thousands.
    """

    def __init__(self, standing: Standing, write: Callable[[], tuple[Verdict, Check]]) -> None:
        self.standing = standing
        self.both = write
        """Puts both in words."""

    @property
    def step(self) -> Step:
        """The first Step that says no."""
        assert self.standing.step is not None
        return self.standing.step

    @property
    def verdict(self) -> Verdict:
        """All that was judged up to that Step."""
        return self.both()[0]

    @cached_property
    def check(self) -> Check:
        """What says no."""
        return self.both()[1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuledOut) and (self.standing, self.both()) == (other.standing, other.both())

    def __hash__(self) -> int:
        return hash(self.standing)


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
    recommended: Sequence[Verdict]
    """All that qualify, best first; renderers show the first `profile.top`."""
    ruled_out: Sequence[RuledOut]
    undecided: Sequence[Verdict]
    catalog_date: str
    catalog_models: int
    policy_version: str
    first_share: float | None = None
    """Share of all weightings under which the first stays first; None = not worked out."""
    notes: tuple[str, ...] = ()
    """What was assumed and what a reader should know before acting."""
