"""The engine: every Candidate judged step by step, then ranked. Pure: a function of catalog, policy and profile."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from llmpick.catalog.facts import facts_of
from llmpick.catalog.shelf import facts_in
from llmpick.guidance.advise import advice
from llmpick.record import NamedTuple, replace
from llmpick.steps import community, domain, license, resources, task
from llmpick.steps.asked import ask
from llmpick.verdict import (
    STEPS,
    LicenseVerdict,
    Placed,
    Ranked,
    Ranking,
    Rated,
    RuledOut,
    Standing,
    StepVerdict,
    Verdict,
    Worth,
    Written,
    rated_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from llmpick.catalog import Catalog
    from llmpick.catalog.facts import Facts
    from llmpick.profile import Profile
    from llmpick.schema import ApiModel, Model
    from llmpick.steps.asked import Asked, Weighed
    from llmpick.steps.vendor import Offer
    from llmpick.verdict import Check, Memory, Method, Rating, Step

    Ways = tuple[tuple[Step, Callable[[Facts, Asked], Weighed]], ...]

T = TypeVar("T")
WEIGH: Ways = (
    ("task", task.weigh),
    ("resources", resources.weigh),
    ("domain", domain.weigh),
    ("license", license.weigh),
    ("community", community.weigh),
)
"""The Steps in numbers, in their order."""


def _nth(place: int) -> Callable[[Sequence[Weighed], Asked], Weighed]:
    return lambda steps, _: steps[place]


WEIGHED = tuple((step, _nth(place)) for place, step in enumerate(STEPS))
"""The same where all were weighed already."""


class Judged(NamedTuple):
    """A Candidate in numbers, and what to put in words."""

    standing: Standing
    facts: Facts | None
    api: ApiModel | None = None
    """Of one that a vendor tunes."""

    @property
    def lineage(self) -> str:
        """That of its network."""
        return self.facts.lineage if self.facts else self.standing.id

    @property
    def variant(self) -> str:
        """How its network was trained last."""
        return self.facts.variant if self.facts else "instruct"


class Sorted(NamedTuple):
    """The three lists every judged Candidate goes into."""

    recommended: list[Judged]
    """In no order yet: one row for each lineage is."""
    ruled_out: list[Judged]
    undecided: list[Judged]


class Row(NamedTuple):
    """One line of the ranking: the checkpoint to start from, for its whole lineage."""

    judged: list[Judged]
    """The checkpoint itself, then its siblings."""
    rank: int
    tied: bool
    why: str
    """Why it and no sibling."""


def rank(catalog: Catalog, profile: Profile) -> Ranking:
    """Judge every model of `catalog` for `profile`: ranked, ruled out with the first reason, or undecided.

    Every Candidate is weighed in numbers; what a reader sees of it is written from the same numbers when it is read.
    """
    asked = ask(profile, catalog)
    judged = sort(judge_all(asked))
    return Ranking(
        profile=profile,
        advice=advice(profile, catalog.apis),
        recommended=Ranked(
            place(judged.recommended, asked), partial(write_row, asked=asked), placed, partial(rate, asked=asked)
        ),
        ruled_out=Written(judged.ruled_out, partial(write_refusal, asked=asked)),
        undecided=Written(judged.undecided, partial(write, asked=asked)),
        catalog_date=catalog.date,
        catalog_models=len(catalog.models),
        policy_version=catalog.policy.version,
        notes=notes(profile),
    )


def judge_all(asked: Asked) -> list[Judged]:
    """Every candidate the Profile considers: open weights, models tuned through a vendor, or both."""
    catalog, profile = asked.catalog, asked.profile
    found = [weigh(facts, asked) for facts in facts_in(catalog.models)] if profile.weights != "api" else []
    if not considers_vendors(profile):
        return found
    from llmpick.steps import vendor

    return found + [weigh_offer(offer, asked) for offer in vendor.offers(asked)]


def weigh(facts: Facts, asked: Asked, ways: Ways = WEIGH) -> Judged:
    """One model put through the Steps up to the first that says no."""
    return Judged(stand(facts.id, facts, ways, asked), facts)


def qualifies(facts: Facts, asked: Asked) -> bool:
    """Whether a model is ranked: neither ruled out nor undecided."""
    standing = weigh(facts, asked).standing
    return standing.step is None and not standing.undecided


def considers_vendors(profile: Profile) -> bool:
    """Whether vendors are asked at all: not when only open weights are, nor by default when a card was named."""
    if profile.weights == "any" and "weights" in profile.assumed:
        return profile.gpu is None and not profile.privacy
    return profile.weights != "open"


def weigh_offer(offer: Offer, asked: Asked) -> Judged:
    """A model tuned through a vendor, put through all Steps: its score counts them all, though it be ruled out."""
    from llmpick.steps import vendor

    steps = vendor.weigh(offer, asked)
    standing = stand(offer.api.id, steps, WEIGHED, asked)
    if standing.step:
        low = high = 0.0
        for step in steps:
            low += step.low
            high += step.high
        standing = standing._replace(score=low, score_high=high)
    return Judged(standing, None, offer.api)


def stand(id_: str, one: T, ways: Iterable[tuple[Step, Callable[[T, Asked], Weighed]]], asked: Asked) -> Standing:
    """Where `one` stands by the Steps' `ways` to weigh it: none after the first that says no is gone.

    The score is the weighted sum of the Ratings' low ends, `score_high` that of their high ends.
    """
    low = high = 0.0
    undecided = False
    for step, weigh in ways:
        added, added_high, no, shortfall, helped, unknown = weigh(one, asked)
        low += added
        high += added_high
        if no:
            return Standing(id_, low, high, False, step, shortfall, helped)
        undecided = undecided or unknown
    return Standing(id_, low, high, undecided or high - low > asked.constants["undecided-spread"])


def write(one: Judged, asked: Asked) -> Verdict:
    """Its Verdict."""
    if one.api:
        return judge_api(one.api, asked)
    return judge(asked.known(one.standing.id), asked, one.facts)


def write_row(row: Row, asked: Asked) -> Verdict:
    """Its Verdict, with its place and its siblings."""
    one, *others = row.judged
    verdict = write(one, asked)
    return replace(
        verdict,
        siblings=tuple(sorted(other.standing.id for other in others)),
        because=(*verdict.because, row.why) if others else verdict.because,
        rank=row.rank,
        tied=row.tied,
    )


def placed(row: Row) -> Placed:
    """Where it stands."""
    one, *others = row.judged
    siblings = tuple(sorted(other.standing.id for other in others))
    return Placed(one.standing.id, siblings, row.rank, row.tied, one.standing.score_high)


def rate(rows: Sequence[Row], asked: Asked) -> list[Rated]:
    """What each row is worth by each criterion: its score where that criterion alone counts."""
    leads = [row.judged[0] for row in rows]
    steps = next((write(one, asked).steps for one in leads if one.facts), ())
    alone = [
        (
            rating,
            replace(asked, weights={rating.criterion: 1.0}, memo={}),
            tuple(way for way in WEIGH if way[0] == step.step),
        )
        for step in steps
        for rating in step.ratings
    ]

    def worths(facts: Facts) -> tuple[Worth, ...]:
        return tuple(
            Worth(one.criterion, weigh(facts, asking, ways).standing.score, one.weight) for one, asking, ways in alone
        )

    return [Rated(one.standing.id, worths(one.facts)) if one.facts else rated_of(write(one, asked)) for one in leads]


def write_refusal(one: Judged, asked: Asked) -> RuledOut:
    """Why it is ruled out."""

    def pair() -> tuple[Verdict, Check]:
        verdict = write(one, asked)
        return verdict, refusal(verdict)[1]

    return RuledOut(one.standing, pair)


def judge_api(api: ApiModel, asked: Asked) -> Verdict:
    """The Verdict of a model tuned through a vendor's API: it needs no card, but a vendor that takes jobs."""
    from llmpick.steps import vendor

    steps, licensed, cost = vendor.judge(api, asked)
    return replace(verdict(api, steps, "api", None, licensed), cost_usd=cost)


