"""What all layers together keep, and what is alive at the busiest moment in the topmost and in the lowest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import NamedTuple
from llmpick.sizing.blocks import (
    EMPTY,
    Aside,
    Block,
    attention,
    cross_attention,
    experts,
    latent_attention,
    mlp,
    per_layer_input,
    recurrent,
    streams,
)
from llmpick.sizing.layers import groups_of, sparse_layers
from llmpick.sizing.stacks import decoder_of

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job
    from llmpick.sizing.regime import Regime

Kinds = list[tuple[int, Block]]
"""How many layers there are with each kind of block."""
GATED = {"gemma3n", "gemma3n_text", "gemma4", "gemma4_text", "embedding_gemma2"}
"""Classes whose layers gate an input of their own."""
Working = tuple[float, float, float]
"""Bytes of one GPU's batch: kept when the last layer has run, at the busiest moment on the way back through the last
layer, and at that of the first."""


class Lot(NamedTuple):
    """One GPU's batch of sequences."""

    length: int
    """Tokens of each."""
    target: int
    """Tokens that a decoder of an encoder-decoder writes."""
    size: int
    """Sequences."""


class Stack(NamedTuple):
    """Equal-sized layers; bytes per token."""

    layers: int
    kept: float
    """By all of them."""
    busy: float
    """At the busiest moment of the largest layer, what it keeps included."""
    largest: float
    """Kept by that layer."""
    inputs: float
    """The input of one layer, all that checkpointing keeps of it."""
    across: float = 0.0
    """Kept by each layer of a decoder per token of the encoder."""
    window: int = 0
    """Where sequences are longer than this, local layers keep a mask: `mask` bytes per token and key, and `expanded`
    per token; 0 = never."""
    mask: float = 0.0
    expanded: float = 0.0


class Layers(NamedTuple):
    """What the layers of one network hold in one regime, for batches of any size."""

    stacks: tuple[Stack, ...]
    """From the lowest up."""
    bias: float = 0.0
    """Bytes of position biases per pair of tokens."""

    @property
    def depth(self) -> int:
        """How many there are."""
        return sum(stack.layers for stack in self.stacks)


def layers_of(a: Architecture, job: Job, regime: Regime) -> Layers:
    """The layers of `a`, of its encoder and its decoder, as `job` runs them."""
    low = _stack(mixers(a, regime), mlps(a, regime), a, regime)
    if a.structure != "encoder-decoder":
        return Layers((low,))
    decoder = decoder_of(a)
    above = regime._replace(length=job.target_len or job.seq_len)
    crossed, across = cross_attention(a, decoder, regime)
    high = _stack(mixers(decoder, above), mlps(decoder, above), decoder, regime)
    high = high._replace(
        kept=high.kept + high.layers * crossed.kept,
        busy=high.busy + crossed.kept,
        largest=high.largest + crossed.kept,
        across=across,
    )
    return Layers((low, high), regime.c * a.num_attention_heads if regime.style.bias else 0.0)


def lot_of(job: Job) -> Lot:
    """The batch of `job`."""
    return Lot(job.seq_len, job.target_len or job.seq_len, job.batch_size)


def working(layers: Layers, lot: Lot, *, checkpointing: bool) -> Working:
    """The three moments of `layers` for a batch."""
    length, target, size = lot
    stacks, each = layers
    low = _batch(stacks[0], length, size, 0)
    if len(stacks) == 1:
        return _join(low, low, low.kept, low.inputs, checkpointing=checkpointing)
    high = _batch(stacks[1], target, size, length * size)
    kept, inputs = low.kept + high.kept, low.inputs + high.inputs
    joined = _join(low, high, kept, inputs, checkpointing=checkpointing)
    if not each:
        return joined
    # position biases of the encoder, of the decoder and (zeros) between them, each made once, and their gradients
    kept, top, bottom = joined
    bias = each * (length**2 + target**2 + length * target)
    return kept + bias, top + 2 * bias, bottom + 2 * bias


