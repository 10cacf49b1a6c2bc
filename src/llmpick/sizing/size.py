"""What ladders of usual Jobs take of networks: the peaks that are kept, and what the others are worked out of."""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, overload

from llmpick.record import NamedTuple, bare
from llmpick.sizing import memory
from llmpick.sizing.methods import rungs
from llmpick.sizing.networks import METHODS, WAYS, Running, Size
from llmpick.sizing.regime import regime_of, uniform
from llmpick.sizing.serving import Served
from llmpick.sizing.time import Pace, Work
from llmpick.sizing.working import layers_of, lot_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job, JobMethod
    from llmpick.sizing.memory import Frame
    from llmpick.sizing.networks import Networks
    from llmpick.sizing.working import Lot

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
NUMBER = array("Q").itemsize
"""Bytes of a peak."""

Means = tuple[str, bool, str, str, int, bool, bool]
"""What tells the Rungs of a network apart."""


class Ladder(NamedTuple):
    """The Jobs to try for networks of one structure, best first, and what else is the same for all of them.

    The Jobs must be `usual` but for their rung, their batch and their cards.
    """

    jobs: tuple[Job, ...]
    methods: tuple[JobMethod, ...]
    """Of each."""
    lots: tuple[Lot, ...]
    means: tuple[Means, ...]
    whole: int
    """The place of the thriftiest that takes its batch whole."""
    every: tuple[Job, ...]
    """Those of all METHODS, whether or not the batch may be split: these are among them."""
    places: tuple[int, ...]
    """Of each Job among them."""
    together: bool
    """They stand side by side."""
    usual: int | None
    """Which of USUAL it is on one card; None = none of them, or one that nobody asks of such networks."""


def ladder_of(structure: str, jobs: tuple[Job, ...]) -> Ladder:
    """The Ladder of `jobs`."""
    first = jobs[0]
    shape = first.seq_len, first.batch_size * first.accumulation, first.vocabulary_head
    every = rungs(structure, METHODS, (*shape, first.n_gpus), True)
    numbers = {job: place for place, job in enumerate(every)}
    places = tuple(numbers[job] for job in jobs)
    return Ladder(
        jobs=jobs,
        methods=tuple(job.method for job in jobs),
        lots=tuple(lot_of(job) for job in jobs),
        means=tuple(_means(job) for job in jobs),
        whole=next(place for place in reversed(range(len(jobs))) if jobs[place].accumulation == 1),
        every=every,
        places=places,
        together=places == tuple(range(places[0], places[0] + len(places))),
        usual=USUAL.index(shape) if first.n_gpus == 1 and shape in USUAL and asks(structure, shape) else None,
    )


def asks(structure: str, shape: tuple[int, int, bool]) -> bool:
    """Whether anybody would ask one of USUAL of such networks: an encoder has no vocabulary head."""
    return structure != "encoder" or not shape[2]


@cache
def whole_ladder(structure: str, usual: int) -> Ladder:
    """Every Job that a question of one of USUAL can lead to on one card: the same for all networks of a structure."""
    return ladder_of(structure, rungs(structure, METHODS, (*USUAL[usual], 1), True))


def usual_peaks(size: Size) -> list[array[int]]:
    """For each of USUAL the peaks of the whole ladder on one card; empty where nobody would ask."""
    parts, found = Parts(size), []
    for usual, shape in enumerate(USUAL):
        jobs, _, lots, means, *_ = whole_ladder(size.structure, usual)
        found.append(array("Q", map(parts.peak, jobs, lots, means) if asks(size.structure, shape) else ()))
    return found


def _means(job: Job) -> Means:
    sums, checkpointing = job.accumulation > 1, job.gradient_checkpointing
    return _way(job), checkpointing, job.optimizer, job.sharding, job.n_gpus, sums, job.vocabulary_head


