"""Why a model stands where it stands, and what would change that: Ranking -> plain values and sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmpick import engine, quality
from llmpick.record import record
from llmpick.steps.asked import ask
from llmpick.units import GIB, USABLE_SHARE, GpuSetup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmpick.catalog import Catalog
    from llmpick.profile import Profile
    from llmpick.quality import Quality
    from llmpick.schema import Model
    from llmpick.verdict import Ranking, Verdict

CARD_SIZES = (8, 12, 16, 24, 32, 40, 48, 80, 96, 141, 180, 288)
"""Marketed GB of cards one can buy or rent, smallest first."""


@record
class Contribution:
    """What one criterion adds to the gap between two models: weight x (worth of a - worth of b)."""

    criterion: str
    gap: float
    because: str


@record
class Contrast:
    """Why `ahead` stands over `behind`."""

    ahead: str
    behind: str
    gap: float
    because: tuple[Contribution, ...]
    """In falling order until they outweigh the cons."""
    despite: tuple[Contribution, ...]


@record
class Explanation:
    """The answer to `llmpick explain MODEL`."""

    verdict: Verdict
    """All Steps, judged to the end."""
    rank: int | None
    """None = ruled out, undecided, or a sibling's row stands for it."""
    status: str
    contrast: Contrast | None
    would_win_if: tuple[str, ...]
    ranking: Ranking


@record
class Compared:
    """One column of `llmpick compare`."""

    verdict: Verdict
    rank: int | None
    quality: Quality
    failed: str
    """Why it is ruled out, or ''."""


def contributions(ahead: Verdict, behind: Verdict) -> tuple[Contribution, ...]:
    """Criterion by criterion, what adds to `ahead.score - behind.score`."""
    other = {rating.criterion: rating for rating in behind.ratings}
    found = []
    for rating in ahead.ratings:
        against = other.pop(rating.criterion, None)
        worth = against.weight * against.low if against else 0.0
        text = f"{rating.because} (against: {against.because})" if against else rating.because
        found.append(Contribution(criterion=rating.criterion, gap=rating.weight * rating.low - worth, because=text))
    found += [Contribution(criterion=r.criterion, gap=-r.weight * r.low, because=r.because) for r in other.values()]
    return tuple(found)


def contrast(ahead: Verdict, behind: Verdict) -> Contrast:
    """Pros in falling order until they outweigh the cons."""
    parts = contributions(ahead, behind)
    cons = sorted((part for part in parts if part.gap < 0), key=lambda part: part.gap)
    needed, pros = -sum(part.gap for part in cons), []
    for part in sorted((part for part in parts if part.gap > 0), key=lambda part: -part.gap):
        pros.append(part)
        needed -= part.gap
        if needed < 0:
            break
    return Contrast(
        ahead=ahead.model.id,
        behind=behind.model.id,
        gap=ahead.score - behind.score,
        because=tuple(pros),
        despite=tuple(cons),
    )


def explain(model: Model, catalog: Catalog, profile: Profile) -> Explanation:
    """Judge `model` to the end, place it, and say what would make it win."""
    ranking = engine.rank(catalog, profile)
    full = engine.judge(model, ask(profile, catalog), all_steps=True)
    row = _row(model.id, ranking)
    own = row if row and row.model.id == model.id else None
    placed = replace(full, rank=own.rank, tied=own.tied, siblings=own.siblings) if own else full
    rivals = [one for one in ranking.recommended if one.model.id != model.id]
    return Explanation(
        verdict=placed,
        rank=own.rank if own else None,
        status=_status(full, row),
        contrast=_against(placed, rivals[0]) if rivals and engine.ruled_out(full) is None else None,
        would_win_if=tuple(would_win_if(placed, rivals, catalog, profile)),
        ranking=ranking,
    )


def _against(one: Verdict, rival: Verdict) -> Contrast:
    return contrast(one, rival) if one.score >= rival.score else contrast(rival, one)


def _row(model_id: str, ranking: Ranking) -> Verdict | None:
    return next((one for one in ranking.recommended if model_id in (one.model.id, *one.siblings)), None)


def _status(full: Verdict, row: Verdict | None) -> str:
    failed = engine.ruled_out(full)
    if failed:
        return f"ruled out at {failed.step}: {failed.check.because}"
    if row is None:
        return f"undecided: {'; '.join(full.missing) or 'its range is too wide'}"
    if row.model.id != full.model.id:
        return f"{row.model.id} stands for both at rank {row.rank}: {row.because[-1]}"
    return f"ranked {row.rank}{'=' if row.tied else ''}"


