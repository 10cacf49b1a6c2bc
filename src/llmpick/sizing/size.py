"""What a ladder of usual Jobs needs of one network, added up once: its parameters and its Frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmpick.sizing import memory
from llmpick.sizing.job import usual
from llmpick.sizing.parameters import count
from llmpick.sizing.regime import regime_of, uniform
from llmpick.sizing.working import layers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job
    from llmpick.sizing.memory import Frame

SHARDED = "qlora, sharded"


class Size(NamedTuple):
    """One network, ready to be fitted into any card."""

    structure: str
    total: int
    """Parameters."""
    active: int
    """Parameters a token passes through."""
    frames: Mapping[str, Frame]
    """Of each usual way of training it: by method, and QLoRA once more for where its weights are sharded."""
    shape: Architecture | None
    """Given where what a token costs depends on the batch: the Frames' layers then hold for none but the smallest."""


def size_of(architecture: Architecture) -> Size:
    """The Size of a network; raises LlmpickError where its parameters cannot be counted."""
    counted = count(architecture)
    sharded = usual(architecture, "qlora", seq_len=1, n_gpus=2, sharding="fsdp")
    ways = [usual(architecture, method, seq_len=1) for method in ("full", "lora", "qlora")] + [sharded]
    batchwise = any(not regime_of(architecture, job).any_length for job in ways)
    return Size(
        structure=architecture.structure,
        total=counted.total,
        active=counted.active,
        frames={_way(job): memory.frame(architecture, counted, job) for job in ways},
        shape=architecture if batchwise else None,
    )


def frame_of(size: Size, job: Job) -> Frame:
    """The Frame of a Job that is `usual` but for its batch, its rung and its cards."""
    known = size.frames[_way(job)]
    if size.shape is None:
        return known
    return known._replace(layers=layers_of(size.shape, job, regime_of(size.shape, job)))


def peak_bytes(size: Size, job: Job) -> int:
    """The peak of training by `job`, which must be `usual` as for `frame_of`."""
    return memory.peak_bytes(frame_of(size, job), job)


def _way(job: Job) -> str:
    return SHARDED if uniform(job) else job.method
