"""Amounts people write: memory, GPUs."""

from __future__ import annotations

from llmpick.record import record

GIB = 1024**3
MIB = 1024**2


@record
class GpuSetup:
    """The cards of one machine, all alike. `count` 0 means no GPU: the CPU trains."""

    count: int
    name: str | None = None
    """A name of `gpus.yaml`; None = only a size was given."""
    memory_bytes: int
    """Marketed memory of one card."""
    usable_bytes: int
    """What a process can hope for on one card."""

    def __str__(self) -> str:
        if self.count == 0:
            return "no GPU"
        size = f"{self.memory_bytes / GIB:g} GB"
        card = f"{self.name} ({size})" if self.name else size
        return card if self.count == 1 else f"{self.count} x {card}"
