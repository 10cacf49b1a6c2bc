"""The Policy: weights, value points, unknown ranges and margins, as versioned data with a sentence for each number."""

from __future__ import annotations

from bisect import bisect_left
from math import log10
from typing import TYPE_CHECKING, Annotated, Literal

from llmpick.record import Bound, record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Unit = Annotated[float, Bound(ge=0, le=1)]


@record
class CriterionWeight:
    """One leaf of the tree: a criterion's share of its step."""

    criterion: str
    share: Unit
    because: str


@record
class StepWeights:
    """One step's share of the whole and how its criteria divide it."""

    step: Literal["task", "resources", "domain", "license", "community"]
    share: Unit
    because: str
    criteria: Annotated[tuple[CriterionWeight, ...], Bound(min_length=1)]


@record
class Point:
    """An amount and what it is worth."""

    at: float
    worth: Unit


@record
class ValueFunction:
    """A fixed piecewise-linear worth of an amount: never relative to the other candidates."""

    name: str
    unit: str
    scale: Literal["linear", "log"] = "linear"
    points: Annotated[tuple[Point, ...], Bound(min_length=2)]
    because: str

    def __call__(self, amount: float) -> float:
        """The worth of `amount` in [0, 1], clamped at both ends; `log` interpolates between logarithms."""
        return self.curve()(amount)

    def curve(self) -> Callable[[float], float]:
        """The same for many amounts."""
        return curve([(point.at, point.worth) for point in self.points], self.scale == "log")


@record
class UnknownRange:
    """What a criterion may be worth when its fact is not known."""

    criterion: str
    low: Unit
    high: Unit
    because: str


@record
class Constant:
    """A named number the engine uses."""

    name: str
    value: float
    because: str


@record
class Policy:
    """`policy.yaml`."""

    version: str
    tree: Annotated[tuple[StepWeights, ...], Bound(min_length=1)]
    kinds: tuple[KindWeights, ...] = ()
    values: tuple[ValueFunction, ...]
    unknown: tuple[UnknownRange, ...]
    constants: tuple[Constant, ...]

    def value(self, name: str) -> ValueFunction:
        """The value function of that name; KeyError if the policy has none."""
        return _named(self.values, name)

    def constant(self, name: str) -> float:
        """The number of that name; KeyError if the policy has none."""
        for constant in self.constants:
            if constant.name == name:
                return constant.value
        raise KeyError(name)

    def unknown_range(self, criterion: str) -> UnknownRange:
        """The range of a criterion whose fact is not known; KeyError if the policy has none."""
        for entry in self.unknown:
            if entry.criterion == criterion:
                return entry
        raise KeyError(criterion)


@record
class KindWeights:
    """A task kind's own division among the steps, where it differs from the tree's."""

    kind: Literal["understanding", "embedding", "sequence-to-sequence", "generation"]
    shares: dict[str, Unit]
    because: str


def _named(functions: Sequence[ValueFunction], name: str) -> ValueFunction:
    for function in functions:
        if function.name == name:
            return function
    raise KeyError(name)


def curve(points: Sequence[tuple[float, float]], logarithmic: bool = False) -> Callable[[float], float]:
    """Piecewise-linear through `points` (rising x), clamped at both ends."""
    least, most = points[0], points[-1]
    ends = [right for right, _ in points]
    places = [log10(at) if logarithmic else at for at, _ in points]

    def worth(amount: float) -> float:
        if amount <= least[0]:
            return least[1]
        if amount > most[0]:
            return most[1]
        after = bisect_left(ends, amount)
        a, b, x = places[after - 1], places[after], log10(amount) if logarithmic else amount
        low, high = points[after - 1][1], points[after][1]
        return low + (high - low) * (x - a) / (b - a)

    return worth


def criteria(policy: Policy) -> tuple[str, ...]:
    """Every criterion's name, in the order of the tree."""
    return tuple(leaf.criterion for step in policy.tree for leaf in step.criteria)


def weights(
    policy: Policy, kind: str, priority: Sequence[str] = (), ratios: Sequence[tuple[str, float]] = ()
) -> dict[str, float]:
    """The weight of each criterion, summing to 1: the product of the shares down its path.

    `priority` replaces them by rank-order-centroid weights (Barron & Barrett 1996: w_k = 1/n * sum of 1/i for i from
    k to n); all criteria it does not name share the last rank as the policy divides it. `ratios` multiply afterwards.
    """
    own = next((entry.shares for entry in policy.kinds if entry.kind == kind), {})
    result = {
        leaf.criterion: own.get(step.step, step.share) * leaf.share for step in policy.tree for leaf in step.criteria
    }
    if priority:
        result = _prioritized(result, priority)
    for criterion, ratio in ratios:
        result[criterion] *= ratio
    total = sum(result.values())
    return {criterion: weight / total for criterion, weight in result.items()} if total else result


def _prioritized(base: Mapping[str, float], priority: Sequence[str]) -> dict[str, float]:
    """Rank-order-centroid weights: the named criteria in their order, then the rest as one last rank."""
    rest = [name for name in base if name not in priority]
    ranks = len(priority) + (1 if rest else 0)
    centroid = [sum(1 / i for i in range(k, ranks + 1)) / ranks for k in range(1, ranks + 1)]
    result = dict(zip(priority, centroid, strict=False))
    share = sum(base[name] for name in rest) or 1.0
    return result | {name: centroid[-1] * base[name] / share for name in rest}