class Parts:
    """What was worked out of one Size and holds for other questions: plain tuples, which the collector passes over."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.shape = size.networks.shape(size.number)
        self._frames: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._rungs: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        self._running: Running | None = None

    @property
    def running(self) -> Running:
        """What else it takes."""
        if self._running is None:
            pace, trained, served, read = self.size.networks.running(self.size.number)
            self._running = Running(Pace(*pace), trained, Served(*served), read)
        return self._running

    def peak(self, job: Job, lot: Lot, means: Means) -> int:
        """The peak of training by `job`."""
        key = (*means, *lot) if self.shape else means
        if key not in self._rungs:
            self._rungs[key] = bare(memory.rung_of(self.frame(job, lot), job))
        return memory.peak_bytes(memory.Rung._make(self._rungs[key]), lot)

    def frame(self, job: Job, lot: Lot) -> Frame:
        """The Frame of a Job."""
        key = (_way(job), *lot) if self.shape else (_way(job),)
        if key not in self._frames:
            self._frames[key] = bare(frame_of(self.size.networks.frames(self.size.number), self.shape, job))
        return memory.unpacked(self._frames[key])

    def work(self, job: Job, lot: Lot) -> Work:
        """What the time of a Job follows from."""
        known = self.frame(job, lot)
        trained = self.running.trained if job.method == "full" else known.sums.adapters
        return Work(self.running.pace, known.layers, trained)


def frame_of(frames: tuple[bytes, ...], shape: Architecture | None, job: Job) -> Frame:
    """The Frame of a Job that is `usual` but for its batch, its rung and its cards, of what Needs says."""
    packed = frames[WAYS.index(_way(job))] or frames[WAYS.index(job.method)]
    known = memory.unpacked(marshal.loads(packed))
    if shape is None:
        return known
    return known._replace(layers=layers_of(shape, job, regime_of(shape, job)))


def _way(job: Job) -> str:
    return f"{job.method}, sharded" if uniform(job) or job.gathers else job.method


class Table(NamedTuple):
    """The peaks that are known of the Jobs of a whole ladder, of one network after another."""

    networks: Networks
    width: int
    """Places for those of one network."""
    known: array[int]
    """0 where one is not known yet."""
    complete: bool
    """None is 0."""


def table_of(networks: Networks, ladder: Ladder) -> Table:
    """The Table of a ladder, as far as its peaks are kept."""
    places = len(ladder.every)
    kept = None if ladder.usual is None else networks.peaks(ladder.usual)
    if kept is None or kept[0] < places:
        return Table(networks, places, array("Q", bytes(NUMBER * places * networks.count)), False)
    return Table(networks, *kept, True)


class Peaks(Sequence[int]):
    """The peaks of a ladder of one network, by the place of the Job, each worked out when it is first asked for."""

    __slots__ = ("_at", "_known", "_ladder", "_parts", "_size")

    def __init__(self, size: Size, ladder: Ladder, table: Table, parts: Callable[[Size], Parts]) -> None:
        self._known = table.known
        self._at = table.width * size.number
        self._size = size
        self._ladder = ladder
        self._parts = parts

    def __len__(self) -> int:
        return len(self._ladder.jobs)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[int]: ...
    def __getitem__(self, place: int | slice) -> int | Sequence[int]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        ladder = self._ladder
        at = self._at + ladder.places[place]
        known = self._known[at]
        if not known:
            known = self._known[at] = self._parts(self._size).peak(
                ladder.jobs[place], ladder.lots[place], ladder.means[place]
            )
        return known


MOST_PEAKS = 2_000_000
"""Peaks that a Store remembers, 8 bytes each: some 50 different lengths and batches of a thousand models."""
MOST_PARTS = 4_000
"""Networks of which a Store remembers what else it worked out, some 3 KiB each."""


class Store:
    """What was worked out of the Sizes of a catalog for one question and holds for the next."""

    def __init__(self) -> None:
        self._parts: dict[int, Parts] = {}
        self._ladders: dict[int, Ladder] = {}
        self._tables: dict[tuple[int, int], Table] = {}

    def parts(self, size: Size) -> Parts:
        """What was worked out of `size`."""
        known = self._parts.get(id(size))  # which holds the Size
        if known is None:
            known = Parts(size)
            if len(self._parts) < MOST_PARTS:
                self._parts[id(size)] = known
        return known

    def ladder(self, structure: str, jobs: tuple[Job, ...]) -> Ladder:
        """The Ladder of `jobs`, which are those of one structure."""
        known = self._ladders.get(id(jobs))  # which holds the Jobs
        if known is None:
            known = self._ladders[id(jobs)] = ladder_of(structure, jobs)
        return known

    def peaks(self, size: Size, ladder: Ladder) -> Sequence[int]:
        """The peaks of one of its ladders."""
        key = id(size.networks), id(ladder.every)  # of which `rungs` keeps every one
        table = self._tables.get(key)  # which holds the Networks
        if table is None:
            table = self._tables[key] = table_of(size.networks, ladder)
        if not table.complete or not ladder.together:
            return Peaks(size, ladder, table, self.parts)
        at = table.width * size.number
        return table.known[at + ladder.places[0] : at + ladder.places[-1] + 1]

    def trim(self) -> None:
        """Forget everything where it has become much."""
        if sum({id(table.known): len(table.known) for table in self._tables.values()}.values()) > MOST_PEAKS:
            for known in (self._parts, self._ladders, self._tables):
                known.clear()
