"""What one block of a layer, with its norm, keeps for the way back and holds at its busiest moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import NamedTuple
from llmpick.sizing.names import names_of

if TYPE_CHECKING:
    from llmpick.architecture import Architecture, LayerGroup, Mla, Moe, Ssm
    from llmpick.sizing.regime import Regime


class Block(NamedTuple):
    """Bytes per token."""

    kept: float
    """From its forward to its backward pass."""
    forward: float
    """Alive at its busiest moment on the way forth, what it keeps included."""
    backward: float
    """The same on the way back."""
    held: float = 0.0
    """Not kept, but named by a variable until the layer returns."""


EMPTY = Block(0.0, 0.0, 0.0)


class Score(NamedTuple):
    """Bytes per attention score of an eager attention: kept, and alive at the busiest moments."""

    kept: float
    forward: float
    backward: float


def attention(a: Architecture, group: LayerGroup, regime: Regime) -> Block:
    """Self-attention of the layers of `group`."""
    names, h = names_of(a.model_type), a.hidden_size
    heads = group.num_attention_heads or a.num_attention_heads
    width = group.head_dim or a.head_width
    q, kv = heads * width, (group.num_key_value_heads or a.kv_heads) * width
    read = (names.qkv,) if names.qkv else (names.q, names.k, names.v)
    before = regime.inputs(h, regime.n, *read) + _norm_before(regime, h)
    if a.qk_norm != "none":
        before += regime.norm(q, regime.c) + regime.norm(kv, regime.c)
    if a.attention_gate != "none":
        before += 2 * regime.c * q
    core = _core(regime, q, kv, heads, rope=a.position == "rope")
    if regime.style.disentangled and a.position == "relative":
        core = _disentangled(core, a.position_rows, heads, q, regime)
    return _around(a, regime, names.o, before, core)


def _disentangled(core: Block, rows: int, heads: int, q: int, regime: Regime) -> Block:
    """DeBERTa's scores against all relative positions, both ways, and the position table of every sequence."""
    spans, tables = 2 * regime.c * heads * rows, 2 * regime.c * rows * q / regime.length
    more = spans + tables
    return Block(core.kept + more, core.forward + more, core.backward + more + spans, core.held)


def latent_attention(a: Architecture, mla: Mla, regime: Regime) -> Block:
    """Multi-head latent attention: low-rank queries, keys and values, expanded for every head."""
    h, heads = a.hidden_size, a.num_attention_heads
    key = mla.qk_nope_head_dim + mla.qk_rope_head_dim
    low = mla.kv_lora_rank + mla.q_lora_rank
    down = ("kv_a_proj_with_mqa", "q_a_proj") if mla.q_lora_rank else ("kv_a_proj_with_mqa", "q_proj")
    before = regime.inputs(h, regime.n, *down) + _norm_before(regime, h) + regime.norm(low, regime.c)
    before += regime.inputs(low, regime.n, "kv_b_proj")
    q, v = heads * key, heads * mla.v_head_dim
    core = _core(regime, q, q, heads, rope=True)
    spread = regime.c * heads * (mla.qk_nope_head_dim + mla.v_head_dim)  # the product whose slices are the values
    core = Block(core.kept + spread - regime.c * 2 * (q - v), core.forward + spread, core.backward + spread)
    return _around(a, regime, "o_proj", before, core)


def cross_attention(a: Architecture, decoder: Architecture, regime: Regime) -> tuple[Block, float]:
    """A decoder layer's attention to the encoder: per token of the decoder, and kept per token of the encoder."""
    names, h = names_of(a.model_type), decoder.hidden_size
    q, kv = decoder.num_attention_heads * decoder.head_width, decoder.kv_heads * decoder.head_width
    before = regime.inputs(h, regime.n, names.q) + _norm_before(regime, h)
    core = _core(regime, q, 0, decoder.num_attention_heads, rope=False)
    read = 0.0 if not regime.auto and regime.full else regime.inputs(a.hidden_size, regime.n, names.k, names.v)
    return _around(decoder, regime, names.o, before, core), 2 * regime.c * kv + read


def _norm_before(regime: Regime, width: int) -> float:
    return regime.norm(width, regime.r) if regime.style.order in {"pre", "sandwich"} else 0.0


def _norm_after(regime: Regime, width: int) -> float:
    """A norm on the residual sum reads the stream, one on a block's output reads a matrix's result."""
    if regime.style.order == "pre":
        return 0.0
    return regime.norm(width, regime.r if regime.style.order == "post" else regime.c)


def _around(a: Architecture, regime: Regime, output: str, before: float, core: Block) -> Block:
    """`core` between what its inputs keep and its output matrix, dropout and norm."""
    h, c = a.hidden_size, regime.c
    q = a.num_attention_heads * a.head_width
    shared = regime.full or regime.quantized or not regime.auto  # the result itself is what the output matrix reads
    shared = shared and not (regime.dropped and regime.adapted(output))
    after = regime.adapted(output) * c * regime.rank if shared else regime.inputs(q, c, output)
    kept = before + core.kept + after + _norm_after(regime, h) + (h if regime.style.dropout else 0)
    flows = regime.r * h
    return Block(kept, before + core.forward + flows, before + core.backward + flows, core.held)


