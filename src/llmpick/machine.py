"""This machine's GPUs, as the Profile sees them. What a driver does not say in time is no GPU."""

from __future__ import annotations

import json
import math
import os
import platform
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError
from llmpick.record import record
from llmpick.units import GIB, MIB, UNIFIED_SHARE, parse_gpu

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from llmpick.schema import Gpu

PATIENCE_S = 10
"""Seconds a driver's own tool may take: a sleeping card needs a few to wake up."""
SMALLEST_BYTES = 2 * GIB
"""A card with less is a desktop processor's graphics: it is left out where a larger one is present."""
DRIVER_SHARE = 0.9
"""Least share of the marketed memory that a driver reports (`gpus.yaml`: K80 and P40 0.93)."""
_NVIDIA = ("nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits")
_ROCM = ("rocm-smi", "--showmeminfo", "vram", "--showproductname", "--json")
_AMD_STATIC = ("amd-smi", "static", "--asic", "--vram", "--json")
_AMD_USED = ("amd-smi", "metric", "--mem-usage", "--json")
_UNITS = {"B": 1, "KB": 1024, "MB": MIB, "GB": GIB}


@record
class Card:
    """One GPU of this machine, as its driver reports it."""

    name: str
    total_bytes: int
    """Of a Mac: all memory, which processor and graphics share."""
    free_bytes: int
    """Of a Mac: what Metal lets one process use."""


def cards() -> tuple[Card, ...]:
    """The GPUs of this machine: NVIDIA's (NVML or nvidia-smi), else AMD's (amd-smi or rocm-smi), else a Mac's own.

    Empty where none is found or no driver answers.
    """
    probes: tuple[Callable[[], tuple[Card, ...]], ...] = (_nvml, _nvidia_smi, _amd_smi, _rocm_smi, _apple)
    found = next((found for probe in probes if (found := probe())), ())
    large = tuple(card for card in found if card.total_bytes >= SMALLEST_BYTES)
    return large or found


def _nvml() -> tuple[Card, ...]:
    """Through nvidia-ml-py, where it is installed."""
    try:
        import pynvml  # type: ignore[import-not-found, unused-ignore]

        pynvml.nvmlInit()
    except Exception:  # no binding, no driver, or another package of that name
        return ()
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        return tuple(_nvml_card(pynvml, handle) for handle in handles)
    except Exception:  # memory shared with the CPU: nvidia-smi may still name the others
        return ()
    finally:
        pynvml.nvmlShutdown()


def _nvml_card(pynvml: Any, handle: Any) -> Card:
    name, memory = pynvml.nvmlDeviceGetName(handle), pynvml.nvmlDeviceGetMemoryInfo(handle)
    text = name.decode() if isinstance(name, bytes) else str(name)
    return Card(name=text, total_bytes=int(memory.total), free_bytes=int(memory.free))


def _nvidia_smi() -> tuple[Card, ...]:
    return tuple(card for line in _run(_NVIDIA).splitlines() if (card := _nvidia_card(line)))


def _nvidia_card(line: str) -> Card | None:
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != 3 or not _number(parts[1]):
        return None  # "[Not Supported]": memory shared with the CPU
    return Card(name=parts[0], total_bytes=_number(parts[1]) * MIB, free_bytes=_number(parts[2]) * MIB)


def _amd_smi() -> tuple[Card, ...]:
    used = {_number(row.get("gpu")): row for row in _rows(_json(_AMD_USED))}
    found = []
    for row in _rows(_json(_AMD_STATIC)):
        total = _amount(_at(row, "vram", "size"))
        taken = _amount(_at(used.get(_number(row.get("gpu")), {}), "mem_usage", "used_vram"))
        name = _at(row, "asic", "market_name")
        if total:
            found.append(Card(name=str(name or "AMD GPU"), total_bytes=total, free_bytes=max(total - taken, 0)))
    return tuple(found)


def _rocm_smi() -> tuple[Card, ...]:
    said = _json(_ROCM)
    found = []
    for row in said.values() if isinstance(said, dict) else ():
        if not isinstance(row, dict):
            continue
        total = _number(row.get("VRAM Total Memory (B)"))
        used = _number(row.get("VRAM Total Used Memory (B)"))
        name = row.get("Card Series") or row.get("Card series") or "AMD GPU"
        if total:
            found.append(Card(name=str(name), total_bytes=total, free_bytes=max(total - used, 0)))
    return tuple(found)


