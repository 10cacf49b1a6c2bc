"""The engine: every Candidate judged step by step, then ranked. Pure: a function of catalog, policy and profile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmpick.guidance.advise import advice
from llmpick.record import record
from llmpick.steps import community, domain, license, resources, task, vendor
from llmpick.steps.asked import ask
from llmpick.verdict import LicenseVerdict, Ranking, RuledOut, StepVerdict, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llmpick.catalog import Catalog
    from llmpick.profile import Profile
    from llmpick.schema import ApiModel, Model
    from llmpick.steps.asked import Asked
    from llmpick.verdict import Memory, Method, Rating

# Checks whose `unknown` leaves a model undecided: what they ask can rule it out, and nobody knows.
DECISIVE = ("memory", "language", "license allow-list")


@record
class Sorted:
    """The three lists every judged Candidate goes into."""

    recommended: tuple[Verdict, ...]
    ruled_out: tuple[RuledOut, ...]
    undecided: tuple[Verdict, ...]


def rank(catalog: Catalog, profile: Profile) -> Ranking:
    """Judge every model of `catalog` for `profile`: ranked, ruled out with the first reason, or undecided."""
    asked = ask(profile, catalog)
    judged = sort(judge_all(asked), asked)
    return Ranking(
        profile=profile,
        advice=advice(profile, catalog.apis),
        recommended=place(one_per_lineage(judged.recommended, profile, asked), asked),
        ruled_out=judged.ruled_out,
        undecided=judged.undecided,
        catalog_date=catalog.date,
        catalog_models=len(catalog.models),
        policy_version=catalog.policy.version,
        notes=notes(profile),
    )


def judge_all(asked: Asked) -> list[Verdict]:
    """Every candidate the Profile considers: open weights, models tuned through a vendor, or both."""
    catalog, profile = asked.catalog, asked.profile
    open_weights = [judge(model, asked) for model in catalog.models] if profile.weights != "api" else []
    return open_weights + [judge_api(api, asked) for api in catalog.apis if vendor.considered(profile)]


def judge_api(api: ApiModel, asked: Asked) -> Verdict:
    """The same for a model tuned through a vendor's API: it needs no card, but an open vendor."""
    steps, licensed, cost = vendor.judge(api, asked)
    return replace(verdict(api, steps, "api", None, licensed), cost_usd=cost)


def judge(model: Model, asked: Asked, *, all_steps: bool = False) -> Verdict:
    """All Checks and Ratings of one model; stops after the first Step that says no, unless `all_steps`."""
    steps: list[StepVerdict] = [task.judge(model, asked)]
    method: Method = "lora"
    memory: Memory | None = None
    licensed = _not_judged(model)
    if all_steps or not _failed(steps):
        plan = resources.judge(model, asked)
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
    unknown = [check.because for step in steps for check in step.checks if check.outcome == "unknown"]
    wide = [rating.because for rating in ratings if rating.high - rating.low > 0.3 and rating.criterion != "quality"]
    # What nobody knows speaks neither for a model nor against it: it stands in `missing` alone.
    known = [rating for rating in ratings if rating.because not in wide]
    return Verdict(
        model=model,
        method=method,
        steps=steps,
        score=sum(rating.weight * rating.low for rating in ratings),
        score_high=sum(rating.weight * rating.high for rating in ratings),
        memory=memory,
        time_hours=memory.time_hours if memory else None,
        cost_usd=memory.cost_usd if memory else None,
        license=licensed,
        because=tuple(r.because for r in sorted(known, key=_quality_first) if r.low > 0.5),
        despite=tuple(r.because for r in sorted(known, key=lambda r: r.weight * (r.low - 0.5)) if r.low <= 0.5),
        missing=tuple(dict.fromkeys(unknown + wide)),
    )


def _quality_first(rating: Rating) -> tuple[bool, float]:
    """What the model is expected to reach comes before anything else that speaks for it."""
    return rating.criterion != "quality", rating.weight * (0.5 - rating.low)


def _not_judged(model: Model) -> LicenseVerdict:
    """For a model ruled out before its license was read."""
    known = model.license.id if model.license else "unknown"
    return LicenseVerdict(id=known, verdict="unknown", because="not judged: ruled out at an earlier step")


def _failed(steps: Iterable[StepVerdict]) -> bool:
    return any(check.outcome == "no" for step in steps for check in step.checks)


