"""The least time one pass through a network can take on a card: a bound nothing gets under, no forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.units import MIB

if TYPE_CHECKING:
    from llmpick.schema import Gpu
    from llmpick.sizing.linear import Parameters

LEAST_BYTES = 0.5
"""Bytes per parameter of the leanest weights that llmpick sizes for serving: 4 bits, their scales not counted."""
CACHE = 256 * MIB
"""What may stay in a card's last cache from pass to pass: that of the MI300X, the largest of any card in the catalog
(AMD GPU specifications, rocm.docs.amd.com)."""


def seconds_per_pass(counted: Parameters, card: Gpu, n_gpus: int = 1) -> float | None:
    """Seconds to read every active weight once from the memory of `n_gpus` cards; None without a known bandwidth.

    Whatever serves one request, each pass reads all weights a token goes through (tables are only looked up). The
    bandwidth is the data sheet's and nothing but 4-bit weights is counted, so real passes take longer: 5 times as
    long at the least in 164 published measurements (`benchmarks/latency.py`).
    """
    if not card.bandwidth_gb_s:
        return None
    read = LEAST_BYTES * (counted.active - counted.embedding) / n_gpus - CACHE
    return max(read, 0.0) / (card.bandwidth_gb_s * 1e9)
