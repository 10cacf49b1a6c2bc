"""What would put a model first: a rating inside its range, a weight, a larger card. Each is tried before it is said."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from llmpick import engine
from llmpick.record import record
from llmpick.sensitivity import first_within
from llmpick.steps.asked import ask
from llmpick.units import GIB, USABLE_SHARE, GpuSetup
from llmpick.verdict import placed, rated, rated_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmpick.catalog import Catalog
    from llmpick.catalog.facts import Facts
    from llmpick.profile import Profile
    from llmpick.verdict import Ranking, Rated, Verdict

CARD_SIZES = (8, 12, 16, 24, 32, 40, 48, 80, 96, 141, 180, 288)
"""Marketed GB of cards one can buy or rent, smallest first."""
LEAST, MOST = 0.01, 0.99
"""Weights between which a change is worth saying: at 0 or 1 one criterion is all or nothing."""


@record
class Condition:
    """A change of one thing, and the rank the model would have then."""

    text: str
    """Completes 'would win if ...', except for `card` and `remedy`, which are sentences of their own."""
    kind: Literal["value", "weight", "card", "remedy"]
    criterion: str = ""
    amount: float | None = None
    """value: the rating; weight: the factor of `--weight`; card: GB of each card."""
    rank: int | None = None
    """None = not tried: what a license or a language forbids is not for the profile to change."""


def conditions(
    row: Verdict, facts: Facts, ranking: Ranking, catalog: Catalog, *, remedy: str | None
) -> tuple[Condition, ...]:
    """What would put `row` first in `ranking`, best first; `remedy` is what a ruled-out model lacks, else None."""
    if remedy is not None:
        return tuple(lifted(row, facts, catalog, ranking.profile, remedy))
    rivals = [one for one in rated(ranking.recommended) if one.id != row.model.id]
    if row.rank == 1 or not rivals:
        return ()
    leader = next(one for one in ranking.recommended if one.model.id == rivals[0].id)
    return (*_by_value(row, leader), *_by_weight(row, rivals, catalog, ranking.profile))


def lifted(row: Verdict, facts: Facts, catalog: Catalog, profile: Profile, remedy: str) -> Iterator[Condition]:
    """The smallest card at which nothing rules it out any more, and the rank it would have there."""
    larger = _larger(profile) if all(c.name == "memory" for c in row.checks if c.outcome == "no") else ()
    for gpu in larger:
        changed = replace(profile, gpu=gpu)
        if engine.qualifies(facts, ask(changed, catalog)):  # before all others are ranked again
            rank, size = _rank_of(row.model.id, engine.rank(catalog, changed)), gpu.memory_bytes // GIB
            yield Condition(text=f"with {size} GB per card it would rank {rank}", kind="card", amount=size, rank=rank)
            return
    if remedy:
        yield Condition(text=f"it would need {remedy}", kind="remedy")


def _larger(profile: Profile) -> Iterator[GpuSetup]:
    gpu = profile.gpu
    if gpu is None or gpu.count == 0:
        return
    for size in CARD_SIZES:
        if size * GIB > gpu.memory_bytes:
            yield GpuSetup(
                count=gpu.count,
                memory_bytes=size * GIB,
                usable_bytes=max(int(size * GIB * USABLE_SHARE), gpu.usable_bytes),
                text=f"{gpu.count}x{size}GB",
            )


def _rank_of(model_id: str, ranking: Ranking) -> int | None:
    """Its own rank, or that of the checkpoint that stands for it."""
    return next((one.rank for one in placed(ranking.recommended) if one.stands_for(model_id)), None)


def _by_value(row: Verdict, leader: Verdict) -> Iterator[Condition]:
    """Single ratings that, turning out better inside their range, put it ahead of the leader."""
    gap = leader.score - row.score
    for rating in row.ratings:
        if not rating.weight or rating.high <= rating.low:
            continue
        least = rating.low + gap / rating.weight
        amount = min(math.floor(least * 100 + 1) / 100, rating.high)
        if amount > least:
            said = f"its {rating.criterion} were {amount:.2f} instead of {rating.low:.2f}, inside its range"
            yield Condition(text=said, kind="value", criterion=rating.criterion, amount=amount, rank=1)


def _by_weight(row: Verdict, rivals: Sequence[Rated], catalog: Catalog, profile: Profile) -> Iterator[Condition]:
    """Single weights, the others keeping their proportions, at which it comes first."""
    own = rated_of(row)
    for rating in row.ratings:
        low, high = first_within(own, rivals, rating.criterion)
        low, high = max(low, LEAST), min(high, MOST)
        if low >= high or not 0 < rating.weight < 1:
            continue
        raise_it = rating.weight < low
        for digits in (2, 3):
            factor = _rounded(factor_for(rating.weight, low if raise_it else high), digits, up=raise_it)
            if _leads(row.model.id, catalog, profile, rating.criterion, factor):
                weight = weight_by(rating.weight, factor)
                said = f"{rating.criterion} weighed {weight:.2f} instead of {rating.weight:.2f}"
                said += f" (--weight {rating.criterion}={factor:g})"
                yield Condition(text=said, kind="weight", criterion=rating.criterion, amount=factor, rank=1)
                break


def _leads(model_id: str, catalog: Catalog, profile: Profile, criterion: str, factor: float) -> bool:
    changed = replace(profile, weight=(*profile.weight, (criterion, factor)))
    found = placed(engine.rank(catalog, changed).recommended)
    return bool(found) and found[0].id == model_id


def factor_for(weight: float, wanted: float) -> float:
    """What to multiply a weight by so that, all weights scaled back to 1, it comes to `wanted`."""
    return wanted * (1 - weight) / (weight * (1 - wanted))


def weight_by(weight: float, factor: float) -> float:
    """A weight after its multiplication by `factor`, all weights scaled back to 1."""
    return weight * factor / (weight * factor + 1 - weight)


def _rounded(number: float, digits: int, *, up: bool) -> float:
    """`number` to so many significant digits, away from where it would not do."""
    unit = 10.0 ** (math.floor(math.log10(number)) + 1 - digits)
    steps = math.floor(number / unit) + 1 if up else math.ceil(number / unit) - 1
    return float(f"{steps * unit:.{digits}g}")