def sort(verdicts: Iterable[Verdict], asked: Asked) -> Sorted:
    """Ruled out by a `no`; undecided by a decisive `unknown` or too wide a range; else recommended, best first."""
    recommended, failed, undecided = [], [], []
    spread = asked.policy.constant("undecided-spread")
    for one in verdicts:
        out = ruled_out(one)
        if out:
            failed.append(out)
        elif _undecided(one, asked) or one.score_high - one.score > spread:
            undecided.append(one)
        else:
            recommended.append(one)
    return Sorted(
        recommended=tuple(sorted(recommended, key=_best_first)),
        ruled_out=tuple(sorted(failed, key=_nearest_first)),
        undecided=tuple(sorted(undecided, key=lambda one: (-one.score_high, one.model.id))),
    )


def ruled_out(one: Verdict) -> RuledOut | None:
    """The first Step and Check that rule a model out, or None."""
    for step in one.steps:
        for check in step.checks:
            if check.outcome == "no":
                return RuledOut(verdict=one, step=step.step, check=check)
    return None


def _undecided(one: Verdict, asked: Asked) -> bool:
    """A license nobody knows decides only where the use was described."""
    decisive = DECISIVE if asked.profile.commercial is None else (*DECISIVE, "license use")
    return any(check.outcome == "unknown" and check.name in decisive for check in one.checks)


def _best_first(one: Verdict) -> tuple[float, str]:
    return -one.score, one.model.id


def _nearest_first(out: RuledOut) -> tuple[int, float, str]:
    """Models that came furthest and lack least first."""
    step = ("task", "resources", "domain", "license", "community").index(out.step)
    shortfall = 1.0 if out.check.shortfall is None else out.check.shortfall
    return -step if out.check.shortfall is None else 0, shortfall, out.verdict.model.id


def one_per_lineage(verdicts: Sequence[Verdict], profile: Profile, asked: Asked) -> list[Verdict]:
    """Of the checkpoints of one network keep the one to start from; it names its siblings."""
    lineages: dict[str, list[Verdict]] = {}
    for one in verdicts:
        lineages.setdefault(_lineage(one.model), []).append(one)
    kept = [_represent(siblings, profile, asked) for siblings in lineages.values()]
    return sorted(kept, key=_best_first)


def _represent(siblings: list[Verdict], profile: Profile, asked: Asked) -> Verdict:
    if len(siblings) == 1:
        return siblings[0]
    wanted, why = starting_point(profile, asked)
    chosen = min(siblings, key=lambda one: (wanted.index(_variant(one.model)), *_best_first(one)))
    others = tuple(sorted(one.model.id for one in siblings if one is not chosen))
    return replace(chosen, siblings=others, because=(*chosen.because, why))


def _lineage(model: Model | ApiModel) -> str:
    return getattr(model, "lineage", model.id)


def _variant(model: Model | ApiModel) -> str:
    return getattr(model, "variant", "instruct")


def starting_point(profile: Profile, asked: Asked) -> tuple[tuple[str, ...], str]:
    """Which checkpoint of a network to start from, in order of preference, and why.

    From the published pairs: base checkpoints beat their chat siblings by about a point once there are thousands of
    examples; below that, and for chat-like output, the sibling is the safer start.
    """
    base_first = ("base", "embedding", "instruct", "distilled", "reasoning", "task")
    chat_first = ("instruct", "distilled", "reasoning", "embedding", "base", "task")
    limit = int(asked.policy.constant("fitting-examples"))
    if asked.task.kind == "embedding":
        return ("embedding", *base_first), "the checkpoint already trained to embed"
    if asked.task.kind != "generation":
        return base_first, "the base checkpoint: nothing of its chat training is needed for labels"
    if profile.examples is not None and profile.examples >= limit:
        return base_first, f"the base checkpoint: with {limit:,} examples or more it ends up ahead of its chat sibling"
    return chat_first, f"the chat checkpoint: with fewer than {limit:,} examples it is the safer start"


def place(verdicts: Sequence[Verdict], asked: Asked) -> tuple[Verdict, ...]:
    """Number them from 1; scores within the tie margin of the first of a group share its rank."""
    margin = asked.policy.constant("tie-margin")
    ranks: list[int] = []
    leader = 0.0
    for index, one in enumerate(verdicts):
        if index and leader - one.score <= margin:
            ranks.append(ranks[-1])
        else:
            ranks.append(index + 1)
            leader = one.score
    return tuple(replace(one, rank=rank, tied=ranks.count(rank) > 1) for one, rank in zip(verdicts, ranks, strict=True))


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
    return "--latency rules out what no software could serve in time; measure the first two before you rely on it."
