"""Dollars a run costs: hours by a dated price, or tokens by a vendor's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.verdict import Span

if TYPE_CHECKING:
    from llmpick.schema import ApiModel, Price


def dollars(time: Span | None, price: Price | None, n_gpus: int = 1) -> Span | None:
    """What `time` on `n_gpus` rented cards costs; None where no time or no on-demand price is known.

    The low end is the quick run at the cheapest on-demand offer, the high end the slow run at the typical one.
    """
    if time is None or price is None:
        return None
    typical = price.on_demand_typical
    low = price.on_demand_low if price.on_demand_low is not None else typical
    typical = typical if typical is not None else low
    if low is None or typical is None:
        return None
    return Span(
        low=n_gpus * time.low * low, expected=n_gpus * time.expected * typical, high=n_gpus * time.high * typical
    )


def vendor_dollars(api: ApiModel, examples: int | None, seq_len: int, epochs: float) -> Span | None:
    """What a vendor charges to train on `examples` of at most `seq_len` tokens; None where either is unknown.

    Vendors bill the tokens of the data, not padding: half the length is expected, the full length is the high end.
    """
    if examples is None or api.train_usd_per_million_tokens is None:
        return None
    most = examples * seq_len * epochs / 1e6 * api.train_usd_per_million_tokens
    return Span(low=most / 4, expected=most / 2, high=most)
