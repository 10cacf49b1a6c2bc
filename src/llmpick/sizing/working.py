"""What all layers together keep, and what is alive at the busiest moment in the topmost and in the lowest of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmpick.sizing.blocks import EMPTY, Block, attention, cross_attention, experts, latent_attention, mlp, recurrent
from llmpick.sizing.layers import groups_of, sparse_layers
from llmpick.sizing.stacks import decoder_of

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job
    from llmpick.sizing.regime import Regime

Kinds = list[tuple[int, Block]]
"""How many layers there are with each kind of block."""


class Working(NamedTuple):
    """Bytes of one GPU's batch."""

    kept: float
    """When the last layer has run."""
    top: float
    """At the busiest moment on the way back through the last layer."""
    bottom: float
    """The same in the first layer."""
    layers: int


class Stack(NamedTuple):
    """Equal-sized layers over `tokens` tokens; bytes."""

    layers: int
    kept: float
    """By one layer, on average."""
    busy: float
    """At the busiest moment of the largest layer, what it keeps included."""
    largest: float
    """Kept by that layer."""
    inputs: float
    """The input of one layer, all that checkpointing keeps of it."""


def working(a: Architecture, job: Job, regime: Regime) -> Working:
    """The three moments of the layers of `a`, of its encoder and its decoder."""
    if a.structure != "encoder-decoder":
        return _join([_stack(mixers(a, regime), mlps(a, regime), a, regime, job.tokens)], job)
    target = job.target_len or job.seq_len
    tokens = job.batch_size * target
    decoder = decoder_of(a)
    crossed, beside = cross_attention(a, decoder, regime)
    below = _stack(mixers(a, regime), mlps(a, regime), a, regime, job.tokens)
    inner = regime._replace(length=target)
    above = _stack(mixers(decoder, inner), mlps(decoder, inner), decoder, regime, tokens)
    across = crossed.kept * tokens + beside * job.tokens
    above = above._replace(kept=above.kept + across, busy=above.busy + across, largest=above.largest + across)
    joined = _join([below, above], job)
    if not regime.style.bias:
        return joined
    # position biases of the encoder, of the decoder and (zeros) between them, each made once, and their gradients
    pairs = job.seq_len**2 + target**2 + job.seq_len * target
    bias = regime.c * a.num_attention_heads * pairs
    return joined._replace(kept=joined.kept + bias, top=joined.top + 2 * bias, bottom=joined.bottom + 2 * bias)


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


def _stack(mixing: Kinds, others: Kinds, a: Architecture, regime: Regime, tokens: int) -> Stack:
    layers = a.num_hidden_layers
    kept = sum(count * block.kept for count, block in mixing) + sum(count * block.kept for count, block in others)
    kept += _local_masks(a, regime)
    first = max((block for _, block in mixing), key=lambda block: block.kept, default=EMPTY)
    second = max((block for _, block in others), key=lambda block: block.kept, default=EMPTY)
    busy = max(
        first.forward,
        first.backward,
        first.kept + first.held + second.forward,
        first.kept + second.backward,
    )
    return Stack(
        layers=layers,
        kept=kept / layers * tokens,
        busy=busy * tokens,
        largest=(first.kept + second.kept) * tokens,
        inputs=regime.r * a.hidden_size * tokens,
    )


def _local_masks(a: Architecture, regime: Regime) -> float:
    """A window shorter than the sequence is a mask, which every local layer turns into numbers for itself."""
    window, whole = a.sliding_window, a.num_full_attention_layers
    if not window or whole is None or regime.length <= window or regime.eager:
        return 0.0
    local = max(0, a.num_hidden_layers - whole)
    expanded = regime.c * 2 * (a.num_attention_heads - a.kv_heads) * a.head_width
    return local * (regime.c * regime.length + expanded)


def _join(stacks: list[Stack], job: Job) -> Working:
    """Stacks from the lowest up."""
    layers = sum(stack.layers for stack in stacks)
    low, high = stacks[0], stacks[-1]
    kept = sum(stack.layers * stack.kept for stack in stacks)
    plain = Working(kept, kept - high.largest + high.busy, low.busy, layers)
    if not job.gradient_checkpointing:
        return plain
    kept = sum(stack.layers * stack.inputs for stack in stacks)
    # with a layer or two there is nothing to gain, and nobody would checkpoint
    return Working(min(kept, plain.kept), min(kept + high.inputs + high.busy, plain.top), plain.bottom, layers)
