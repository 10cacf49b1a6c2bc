"""Amounts people write: memory, GPUs, counts."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError, did_you_mean
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmpick.schema import Gpu

GIB = 1024**3
MIB = 1024**2
SCALE = {"m": MIB, "g": GIB, "t": 1024 * GIB}

USABLE_SHARE = 0.93
"""Share of the marketed memory the driver leaves where no figure is published: the least that `gpus.yaml` records
for an NVIDIA card (K80: 11,441 of 12,288 MiB; P40: 22,919 of 24,576 MiB)."""
UNIFIED_SHARE = 0.74
"""The same for memory shared with the CPU: Metal let a process use 11.84 of 16 GB (`gpus.yaml`)."""

# Compiled when first used: few questions need them all, and compiling takes longer than all the rest of the module.
_LIKE_A_SIZE = r"[-+]?\d+(?:[.,]\d+)?\s*[a-z]{0,3}"
_TRAILING_SIZE = r"[\s-]*(?P<size>\d+(?:\.\d+)?\s*[gt]i?b)$"
_COUNT = r"(?P<count>\d+)\s*[x×*]\s*(?P<rest>.+)"
_EXAMPLES = "write a size (24GB), several cards (2x24GB), a card (RTX 4090, A100-80GB), auto, or none"
# Words of a card's name that do not make it another product: makers, memory, form factors.
_NOISE = (
    r"\b(nvidia|geforce|tesla|quadro|amd|radeon|instinct|intel|apple|google|aws|gpu|generation|per|announced"
    r"|sxm\d?|pcie|nvl|oam|\d+(?:\.\d+)?\s*gb)\b"
)
_FORM_FACTORS = ("sxm", "pcie", "nvl")


def told_apart(one: float, other: float, places: int) -> tuple[str, str]:
    """Both amounts with `places` decimals, or with as many more as it takes to see which is larger.

    `needs 14.9, the card has 14.9` contradicts itself; `needs 14.93, the card has 14.91` does not.
    """
    while places < 12 and one != other and f"{one:.{places}f}" == f"{other:.{places}f}":
        places += 1
    return f"{one:,.{places}f}", f"{other:,.{places}f}"


def beyond(need: float, limit: float, places: int) -> tuple[str, str]:
    """A need and the lower limit it goes beyond: the need rounded up, for less would not do.

    The limit is rounded as it is everywhere else; down where the two would read alike.
    """
    unit = 10.0**places
    up, has = math.ceil(round(need * unit, 6)) / unit, round(limit, places)
    if has >= up:
        has = math.floor(round(limit * unit, 6)) / unit
    return f"{up:,.{places}f}", f"{has:,.{places}f}"


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
    text: str = ""
    """As the user wrote it: parses back to the same setup."""

    def __str__(self) -> str:
        if self.count == 0:
            return "no GPU"
        size = f"{self.memory_bytes / GIB:g} GB"
        card = f"{self.name} ({size})" if self.name else size
        return card if self.count == 1 else f"{self.count} x {card}"


def parse_number(text: object, what: str, low: float, high: float) -> float:
    """A finite number in [low, high]; `1e6`, `1_000`, `20k` and `3M` are read as people mean them."""
    if isinstance(text, bool) or not isinstance(text, int | float | str):
        raise LlmpickError(f"{what}: {text!r} is not a number", f"write a number from {low:,g} to {high:,g}")
    scale = 1.0
    plain = str(text).strip().replace("_", "").replace(",", "").removeprefix("$")
    if plain[-1:].lower() in ("k", "m", "b"):
        scale = {"k": 1e3, "m": 1e6, "b": 1e9}[plain[-1].lower()]
        plain = plain[:-1]
    try:
        number = float(plain) * scale
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        wrong = "not a number" if math.isnan(number) else "out of range"
        raise LlmpickError(f"{what}: {text!r} is {wrong}", f"write a number from {low:,g} to {high:,g}")
    return number


def parse_memory(text: str) -> int:
    """Bytes of one card's memory: `24GB`, `24 GiB`, `24g` and `24576MiB` all mean 24 GiB, as vendors do."""
    size = _size(text)
    if size is None:
        raise LlmpickError(f"{text!r} is no amount of GPU memory", _EXAMPLES)
    if not 0.25 * GIB <= size <= 4096 * GIB:
        raise LlmpickError(f"{text!r} is no amount of GPU memory", "one card holds 0.25 to 4096 GB")
    return int(size)


def _size(text: str) -> float | None:
    """Bytes that a number and a unit name, as in `24GB`, `1.5 TiB` and `24g`; None for any other text."""
    plain = text.strip().lower().removesuffix("b").removesuffix("i")
    number, scale = plain[:-1].rstrip(), SCALE.get(plain[-1:])
    whole, point, part = number.partition(".")
    if scale is None or not whole.isdecimal() or (point and not part.isdecimal()):
        return None
    return float(number) * scale