def mixers(a: Architecture, regime: Regime) -> Kinds:
    """The blocks of the (first) stack that mix tokens: attention of each shape, recurrent mixers."""
    if a.mla:
        kinds = [(group.count, latent_attention(a, a.mla, regime)) for group in groups_of(a)]
    else:
        kinds = [(group.count, attention(a, group, regime)) for group in groups_of(a)]
    attending = sum(count for count, _ in kinds)
    mixing = a.num_hidden_layers - attending if a.num_ssm_layers is None else a.num_ssm_layers
    if a.ssm and mixing:
        kinds.append((mixing, recurrent(a, a.ssm, regime)))
    return kinds


def mlps(a: Architecture, regime: Regime) -> Kinds:
    """The blocks of the (first) stack that do not mix tokens."""
    sparse = sparse_layers(a)
    dense = a.num_hidden_layers - sparse if a.num_mlp_layers is None else a.num_mlp_layers
    kinds = [(dense, mlp(a, a.intermediate_size, regime))] if dense and a.intermediate_size else []
    if a.moe and sparse:
        kinds.append((sparse, experts(a, a.moe, regime)))
    return kinds


def _stack(mixing: Kinds, others: Kinds, a: Architecture, regime: Regime) -> Stack:
    kept = sum(count * block.kept for count, block in mixing) + sum(count * block.kept for count, block in others)
    first = max((block for _, block in mixing), key=lambda block: block.kept, default=EMPTY)
    second = max((block for _, block in others), key=lambda block: block.kept, default=EMPTY)
    aside = asides(a, regime)
    kept += a.num_hidden_layers * (aside.kept + aside.always)
    stack = Stack(
        layers=a.num_hidden_layers,
        kept=kept,
        busy=max(
            first.forward,
            first.backward,
            first.kept + first.held + second.forward,
            first.kept + second.backward,
        )
        + aside.kept,
        largest=first.kept + second.kept + aside.kept,
        inputs=regime.r * a.hidden_size + aside.always,
    )
    return stack if regime.eager else _with_local_masks(stack, a, regime)


def asides(a: Architecture, regime: Regime) -> Aside:
    """What every layer keeps beside its blocks."""
    if a.per_layer_embedding is None or a.model_type not in GATED:
        return Aside(0.0, 0.0)
    own = per_layer_input(a, a.per_layer_embedding.size, regime)
    count = (a.extra or {}).get("altup_num_inputs", 1)
    if count == 1:
        return own
    more = streams(a, count, regime)
    return Aside(own.kept + more.kept, own.always + more.always)


def _with_local_masks(stack: Stack, a: Architecture, regime: Regime) -> Stack:
    """A window shorter than the sequence is a mask, which every local layer turns into numbers for itself."""
    window, whole = a.sliding_window, a.num_full_attention_layers
    if not window or whole is None:
        return stack
    local = max(0, a.num_hidden_layers - whole)
    expanded = regime.c * 2 * (a.num_attention_heads - a.kv_heads) * a.head_width
    return stack._replace(window=window, mask=local * regime.c, expanded=local * expanded)


class Batch(NamedTuple):
    """A Stack with its tokens; bytes."""

    kept: float
    busy: float
    largest: float
    inputs: float
    """Of all layers."""
    input: float
    """Of one."""


def _batch(stack: Stack, length: int, size: int, read: int) -> Batch:
    """`stack` over `size` sequences of `length` tokens; `read`: tokens of the encoder that a decoder attends to."""
    layers, kept, busy, largest, inputs, across, window, mask, expanded = stack
    tokens = length * size
    if window and length > window:
        kept += mask * length + expanded
    one = inputs * tokens
    kept = kept * tokens
    if not across:
        return Batch(kept, busy * tokens, largest * tokens, layers * one, one)
    beside = across * read
    return Batch(kept + layers * beside, busy * tokens + beside, largest * tokens + beside, layers * one, one)


def _join(low: Batch, high: Batch, kept: float, inputs: float, *, checkpointing: bool) -> Working:
    """The lowest stack, the topmost one, and what all keep together."""
    top = kept - high.largest + high.busy
    if not checkpointing:
        return kept, top, low.busy
    # with a layer or two there is nothing to gain, and nobody would checkpoint
    again = inputs + high.input + high.busy
    return min(inputs, kept), min(again, top), low.busy
