"""What a ladder of usual Jobs needs of one network, added up once: its parameters and its Frames."""

from __future__ import annotations

import marshal
from struct import Struct
from typing import TYPE_CHECKING

from llmpick.record import NamedTuple, bare
from llmpick.sizing import memory
from llmpick.sizing.job import usual
from llmpick.sizing.methods import rungs
from llmpick.sizing.parameters import count
from llmpick.sizing.regime import regime_of, uniform
from llmpick.sizing.working import layers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job, JobMethod
    from llmpick.sizing.memory import Frame

SHARDED = "qlora, sharded"
METHODS: tuple[JobMethod, ...] = ("full", "lora", "qlora")
WAYS = (*METHODS, SHARDED)
"""The usual ways of training: by method, and QLoRA once more for where its weights are sharded."""

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


class Size(NamedTuple):
    """One network, ready to be fitted into any card."""

    structure: str
    total: int
    """Parameters."""
    active: int
    """Parameters a token passes through."""
    frames: tuple[bytes, ...]
    """The Frame of each of WAYS, as `marshal` writes its plain tuples: few are ever read."""
    peaks: tuple[bytes, ...]
    """For each of USUAL the peaks of the whole ladder on one card, as NUMBERs; empty where nobody would ask."""
    shape: Callable[[], Architecture] | None
    """Given where what a token costs depends on the batch: the Frames' layers then hold for none but the smallest."""


def size_of(architecture: Architecture) -> Size:
    """The Size of a network; raises LlmpickError where its parameters cannot be counted."""
    counted = count(architecture)
    ways = [usual(architecture, method, seq_len=1) for method in METHODS]
    ways.append(usual(architecture, "qlora", seq_len=1, n_gpus=2, sharding="fsdp"))
    batchwise = any(not regime_of(architecture, job).any_length for job in ways)
    size = Size(
        structure=architecture.structure,
        total=counted.total,
        active=counted.active,
        frames=tuple(marshal.dumps(bare(memory.frame(architecture, counted, job)), FORMAT) for job in ways),
        peaks=(),
        shape=(lambda: architecture) if batchwise else None,
    )
    frames: Frames = {}
    return size._replace(peaks=tuple(_kept(size, number, frames) for number in range(len(USUAL))))


def _kept(size: Size, number: int, frames: Frames) -> bytes:
    """The peaks of one of USUAL; `frames`: those that were worked out for another."""
    if size.structure == "encoder" and USUAL[number][2]:
        return b""
    peaks = Peaks(size, whole_ladder(size.structure, number), frames=frames)
    return b"".join([NUMBER.pack(peaks[position]) for position in range(len(peaks.jobs))])


def whole_ladder(structure: str, number: int) -> tuple[Job, ...]:
    """Every Job that a question of one of USUAL can lead to on one card."""
    return rungs(structure, METHODS, (*USUAL[number], 1), True)


Frames = dict[tuple[str, int, int], "Frame"]
"""By way, and by length and batch where they depend on those."""


class Places(NamedTuple):
    """Where a Size keeps the peaks of some Jobs."""

    number: int
    """Which of USUAL."""
    offsets: tuple[int, ...]
    """Of each Job."""


def places_of(structure: str, jobs: Sequence[Job]) -> Places | None:
    """Where the peaks of a ladder are kept; None where they are not."""
    first = jobs[0]
    shape = first.seq_len, first.batch_size * first.accumulation, first.vocabulary_head
    if first.n_gpus > 1 or shape not in USUAL:
        return None
    number = USUAL.index(shape)
    whole = {job: NUMBER.size * position for position, job in enumerate(whole_ladder(structure, number))}
    return Places(number, tuple(whole[job] for job in jobs)) if whole.keys() >= set(jobs) else None


class Peaks:
    """Reads peaks off a Size, by the place of a Job in its ladder. The Jobs must be `usual` but for rung and batch."""

    def __init__(
        self, size: Size, jobs: Sequence[Job], places: Places | None = None, frames: Frames | None = None
    ) -> None:
        """`places`: where the Size keeps them; `frames`: those of the Size that are known."""
        self.size = size
        self.jobs = jobs
        self._kept = size.peaks[places.number] if places and size.peaks else b""
        self._offsets = places.offsets if places else ()
        self._frames: Frames = {} if frames is None else frames
        self._known: dict[int, int] = {}

    def __getitem__(self, position: int) -> int:
        """The peak of training by the Job at `position`."""
        if self._kept:
            kept: int = NUMBER.unpack_from(self._kept, self._offsets[position])[0]
            return kept
        if position not in self._known:
            self._known[position] = self._worked_out(self.jobs[position])
        return self._known[position]

    def _worked_out(self, job: Job) -> int:
        key = (_way(job), job.seq_len, job.batch_size) if self.size.shape else (_way(job), 0, 0)
        if key not in self._frames:
            self._frames[key] = frame_of(self.size, job)
        return memory.peak_bytes(self._frames[key], job)


def frame_of(size: Size, job: Job) -> Frame:
    """The Frame of a Job that is `usual` but for its batch, its rung and its cards."""
    known = memory.unpacked(marshal.loads(size.frames[WAYS.index(_way(job))]))
    if size.shape is None:
        return known
    shape = size.shape()
    return known._replace(layers=layers_of(shape, job, regime_of(shape, job)))


def _way(job: Job) -> str:
    return SHARDED if uniform(job) else job.method