def _core(regime: Regime, q: int, kv: int, heads: int, *, rope: bool) -> Block:
    """From queries, keys and values to the attended values."""
    c = regime.c
    if not regime.eager:
        kept = _kernel(regime, q, kv, heads, rope=rope)
        summed = q * (8 if kv not in {q, 0} else 4)  # flash sums dq in fp32 and expands grouped dk and dv
        return Block(kept, kept, kept + c * (2 * q + 2 * kv) + summed)
    score = _scores(regime)
    scores = heads * regime.length
    result = c * q if regime.full or regime.quantized or not regime.auto else 0
    # eager attention hands its fp32 probabilities back to a layer that never uses them
    held = 4 * scores if regime.auto and not regime.style.softmax32 else 0
    read = c * q * (3 if kv else 1) + (2 * (4 - c) * q if regime.style.widened and not regime.auto else 0)
    bias = scores / regime.batch if regime.style.bias else 0
    return Block(
        read + result + score.kept * scores, read + score.forward * scores, read + score.backward * scores + bias, held
    )


def _kernel(regime: Regime, q: int, kv: int, heads: int, *, rope: bool) -> float:
    """Kept by a fused kernel: queries, keys, values, its result, one fp32 sum per row and head."""
    c, style = regime.c, regime.style
    if kv == 0:
        return 2 * c * q + 4 * heads
    # the memory-efficient kernel, which wants a key for every query head
    efficient = c == 4 or style.mask or style.bias
    extra = c * regime.length * (style.mask + (heads / regime.batch if style.bias else 0))
    if efficient and kv != q and not style.mask:
        return 4 * c * q + 4 * heads + extra
    fused = q + 2 * kv
    taken = (q + kv + fused if rope else fused) if style.qkv_views else fused
    copied = q if style.by_heads and not efficient and (regime.full or regime.quantized or not regime.auto) else 0
    return c * (taken + q + copied) + 4 * heads + extra


def _scores(regime: Regime) -> Score:
    """On the way back through the softmax: its result, two gradients, and the kernel's product of the first two."""
    c, style = regime.c, regime.style
    drop = style.attention_dropout
    if not (style.softmax32 or regime.auto):
        return Score(c + (c + 1 if drop else 0), 2 * c + (c if drop else 0), 4 * c)
    low = 0 if c == 4 else c
    cap = c if style.softcap else 0
    kept = 4 + low + cap + ((5 if c == 4 else 1) if drop else 0)
    return Score(kept, 8 + low + cap, 16 + cap)


class Activation(NamedTuple):
    """Bytes per unit of width: kept beside the last matrix's input, alive on the way back, and its output's."""

    kept: int
    backward: int
    out: int


def mlp(a: Architecture, width: int, regime: Regime) -> Block:
    """A dense MLP `width` wide."""
    names, style = names_of(a.model_type), regime.style
    regime = regime._replace(targets=regime.mlp_targets)
    h, c = a.hidden_size, regime.c
    result = regime.n if regime.quantized else c
    read = (names.gate_up,) if names.gate_up else (names.gate, names.up)
    read = read if a.gated_mlp else (names.single or names.up,)
    before = _mlp_before(a, regime, read)
    mask = width if style.inner_dropout else 0
    act = _activation(regime, result, gated=a.gated_mlp)
    after = _norm_after(regime, h)
    recast = bool(regime.adapted(names.down)) and regime.auto
    upcast = 4 * width if recast and act.out == 2 and not regime.quantized else 0
    upcast += 4 * width if recast and regime.dropped else 0
    flows = regime.r * h
    inside = before + act.kept * width
    kept = inside + regime.inputs(width, act.out, names.down) + mask + after + (h if style.dropout else 0)
    wide = width * (2 if names.gate_up else 1) if regime.adapted(*read) else 0  # a base result, an update, their sum
    forward = max(kept + 3 * c * h + (act.out * width if recast else 0) + upcast, before + 3 * result * wide) + flows
    backward = max(before + act.backward * width, inside + (6 * width if upcast else 0)) + flows
    if after:
        backward = max(backward, kept + regime.norm_back(h) + flows)
    elif style.norm.startswith("rms"):
        backward = max(backward, _norm_before(regime, h) + 20 * h + flows)
    return Block(kept, forward, backward)


def _mlp_before(a: Architecture, regime: Regime, read: tuple[str, ...]) -> float:
    """Kept of the MLP's norm and by its first matrices; a parallel MLP shares what attention keeps already."""
    h, style = a.hidden_size, regime.style
    inputs = regime.inputs(h, regime.n, *read)
    if style.order not in {"pre", "sandwich"}:
        return inputs
    if a.norms_per_block == 1:
        return inputs - (regime.n * h if inputs and not regime.auto else 0)
    same = style.parallel and regime.r == (4 if regime.auto else regime.c)
    return inputs + regime.norm(h, regime.r) - (regime.r * h if same else 0)


