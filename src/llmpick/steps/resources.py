"""Step 2, resources: which method the card holds, what it takes, what it costs, where it can run afterwards."""

from __future__ import annotations

from array import array
from itertools import islice
from math import ceil, inf
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError
from llmpick.record import NamedTuple, record, replace
from llmpick.sizing.cost import hourly
from llmpick.sizing.estimate import LEANER, estimate, peak
from llmpick.sizing.job import usual_for
from llmpick.sizing.methods import MANY_EXAMPLES, held, ladder, preference
from llmpick.sizing.networks import METHODS
from llmpick.sizing.parameters import count
from llmpick.sizing.serving import serve_by
from llmpick.sizing.time import efficiency_of, expected_hours, seconds_of
from llmpick.sizing.working import lot_of
from llmpick.steps.asked import Weighed
from llmpick.units import GIB, beyond, told_apart
from llmpick.verdict import Check, StepVerdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from llmpick.architecture import Architecture
    from llmpick.catalog.facts import Facts
    from llmpick.profile import Profile
    from llmpick.schema import Model
    from llmpick.sizing.job import Dtype, Job
    from llmpick.sizing.networks import Networks, Size
    from llmpick.sizing.parameters import Parameters
    from llmpick.sizing.size import Ladder
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
    job = fit.jobs[affordable(costs(size, fit.jobs, asked), profile.budget)[0]]
    memory = _estimate(model, job, counted, asked)
    checks = (
        fits(memory, job, profile),
        *budget(memory, profile),
        *serving(size, asked),
        *answering(shape, counted, size, asked),
    )
    rated = rate(size, fit, asked) if all(check.outcome != "no" for check in checks) else ()
    verdict = StepVerdict(step="resources", checks=checks, ratings=rated)
    return Plan(verdict=verdict, method=memory.method, memory=memory)


def weigh(facts: Facts, asked: Asked) -> Weighed:
    """The same in numbers."""
    size = facts.size
    if size is None:
        return asked.adding(("economy", economy(facts.active, asked)), unknown=True)
    scale: Scale = asked.memo.get("resources") or asked.memo.setdefault("resources", Scale(asked))
    return scale.weigh(size, trained_length(asked.profile, facts.context))


MOST_NUMBERS = 1_000_000
"""Numbers of networks that are remembered for other questions, 8 bytes each: some 300 cards, lengths and batches of a
thousand models."""