def parse_gpu(text: str, gpus: Sequence[Gpu]) -> GpuSetup:
    """What `--gpu` means: a bare size is a size, never a card's name. Raises LlmpickError on anything unclear."""
    wanted = text.strip()
    if wanted.casefold() in ("none", "cpu"):
        return GpuSetup(count=0, memory_bytes=0, usable_bytes=0, text="none")
    is_size = _size(wanted) is not None
    if (is_size or re.fullmatch(_LIKE_A_SIZE, wanted, re.IGNORECASE)) and not _is_card(wanted, gpus):
        wanted_bytes = parse_memory(wanted)
        return GpuSetup(count=1, memory_bytes=wanted_bytes, usable_bytes=int(wanted_bytes * USABLE_SHARE), text=wanted)
    count = 1
    if match := re.fullmatch(_COUNT, wanted, re.IGNORECASE):
        count, wanted = int(match["count"]), match["rest"].strip()
        if not 1 <= count <= 1024:
            raise LlmpickError(f"{text!r} names {count} cards", "write 1 to 1024 of them, or none")
    if _size(wanted) is not None:
        size = parse_memory(wanted)
        return GpuSetup(count=count, memory_bytes=size, usable_bytes=int(size * USABLE_SHARE), text=text.strip())
    gpu, size = _find(wanted, gpus)
    return GpuSetup(count=count, name=gpu.name, memory_bytes=size, usable_bytes=_usable(gpu, size), text=text.strip())


def _is_card(wanted: str, gpus: Sequence[Gpu]) -> bool:
    """Whether a text that looks like a size names a card outright: `4090`, `3090ti`; never what ends in GB."""
    if wanted.casefold().endswith("gb"):
        return False
    product = _product(wanted)
    return bool(product) and any(product in _products(gpu) for gpu in gpus)


def usable_bytes(gpu: Gpu) -> int:
    """Bytes of `gpu` that a job can use."""
    return _usable(gpu, round(gpu.memory_gib * GIB))


def _usable(gpu: Gpu, size: int) -> int:
    """What the driver reports, else the published shares of this module."""
    if gpu.usable_mib is not None and size == round(gpu.memory_gib * GIB):
        return gpu.usable_mib * MIB
    return int(size * (UNIFIED_SHARE if _is_unified(gpu) else USABLE_SHARE))


def _is_unified(gpu: Gpu) -> bool:
    return gpu.kind == "integrated"


def _find(wanted: str, gpus: Sequence[Gpu]) -> tuple[Gpu, int]:
    """The one card meant and its memory; an error lists the variants when it could be several."""
    exact = [gpu for gpu in gpus if _squash(gpu.name) == _squash(wanted)]
    match = re.search(_TRAILING_SIZE, wanted, re.IGNORECASE)
    asked = parse_memory(match["size"]) if match else None
    family = exact or [gpu for gpu in gpus if _product(wanted) and _product(wanted) in _products(gpu)]
    if not family:
        known = [name for gpu in gpus for name in (gpu.name, *gpu.aliases)]
        hint = did_you_mean(wanted, known) or _EXAMPLES
        raise LlmpickError(f"no GPU called {wanted!r} is known", hint)
    unified = next((gpu for gpu in family if _is_unified(gpu)), None)
    if unified is not None:
        return _sized(unified, asked, wanted)
    fitting = [gpu for gpu in family if _form_factor(gpu, wanted) and asked in (None, round(gpu.memory_gib * GIB))]
    if len({gpu.memory_gib for gpu in fitting}) != 1:
        variants = ", ".join(sorted({gpu.name for gpu in fitting or family}))
        verb = "could be several cards" if fitting else "has no such variant"
        raise LlmpickError(f"{wanted!r} {verb}", f"name one of: {variants}")
    # Equal memory: the slower variant, so that no time or price is promised that only the faster one keeps.
    slowest = min(fitting, key=lambda gpu: (_squash(gpu.name) != _squash(wanted), gpu.tflops_bf16 or 0.0))
    return slowest, round(slowest.memory_gib * GIB)


def _sized(gpu: Gpu, asked: int | None, wanted: str) -> tuple[Gpu, int]:
    """Memory shared with the CPU comes in many sizes: the user must say which."""
    if asked is None:
        raise LlmpickError(
            f"{wanted!r} comes with several memory sizes", f"write it too: '{wanted} {gpu.memory_gib:g}GB'"
        )
    return gpu, asked


def _form_factor(gpu: Gpu, wanted: str) -> bool:
    named = [form for form in _FORM_FACTORS if form in wanted.casefold()]
    return all(form in gpu.name.casefold() for form in named)


def _squash(name: str) -> str:
    return re.sub(r"[^a-z0-9+]", "", name.casefold())


def _product(name: str) -> str:
    """A card's name without maker, memory and form factor: what tells products apart."""
    return _squash(re.sub(_NOISE, " ", re.sub(r"[-()]", " ", name.casefold())))


def _products(gpu: Gpu) -> set[str]:
    return {_product(name) for name in (gpu.name, *gpu.aliases)} - {""}