def judge(model: Model, asked: Asked, facts: Facts | None = None, *, all_steps: bool = False) -> Verdict:
    """All Checks and Ratings of one model; stops after the first Step that says no, unless `all_steps`.

    `facts` saves working them out again.
    """
    facts = facts or facts_of(model)
    steps: list[StepVerdict] = [task.judge(model, asked)]
    method: Method = "lora"
    memory: Memory | None = None
    licensed = _not_judged(model)
    if all_steps or not _failed(steps):
        plan = resources.judge(model, facts, asked)
        method, memory = plan.method, plan.memory
        steps.append(plan.verdict)
    if all_steps or not _failed(steps):
        steps.append(domain.judge(model, asked))
    if all_steps or not _failed(steps):
        step, licensed = license.judge(model, asked)
        steps.append(step)
    if all_steps or not _failed(steps):
        steps.append(community.judge(model, asked))
    return verdict(model, tuple(steps), method, memory, licensed)


def verdict(
    model: Model | ApiModel,
    steps: tuple[StepVerdict, ...],
    method: Method,
    memory: Memory | None,
    licensed: LicenseVerdict,
) -> Verdict:
    """Sum the Ratings up: the score is the weighted sum of their low ends, `score_high` that of their high ends."""
    ratings = [rating for step in steps for rating in step.ratings]
    low = high = 0.0
    for step in steps:
        added, added_high = step.adds
        low += added
        high += added_high
    unknown = [check.because for step in steps for check in step.checks if check.outcome == "unknown"]
    wide = [rating.because for rating in ratings if rating.high - rating.low > 0.3 and rating.criterion != "quality"]
    # What nobody knows speaks neither for a model nor against it: it stands in `missing` alone.
    known = [rating for rating in ratings if rating.because not in wide]
    return Verdict(
        model=model,
        method=method,
        steps=steps,
        score=low,
        score_high=high,
        memory=memory,
        time_hours=memory.time_hours if memory else None,
        cost_usd=memory.cost_usd if memory else None,
        license=licensed,
        because=tuple(r.because for r in sorted(known, key=_quality_first) if _middle(r) > 0.5),
        despite=tuple(r.because for r in sorted(known, key=_weightiest_lack) if _middle(r) <= 0.5),
        missing=tuple(dict.fromkeys(unknown + wide)),
    )


