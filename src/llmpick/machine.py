"""This machine's GPUs, as the Profile sees them."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError
from llmpick.record import record
from llmpick.units import MIB

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUERY = ("--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits")


@record
class Card:
    """One GPU of this machine, as its driver reports it."""

    name: str
    total_bytes: int
    free_bytes: int


def cards() -> tuple[Card, ...]:
    """The NVIDIA GPUs that the driver lists; empty where there are none or no driver answers."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        done = subprocess.run([program, *_QUERY], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(card for line in done.stdout.splitlines() if (card := _card(line)))


def _card(line: str) -> Card | None:
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != 3 or not (parts[1].isdigit() and parts[2].isdigit()):
        return None  # "[Not Supported]": memory shared with the CPU
    return Card(name=parts[0], total_bytes=int(parts[1]) * MIB, free_bytes=int(parts[2]) * MIB)


def resolve(raw: Mapping[str, Any]) -> dict[str, Any]:
    """`raw` with `gpu: auto` replaced by this machine's cards; raises LlmpickError when none is found."""
    return {name: _auto(str(value)) if name in ("gpu", "serve_gpu") else value for name, value in raw.items()}


def _auto(text: str) -> str:
    if text.strip().casefold() != "auto":
        return text
    found = cards()
    if not found:
        raise LlmpickError(
            "--gpu auto: no NVIDIA GPU answers on this machine", "write --gpu 24GB, or --gpu none for the CPU"
        )
    smallest = min(card.total_bytes for card in found)
    return f"{len(found)}x{smallest // MIB}MiB"