def would_win_if(full: Verdict, rivals: Sequence[Verdict], catalog: Catalog, profile: Profile) -> list[str]:
    """What would put it first: a larger card, a rating it could reach, a weight at which the two swap."""
    failed = engine.ruled_out(full)
    if failed:
        return _lifted(full, catalog, profile, failed.check.remedy)
    if full.rank == 1 or not rivals:
        return []
    return [*_by_value(full, rivals[0]), *_by_weight(full, rivals[0])]


def _lifted(full: Verdict, catalog: Catalog, profile: Profile, remedy: str) -> list[str]:
    """The smallest card at which nothing rules it out any more, and the rank it would have there."""
    gpu = profile.gpu
    if gpu is None or gpu.count == 0 or all(c.name != "memory" for c in full.checks if c.outcome == "no"):
        return [f"it would need {remedy}"] if remedy else []
    for size in CARD_SIZES:
        if size * GIB <= gpu.memory_bytes:
            continue
        larger = GpuSetup(
            count=gpu.count,
            memory_bytes=size * GIB,
            usable_bytes=max(int(size * GIB * USABLE_SHARE), gpu.usable_bytes),
            text=f"{gpu.count}x{size}GB",
        )
        row = _row(full.model.id, engine.rank(catalog, replace(profile, gpu=larger)))
        if row:
            return [f"with {size} GB per card it would rank {row.rank}"]
    return [f"it would need {remedy}"] if remedy else []


def _by_value(full: Verdict, leader: Verdict) -> list[str]:
    """Single ratings that, raised within [0, 1], close the gap."""
    gap = leader.score - full.score
    said = []
    for rating in full.ratings:
        needed = rating.low + gap / rating.weight if rating.weight else 2.0
        if gap > 0 and needed <= 1:
            known = " (inside its range)" if needed <= rating.high else ""
            said.append(f"its {rating.criterion} were {needed:.2f} instead of {rating.low:.2f}{known}")
    return said


def _by_weight(full: Verdict, leader: Verdict) -> list[str]:
    """The weight of one criterion, the others keeping their proportions, at which the two models swap."""
    other = {rating.criterion: rating for rating in leader.ratings}
    said = []
    for rating in full.ratings:
        against = other.get(rating.criterion)
        weight = swap_weight(full, leader, rating.criterion) if against else None
        if against and weight is not None and rating.low > against.low:
            said.append(f"{rating.criterion} weighed {weight:.2f} instead of {rating.weight:.2f}")
    return said


def swap_weight(a: Verdict, b: Verdict, criterion: str) -> float | None:
    """The weight of `criterion` at which a and b score the same, the other weights scaled to fill the rest.

    With x the worth on the criterion and r the score on the rest (weights summing to 1):
    w* = (r_b - r_a) / ((x_a - r_a) - (x_b - r_b)); None where no weight in [0, 1] swaps them.
    """
    x_a, r_a = _split(a, criterion)
    x_b, r_b = _split(b, criterion)
    slope = (x_a - r_a) - (x_b - r_b)
    if slope == 0:
        return None
    weight = (r_b - r_a) / slope
    return weight if 0 <= weight <= 1 else None


def _split(one: Verdict, criterion: str) -> tuple[float, float]:
    """(worth on the criterion, weighted mean worth of the others)."""
    worth = next((rating.low for rating in one.ratings if rating.criterion == criterion), 0.0)
    rest = [rating for rating in one.ratings if rating.criterion != criterion]
    total = sum(rating.weight for rating in rest) or 1.0
    return worth, sum(rating.weight * rating.low for rating in rest) / total


def compare(models: Sequence[Model], catalog: Catalog, profile: Profile) -> tuple[Compared, ...]:
    """Each model judged to the end, whether it fits or not, with its place in the whole ranking."""
    asked = ask(profile, catalog)
    rows = {one.model.id: one for one in engine.rank(catalog, profile).recommended}
    found = []
    for model in models:
        full = engine.judge(model, asked, all_steps=True)
        row, failed = rows.get(model.id), engine.ruled_out(full)
        found.append(
            Compared(
                verdict=replace(full, rank=row.rank, tied=row.tied) if row else full,
                rank=row.rank if row else None,
                quality=quality.judge(quality.traits(model), asked.quality),
                failed=f"{failed.step}: {failed.check.because}" if failed else "",
            )
        )
    return tuple(found)