def _apple() -> tuple[Card, ...]:
    if platform.system() != "Darwin":
        return ()
    name = _run(("sysctl", "-n", "machdep.cpu.brand_string")).strip()
    total = _number(_run(("sysctl", "-n", "hw.memsize")).strip())
    if not total or not name.startswith("Apple"):
        return ()  # an Intel Mac: its graphics train nothing
    return (Card(name=name, total_bytes=total, free_bytes=int(total * UNIFIED_SHARE)),)


def _run(command: Sequence[str]) -> str:
    """What a tool prints; empty where it is missing, fails or takes too long."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        running = subprocess.Popen(
            [program, *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return ""
    try:
        said = running.communicate(timeout=PATIENCE_S)[0]
    except (OSError, subprocess.TimeoutExpired):
        return ""
    finally:
        _end(running)
    return said.decode("utf-8", "replace") if running.returncode == 0 else ""


def _end(running: subprocess.Popen[bytes]) -> None:
    """Leave no process behind: a tool that is a script may have started others."""
    if running.poll() is None:
        with suppress(OSError):
            os.killpg(running.pid, signal.SIGKILL) if os.name == "posix" else running.kill()
        running.wait()
    if running.stdout:
        running.stdout.close()


def _json(command: Sequence[str]) -> Any:
    """The JSON a tool prints, after whatever warnings it prints first."""
    text = _run(command)
    start = re.search(r"^[\[{]", text, re.MULTILINE)
    try:
        return json.loads(text[start.start() :]) if start else None
    except (ValueError, RecursionError):
        return None


def _rows(said: Any) -> list[dict[str, Any]]:
    """One object per GPU: a list, since ROCm 7 inside `gpu_data`."""
    rows = said.get("gpu_data") if isinstance(said, dict) else said
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _at(row: Mapping[str, Any], *names: str) -> Any:
    value: Any = row
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _amount(said: Any) -> int:
    """Bytes in `{value: 196592, unit: MB}`; 0 where it says nothing."""
    return _number(_at(said, "value")) * _UNITS.get(str(_at(said, "unit")), 0) if isinstance(said, dict) else 0


def _number(said: Any) -> int:
    text = str(said)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0


def resolve(raw: Mapping[str, Any], gpus: Iterable[Gpu] = ()) -> dict[str, Any]:
    """`raw` with `gpu: auto` replaced by this machine's cards; raises LlmpickError when none is found.

    With `gpus`, the rows of `gpus.yaml`, cards are named where the name is known, so that their speed and price are.
    """
    known = tuple(gpus)
    return {name: _auto(str(value), known) if name in ("gpu", "serve_gpu") else value for name, value in raw.items()}


def _auto(text: str, gpus: Sequence[Gpu]) -> str:
    if text.strip().casefold() != "auto":
        return text
    found = cards()
    if not found:
        raise LlmpickError("--gpu auto: no GPU answers on this machine", "write --gpu 24GB, or --gpu none for the CPU")
    return written(found, gpus)


def written(found: Sequence[Card], gpus: Sequence[Gpu]) -> str:
    """`found` as a person would write it for `--gpu`: cards that differ count as the smallest of them."""
    smallest = min(found, key=lambda card: card.total_bytes)
    count = f"{len(found)}x" if len(found) > 1 else ""
    size = f"{math.ceil(smallest.total_bytes / GIB)}GB"
    alike = all(card.name == smallest.name for card in found)
    name = re.sub(r"\s*\b(\d+GB|HBM\w*|PCIe)\b", "", smallest.name).strip()
    for text in (smallest.name, f"{name} {size}", name) if alike else ():
        if _is(text, smallest, gpus):
            return count + text
    if smallest.name.startswith("Apple"):
        size = f"{math.floor(smallest.free_bytes / MIB)}MiB"
    return count + size


def _is(text: str, card: Card, gpus: Sequence[Gpu]) -> bool:
    """Whether `text` names a known card with the memory that `card` has."""
    try:
        setup = parse_gpu(text, gpus)
    except LlmpickError:
        return False
    return setup.name is not None and DRIVER_SHARE <= card.total_bytes / setup.memory_bytes <= 1