class Scale:
    """What one question weighs all networks by, and what it knows of them."""

    def __init__(self, asked: Asked) -> None:
        profile, gpu = asked.profile, asked.profile.gpu
        if sum(map(len, asked.numbers.values())) > MOST_NUMBERS:
            asked.numbers.clear()
        self.asked = asked
        self.limited = any(limit is not None for limit in (profile.budget, profile.serve_gpu, profile.latency))
        self._gpu, self._room = gpu, room(asked)
        self._economy, self._headroom = asked.curves["economy"], asked.curves["headroom"]
        self._methods = {method: asked.constants[f"method-{method}"] for method in METHODS}
        self._weights = [asked.weights.get(name, 0.0) for name in ("economy", "headroom", "method")]
        self._known: dict[tuple[Networks, int], array[float]] = {}
        self._shorts: dict[tuple[Size, int], float | None] = {}
        self._about = (
            gpu and (gpu.usable_bytes, gpu.count),
            profile.method,
            profile.batch_size,
            "batch_size" in profile.assumed,
            (profile.examples or 0) >= MANY_EXAMPLES,
            profile.budget is not None,
            asked.task.vocabulary_head,
            asked.task.kind,
        )

    def weigh(self, size: Size, seq_len: int) -> Weighed:
        """One network trained at `seq_len` tokens."""
        known = self._known.get((size.networks, seq_len))
        if known is None:
            known = numbers(self.asked, size.networks, 4, "worth", seq_len, *self._about)
            self._known[size.networks, seq_len] = known
        at = 4 * size.number
        economy, spare, method, place = known[at : at + 4]
        if economy < 0:  # not known yet
            economy, spare, method, place = known[at : at + 4] = array("d", self._worths(size, seq_len))
        short = -spare if spare < 0 else self._short(size, seq_len, int(place)) if self.limited else None
        if short is not None:
            return Weighed(no=True, shortfall=short, helped=True)
        cheap, spacious, rich = self._weights
        low = cheap * economy + spacious * spare + rich * method
        return Weighed(low, low)

    def _worths(self, size: Size, seq_len: int) -> tuple[float, float, float, int]:
        """What `economy`, `headroom` and `method` are worth, and the place of the best Job that fits.

        Instead of headroom what is lacking, negative, where something is.
        """
        asked, gpu = self.asked, self._gpu
        if gpu and not gpu.count:
            short = too_slow(size.total, asked)
            return (self._economy(size.active), 0.0, 0.0, 0) if short is None else (0.0, -short, 0.0, 0)
        ladder = ladder_for(size, seq_len, asked)
        if gpu is None:
            return self._economy(size.active), self._headroom(self._room / _leanest(size, ladder, asked)), 0.0, 0
        fits, place, reference = best(asked.store.peaks(size, ladder), ladder, gpu.usable_bytes, asked)
        if not fits:
            return 0.0, -lacking(reference, gpu.usable_bytes), 0.0, 0
        spare, method = self._headroom(self._room / reference), self._methods[ladder.methods[place]]
        return self._economy(size.active), spare, method, place

    def _short(self, size: Size, seq_len: int, place: int) -> float | None:
        key = size, seq_len
        if key not in self._shorts:  # half of the models are tuned from another
            self._shorts[key] = _short(size, seq_len, place, self.asked)
        return self._shorts[key]


def numbers(asked: Asked, networks: Networks, width: int, *about: Any) -> array[float]:
    """So many numbers of each of `networks`, the same in all questions that are alike in what they are `about`.

    Negative where one is not known yet.
    """
    key = (networks, *about)
    known = asked.numbers.get(key)
    if known is None:
        known = asked.numbers[key] = array("d", [-1.0]) * (width * networks.count)
    return known


def _short(size: Size, seq_len: int, place: int, asked: Asked) -> float | None:
    """How far what fits the card, best at `place`, is from the first of the other limits; None = it keeps them all."""
    profile, short = asked.profile, None
    if profile.budget is not None and asked.run.card is not None:
        _, cost = affordable(costs(size, _jobs_held(size, seq_len, place, asked), asked), profile.budget)
        short = above(cost, profile.budget)
    if short is None:
        short = unserved(size, asked)
    return unanswered(size, asked) if short is None else short


def _jobs_held(size: Size, seq_len: int, place: int, asked: Asked) -> Iterator[Job]:
    """The Jobs that the card holds, best first: no peak is asked for before the second."""
    ladder = ladder_for(size, seq_len, asked)
    yield ladder.jobs[place]
    for other in islice(places_held(size, ladder, asked), 1, None):
        yield ladder.jobs[other]


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
    if profile.gpu is None or not profile.gpu.count:
        return Fit(
            jobs if profile.budget is not None else jobs[:1],
            jobs[0],
            0 if profile.gpu else _leanest(size, ladder, asked),
        )
    fits, place, reference = best(asked.store.peaks(size, ladder), ladder, profile.gpu.usable_bytes, asked)
    if not fits:
        return Fit((), jobs[place], reference)
    if profile.budget is None:
        return Fit((jobs[place],), jobs[place], reference)
    return Fit(tuple(jobs[each] for each in places_held(size, ladder, asked)), jobs[place], reference)


