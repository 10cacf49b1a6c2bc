"""How firm an answer is: what share of all weightings each model would win, and what a changed Profile changes."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from llmpick import engine
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmpick.catalog import Catalog
    from llmpick.profile import Profile
    from llmpick.verdict import Ranking, Rated

SAMPLES = 2000
"""Weightings that are drawn: a share of one half comes out within 2.2 points of it 19 times in 20."""
CONTENDERS = 40
"""Models that take part: one far behind under the policy's weights rarely wins under others."""
SEED = 20061
"""Any number: the same question gets the same draws."""
EXTREME = 0.005
"""A weight so near to 0 or 1 prints as one of them: nobody is said to lead beyond it."""


@record
class WhatIf:
    """What a changed Profile changes in the answer."""

    change: str
    """As the user wrote it: `gpu=48GB`."""
    leader: str | None
    """First of the new ranking; None = nothing qualifies."""
    leader_before: str | None
    enters: tuple[str, ...]
    """Models new among those shown, with their rank."""
    leaves: tuple[str, ...]
    qualify: int
    qualified: int
    """Models that qualified before."""

    @property
    def text(self) -> str:
        """One sentence."""
        if self.leader is None:
            return f"with {self.change} nothing would qualify"
        same = self.leader == self.leader_before
        first = f"{self.leader} would still lead" if same else f"{self.leader} would lead"
        said = [first, f"{self.qualify:,} models would qualify instead of {self.qualified:,}"]
        said += [f"new among the first: {', '.join(self.enters)}"] if self.enters else []
        return f"with {self.change} {'; '.join(said)}"


@record
class Stability:
    """How far one weight may move, the others keeping their proportions, before another model comes first."""

    criterion: str
    weight: float
    """As it is."""
    low: float
    high: float
    below: str | None
    """Who leads under `low`; None = nobody overtakes down to 0."""
    above: str | None

    @property
    def text(self) -> str:
        """`quality may weigh 0.21 to 1.00 (now 0.39); below, org/name leads`."""
        if not self.below and not self.above:
            return f"{self.criterion} may weigh anything (now {self.weight:.2f})"
        said = f"{self.criterion} may weigh {self.low:.2f} to {self.high:.2f} (now {self.weight:.2f})"
        said += f"; below, {self.below} leads" if self.below else ""
        return said + (f"; above, {self.above} leads" if self.above else "")


def stability(ranked: Sequence[Rated]) -> tuple[Stability, ...]:
    """For each criterion the weights at which the first of `ranked` stays first, by the Ratings' low ends."""
    if not ranked:
        return ()
    return tuple(_stability(ranked[0], ranked[1:], rating.criterion, rating.weight) for rating in ranked[0].ratings)


def _stability(leader: Rated, rivals: Sequence[Rated], criterion: str, weight: float) -> Stability:
    bounds = [(one, *swap_range(leader, one, criterion)) for one in rivals]
    low = max(bounds, key=lambda bound: bound[1], default=None)
    high = min(bounds, key=lambda bound: bound[2], default=None)
    return Stability(
        criterion=criterion,
        weight=weight,
        low=low[1] if low else 0.0,
        high=high[2] if high else 1.0,
        below=low[0].id if low and low[1] > EXTREME else None,
        above=high[0].id if high and high[2] < 1 - EXTREME else None,
    )


def first_within(one: Rated, rivals: Sequence[Rated], criterion: str) -> tuple[float, float]:
    """Between which weights of `criterion` it scores above all rivals; low > high where it never does."""
    ranges = [swap_range(one, rival, criterion) for rival in rivals]
    return max((low for low, _ in ranges), default=0.0), min((high for _, high in ranges), default=1.0)


def swap_range(a: Rated, b: Rated, criterion: str) -> tuple[float, float]:
    """The weights of `criterion` in [0, 1] at which a scores at least as b, the others scaled to fill the rest.

    With x the worth on the criterion and r the score on the rest, the lead of a is linear in the weight:
    (r_a - r_b) + w * ((x_a - r_a) - (x_b - r_b)), which is 0 at one weight. (2, -1) where a never leads.
    """
    x_a, r_a = split(a, criterion)
    x_b, r_b = split(b, criterion)
    lead, slope = r_a - r_b, (x_a - r_a) - (x_b - r_b)
    if slope == 0:
        return (0.0, 1.0) if lead >= 0 else (2.0, -1.0)
    swap = -lead / slope
    return (max(swap, 0.0), 1.0) if slope > 0 else (0.0, min(swap, 1.0))


def split(one: Rated, criterion: str) -> tuple[float, float]:
    """(worth on the criterion, weighted mean worth of the others)."""
    worth = next((rating.low for rating in one.ratings if rating.criterion == criterion), 0.0)
    rest = [rating for rating in one.ratings if rating.criterion != criterion]
    total = sum(rating.weight for rating in rest) or 1.0
    return worth, sum(rating.weight * rating.low for rating in rest) / total


def first_shares(ranked: Sequence[Rated], also: str | None = None) -> dict[str, float]:
    """Share of all weightings, drawn evenly and with a fixed seed, under which each of `ranked` comes first.

    Stochastic multicriteria acceptability analysis (Lahdelma, Hokkanen & Salminen 1998), on the Ratings' low ends.
    The first CONTENDERS take part, and the model named `also` wherever it stands.
    """
    contenders = [one for number, one in enumerate(ranked) if number < CONTENDERS or one.id == also]
    if not contenders:
        return {}
    criteria = [rating.criterion for rating in contenders[0].ratings]
    rows = [_worths(one, criteria) for one in contenders]
    draw = Random(SEED)
    wins = [0] * len(rows)
    for _ in range(SAMPLES):
        # Exponential draws, normalized, are uniform on the simplex; the common factor does not change the winner.
        weights = [draw.expovariate(1.0) for _ in criteria]
        scores = [sum(map(float.__mul__, weights, row)) for row in rows]
        wins[scores.index(max(scores))] += 1
    return {one.id: won / SAMPLES for one, won in zip(contenders, wins, strict=True)}


def _worths(one: Rated, criteria: Sequence[str]) -> list[float]:
    found = {rating.criterion: float(rating.low) for rating in one.ratings}
    return [found.get(criterion, 0.0) for criterion in criteria]


def what_if(change: str, before: Ranking, profile: Profile, catalog: Catalog) -> WhatIf:
    """Rank again for the changed `profile` and say what differs among the models shown."""
    after = engine.rank(catalog, profile)
    shown = {verdict.model.id for verdict in before.recommended[: before.profile.top]}
    now = {verdict.model.id: verdict.rank for verdict in after.recommended[: before.profile.top]}
    return WhatIf(
        change=change,
        leader=after.recommended[0].model.id if after.recommended else None,
        leader_before=before.recommended[0].model.id if before.recommended else None,
        enters=tuple(f"{name} ({rank})" for name, rank in now.items() if name not in shown),
        leaves=tuple(sorted(shown - now.keys())),
        qualify=len(after.recommended),
        qualified=len(before.recommended),
    )
