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
    from llmpick.verdict import Ranking, Verdict

SAMPLES = 2000
CONTENDERS = 40
"""Models that take part: one far behind under the policy's weights rarely wins under others."""
SEED = 20061


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


def first_shares(ranked: Sequence[Verdict], samples: int = SAMPLES) -> dict[str, float]:
    """Share of all weightings, drawn evenly and with a fixed seed, under which each of `ranked` comes first.

    Stochastic multicriteria acceptability analysis (Lahdelma, Hokkanen & Salminen 1998), on the Ratings' low ends.
    """
    contenders = ranked[:CONTENDERS]
    if not contenders:
        return {}
    criteria = [rating.criterion for rating in contenders[0].ratings]
    rows = [_worths(verdict, criteria) for verdict in contenders]
    draw = Random(SEED)
    wins = [0] * len(rows)
    for _ in range(samples):
        # Exponential draws, normalized, are uniform on the simplex; the common factor does not change the winner.
        weights = [draw.expovariate(1.0) for _ in criteria]
        scores = [sum(map(float.__mul__, weights, row)) for row in rows]
        wins[scores.index(max(scores))] += 1
    return {verdict.model.id: won / samples for verdict, won in zip(contenders, wins, strict=True)}


def _worths(verdict: Verdict, criteria: Sequence[str]) -> list[float]:
    found = {rating.criterion: float(rating.low) for rating in verdict.ratings}
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