def best(peaks: Sequence[int], ladder: Ladder, limit: int, asked: Asked) -> tuple[bool, int, int]:
    """Whether any Job of a ladder fits, the place of the best that does, else of the leanest, and `reference_peak`."""
    first = peaks[0]
    if asked.profile.budget is None and first * asked.plenty <= limit:
        # Worth all that headroom can be worth: no leaner method can add to it.
        return True, 0, first
    at_once, last = peaks[ladder.whole], len(peaks) - 1
    if at_once > HOPELESS * limit and peaks[last] > HOPELESS * limit:
        return False, last, peaks[last]
    for place in held(ladder.methods, peaks.__getitem__, limit):
        return True, place, min(first, at_once)
    leanest = min(range(len(peaks)), key=peaks.__getitem__)
    return False, leanest, peaks[leanest]


def _leanest(size: Size, ladder: Ladder, asked: Asked) -> int:
    """The peak that headroom is measured by where no card was named."""
    peaks = asked.store.peaks(size, ladder)
    first = peaks[0]
    return first if first * asked.plenty <= room(asked) else min(first, peaks[ladder.whole])


def room(asked: Asked) -> float:
    """Bytes that headroom is measured on: those of the card, or of the one that stands for it where none was named."""
    gpu = asked.profile.gpu
    return gpu.usable_bytes if gpu else asked.constants["unnamed-card"] * GIB


def places_held(size: Size, ladder: Ladder, asked: Asked) -> Iterator[int]:
    """The places of the Jobs of a ladder that the question's card holds, best first."""
    gpu = asked.profile.gpu
    assert gpu is not None and gpu.count, "there is a card"
    return held(ladder.methods, asked.store.peaks(size, ladder).__getitem__, gpu.usable_bytes)


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


def lacking(need: int, usable: int) -> float:
    """The share of what even the leanest method needs that the card does not have."""
    return 1 - usable / need


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
    return Check(
        name="memory", outcome="no", because=because, shortfall=lacking(fit.reference_peak, usable), remedy=remedy
    )


def costs(size: Size, jobs: Iterable[Job], asked: Asked) -> Iterator[float]:
    """Expected dollars of each of `jobs`; 0 where that is not known."""
    run, hour = asked.run, hourly(asked.run.price)
    for job in jobs:
        step = None if run.examples is None or hour is None else step_seconds(size, job, asked)
        if run.examples is None or hour is None or step is None:
            yield 0.0
        else:
            yield job.n_gpus * expected_hours(step, job, run.examples * run.epochs) * hour


def step_seconds(size: Size, job: Job, asked: Asked) -> float | None:
    """Seconds of one step of a Job on the question's card; None where they are not known."""
    card = asked.run.card
    if card is None:
        return None
    known = numbers(asked, size.networks, 1, "step", card.name, id(job))  # of which `rungs` keeps every one
    if known[size.number] < 0:
        row, parts = efficiency_of(job, asked.run), asked.store.parts(size)
        step = seconds_of(parts.work(job, lot_of(job)), job, card, row) if row else None
        known[size.number] = inf if step is None else step
    step = known[size.number]
    return None if step == inf else step


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


def serving(size: Size, asked: Asked) -> tuple[Check, ...]:
    """Constraint: the tuned model runs on the card it must be served from, in bf16 or quantized."""
    target = asked.profile.serve_gpu
    if target is None or target.count == 0:
        return ()
    short = unserved(size, asked)
    if short is None:
        job, need = served(size, asked, target.usable_bytes)
        return (Check(name="serving", outcome="ok", because=f"serves in {job.dtype} with {need / GIB:.1f} GiB"),)
    asks, has = beyond(served_peak(size, LEANEST, asked) / GIB, target.usable_bytes / GIB, 1)
    because = f"even in {LEANEST} it needs {asks} GiB to serve, the card has {has}"
    remedy = f"{asks} GiB to serve from"
    return (Check(name="serving", outcome="no", because=because, shortfall=short, remedy=remedy),)


def unserved(size: Size, asked: Asked) -> float | None:
    """The share of what even the leanest weights need that the card to serve from lacks; None where it is enough."""
    target = asked.profile.serve_gpu
    if target is None or target.count == 0:
        return None
    return above(served_peak(size, LEANEST, asked), target.usable_bytes)


