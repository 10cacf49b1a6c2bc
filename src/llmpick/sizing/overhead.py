"""What no tensor accounts for: the CUDA context, the work space of libraries, the allocator's slack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.units import MIB

if TYPE_CHECKING:
    from llmpick.sizing.job import Job

CONTEXT = 750 * MIB
"""CUDA context and kernels: 141 MiB were measured on a T4 with CUDA 13, 1343 MiB on a V100 with CUDA 11; other cards
and versions lie between (docs/sizing.md)."""
COMMUNICATION = 500 * MIB
"""NCCL's buffers, where several GPUs work together."""
MOVING = 0.45
"""Share of activations and logits that the caching allocator holds beyond them: the middle of six sources that print
what was reserved (their medians: 0.26, 0.39, 0.45, 0.49, 1.1, 2.0; the last two trained on texts of many lengths)."""
STILL = 0.01
"""The same for what stays through the step: blocks are rounded up to 2 MiB."""


def context(job: Job) -> float:
    """Bytes that the driver and its libraries take before the first tensor."""
    return CONTEXT + (COMMUNICATION if job.n_gpus > 1 else 0)


def slack(still: float, moving: float) -> float:
    """Bytes the allocator holds beyond `still` bytes of weights and states and `moving` bytes of activations."""
    return STILL * still + MOVING * moving