def _middle(rating: Rating) -> float:
    """What a rating most likely is: a wide range does not turn praise into a reproach."""
    return (rating.low + rating.high) / 2


def _weightiest_lack(rating: Rating) -> float:
    return rating.weight * (_middle(rating) - 0.5)


def _quality_first(rating: Rating) -> tuple[bool, float]:
    """What the model is expected to reach comes before anything else that speaks for it."""
    return rating.criterion != "quality", rating.weight * (0.5 - rating.low)


def _not_judged(model: Model) -> LicenseVerdict:
    """For a model ruled out before its license was read."""
    known = model.license.id if model.license else "unknown"
    return LicenseVerdict(id=known, verdict="unknown", because="not judged: ruled out at an earlier step")


def _failed(steps: Iterable[StepVerdict]) -> bool:
    return any(check.outcome == "no" for step in steps for check in step.checks)


def sort(found: Iterable[Judged]) -> Sorted:
    """Ruled out by a `no`; undecided by a decisive `unknown` or too wide a range; else recommended."""
    recommended: list[Judged] = []
    failed: list[Judged] = []
    undecided: list[Judged] = []
    for one in found:
        standing = one.standing
        (failed if standing.step else undecided if standing.undecided else recommended).append(one)
    return Sorted(
        recommended=recommended,
        ruled_out=sorted(failed, key=_nearest_first),
        undecided=sorted(undecided, key=lambda one: (-one.standing.score_high, one.standing.id)),
    )


def ruled_out(one: Verdict) -> RuledOut | None:
    """The first Step and Check that rule a model out, or None."""
    if all(check.outcome != "no" for check in one.checks):
        return None
    step, check = refusal(one)
    standing = Standing(one.model.id, one.score, one.score_high, False, step, check.shortfall, bool(check.remedy))
    return RuledOut(standing, lambda: (one, check))


def refusal(one: Verdict) -> tuple[Step, Check]:
    """The first Step and Check that rule it out; StopIteration where none does."""
    return next((step.step, check) for step in one.steps for check in step.checks if check.outcome == "no")


