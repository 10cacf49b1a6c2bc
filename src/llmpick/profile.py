"""The Profile: what the user wants and has. Every field is a flag of the same name; None = not given."""

from __future__ import annotations

from typing import Literal

from llmpick.record import record
from llmpick.units import GpuSetup


@record
class Profile:
    """One question. `assumed` names the fields the user left to a default."""

    task: str
    """An id of `tasks.yaml`."""
    gpu: GpuSetup | None = None
    """None = resources are not a constraint."""
    domain: str = "general"
    languages: tuple[str, ...] = ("en",)
    commercial: bool | None = None
    monthly_users: int | None = None
    annual_revenue: float | None = None
    """US dollars."""
    region: str | None = None
    license: tuple[str, ...] = ()
    """License ids or classes (`open-source`, `permissive`) that are acceptable; empty = any."""
    examples: int | None = None
    seq_len: int = 512
    """Tokens."""
    batch_size: int = 1
    """Sequences per GPU and step."""
    epochs: float = 3
    method: Literal["auto", "full", "lora", "qlora"] = "auto"
    budget: float | None = None
    """US dollars for one training run."""
    serve_gpu: GpuSetup | None = None
    latency: float | None = None
    """Milliseconds one answer may take."""
    weights: Literal["open", "api", "any"] = "any"
    priority: tuple[str, ...] = ()
    weight: tuple[tuple[str, float], ...] = ()
    """(criterion, ratio) pairs."""
    top: int = 5
    assumed: tuple[str, ...] = ()
