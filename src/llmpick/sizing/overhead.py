"""What no tensor accounts for: the CUDA context, the work space of libraries, the allocator's slack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.units import MIB

if TYPE_CHECKING:
    from llmpick.sizing.job import Job

CONTEXT = 500 * MIB
SLACK = 0.04


def overhead(tensors: float, job: Job) -> int:
    """Bytes beside `tensors` bytes of live tensors."""
    return round(context(job) + slack(tensors))


def context(job: Job) -> float:
    """The CUDA context with its kernels."""
    return CONTEXT


def slack(tensors: float) -> float:
    """What the caching allocator holds beyond live tensors."""
    return SLACK * tensors