def _best_first(one: Judged) -> tuple[float, str]:
    return -one.standing.score, one.standing.id


def _nearest_first(one: Judged) -> tuple[int, float, str]:
    """Models that came furthest and lack least first."""
    standing = one.standing
    if standing.shortfall is not None:
        return 0, standing.shortfall, standing.id
    return -STEPS.index(standing.step or "task"), 1.0, standing.id


def starting_point(profile: Profile, asked: Asked) -> tuple[tuple[str, ...], str]:
    """Which checkpoint of a network to start from, in order of preference, and why.

    From the published pairs: base checkpoints beat their chat siblings by about a point once there are thousands of
    examples; below that, and for chat-like output, the sibling is the safer start.
    """
    base_first = ("base", "embedding", "instruct", "distilled", "reasoning", "task")
    chat_first = ("instruct", "distilled", "reasoning", "embedding", "base", "task")
    limit = int(asked.constants["fitting-examples"])
    if asked.task.kind == "embedding":
        return ("embedding", *base_first), "the checkpoint already trained to embed"
    if asked.task.kind != "generation":
        return base_first, "the base checkpoint: nothing of its chat training is needed for labels"
    if profile.examples is not None and profile.examples >= limit:
        return base_first, f"the base checkpoint: with {limit:,} examples or more it ends up ahead of its chat sibling"
    return chat_first, f"the chat checkpoint: with fewer than {limit:,} examples it is the safer start"


def one_per_lineage(found: Iterable[Judged], wanted: Sequence[str]) -> list[list[Judged]]:
    """The checkpoints of each network, the one to start from first; best first by that one."""
    lineages: dict[str, list[Judged]] = {}
    for one in found:
        lineages.setdefault(one.lineage, []).append(one)
    for siblings in lineages.values():
        if len(siblings) > 1:
            siblings.sort(key=lambda one: (wanted.index(one.variant), *_best_first(one)))
    return sorted(lineages.values(), key=lambda siblings: _best_first(siblings[0]))


def place(found: Iterable[Judged], asked: Asked) -> list[Row]:
    """The rows of the ranking, one per lineage, numbered from 1.

    Scores within the tie margin of the first of a group share its rank.
    """
    wanted, why = starting_point(asked.profile, asked)
    lineages = one_per_lineage(found, wanted)
    ranks = numbered([siblings[0].standing.score for siblings in lineages], asked.constants["tie-margin"])
    shared = Counter(ranks)
    return [Row(siblings, rank, shared[rank] > 1, why) for siblings, rank in zip(lineages, ranks, strict=True)]


def numbered(scores: Iterable[float], margin: float) -> list[int]:
    """Ranks from 1 of falling `scores`; those within `margin` of the first of a group share its rank."""
    ranks: list[int] = []
    leader = math.inf  # no score comes near it
    for place, score in enumerate(scores, start=1):
        if leader - score <= margin:
            ranks.append(ranks[-1])
        else:
            ranks.append(place)
            leader = score
    return ranks


def notes(profile: Profile) -> tuple[str, ...]:
    """What a reader should know before acting on this answer."""
    said = []
    if profile.gpu is None:
        said.append("No card was named, so memory rules nothing out: add --gpu, for example --gpu 24GB.")
    elif profile.gpu.count > 1:
        said.append("Several cards share one job by data parallelism where a model fits on one, else by FSDP.")
    if profile.gpu is not None and profile.weights == "any" and "weights" in profile.assumed:
        said.append(
            "Models tuned through a vendor's API were left out because a card was named; --weights any adds them."
        )
    if profile.latency is not None:
        said.append(_about_latency(profile))
    if profile.examples is None:
        said.append(
            "Without --examples neither hours nor dollars can be said; quality counts at the worse of few and many."
        )
    elif profile.gpu is not None and profile.gpu.name is None:
        said.append("Hours and dollars need the card's name, for example --gpu 'RTX 4090'.")
    return tuple(said)


def _about_latency(profile: Profile) -> str:
    card = profile.serve_gpu or profile.gpu
    if card is None or card.name is None:
        return "--latency rules nothing out without the name of a card: add --serve-gpu, for example 'RTX 4090'."
    return "--latency rules out only what no software could serve in time; measure the first two before you rely on it."