def _activation(regime: Regime, result: int, *, gated: bool) -> Activation:
    """`result`: bytes of the numbers that the first matrices give."""
    kind = regime.style.activation
    if kind == "tanh":  # GELU's tanh form step by step; autocast runs its power, and so what follows, in fp32
        out = 4 if regime.auto else regime.c
        more = out + result if gated else 0
        return Activation(
            (14 if regime.auto else 4 * regime.c) + more, (28 if regime.auto else 7 * regime.c) + more, out
        )
    if kind == "relu2":  # autocast squares in fp32
        return Activation(6, 22, 4) if regime.auto else Activation(regime.c, 5 * regime.c, regime.c)
    if kind == "xielu":
        return Activation(11, 28, 4) if regime.auto else Activation(4 * regime.c + 1, 9 * regime.c, regime.c)
    if gated:
        return Activation(3 * result, 6 * result, result)
    if kind == "relu":
        # without a cast or a dropout in between, the result it keeps is what the last matrix reads
        shared = result == regime.c and (regime.full or not regime.auto) and not regime.style.inner_dropout
        return Activation(0 if shared else result, 3 * result, result)
    return Activation(result, (7 if kind == "bloom" else 3) * result, result)


def experts(a: Architecture, moe: Moe, regime: Regime) -> Block:
    """Routed experts as one grouped product over the chosen (token, expert) pairs, and the MLP beside them."""
    h, k, f = a.hidden_size, moe.num_experts_per_tok, moe.moe_intermediate_size
    b = regime.w  # the grouped product is not cast by autocast
    trained = h + f if regime.full or regime.experts else 0
    routed = k * (b * (trained + 3 * f + h) + 40) + 8 * moe.num_experts
    beside = mlp(a, moe.shared_intermediate_size, regime) if moe.shared_intermediate_size else EMPTY
    kept = routed + (beside.kept if beside.kept else regime.norm(h, regime.r) + (regime.c * h if regime.full else 0))
    flows = regime.r * h
    return Block(kept, kept + 2 * k * b * h + flows, kept + k * b * (2 * f + h) + flows)


class Aside(NamedTuple):
    """Bytes per token that each layer adds to its blocks."""

    kept: float
    always: float
    """Kept outside the layers, where checkpointing cannot drop it."""


def per_layer_input(a: Architecture, size: int, regime: Regime) -> Aside:
    """Gemma 3n and 4 gate `size` numbers of a second table into every layer, after its MLP; EmbeddingGemma 2 has no
    table and gates what it projects from the words alone."""
    h, c = a.hidden_size, regime.c
    gate = regime.inputs(h, regime.r, "per_layer_input_gate") + 3 * c * size
    kept = gate + regime.inputs(size, c, "per_layer_projection") + regime.norm(h, c)
    return Aside(kept, c * size + regime.norm(size, c))


def streams(a: Architecture, count: int, regime: Regime) -> Aside:
    """Gemma 3n predicts and corrects `count` residual streams around every layer (AltUp), and adds a low-rank path.

    The matrix product that predicts keeps them all, and so does the one that corrects; each asks a router of its own.
    Before and after the layers all but one are scaled to the magnitude of that one, by a square, a product and a
    quotient, which autocast runs in fp32: so they are fp32 in between.
    """
    h, c = a.hidden_size, regime.c
    wide = 4 if regime.auto else c
    router = regime.norm(h, c) + regime.inputs(h, regime.n, "modality_router")
    low_rank = regime.norm(h, c) + (regime.inputs(h, regime.n, "linear_left") if regime.auto else 0)
    scaled = 2 * (count - 1) * h * (2 * wide + c)
    always = (count * wide - regime.r) * h + scaled / a.num_hidden_layers
    return Aside((c + wide) * count * h + 2 * router + low_rank, always)


def recurrent(a: Architecture, ssm: Ssm, regime: Regime) -> Block:
    """A recurrent mixer run by its fused kernel: what enters and leaves it; its chunk states are left out."""
    regime = regime._replace(targets=regime.mlp_targets)
    h, c = a.hidden_size, regime.c
    inner = ssm.d_inner or (ssm.n_v_heads or ssm.n_heads) * (ssm.v_head_dim or ssm.head_dim) or h
    side = 2 * (ssm.n_groups or 1) * ssm.d_state + 2 * ssm.n_k_heads * ssm.k_head_dim + ssm.n_heads
    before = regime.inputs(h, regime.n, "in_proj") + _norm_before(regime, h)
    kept = before + c * (5 * inner + 2 * side) + regime.inputs(inner, c, "out_proj")
    flows = regime.r * h
    return Block(kept, kept + 2 * c * h + flows, kept + c * (3 * inner + side) + flows)
