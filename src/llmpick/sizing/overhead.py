"""What no tensor accounts for: the CUDA context, the work space of libraries, the allocator's slack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.units import GIB

if TYPE_CHECKING:
    from llmpick.sizing.job import Job

CONTEXT = 0.5 * GIB
SLACK = 0.04


def overhead(tensors: float, job: Job) -> int:
    """Bytes beside `tensors` bytes of live tensors."""
    return round(CONTEXT + SLACK * tensors)
