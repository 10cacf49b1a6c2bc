"""Step 2, resources: which method the card holds, what it takes, what it costs, where it can run afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError
from llmpick.record import NamedTuple, record, replace
from llmpick.sizing.cost import dollars
from llmpick.sizing.estimate import Run, estimate, peak
from llmpick.sizing.job import usual
from llmpick.sizing.methods import held, ladder
from llmpick.sizing.parameters import count
from llmpick.sizing.size import Peaks, places_of
from llmpick.sizing.time import hours
from llmpick.steps.asked import Weighed
from llmpick.steps.latency import latency
from llmpick.units import GIB, beyond, told_apart
from llmpick.verdict import Check, StepVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llmpick.architecture import Architecture
    from llmpick.catalog.facts import Facts
    from llmpick.profile import Profile
    from llmpick.schema import Model
    from llmpick.sizing.job import Job
    from llmpick.sizing.parameters import Parameters
    from llmpick.sizing.size import Size
    from llmpick.steps.asked import Asked, Range
    from llmpick.verdict import Memory, Method, Rating

HOPELESS = 2
"""Where the thriftiest method needs so many times the card, no other is tried: none saves that much."""


@record
class Plan:
    """What the resources step worked out besides its verdict."""

    verdict: StepVerdict
    method: Method
    memory: Memory | None = None


class Fit(NamedTuple):
    """The Jobs of one network that a card can hold."""

    jobs: tuple[Job, ...]
    """Those that fit, best first; only the first unless a budget may refuse it."""
    leanest: Job
    reference_peak: int
    """The smaller peak of the richest and the thriftiest Job that takes its batch whole: what headroom is measured by.

    0 where there is no card to measure it by.
    """


def judge(model: Model, facts: Facts, asked: Asked) -> Plan:
    """Checks `memory`, `budget`, `serving` and `latency`; rates `headroom`, `economy` and `method`."""
    if model.architecture is None:
        return not_sized(model, "its architecture is not on record, so nothing can be sized", asked)
    shape, size = model.architecture.shape, facts.size
    try:
        counted = count(shape)
    except LlmpickError as error:
        return not_sized(model, f"it cannot be sized: {error.message}", asked)
    assert size is not None, "what can be counted can be sized"
    profile = cut_to_context(asked.profile, model)
    fit = fitting(size, profile.seq_len, asked)
    too_slow = without_gpu(counted.total, asked)
    if not fit.jobs or too_slow:
        check = too_slow or does_not_fit(fit, profile)
        memory = _estimate(model, fit.leanest, counted, asked)
        return Plan(verdict=StepVerdict(step="resources", checks=(check,)), method=memory.method, memory=memory)
    job = fit.jobs[affordable(costs(shape, fit.jobs, counted, asked), profile.budget)]
    memory = _estimate(model, job, counted, asked)
    checks = (
        fits(memory, job, profile),
        *budget(memory, profile),
        *serving(shape, counted, asked),
        *answering(shape, counted, asked),
    )
    rated = rate(size, fit, asked) if all(check.outcome != "no" for check in checks) else ()
    verdict = StepVerdict(step="resources", checks=checks, ratings=rated)
    return Plan(verdict=verdict, method=memory.method, memory=memory)


def weigh(facts: Facts, asked: Asked) -> Weighed:
    """The same in numbers."""
    profile, size = asked.profile, facts.size
    if size is None:
        return asked.adding(("economy", economy(facts.active, asked)), unknown=True)
    if any(one is not None for one in (profile.budget, profile.serve_gpu, profile.latency)):
        return asked.weighed(judge(asked.known(facts.id), facts, asked).verdict)
    key = ("resources", id(size), trained_length(profile, facts.context))
    if key not in asked.memo:  # once for all models that share a Size: half of them are tuned from another
        asked.memo[key] = _weigh(size, key[-1], asked), size  # holds the size, so that its id stays its own
    known: Weighed = asked.memo[key][0]
    return known


def _weigh(size: Size, seq_len: int, asked: Asked) -> Weighed:
    fit = fitting(size, seq_len, asked)
    slow = too_slow(size.total, asked)
    if slow is not None or not fit.jobs:
        return Weighed(no=True, shortfall=lacking(fit, asked.profile) if slow is None else slow, helped=True)
    return asked.adding(*worths(size, fit, asked))


def not_sized(model: Model, because: str, asked: Asked) -> Plan:
    """What is left to say of a model whose memory cannot be worked out."""
    check = Check(name="memory", outcome="unknown", because=because)
    ratings = (rate_economy(model.parameters.active, asked),)
    return Plan(verdict=StepVerdict(step="resources", checks=(check,), ratings=ratings), method="lora")


def trained_length(profile: Profile, context: int | None) -> int:
    """A default training length never exceeds what the model reads; one the user gave is left as it is."""
    if context is None or profile.seq_len <= context or "seq_len" not in profile.assumed:
        return profile.seq_len
    return context


def cut_to_context(profile: Profile, model: Model) -> Profile:
    """`profile` with the length the model would be trained at."""
    length = trained_length(profile, model.context_length)
    return profile if length == profile.seq_len else replace(profile, seq_len=length)


def fitting(size: Size, seq_len: int, asked: Asked) -> Fit:
    """Try the methods in the order the model and the data prefer; more memory can only move the choice forward."""
    profile = asked.profile
    jobs = ladder(
        size.structure,
        size.total,
        profile,
        seq_len=seq_len,
        vocabulary_head=asked.task.vocabulary_head,
        splits=asked.task.kind != "embedding",
    )
    limit = profile.gpu.usable_bytes if profile.gpu and profile.gpu.count else None
    thrifty = profile.budget is not None
    if limit is None and not thrifty:
        return Fit(jobs[:1], jobs[0], 0)
    peaks = peaks_of(size, jobs, asked)
    first = peaks[0]
    if limit is not None and not thrifty and first * asked.plenty <= limit:
        # Worth all that headroom can be worth: no leaner method can add to it.
        return Fit(jobs[:1], jobs[0], first)
    whole = next(position for position in reversed(range(len(jobs))) if jobs[position].accumulation == 1)
    at_once = peaks[whole]
    if limit is not None and at_once > HOPELESS * limit:
        last = peaks[len(jobs) - 1]
        if last > HOPELESS * limit:
            return Fit((), jobs[-1], last)
    if limit is None:
        return Fit(jobs, jobs[0], min(first, at_once))
    fits = held(jobs, peaks.__getitem__, limit, every=thrifty)
    if fits:
        return Fit(fits, fits[0], min(first, at_once))
    leanest = min(range(len(jobs)), key=peaks.__getitem__)
    return Fit((), jobs[leanest], peaks[leanest])


def peaks_of(size: Size, jobs: tuple[Job, ...], asked: Asked) -> Peaks:
    """What each Job of a ladder needs, worked out when it is asked for and kept with the catalog."""
    key = id(size), id(jobs)  # both live as long as the catalog's Sizes and the ladders do
    known = asked.peaks.get(key)
    if known is None or known.size is not size or known.jobs is not jobs:
        where = ("places", id(jobs))
        if where not in asked.memo:
            asked.memo[where] = places_of(size.structure, jobs)
        known = asked.peaks[key] = Peaks(size, jobs, asked.memo[where])
    return known


def too_slow(parameters: int, asked: Asked) -> float | None:
    """How far a model is from what a CPU trains in reasonable time; None where it is not, or there is a GPU.

    All parameters count: those of an expert that a token skips are held and updated too.
    """
    gpu, limit = asked.profile.gpu, asked.constants["cpu-parameters"]
    return None if gpu is None or gpu.count or parameters <= limit else 1 - limit / parameters


def without_gpu(parameters: int, asked: Asked) -> Check | None:
    """Constraint: a CPU trains only small models in reasonable time."""
    short = too_slow(parameters, asked)
    if short is None:
        return None
    return Check(
        name="memory",
        outcome="no",
        because=f"{parameters / 1e9:.1f} B parameters are too slow to train without a GPU",
        shortfall=short,
        remedy="any GPU that holds it",
    )


def lacking(fit: Fit, profile: Profile) -> float:
    """The share of what even the leanest method needs that the card does not have."""
    return 1 - (profile.gpu.usable_bytes if profile.gpu else 0) / fit.reference_peak


def does_not_fit(fit: Fit, profile: Profile) -> Check:
    """The `no` of the memory constraint: how much even the leanest method lacks."""
    usable = profile.gpu.usable_bytes if profile.gpu else 0
    need, has = beyond(fit.reference_peak / GIB, usable / GIB, 1)
    because = (
        f"even {fit.leanest.method} needs {need} GiB "
        f"{'for one sequence of' if fit.leanest.accumulation > 1 else 'at'} {profile.seq_len:,} tokens, "
        f"the card has {has}"
    )
    return Check(
        name="memory",
        outcome="no",
        because=because,
        shortfall=lacking(fit, profile),
        remedy=f"{need} GiB of usable GPU memory",
    )


def costs(shape: Architecture, jobs: Sequence[Job], counted: Parameters, asked: Asked) -> Iterator[float]:
    """Expected dollars of each of `jobs`; 0 where that is not known."""
    run = _run(asked)
    for job in jobs:
        cost = dollars(hours(shape, job, run, counted), run.price, job.n_gpus)
        yield cost.expected if cost else 0.0


def affordable(costs: Iterable[float], limit: float | None) -> int:
    """The place of the first cost within the budget; where none is, of the least."""
    if limit is None:
        return 0
    seen = []
    for place, cost in enumerate(costs):
        if cost <= limit:
            return place
        seen.append(cost)
    return seen.index(min(seen))


def _run(asked: Asked) -> Run:
    profile = asked.profile
    return Run(
        examples=profile.examples,
        epochs=profile.epochs,
        card=asked.gpu,
        price=asked.price,
        efficiencies=asked.catalog.efficiencies,
    )


def _estimate(model: Model, job: Job, counted: Parameters, asked: Asked) -> Memory:
    assert model.architecture is not None
    shape = model.architecture.shape
    return estimate(model.id, shape, job, asked.profile.gpu, run=_run(asked), parameters=counted)


def fits(memory: Memory, job: Job, profile: Profile) -> Check:
    """The `ok` of the memory constraint, with the margin."""
    need = f"{memory.method} needs {memory.breakdown.peak / GIB:.1f} GiB{_split(job)}"
    if memory.available_bytes is None:
        where = "no card was named" if profile.gpu is None else "on the CPU"
        return Check(name="memory", outcome="ok", because=f"{need} ({where})")
    return Check(name="memory", outcome="ok", because=f"{need} of {memory.available_bytes / GIB:.1f}")


def _split(job: Job) -> str:
    return f", one sequence at a time over {job.accumulation} passes," if job.accumulation > 1 else ""


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
        asks, has = told_apart(cost, limit, 2)
        return Check(name="budget", outcome="ok", because=f"about ${asks} of ${has}")
    asks, has = beyond(cost, limit, 2)
    return Check(
        name="budget",
        outcome="no",
        because=f"about ${asks} for one run, the budget is ${has}",
        shortfall=1 - limit / cost,
        remedy=f"a budget of ${asks}",
    )


def serving(shape: Architecture, counted: Parameters, asked: Asked) -> tuple[Check, ...]:
    """Constraint: the tuned model runs on the card it must be served from, in bf16 or quantized."""
    target = asked.profile.serve_gpu
    if target is None or target.count == 0:
        return ()
    job, need = served(shape, counted, asked, target.usable_bytes)
    if need <= target.usable_bytes:
        return (Check(name="serving", outcome="ok", because=f"serves in {job.dtype} with {need / GIB:.1f} GiB"),)
    asks, has = beyond(need / GIB, target.usable_bytes / GIB, 1)
    because = f"even in int4 it needs {asks} GiB to serve, the card has {has}"
    shortfall = 1 - target.usable_bytes / need
    remedy = f"{asks} GiB to serve from"
    return (Check(name="serving", outcome="no", because=because, shortfall=shortfall, remedy=remedy),)


def served(shape: Architecture, counted: Parameters, asked: Asked, room: int) -> tuple[Job, int]:
    """Serving in the widest weights that fit `room`, else the leanest there are, and the bytes that takes."""
    for dtype in ("bf16", "int8", "int4"):
        job = usual(shape, "inference", seq_len=asked.profile.seq_len, dtype=dtype)
        need = peak(shape, job, counted).peak
        if need <= room:
            break
    return job, need


def answering(shape: Architecture, counted: Parameters, asked: Asked) -> tuple[Check, ...]:
    """Constraint: an answer takes no longer than it may on the card it is served from."""
    limit, card = asked.profile.latency, asked.serving_card
    target = asked.profile.serve_gpu or asked.profile.gpu
    if limit is None or card is None or target is None:
        return ()
    job, _ = served(shape, counted, asked, target.usable_bytes)
    job = replace(job, n_gpus=target.count, vocabulary_head=job.vocabulary_head and asked.task.vocabulary_head)
    check = latency(shape, job, card, counted, limit)
    return (check,) if check else ()


def worths(size: Size, fit: Fit, asked: Asked) -> tuple[tuple[str, Range], ...]:
    """The criteria of this step; `headroom` and `method` only where there is a card."""
    found = ("economy", economy(size.active, asked))
    gpu = asked.profile.gpu
    if gpu is None or not gpu.count:
        return (found,)
    room = asked.curves["headroom"](gpu.usable_bytes / fit.reference_peak)
    method = asked.constants[f"method-{fit.jobs[0].method}"]
    return found, ("headroom", (room, room)), ("method", (method, method))


def rate(size: Size, fit: Fit, asked: Asked) -> tuple[Rating, ...]:
    """The same with their sentences."""
    gpu = asked.profile.gpu
    share = fit.reference_peak / gpu.usable_bytes if gpu and gpu.count else 0.0
    because = {
        "economy": per_token(size.active),
        "headroom": f"tuned the leanest way it takes {share:.0%} of the card"
        if share <= 1
        else "the card holds it only a sequence at a time",
        "method": f"the card allows {fit.jobs[0].method} tuning",
    }
    return tuple(asked.rating(name, *worth, because[name]) for name, worth in worths(size, fit, asked))


def economy(active: int, asked: Asked) -> Range:
    """Criterion: what each run and each answer costs, by the parameters a token passes through."""
    worth = asked.curves["economy"](active)
    return worth, worth


def rate_economy(active: int, asked: Asked) -> Rating:
    """`economy` with its sentence."""
    return asked.rating("economy", *economy(active, asked), per_token(active))


def per_token(active: int) -> str:
    """What a token passes through, in words."""
    said = f"{active / 1e9:.1f} B" if active >= 1e9 else f"{active / 1e6:.0f} M"
    return f"{said} active parameters per token"
