"""What a ladder of usual Jobs needs of one network, added up once: its parameters and its Frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from llmpick.record import bare
from llmpick.sizing import memory
from llmpick.sizing.job import usual
from llmpick.sizing.parameters import count
from llmpick.sizing.regime import regime_of, uniform
from llmpick.sizing.working import layers_of

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job, JobMethod
    from llmpick.sizing.memory import Frame

SHARDED = "qlora, sharded"
METHODS: tuple[JobMethod, ...] = ("full", "lora", "qlora")
WAYS = (*METHODS, SHARDED)
"""The usual ways of training: by method, and QLoRA once more for where its weights are sharded."""


class Size(NamedTuple):
    """One network, ready to be fitted into any card."""

    structure: str
    total: int
    """Parameters."""
    active: int
    """Parameters a token passes through."""
    frames: tuple[tuple[Any, ...], ...]
    """The Frame of each of WAYS, as plain tuples."""
    shape: Architecture | None
    """Given where what a token costs depends on the batch: the Frames' layers then hold for none but the smallest."""


def size_of(architecture: Architecture) -> Size:
    """The Size of a network; raises LlmpickError where its parameters cannot be counted."""
    counted = count(architecture)
    ways = [usual(architecture, method, seq_len=1) for method in METHODS]
    ways.append(usual(architecture, "qlora", seq_len=1, n_gpus=2, sharding="fsdp"))
    batchwise = any(not regime_of(architecture, job).any_length for job in ways)
    return Size(
        structure=architecture.structure,
        total=counted.total,
        active=counted.active,
        frames=tuple(bare(memory.frame(architecture, counted, job)) for job in ways),
        shape=architecture if batchwise else None,
    )


class Peaks:
    """Reads peaks off a Size. Its Jobs must be `usual` but for their rung and their batch."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._frames: dict[tuple[str, int], Frame] = {}

    def __call__(self, job: Job) -> int:
        """The peak of training by `job`."""
        key = _way(job), job.batch_size
        if key not in self._frames:
            self._frames[key] = frame_of(self.size, job)
        return memory.peak_bytes(self._frames[key], job)


def frame_of(size: Size, job: Job) -> Frame:
    """The Frame of a Job that is `usual` but for its batch, its rung and its cards."""
    known = memory.unpacked(size.frames[WAYS.index(_way(job))])
    if size.shape is None:
        return known
    return known._replace(layers=layers_of(size.shape, job, regime_of(size.shape, job)))


def _way(job: Job) -> str:
    return SHARDED if uniform(job) else job.method
