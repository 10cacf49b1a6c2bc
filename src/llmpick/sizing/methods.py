"""Which training method suits a model on a card: the first of an ordered list that fits."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from llmpick.record import replace
from llmpick.sizing.estimate import peak
from llmpick.sizing.job import usual_for
from llmpick.sizing.parameters import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from llmpick.architecture import Architecture
    from llmpick.profile import Profile
    from llmpick.sizing.job import Job, JobMethod
    from llmpick.sizing.parameters import Parameters

SMALL = 1_500_000_000
"""Up to this many parameters all of them are trained first: an adapter would save little there."""
MANY_EXAMPLES = 100_000
"""From this many examples on an adapter may lack room for what the data says (LoRA Without Regret, 2025)."""
ROOM = 0.95
"""Share of a card beyond which a thriftier way of the same method is taken: in the middle of the published training
runs the estimate is 6 % off (docs/sizing.md)."""


def choose(
    architecture: Architecture, profile: Profile, *, vocabulary_head: bool, parameters: Parameters | None = None
) -> Job | None:
    """The Job that suits the Profile's data and fits its card; None when no method (or not the one asked for) fits.

    The order of preference depends on the model and the data alone and the first Job that fits is taken, so more
    memory can only move the choice towards the preferred end.
    """
    counted = parameters or count(architecture)
    jobs = ladder(
        architecture.structure,
        counted.total,
        profile,
        seq_len=profile.seq_len,
        vocabulary_head=vocabulary_head,
        splits=True,
    )
    if profile.gpu is None or profile.gpu.count == 0:
        return jobs[0]

    def need(place: int) -> int:
        return peak(architecture, jobs[place], counted).peak

    fits = held([job.method for job in jobs], need, profile.gpu.usable_bytes)
    return next((jobs[place] for place in fits), None)


def held(methods: Iterable[JobMethod], peak_of: Callable[[int], int], available_bytes: int) -> Iterator[int]:
    """The places of the Jobs that fit, best first: of a ladder whose Jobs are of these `methods` and have these peaks.

    Of one method those that leave some of the card free come alone where there are any, else those that fill it. The
    method is that of the first Job that fits at all, so more memory can only move it towards the preferred end.
    """
    room = ROOM * available_bytes
    method, roomy = None, False
    filling: list[int] = []
    for place, each in enumerate(methods):
        if each != method:
            yield from () if roomy else filling
            method, roomy, filling = each, False, []
        need = peak_of(place)
        if need <= room:
            roomy = True
            yield place
        elif need <= available_bytes:
            filling.append(place)
    yield from () if roomy else filling


def across(architecture: Architecture, job: Job, available_bytes: int) -> Job:
    """`job` with the sharding that its GPUs need: a copy on each (DDP) where one holds it all, else FSDP."""
    if job.n_gpus == 1:
        return replace(job, sharding="none")
    copied = replace(job, sharding="ddp")
    holds = peak(architecture, copied).peak <= available_bytes
    return copied if holds else replace(job, sharding="fsdp")


def ladder(
    structure: str, total: int, profile: Profile, *, seq_len: int, vocabulary_head: bool, splits: bool
) -> tuple[Job, ...]:
    """The Jobs to try for a network of `total` parameters at `seq_len` tokens, best first.

    A batch that nobody asked for may be worked off one sequence at a time, where the training `splits`: examples that
    are not compared with each other within a batch.
    """
    n_gpus = max(profile.gpu.count, 1) if profile.gpu else 1
    shape = (seq_len, profile.batch_size, vocabulary_head, n_gpus)
    return rungs(structure, preference(total, profile), shape, splits and "batch_size" in profile.assumed)


@cache
def rungs(
    structure: str, methods: tuple[JobMethod, ...], shape: tuple[int, int, bool, int], splits: bool
) -> tuple[Job, ...]:
    """The Jobs of these methods, best first; `shape`: tokens, batch, whether there is a vocabulary head, cards.

    They do not depend on a network's size, so a thousand models share a few ladders.
    """
    seq_len, batch_size, vocabulary_head, n_gpus = shape
    jobs: list[Job] = []
    for method in methods:
        job = usual_for(
            structure,
            method,
            seq_len=seq_len,
            batch_size=batch_size,
            vocabulary_head=vocabulary_head,
            n_gpus=n_gpus,
            sharding="ddp" if n_gpus > 1 else "none",
        )
        jobs += _rungs(job)
        if splits and batch_size > 1:
            jobs.append(replace(jobs[-1], batch_size=1, accumulation=batch_size))
    return tuple(jobs)


def preference(total: int, profile: Profile) -> tuple[JobMethod, ...]:
    """The methods worth trying on `total` parameters, best first: only the one asked for, if one was."""
    if profile.method != "auto":
        return (profile.method,)
    if total <= SMALL or (profile.examples or 0) >= MANY_EXAMPLES:
        return ("full", "lora", "qlora")
    return ("lora", "qlora")


def _rungs(job: Job) -> Iterator[Job]:
    """`job`, then the same training in less memory: checkpointing, 8-bit optimizer, sharding."""
    thrifty = replace(job, gradient_checkpointing=True)
    rungs = [job, thrifty]
    if job.method == "full":
        rungs.append(replace(thrifty, optimizer="adamw-8bit"))
    if job.n_gpus > 1:
        rungs += [replace(rung, sharding="fsdp") for rung in rungs[1:]]
    yield from dict.fromkeys(rungs)
