"""What a ladder of usual Jobs needs of one network, added up once: its parameters and its Frames."""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Sequence
from functools import cache
from struct import Struct
from typing import TYPE_CHECKING, Any, overload

from llmpick.record import NamedTuple, bare, replace
from llmpick.sizing import memory
from llmpick.sizing.job import usual
from llmpick.sizing.latency import read_per_pass
from llmpick.sizing.methods import rungs
from llmpick.sizing.parameters import count
from llmpick.sizing.regime import regime_of, uniform
from llmpick.sizing.serving import Served, served_of
from llmpick.sizing.time import Pace, Work, pace_of
from llmpick.sizing.working import layers_of, lot_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job, JobMethod
    from llmpick.sizing.linear import Parameters
    from llmpick.sizing.memory import Frame
    from llmpick.sizing.working import Lot

METHODS: tuple[JobMethod, ...] = ("full", "lora", "qlora")
WAYS = (*METHODS, *(f"{method}, sharded" for method in METHODS))
"""The usual ways of training: by method, and once more for where the weights are sharded."""

USUAL = (
    (256, 8, True),
    (256, 16, False),
    (256, 32, False),
    (384, 16, False),
    (512, 1, True),
    (512, 4, True),
    (512, 8, False),
    (512, 32, False),
    (1024, 1, True),
    (1024, 4, True),
    (2048, 1, True),
)
"""Tokens, batch and vocabulary head that tasks come with, also cut to a context of 512 tokens.

Most questions name neither a length nor a batch, so on one card the peaks of these are worked out once, when the
catalog is compiled. Any other length, batch or number of cards goes through the Frames to the same number.
"""
NUMBER = Struct("<Q")
FORMAT = 4
"""Of `marshal`: what every Python since 3.4 reads."""


class Running(NamedTuple):
    """What else a network takes: time to train, memory and time to serve."""

    pace: Pace
    trained: int
    """Parameters that full training changes."""
    served: Served
    read: int
    """Parameters that every pass reads."""


def running(architecture: Architecture, counted: Parameters) -> Running:
    """The Running of a network."""
    return Running(
        pace=pace_of(architecture, counted),
        trained=counted.total - counted.non_text,
        served=served_of(architecture, counted),
        read=read_per_pass(counted),
    )


class Size(NamedTuple):
    """One network, ready to be fitted into any card."""

    structure: str
    total: int
    """Parameters."""
    active: int
    """Parameters a token passes through."""
    frames: tuple[bytes, ...]
    """The Frame of each of WAYS, as `marshal` writes its plain tuples: few are ever read. Empty where a sharded one is
    that of its method."""
    peaks: tuple[bytes, ...]
    """For each of USUAL the peaks of the whole ladder on one card, as NUMBERs; empty where nobody would ask."""
    running: bytes
    """The Running, as `marshal` writes its plain tuples."""
    shape: Callable[[], Architecture] | None
    """Given where what a token costs depends on the batch: the Frames' layers then hold for none but the smallest."""


def size_of(architecture: Architecture) -> Size:
    """The Size of a network; raises LlmpickError where its parameters cannot be counted."""
    counted = count(architecture)
    ways = [usual(architecture, method, seq_len=1) for method in METHODS]
    ways += [replace(job, n_gpus=2, sharding="fsdp") for job in ways]
    frames = [marshal.dumps(bare(memory.frame(architecture, counted, job)), FORMAT) for job in ways]
    plain, sharded = frames[: len(METHODS)], frames[len(METHODS) :]
    batchwise = any(not regime_of(architecture, job).any_length for job in ways)
    size = Size(
        structure=architecture.structure,
        total=counted.total,
        active=counted.active,
        frames=(*plain, *(b"" if frame == alone else frame for frame, alone in zip(sharded, plain, strict=True))),
        peaks=(),
        running=marshal.dumps(bare(running(architecture, counted)), FORMAT),
        shape=(lambda: architecture) if batchwise else None,
    )
    parts = Parts(size)
    return size._replace(peaks=tuple(_kept(parts, number) for number in range(len(USUAL))))


def _kept(parts: Parts, number: int) -> bytes:
    """The peaks of one of USUAL."""
    structure = parts.size.structure
    if structure == "encoder" and USUAL[number][2]:
        return b""
    return b"".join(map(NUMBER.pack, Peaks(parts, _usual_ladder(structure, number))))


@cache
def _usual_ladder(structure: str, number: int) -> Ladder:
    """The Ladder of one of USUAL, the same for all networks of one structure."""
    return ladder_of(structure, whole_ladder(structure, number))


def whole_ladder(structure: str, number: int) -> tuple[Job, ...]:
    """Every Job that a question of one of USUAL can lead to on one card."""
    return rungs(structure, METHODS, (*USUAL[number], 1), True)


class Places(NamedTuple):
    """Where a Size keeps the peaks of some Jobs."""

    number: int
    """Which of USUAL."""
    packed: Struct
    """How all of them lie there."""
    places: tuple[int, ...]
    """Of each Job."""


def places_of(structure: str, jobs: Sequence[Job]) -> Places | None:
    """Where the peaks of a ladder are kept; None where they are not."""
    first = jobs[0]
    shape = first.seq_len, first.batch_size * first.accumulation, first.vocabulary_head
    if first.n_gpus > 1 or shape not in USUAL:
        return None
    number = USUAL.index(shape)
    whole = {job: place for place, job in enumerate(whole_ladder(structure, number))}
    if not whole.keys() >= set(jobs):
        return None
    return Places(number, Struct(f"<{len(whole)}Q"), tuple(whole[job] for job in jobs))


Means = tuple[str, bool, str, str, int, bool, bool]
"""What tells the Rungs of a network apart."""


