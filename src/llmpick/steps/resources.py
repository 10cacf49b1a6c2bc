"""Step 2, resources: which method the card holds, what it takes, what it costs, where it can run afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError
from llmpick.record import record
from llmpick.sizing.estimate import Run, estimate, peak
from llmpick.sizing.job import usual
from llmpick.sizing.latency import seconds_per_pass
from llmpick.sizing.methods import ladder
from llmpick.sizing.parameters import count
from llmpick.units import GIB
from llmpick.verdict import Check, StepVerdict

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.profile import Profile
    from llmpick.schema import Model
    from llmpick.sizing.job import Job
    from llmpick.sizing.parameters import Parameters
    from llmpick.steps.asked import Asked
    from llmpick.verdict import Breakdown, Memory, Method, Rating

HOPELESS = 2
"""Where the thriftiest method needs so many times the card, no other is tried: none saves that much."""


@record
class Plan:
    """What the resources step worked out besides its verdict."""

    verdict: StepVerdict
    method: Method
    memory: Memory | None = None


@record
class Fit:
    """The Jobs of one model that a card can hold."""

    jobs: tuple[Job, ...]
    """Those that fit, best first; only the first unless a budget may refuse it."""
    leanest: Job
    breakdowns: tuple[Breakdown, ...]
    """Of the Jobs that fit; where none does, of the leanest alone."""
    reference_peak: int
    """The smaller peak of the richest and the thriftiest Job, whatever the card: what headroom is measured by."""


def judge(model: Model, asked: Asked) -> Plan:
    """Checks `memory`, `budget`, `serving` and `latency`; rates `headroom`, `economy` and `method`."""
    if model.architecture is None:
        return not_sized(model, "its architecture is not on record, so nothing can be sized", asked)
    shape = model.architecture.shape
    try:
        counted = count(shape)
    except LlmpickError as error:
        return not_sized(model, f"it cannot be sized: {error.message}", asked)
    profile = cut_to_context(asked.profile, model)
    fit = fitting(shape, counted, profile, asked)
    too_slow = without_gpu(counted, asked)
    if not fit.jobs or too_slow:
        check = too_slow or does_not_fit(fit, profile)
        memory = _estimate(model, fit.leanest, counted, fit.breakdowns[0], asked)
        return Plan(verdict=StepVerdict(step="resources", checks=(check,)), method=memory.method, memory=memory)
    options = [
        _estimate(model, job, counted, known, asked) for job, known in zip(fit.jobs, fit.breakdowns, strict=True)
    ]
    memory = affordable(options, profile.budget)
    checks = (
        fits(memory, profile),
        *budget(memory, profile),
        *serving(shape, counted, asked),
        *latency(counted, asked),
    )
    rated = rate(counted, fit, asked) if all(check.outcome != "no" for check in checks) else ()
    verdict = StepVerdict(step="resources", checks=checks, ratings=rated)
    return Plan(verdict=verdict, method=memory.method, memory=memory)


def not_sized(model: Model, because: str, asked: Asked) -> Plan:
    """What is left to say of a model whose memory cannot be worked out."""
    check = Check(name="memory", outcome="unknown", because=because)
    ratings = (rate_economy(model.parameters.active, asked),)
    return Plan(verdict=StepVerdict(step="resources", checks=(check,), ratings=ratings), method="lora")


def cut_to_context(profile: Profile, model: Model) -> Profile:
    """A default training length never exceeds what the model reads; one the user gave is left as it is."""
    has = model.context_length
    if has is None or profile.seq_len <= has or "seq_len" not in profile.assumed:
        return profile
    return replace(profile, seq_len=has)


def fitting(shape: Architecture, counted: Parameters, profile: Profile, asked: Asked) -> Fit:
    """Try the methods in the order the model and the data prefer; more memory can only move the choice forward."""
    jobs = ladder(shape, profile, vocabulary_head=asked.task.vocabulary_head, parameters=counted)
    limit = profile.gpu.usable_bytes if profile.gpu and profile.gpu.count else None
    plenty = asked.policy.value("headroom").points[-1].at
    first = peak(shape, jobs[0], counted)
    if limit is not None and profile.budget is None and first.peak * plenty <= limit:
        # Worth all that headroom can be worth: no leaner method can add to it.
        return Fit(jobs=jobs[:1], leanest=jobs[0], breakdowns=(first,), reference_peak=first.peak)
    thriftiest = peak(shape, jobs[-1], counted)
    if limit is not None and thriftiest.peak > HOPELESS * limit:
        return Fit(jobs=(), leanest=jobs[-1], breakdowns=(thriftiest,), reference_peak=thriftiest.peak)
    tried: list[tuple[Job, Breakdown]] = []
    fits: list[tuple[Job, Breakdown]] = []
    done = {0: first, len(jobs) - 1: thriftiest}
    for position, job in enumerate(jobs):
        tried.append((job, done.get(position) or peak(shape, job, counted)))
        if limit is None or tried[-1][1].peak <= limit:
            fits.append(tried[-1])
            if profile.budget is None:
                break
    leanest, least = min(tried, key=lambda pair: pair[1].peak)
    if not fits:
        return Fit(jobs=(), leanest=leanest, breakdowns=(least,), reference_peak=least.peak)
    return Fit(
        jobs=tuple(job for job, _ in fits),
        leanest=leanest,
        breakdowns=tuple(breakdown for _, breakdown in fits),
        reference_peak=min(first.peak, thriftiest.peak),
    )


def without_gpu(counted: Parameters, asked: Asked) -> Check | None:
    """Constraint: a CPU trains only small models in reasonable time."""
    gpu, limit = asked.profile.gpu, asked.policy.constant("cpu-parameters")
    if gpu is None or gpu.count or counted.active <= limit:
        return None
    return Check(
        name="memory",
        outcome="no",
        because=f"{counted.active / 1e9:.1f} B active parameters are too slow to train without a GPU",
        shortfall=1 - limit / counted.active,
        remedy="any GPU that holds it",
    )


def does_not_fit(fit: Fit, profile: Profile) -> Check:
    """The `no` of the memory constraint: how much even the leanest method lacks."""
    usable = profile.gpu.usable_bytes if profile.gpu else 0
    because = (
        f"even {fit.leanest.method} needs {fit.reference_peak / GIB:.1f} GiB at {profile.seq_len:,} tokens, "
        f"the card has {usable / GIB:.1f}"
    )
    return Check(
        name="memory",
        outcome="no",
        because=because,
        shortfall=1 - usable / fit.reference_peak,
        remedy=f"{fit.reference_peak / GIB:.1f} GiB of usable GPU memory",
    )


def affordable(options: list[Memory], limit: float | None) -> Memory:
    """The first option within the budget; where none is, the cheapest."""
    if limit is None:
        return options[0]
    costs = [option.cost_usd.expected if option.cost_usd else 0.0 for option in options]
    within = (option for option, cost in zip(options, costs, strict=True) if cost <= limit)
    return next(within, options[costs.index(min(costs))])


def _estimate(model: Model, job: Job, counted: Parameters, known: Breakdown, asked: Asked) -> Memory:
    assert model.architecture is not None
    profile = asked.profile
    run = Run(
        examples=profile.examples,
        epochs=profile.epochs,
        card=asked.gpu,
        price=asked.price,
        efficiencies=asked.catalog.efficiencies,
    )
    shape = model.architecture.shape
    return estimate(model.id, shape, job, profile.gpu, run=run, parameters=counted, breakdown=known)


def fits(memory: Memory, profile: Profile) -> Check:
    """The `ok` of the memory constraint, with the margin."""
    need = f"{memory.method} needs {memory.breakdown.peak / GIB:.1f} GiB"
    if memory.available_bytes is None:
        where = "no card was named" if profile.gpu is None else "on the CPU"
        return Check(name="memory", outcome="ok", because=f"{need} ({where})")
    return Check(name="memory", outcome="ok", because=f"{need} of {memory.available_bytes / GIB:.1f}")


def budget(memory: Memory, profile: Profile) -> tuple[Check, ...]:
    """Constraint: the expected dollars of one run stay within the budget."""
    if profile.budget is None:
        return ()
    if memory.cost_usd is None:
        because = "its cost is not known: name a card with a known price and the number of examples"
        return (Check(name="budget", outcome="unknown", because=because),)
    return (within(memory.cost_usd.expected, profile.budget),)


def within(cost: float, limit: float) -> Check:
    """Whether one run's expected dollars stay within the budget, with the margin."""
    if cost <= limit:
        return Check(name="budget", outcome="ok", because=f"about ${cost:,.2f} of ${limit:,.2f}")
    return Check(
        name="budget",
        outcome="no",
        because=f"about ${cost:,.2f} for one run, the budget is ${limit:,.2f}",
        shortfall=1 - limit / cost,
        remedy=f"a budget of ${cost:,.2f}",
    )


