"""`llmpick estimate` for a model that a vendor tunes: dollars from tokens, the price with its date, what binds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError
from llmpick.guidance.vendor import beyond, binds
from llmpick.sizing.cost import vendor_dollars, vendor_passes, vendor_tokens
from llmpick.verdict import Tuning

if TYPE_CHECKING:
    from llmpick.schema import ApiModel


def tuning(api: ApiModel, params: int | None, *, examples: int | None, seq_len: int, epochs: float) -> Tuning:
    """What tuning `api` on `examples` of at most `seq_len` tokens costs.

    Raises LlmpickError where the vendor does not take that many examples.
    """
    _taken(api, examples)
    passes = vendor_passes(api, epochs)
    return Tuning(
        api=api,
        params=params,
        passes=passes,
        tokens=vendor_tokens(examples, seq_len, passes),
        cost_usd=None if api.status == "closed" else vendor_dollars(api, examples, seq_len, epochs),
        assumptions=tuple(_assumed(api, examples, seq_len, passes)),
        watch=(*binds(api), *beyond(api, seq_len)),
    )


def _taken(api: ApiModel, examples: int | None) -> None:
    least, most = api.min_examples, api.max_examples
    if examples is not None and least is not None and examples < least:
        raise LlmpickError(f"{api.vendor} takes at least {least:,} examples, not {examples:,}", "collect more first")
    if examples is not None and most is not None and examples > most:
        raise LlmpickError(f"{api.vendor} takes at most {most:,} examples, not {examples:,}", "send a part of them")


def _assumed(api: ApiModel, examples: int | None, seq_len: int, passes: int) -> list[str]:
    said = [f"{api.vendor} trains on its own machines: no memory of yours is used, and it promises no hours"]
    if examples is None:
        return [*said, "how many tokens are billed is not known without --examples"]
    over = f"{passes} passes over {examples:,} examples" if passes > 1 else f"one pass over {examples:,} examples"
    said.append(f"{over} of up to {seq_len:,} tokens: half of that is expected, all of it the high end")
    return [*said, "training text only: validation text and serving are billed beside it"]