def served(size: Size, asked: Asked, room: int) -> tuple[Job, int]:
    """Serving in the widest weights that fit `room`, else the leanest there are, and the bytes that takes."""
    for dtype in LEANER:
        need = served_peak(size, dtype, asked)
        if need <= room:
            break
    return serving_job(size, dtype, asked), need


def served_peak(size: Size, dtype: Dtype, asked: Asked) -> int:
    """Bytes to serve one prompt as long as the texts to train on."""
    known = numbers(asked, size.networks, 1, "served", dtype, asked.profile.seq_len)
    if known[size.number] < 0:
        served = asked.store.parts(size).running.served
        known[size.number] = serve_by(served, serving_job(size, dtype, asked)).peak
    return int(known[size.number])


def serving_job(size: Size, dtype: Dtype, asked: Asked) -> Job:
    """Serving one prompt as long as the texts to train on."""
    key = ("serving", size.structure, dtype)
    if key not in asked.memo:
        asked.memo[key] = usual_for(size.structure, "inference", seq_len=asked.profile.seq_len, dtype=dtype)
    known: Job = asked.memo[key]
    return known


def answering(shape: Architecture, counted: Parameters, size: Size, asked: Asked) -> tuple[Check, ...]:
    """Constraint: an answer takes no longer than it may on the card it is served from."""
    limit, card = asked.profile.latency, asked.serving_card
    target = asked.profile.serve_gpu or asked.profile.gpu
    if limit is None or card is None or target is None:
        return ()
    from llmpick.steps.latency import latency

    job, _ = served(size, asked, target.usable_bytes)
    job = replace(job, n_gpus=target.count, vocabulary_head=job.vocabulary_head and asked.task.vocabulary_head)
    check = latency(shape, job, card, counted, limit)
    return (check,) if check else ()


def unanswered(size: Size, asked: Asked) -> float | None:
    """How far even one pass is from the time that an answer may take; None where it is not, or nothing is known."""
    limit, card = asked.profile.latency, asked.serving_card
    target = asked.profile.serve_gpu or asked.profile.gpu
    if limit is None or card is None or target is None:
        return None
    from llmpick.steps.latency import out_of_reach

    known = numbers(asked, size.networks, 1, "read")
    if known[size.number] < 0:
        known[size.number] = asked.store.parts(size).running.read
    return out_of_reach(int(known[size.number]), card, target.count, limit)


def worths(size: Size, fit: Fit, asked: Asked) -> tuple[tuple[str, Range], ...]:
    """The criteria of this step: no `headroom` on a CPU, `method` only where there is a card."""
    found = ("economy", economy(size.active, asked))
    gpu = asked.profile.gpu
    if gpu is not None and not gpu.count:
        return (found,)
    spare = asked.curves["headroom"](room(asked) / fit.reference_peak)
    if gpu is None:
        return found, ("headroom", (spare, spare))
    method = asked.constants[f"method-{fit.jobs[0].method}"]
    return found, ("headroom", (spare, spare)), ("method", (method, method))


def rate(size: Size, fit: Fit, asked: Asked) -> tuple[Rating, ...]:
    """The same with their sentences."""
    because = {
        "economy": per_token(size.active),
        "headroom": _spared(fit.reference_peak, asked),
        "method": f"the card allows {fit.jobs[0].method} tuning",
    }
    return tuple(asked.rating(name, *worth, because[name]) for name, worth in worths(size, fit, asked))


def _spared(peak: int, asked: Asked) -> str:
    """What training the leanest way takes of a card, in words; of no use on a CPU."""
    gpu = asked.profile.gpu
    share = peak / (room(asked) or inf)
    if gpu is None and share > 1:
        return f"tuned the leanest way it takes {ceil(share)} cards of 80 GB"
    if share > 1:
        return "the card holds it only a sequence at a time"
    most = "at most " if share * asked.plenty <= 1 else ""  # leaner ways are not tried where they add nothing
    return f"tuned the leanest way it takes {most}{share:.0%} of {'the' if gpu else 'an 80 GB'} card"


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