class Ladder(NamedTuple):
    """The Jobs to try for networks of one structure, best first, and what else is the same for all of them.

    The Jobs must be `usual` but for their rung, their batch and their cards.
    """

    jobs: tuple[Job, ...]
    lots: tuple[Lot, ...]
    means: tuple[Means, ...]
    whole: int
    """The place of the thriftiest that takes its batch whole."""
    places: Places | None
    """Where a Size keeps their peaks."""


def ladder_of(structure: str, jobs: tuple[Job, ...]) -> Ladder:
    """The Ladder of `jobs`."""
    return Ladder(
        jobs=jobs,
        lots=tuple(lot_of(job) for job in jobs),
        means=tuple(_means(job) for job in jobs),
        whole=next(place for place in reversed(range(len(jobs))) if jobs[place].accumulation == 1),
        places=places_of(structure, jobs),
    )


def _means(job: Job) -> Means:
    sums, checkpointing = job.accumulation > 1, job.gradient_checkpointing
    return _way(job), checkpointing, job.optimizer, job.sharding, job.n_gpus, sums, job.vocabulary_head


class Parts:
    """What was worked out of one Size and holds for other questions: plain tuples, which the collector passes over."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._frames: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._rungs: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._running: Running | None = None

    @property
    def running(self) -> Running:
        """What else it takes."""
        if self._running is None:
            pace, trained, served, read = marshal.loads(self.size.running)
            self._running = Running(Pace(*pace), trained, Served(*served), read)
        return self._running

    def peak(self, job: Job, lot: Lot, means: Means) -> int:
        """The peak of training by `job`."""
        key = (*means, *lot) if self.size.shape else means
        if key not in self._rungs:
            self._rungs[key] = bare(memory.rung_of(self.frame(job, lot), job))
        return memory.peak_bytes(memory.Rung._make(self._rungs[key]), lot)

    def frame(self, job: Job, lot: Lot) -> Frame:
        """The Frame of a Job."""
        key = (_way(job), *lot) if self.size.shape else (_way(job),)
        if key not in self._frames:
            self._frames[key] = bare(frame_of(self.size, job))
        return memory.unpacked(self._frames[key])

    def work(self, job: Job, lot: Lot) -> Work:
        """What the time of a Job follows from."""
        known = self.frame(job, lot)
        trained = self.running.trained if job.method == "full" else known.sums.adapters
        return Work(self.running.pace, known.layers, trained)


class Peaks(Sequence[int]):
    """The peaks of a ladder, by the place of the Job, each worked out when it is asked for."""

    __slots__ = ("_known", "ladder", "parts")

    def __init__(self, parts: Parts, ladder: Ladder) -> None:
        self.parts = parts
        self.ladder = ladder
        self._known = array("Q", bytes(NUMBER.size * len(ladder.jobs)))

    def __len__(self) -> int:
        return len(self._known)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[int]: ...
    def __getitem__(self, place: int | slice) -> int | Sequence[int]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        known = self._known[place]
        if not known:
            jobs, lots, means, _, _ = self.ladder
            known = self._known[place] = self.parts.peak(jobs[place], lots[place], means[place])
        return known


def kept_peaks(size: Size, ladder: Ladder) -> tuple[int, ...] | None:
    """The peaks of a ladder that a Size keeps; None where it does not."""
    kept = size.peaks[ladder.places.number] if ladder.places and size.peaks else b""
    if not kept or not ladder.places:
        return None
    peaks = ladder.places.packed.unpack(kept)
    return tuple([peaks[place] for place in ladder.places.places])


KEPT = 20_000
"""Ladders whose peaks a Store remembers: some 30 different lengths and batches of a thousand models."""


class Store:
    """What was worked out of the Sizes of a catalog for one question and holds for the next."""

    def __init__(self) -> None:
        self._held: dict[int, Size] = {}
        """So that their ids stay their own."""
        self._parts: dict[int, Parts] = {}
        self._ladders: dict[int, Ladder] = {}
        self._peaks: dict[tuple[int, int], Sequence[int]] = {}

    def parts(self, size: Size) -> Parts:
        """What was worked out of `size`."""
        known = self._parts.get(id(size))  # which holds the Size
        if known is None:
            known = self._parts[id(size)] = Parts(size)
        return known

    def ladder(self, structure: str, jobs: tuple[Job, ...]) -> Ladder:
        """The Ladder of `jobs`, which are those of one structure."""
        known = self._ladders.get(id(jobs))  # which holds the Jobs
        if known is None:
            known = self._ladders[id(jobs)] = ladder_of(structure, jobs)
        return known

    def peaks(self, size: Size, ladder: Ladder) -> Sequence[int]:
        """The peaks of one of its ladders."""
        key = id(size), id(ladder.jobs)  # of which `rungs` keeps every one
        known = self._peaks.get(key)
        if known is None:
            self._held[id(size)] = size
            known = self._peaks[key] = kept_peaks(size, ladder) or Peaks(self.parts(size), ladder)
        return known

    def trim(self) -> None:
        """Forget everything where it has become much."""
        if len(self._peaks) > KEPT:
            for known in (self._held, self._parts, self._ladders, self._peaks):
                known.clear()


def frame_of(size: Size, job: Job) -> Frame:
    """The Frame of a Job that is `usual` but for its batch, its rung and its cards."""
    packed = size.frames[WAYS.index(_way(job))] or size.frames[WAYS.index(job.method)]
    known = memory.unpacked(marshal.loads(packed))
    if size.shape is None:
        return known
    shape = size.shape()
    return known._replace(layers=layers_of(shape, job, regime_of(shape, job)))


def _way(job: Job) -> str:
    return f"{job.method}, sharded" if uniform(job) or job.gathers else job.method
