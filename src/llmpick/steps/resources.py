"""Step 2, resources: which method the card holds, what it takes, what it costs, where it can run afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError
from llmpick.record import NamedTuple, record, replace
from llmpick.sizing.cost import dollars
from llmpick.sizing.estimate import LEANER, estimate, peak
from llmpick.sizing.job import usual_for
from llmpick.sizing.methods import held, ladder, preference
from llmpick.sizing.parameters import count
from llmpick.sizing.serving import serve_by
from llmpick.sizing.time import hours_of
from llmpick.sizing.working import lot_of
from llmpick.steps.asked import Weighed
from llmpick.steps.latency import latency, out_of_reach
from llmpick.units import GIB, beyond, told_apart
from llmpick.verdict import Check, StepVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llmpick.architecture import Architecture
    from llmpick.catalog.facts import Facts
    from llmpick.profile import Profile
    from llmpick.schema import Model
    from llmpick.sizing.job import Dtype, Job
    from llmpick.sizing.networks import Size
    from llmpick.sizing.parameters import Parameters
    from llmpick.sizing.size import Ladder, Parts
    from llmpick.steps.asked import Asked, Range
    from llmpick.verdict import Memory, Method, Rating

LEANEST = LEANER[-1]
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
        check = too_slow or does_not_fit(fit, profile, in_chunks(shape, fit.leanest, counted))
        memory = _estimate(model, fit.leanest, counted, asked)
        return Plan(verdict=StepVerdict(step="resources", checks=(check,)), method=memory.method, memory=memory)
    parts = asked.store.parts(size)
    job = fit.jobs[affordable(costs(parts, fit.jobs, asked), profile.budget)[0]]
    memory = _estimate(model, job, counted, asked)
    checks = (
        fits(memory, job, profile),
        *budget(memory, profile),
        *serving(parts, asked),
        *answering(shape, counted, parts, asked),
    )
    rated = rate(size, fit, asked) if all(check.outcome != "no" for check in checks) else ()
    verdict = StepVerdict(step="resources", checks=checks, ratings=rated)
    return Plan(verdict=verdict, method=memory.method, memory=memory)


def weigh(facts: Facts, asked: Asked) -> Weighed:
    """The same in numbers."""
    profile, size = asked.profile, facts.size
    if size is None:
        return asked.adding(("economy", economy(facts.active, asked)), unknown=True)
    key = ("resources", id(size), trained_length(profile, facts.context))
    if key not in asked.memo:  # once for all models that share a Size: half of them are tuned from another
        asked.memo[key] = _weigh(size, key[-1], asked), size  # holds the size, so that its id stays its own
    known: Weighed = asked.memo[key][0]
    return known


def _weigh(size: Size, seq_len: int, asked: Asked) -> Weighed:
    fit = fitting(size, seq_len, asked)
    short = too_slow(size.total, asked)
    if short is None:
        short = _short(size, fit, asked) if fit.jobs else lacking(fit, asked.profile)
    if short is not None:
        return Weighed(no=True, shortfall=short, helped=True)
    return asked.adding(*worths(size, fit, asked))


def _short(size: Size, fit: Fit, asked: Asked) -> float | None:
    """How far what fits the card is from the first of the other limits that it does not keep; None = it keeps all."""
    profile, short = asked.profile, None
    if profile.budget is None and profile.serve_gpu is None and profile.latency is None:
        return None
    parts = asked.store.parts(size)
    if profile.budget is not None:
        _, cost = affordable(costs(parts, fit.jobs, asked), profile.budget)
        short = above(cost, profile.budget)
    if short is None:
        short = unserved(parts, asked)
    return unanswered(parts, asked) if short is None else short


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
    profile, ladder = asked.profile, ladder_for(size, seq_len, asked)
    jobs = ladder.jobs
    limit = profile.gpu.usable_bytes if profile.gpu and profile.gpu.count else None
    thrifty = profile.budget is not None
    if limit is None and not thrifty:
        return Fit(jobs[:1], jobs[0], 0)
    peaks = asked.store.peaks(size, ladder)
    first = peaks[0]
    if limit is not None and not thrifty and first * asked.plenty <= limit:
        # Worth all that headroom can be worth: no leaner method can add to it.
        return Fit(jobs[:1], jobs[0], first)
    at_once = peaks[ladder.whole]
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


def ladder_for(size: Size, seq_len: int, asked: Asked) -> Ladder:
    """The Ladder of a network, one for all of its structure that prefer the same methods."""
    profile = asked.profile
    key = ("ladder", size.structure, preference(size.total, profile), seq_len)
    if key not in asked.memo:
        jobs = ladder(
            size.structure,
            size.total,
            profile,
            seq_len=seq_len,
            vocabulary_head=asked.task.vocabulary_head,
            splits=asked.task.kind != "embedding",
        )
        asked.memo[key] = asked.store.ladder(size.structure, jobs)
    known: Ladder = asked.memo[key]
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


def in_chunks(shape: Architecture, job: Job, counted: Parameters) -> int | None:
    """The peak of `job` in a trainer that takes the loss in chunks; None where all logits are few.

    TRL 1.16's trainers and Unsloth do so of their own accord, transformers' Trainer, which is what is sized, does not.
    """
    if not job.vocabulary_head or shape.structure != "decoder":
        return None
    return peak(shape, replace(job, chunked_loss=True), counted).peak


def does_not_fit(fit: Fit, profile: Profile, in_chunks: int | None = None) -> Check:
    """The `no` of the memory constraint: how much even the leanest method lacks, and whether another loss would do.

    `in_chunks`: what the same job needs where the loss is taken in chunks.
    """
    usable = profile.gpu.usable_bytes if profile.gpu else 0
    need, has = beyond(fit.reference_peak / GIB, usable / GIB, 1)
    because = (
        f"even {fit.leanest.method} needs {need} GiB "
        f"{'for one sequence of' if fit.leanest.accumulation > 1 else 'at'} {profile.seq_len:,} tokens, "
        f"the card has {has}"
    )
    remedy = f"{need} GiB of usable GPU memory"
    if in_chunks is not None and in_chunks <= usable:
        because += f"; {in_chunks / GIB:.1f} would do in TRL 1.16 or Unsloth, which take the loss in chunks"
        remedy += ", or such a trainer"
    return Check(name="memory", outcome="no", because=because, shortfall=lacking(fit, profile), remedy=remedy)


def costs(parts: Parts, jobs: Sequence[Job], asked: Asked) -> Iterator[float]:
    """Expected dollars of each of `jobs`; 0 where that is not known."""
    run = asked.run
    if run.examples is None or run.card is None or run.price is None:
        yield from (0.0 for _ in jobs)
        return
    for job in jobs:
        cost = dollars(hours_of(parts.work(job, lot_of(job)), job, run), run.price, job.n_gpus)
        yield cost.expected if cost else 0.0


def affordable(costs: Iterable[float], limit: float | None) -> tuple[int, float]:
    """The place of the first cost within the budget, and that cost; where none is, those of the least."""
    seen = []
    for place, cost in enumerate(costs):
        if limit is None or cost <= limit:
            return place, cost
        seen.append(cost)
    return seen.index(min(seen)), min(seen)


def _estimate(model: Model, job: Job, counted: Parameters, asked: Asked) -> Memory:
    assert model.architecture is not None
    shape = model.architecture.shape
    return estimate(model.id, shape, job, asked.profile.gpu, run=asked.run, parameters=counted)


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
    short = above(cost, limit)
    if short is None:
        asks, has = told_apart(cost, limit, 2)
        return Check(name="budget", outcome="ok", because=f"about ${asks} of ${has}")
    asks, has = beyond(cost, limit, 2)
    return Check(
        name="budget",
        outcome="no",
        because=f"about ${asks} for one run, the budget is ${has}",
        shortfall=short,
        remedy=f"a budget of ${asks}",
    )


def above(amount: float, limit: float) -> float | None:
    """The share of an amount that is too much; None where it keeps the limit."""
    return None if amount <= limit else 1 - limit / amount


def serving(parts: Parts, asked: Asked) -> tuple[Check, ...]:
    """Constraint: the tuned model runs on the card it must be served from, in bf16 or quantized."""
    target = asked.profile.serve_gpu
    if target is None or target.count == 0:
        return ()
    short = unserved(parts, asked)
    if short is None:
        job, need = served(parts, asked, target.usable_bytes)
        return (Check(name="serving", outcome="ok", because=f"serves in {job.dtype} with {need / GIB:.1f} GiB"),)
    asks, has = beyond(served_peak(parts, LEANEST, asked) / GIB, target.usable_bytes / GIB, 1)
    because = f"even in {LEANEST} it needs {asks} GiB to serve, the card has {has}"
    remedy = f"{asks} GiB to serve from"
    return (Check(name="serving", outcome="no", because=because, shortfall=short, remedy=remedy),)


def unserved(parts: Parts, asked: Asked) -> float | None:
    """The share of what even the leanest weights need that the card to serve from lacks; None where it is enough."""
    target = asked.profile.serve_gpu
    if target is None or target.count == 0:
        return None
    return above(served_peak(parts, LEANEST, asked), target.usable_bytes)


def served(parts: Parts, asked: Asked, room: int) -> tuple[Job, int]:
    """Serving in the widest weights that fit `room`, else the leanest there are, and the bytes that takes."""
    for dtype in LEANER:
        need = served_peak(parts, dtype, asked)
        if need <= room:
            break
    return serving_job(parts, dtype, asked), need


def served_peak(parts: Parts, dtype: Dtype, asked: Asked) -> int:
    """Bytes to serve one prompt as long as the texts to train on."""
    return serve_by(parts.running.served, serving_job(parts, dtype, asked)).peak


def serving_job(parts: Parts, dtype: Dtype, asked: Asked) -> Job:
    """Serving one prompt as long as the texts to train on."""
    key = ("serving", parts.size.structure, dtype)
    if key not in asked.memo:
        asked.memo[key] = usual_for(parts.size.structure, "inference", seq_len=asked.profile.seq_len, dtype=dtype)
    known: Job = asked.memo[key]
    return known


def answering(shape: Architecture, counted: Parameters, parts: Parts, asked: Asked) -> tuple[Check, ...]:
    """Constraint: an answer takes no longer than it may on the card it is served from."""
    limit, card = asked.profile.latency, asked.serving_card
    target = asked.profile.serve_gpu or asked.profile.gpu
    if limit is None or card is None or target is None:
        return ()
    job, _ = served(parts, asked, target.usable_bytes)
    job = replace(job, n_gpus=target.count, vocabulary_head=job.vocabulary_head and asked.task.vocabulary_head)
    check = latency(shape, job, card, counted, limit)
    return (check,) if check else ()


def unanswered(parts: Parts, asked: Asked) -> float | None:
    """How far even one pass is from the time that an answer may take; None where it is not, or nothing is known."""
    limit, card = asked.profile.latency, asked.serving_card
    target = asked.profile.serve_gpu or asked.profile.gpu
    if limit is None or card is None or target is None:
        return None
    return out_of_reach(parts.running.read, card, target.count, limit)


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
    most = "at most " if share * asked.plenty <= 1 else ""  # leaner ways are not tried where they add nothing
    because = {
        "economy": per_token(size.active),
        "headroom": f"tuned the leanest way it takes {most}{share:.0%} of the card"
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
