"""Does what config.json describes have the parameters that the safetensors hold?"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from llmpick.hub.repository import number
from llmpick.lint.shapes import TOLERANCE
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmpick.architecture import Architecture

FLOATS = frozenset({"BF16", "F16", "F32", "F64", "F8_E4M3", "F8_E5M2", "F8_E4M3FN"})
"""Types whose elements are parameters one by one; whole numbers are positions, masks or packed weights."""
MXFP4_BYTES, MXFP4_WEIGHTS = 17, 32
"""OCP Microscaling: 32 weights of 4 bits and one scale byte."""
MTP_KEYS = ("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_layers")
MOST_MTP = 0.05
"""A layer that predicts further tokens adds at most this share (DeepSeek-V3: 14 B on 671 B for one)."""


@record
class Held:
    """What the safetensors hold, against the closed form."""

    published: int | None
    """Their parameters; None = no safetensors, or packed in a way that cannot be counted."""
    published_as: str = ""
    """What makes a difference that is understood."""
    agrees: bool | None = None
    """False = the difference is not understood, so config.json was not read rightly; None = nothing to compare."""


def held(tensors: Mapping[str, int], packed: str) -> int | None:
    """Parameters in safetensors of these types; None where packed weights cannot be counted."""
    plain = sum(count for kind, count in tensors.items() if kind in FLOATS)
    if packed == "mxfp4" and tensors.get("U8", 0):
        groups, rest = divmod(tensors["U8"], MXFP4_BYTES)
        return None if rest else plain + groups * MXFP4_WEIGHTS
    return None if packed == "compressed-tensors" else plain or None


def compare(shape: Architecture, total: int, published: int | None, config: Mapping[str, Any], text_only: bool) -> Held:
    """`total` by the closed form of `shape` against `published`; `text_only` = towers were left out of it."""
    if published is None:
        return Held(published=None)
    difference = published - total
    near = abs(difference) <= TOLERANCE * published
    why = next((names for size, names in _usual(shape) if size == difference), "") if difference else ""
    why = why or ("" if near else _unusual(difference / total, config, text_only))
    return Held(published=published, published_as=why, agrees=near or bool(why))


def _usual(shape: Architecture) -> Iterator[tuple[int, str]]:
    """Sums of what checkpoints store beside the network, or leave out, by name."""
    width = shape.hidden_size
    table = shape.vocab_size * (shape.embedding_size or width)
    parts = [(table, "the tied embedding table stored once more")] if shape.tie_word_embeddings else []
    if shape.structure == "encoder":
        parts += [
            (width * width + 3 * width, "the dense layer and norm of a masked-word head"),
            (shape.vocab_size, "the bias of a masked-word head"),
            (2 * width + 2, "a next-sentence head"),
        ]
        parts += [(-(width * width + width), "no pooler stored")] if shape.pooler else []
    elif shape.structure == "encoder-decoder":
        parts += [(table, "the embedding table stored for both stacks")]
    for length in range(1, len(parts) + 1):
        for chosen in combinations(parts, length):
            yield sum(size for size, _ in chosen), "; ".join(name for _, name in chosen)


def _unusual(share: float, config: Mapping[str, Any], text_only: bool) -> str:
    """Additions whose size no closed form gives here, where config.json speaks of them."""
    inner = [part for key in ("text_config", "llm_config") if isinstance(part := config.get(key), dict)]
    layers = next((n for part in (config, *inner) for key in MTP_KEYS if (n := number(part.get(key)))), 0)
    if 0 < share <= MOST_MTP * layers:
        return f"{layers} multi-token-prediction layer{'s' * (layers > 1)} stored besides"
    return "towers of other modalities, not counted in the total" if text_only and 0 < share < 1 else ""
