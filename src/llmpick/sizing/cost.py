"""Dollars a run costs: hours by a dated price, or tokens by a vendor's."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from llmpick.verdict import Span

if TYPE_CHECKING:
    from llmpick.schema import ApiModel, Gpu, Price

MOST_NOVA_EPOCHS = 5
"""Passes that a request to tune an Amazon Nova may ask for at most:
https://docs.aws.amazon.com/bedrock/latest/userguide/cm-hp-nova-mm.html"""


def dollars(time: Span | None, price: Price | None, n_gpus: int = 1) -> Span | None:
    """What `time` on `n_gpus` rented cards costs; None where no time or no on-demand price is known.

    The low end is the quick run at the cheapest on-demand offer, the high end the slow run at the typical one.
    """
    return _rented(time, price.on_demand_low, price.on_demand_typical, n_gpus) if price else None


def spot_dollars(time: Span | None, price: Price | None, n_gpus: int = 1) -> Span | None:
    """The same on preemptible cards, if none is taken away; None where no spot price is known."""
    return _rented(time, price.spot_low, price.spot_typical, n_gpus) if price else None


def electricity(time: Span | None, card: Gpu | None, usd_per_kwh: float | None, n_gpus: int = 1) -> Span | None:
    """What `time` on `n_gpus` of one's own cards draws at their full board power; the machine around is not counted."""
    if time is None or card is None or card.tdp_w is None or usd_per_kwh is None:
        return None
    usd_per_hour = n_gpus * card.tdp_w / 1000 * usd_per_kwh
    return Span(low=time.low * usd_per_hour, expected=time.expected * usd_per_hour, high=time.high * usd_per_hour)


def hourly(price: Price | None) -> float | None:
    """What an hour of a rented card is expected to cost; None where no on-demand price is known."""
    if price is None:
        return None
    return price.on_demand_low if price.on_demand_typical is None else price.on_demand_typical


def _rented(time: Span | None, cheapest: float | None, usual: float | None, n_gpus: int) -> Span | None:
    low = usual if cheapest is None else cheapest
    typical = low if usual is None else usual
    if time is None or low is None or typical is None:
        return None
    return Span(
        low=n_gpus * time.low * low, expected=n_gpus * time.expected * typical, high=n_gpus * time.high * typical
    )


def vendor_tokens(examples: int | None, seq_len: int, passes: int) -> Span | None:
    """Tokens a vendor bills for training on `examples` of at most `seq_len`; None where their number is unknown.

    Vendors bill the tokens of the data, not padding: half the length is expected, a quarter is the
    low end, all of it the high one.
    """
    if examples is None:
        return None
    most = float(examples * seq_len * passes)
    return Span(low=most / 4, expected=most / 2, high=most)


def vendor_passes(api: ApiModel, epochs: float) -> int:
    """Whole passes over the data, as every vendor's request counts them; Amazon's Nova takes no more than five."""
    return min(ceil(epochs), MOST_NOVA_EPOCHS) if "amazon.nova" in api.model else ceil(epochs)


def vendor_dollars(api: ApiModel, examples: int | None, seq_len: int, epochs: float) -> Span | None:
    """What a vendor charges for those tokens, never less than its minimum; None where its price is unknown, too."""
    tokens, price = vendor_tokens(examples, seq_len, vendor_passes(api, epochs)), api.train_usd_per_million_tokens
    if tokens is None or price is None:
        return None
    low, expected, high = (
        max(count / 1e6 * price, api.min_usd_per_job or 0.0) for count in (tokens.low, tokens.expected, tokens.high)
    )
    return Span(low=low, expected=expected, high=high)