def serving(shape: Architecture, counted: Parameters, asked: Asked) -> tuple[Check, ...]:
    """Constraint: the tuned model runs on the card it must be served from, in bf16 or quantized."""
    target = asked.profile.serve_gpu
    if target is None or target.count == 0:
        return ()
    for dtype in ("bf16", "int8", "int4"):
        job = usual(shape, "inference", seq_len=asked.profile.seq_len, dtype=dtype)
        need = peak(shape, job, counted).peak
        if need <= target.usable_bytes:
            return (Check(name="serving", outcome="ok", because=f"serves in {dtype} with {need / GIB:.1f} GiB"),)
    because = f"even in int4 it needs {need / GIB:.1f} GiB to serve, the card has {target.usable_bytes / GIB:.1f}"
    shortfall = 1 - target.usable_bytes / need
    remedy = f"{need / GIB:.1f} GiB to serve from"
    return (Check(name="serving", outcome="no", because=because, shortfall=shortfall, remedy=remedy),)


def latency(counted: Parameters, asked: Asked) -> tuple[Check, ...]:
    """Constraint: one pass through the weights is not already longer than an answer may take.

    How much longer an answer really takes is not on record, so this rules out what is too slow on any software and
    leaves the rest to be measured.
    """
    limit, card = asked.profile.latency, asked.serving_card
    target = asked.profile.serve_gpu or asked.profile.gpu
    least = seconds_per_pass(counted, card, target.count) if limit is not None and card and target else None
    if limit is None or least is None or card is None:
        return ()
    said = f"a pass through its weights takes at least {1e3 * least:.2g} ms on {card.name}, in 4 bits"
    if 1e3 * least <= limit:
        return (Check(name="latency", outcome="unknown", because=f"{said}; how fast it answers must be measured"),)
    because = f"{said}; an answer may take {limit:g} ms"
    shortfall = 1 - limit / (1e3 * least)
    remedy = f"{1e3 * least:.2g} ms for an answer"
    return (Check(name="latency", outcome="no", because=because, shortfall=shortfall, remedy=remedy),)


def rate(counted: Parameters, fit: Fit, asked: Asked) -> tuple[Rating, ...]:
    """The criteria of this step; `headroom` and `method` only where there is a card."""
    ratings = [rate_economy(counted.active, asked)]
    gpu = asked.profile.gpu
    if gpu and gpu.count:
        spare = gpu.usable_bytes / fit.reference_peak
        worth = asked.policy.value("headroom")(spare)
        ratings.append(asked.rating("headroom", worth, worth, f"the card holds {spare:.1f} times what it needs"))
        best = fit.jobs[0].method
        worth = asked.policy.constant(f"method-{best}")
        ratings.append(asked.rating("method", worth, worth, f"the card allows {best} tuning"))
    return tuple(ratings)


def rate_economy(active: int, asked: Asked) -> Rating:
    """Criterion: what each run and each answer costs, by the parameters a token passes through."""
    worth = asked.policy.value("economy")(active)
    said = f"{active / 1e9:.1f} B" if active >= 1e9 else f"{active / 1e6:.0f} M"
    return asked.rating("economy", worth, worth, f"{said} active parameters per token")
