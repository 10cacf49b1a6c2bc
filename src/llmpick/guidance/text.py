"""What the network reads: length, packing, and which tokens count in the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.guidance import sources
from llmpick.guidance.setup import given, setting

if TYPE_CHECKING:
    from llmpick.guidance.answers import Setting
    from llmpick.guidance.setup import Setup


def text(setup: Setup) -> tuple[Setting, ...]:
    """Sequence length; for decoders packing and the loss's tokens."""
    if setup.recipe.kind != "writer":
        return (_length(setup),)
    return (_length(setup), _packing(), _loss())


def _length(setup: Setup) -> Setting:
    length = setup.job.seq_len
    if setup.context_length is not None and length >= setup.context_length:
        return setting("seq_len", length, "tokens: all this model can read at once", sources.TRAINER)
    if given(setup, "seq_len"):
        return setting("seq_len", length, "tokens, as you asked; longer texts are cut", sources.TRAINER)
    why = "tokens, the task's default; count yours: the length that 95 in 100 of your texts fit is enough"
    return setting("seq_len", length, why, sources.TRAINER)


def _packing() -> Setting:
    why = (
        "off: without FlashAttention packed examples can see each other; turn it on with FlashAttention when most "
        "examples are far shorter than seq_len"
    )
    return setting("packing", False, why, sources.PACKING)


def _loss() -> Setting:
    why = "only the answer's tokens count: learning to repeat the question did not help in QLoRA's ablation (B.3)"
    return setting("loss_on", "completion", why, sources.QLORA)
