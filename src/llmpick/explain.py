"""Why a model stands where it stands, and what would change that: Ranking -> plain values and sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick import engine, quality, sensitivity, winning
from llmpick.catalog.facts import facts_of
from llmpick.record import record, replace
from llmpick.steps.asked import ask
from llmpick.verdict import placed, rated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmpick.catalog import Catalog
    from llmpick.profile import Profile
    from llmpick.quality import Part, Published, Quality
    from llmpick.schema import Model
    from llmpick.sensitivity import Stability
    from llmpick.steps.asked import Asked
    from llmpick.verdict import Ranking, Verdict
    from llmpick.winning import Condition


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
class Basis:
    """What an expected quality rests on."""

    quality: Quality
    parts: tuple[Part, ...] = ()
    """What adds up to the expected strength."""
    published: tuple[Published, ...] = ()
    """The published comparisons it took part in, the nearest to the question first."""


@record
class Explanation:
    """The answer to `llmpick explain MODEL`."""

    verdict: Verdict
    """All Steps, judged to the end."""
    rank: int | None
    """None = ruled out, undecided, or a sibling's row stands for it."""
    status: str
    contrast: Contrast | None
    would_win_if: tuple[Condition, ...]
    ranking: Ranking
    basis: Basis | None = None
    stability: tuple[Stability, ...] = ()
    """How far each weight may move before another model leads the whole ranking."""
    first_share: float | None = None
    """Of all weightings, the share under which the model comes first; None = it has no row."""


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
    """Judge `model` to the end, place it, and say on what its quality rests and what would make it win."""
    ranking, asked, facts = engine.rank(catalog, profile), ask(profile, catalog), facts_of(model)
    full = engine.judge(model, asked, facts, all_steps=True)
    at, ranked = _row(model.id, ranking), rated(ranking.recommended)
    row, failed = None if at is None else ranking.recommended[at], engine.ruled_out(full)
    own = row if row and row.model.id == model.id else None
    judged = replace(full, rank=own.rank, tied=own.tied, siblings=own.siblings) if own else full
    rivals = ranking.recommended[1:2] if at == 0 else ranking.recommended[:1]
    remedy = failed.check.remedy if failed else None
    return Explanation(
        verdict=judged,
        rank=own.rank if own else None,
        status=_status(full, row),
        contrast=_against(judged, rivals[0]) if rivals and failed is None else None,
        would_win_if=winning.conditions(own or full, facts, ranking, catalog, remedy=remedy) if own or failed else (),
        ranking=ranking,
        basis=basis(model, asked),
        stability=sensitivity.stability(ranked),
        first_share=sensitivity.first_shares(ranked, also=model.id)[model.id] if own else None,
    )


def basis(model: Model, asked: Asked) -> Basis:
    """On what the expected quality of `model` rests."""
    facts = quality.traits(model)
    return Basis(
        quality=quality.judge(facts, asked.quality),
        parts=quality.parts(facts, asked.quality),
        published=quality.published(facts, asked.quality),
    )


def _against(one: Verdict, rival: Verdict) -> Contrast:
    return contrast(one, rival) if one.score >= rival.score else contrast(rival, one)


def _row(model_id: str, ranking: Ranking) -> int | None:
    """Which row stands for the model."""
    return next((at for at, one in enumerate(placed(ranking.recommended)) if one.stands_for(model_id)), None)


def _status(full: Verdict, row: Verdict | None) -> str:
    failed = engine.ruled_out(full)
    if failed:
        return f"ruled out at {failed.step}: {failed.check.because}"
    if row is None:
        return f"undecided: {'; '.join(full.missing) or 'its range is too wide'}"
    if row.model.id != full.model.id:
        return f"{row.model.id} stands for both at rank {row.rank}: {row.because[-1]}"
    return f"ranked {row.rank}{'=' if row.tied else ''}"


def compare(models: Sequence[Model], catalog: Catalog, profile: Profile) -> tuple[Compared, ...]:
    """Each model judged to the end, whether it fits or not, with its place in the whole ranking."""
    asked = ask(profile, catalog)
    rows = {one.id: one for one in placed(engine.rank(catalog, profile).recommended)}
    found = []
    for model in models:
        full = engine.judge(model, asked, all_steps=True)
        row, failed = rows.get(model.id), engine.ruled_out(full)
        found.append(
            Compared(
                verdict=replace(full, rank=row.rank, tied=row.tied) if row else full,
                rank=row.rank if row else None,
                quality=_cited(basis(model, asked)),
                failed=f"{failed.step}: {failed.check.because}" if failed else "",
            )
        )
    return tuple(found)


def _cited(found: Basis) -> Quality:
    """The quality with every published comparison behind it, not the nearest alone."""
    return replace(found.quality, evidence=tuple(dict.fromkeys(one.source for one in found.published)))
