"""The layers of a transformer as matrices and counts: attention, MLP, experts, norms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.architecture import LayerGroup
from llmpick.sizing.linear import Group, Linear, Part, matrix

if TYPE_CHECKING:
    from llmpick.architecture import Architecture, Mla
    from llmpick.sizing.names import Names

# Classes whose experts are modules of their own even under transformers 5: those it does not have itself, and Switch.
SEPARATE_EXPERTS = {"bailing_moe", "deepseek", "kimi_k2", "switch_transformers"}
# Classes whose router is an nn.Linear, and its name; elsewhere transformers 5 keeps a raw weight in `gate`.
LINEAR_ROUTER = {
    "afmoe": "gate",
    "gemma4": "proj",
    "hunyuan_v1_moe": "wg",
    "llama4": "router",
    "llama4_text": "router",
    "phimoe": "router",
    "switch_transformers": "classifier",
}
# Stacked experts that are split into modules to be quantized (transformers 5, quantizers.base).
SPLIT_TO_QUANTIZE = {"llama4", "llama4_text"}
# GLU encoders with a bias on the output matrix of the MLP only.
OUTPUT_BIAS_ONLY = {"gte", "jina-bert", "new"}
# What its class calls the projection that gates the attention output.
GATE_NAMES = {"full": "gate_proj", "per-head": "g_proj"}


def norm_size(architecture: Architecture, width: int) -> int:
    """Parameters of one norm over `width` units: a weight, and a bias in a full LayerNorm."""
    return {"rms": width, "layer-nobias": width, "layer": 2 * width, "none": 0}[architecture.norm]


def attention_layers(architecture: Architecture) -> int:
    """Layers of the first stack that attend."""
    if architecture.num_attention_heads == 0 and not architecture.layer_groups:
        return 0
    layers = architecture.num_attention_layers
    return architecture.num_hidden_layers if layers is None else layers


def groups_of(architecture: Architecture) -> tuple[LayerGroup, ...]:
    """The attention layers by shape; one group where they are all alike, none where nothing attends."""
    layers = attention_layers(architecture)
    return architecture.layer_groups or ((LayerGroup(count=layers),) if layers else ())


def attention(architecture: Architecture, names: Names, group: LayerGroup) -> Part:
    """Self-attention of the layers of `group`: query, key, value and output projections, gates, query-key norms."""
    a = architecture
    heads = group.num_attention_heads or a.num_attention_heads
    kv_heads = group.num_key_value_heads or a.kv_heads
    width = group.head_dim or a.head_width
    q_out = heads * width * (2 if a.attention_gate == "query" else 1)
    key_values = {"own": 2, "keys-only": 1, "borrowed": 0}[group.keys_values]
    linears = projections(a, names, group.count, q_out, kv_heads * width, key_values=key_values)
    if group.v_head_dim:
        values = (a.hidden_size, kv_heads * group.v_head_dim)
        linears = [*linears[:-1], matrix(names.v, "attention", values, group.count, bias=a.qkv_bias)]
    out = heads * (group.v_head_dim or width)
    linears.append(matrix(names.o, "attention", (out, a.hidden_size), group.count, bias=a.o_bias))
    if a.attention_gate in GATE_NAMES:
        gates = heads * (width if a.attention_gate == "full" else 1)
        linears.append(matrix(GATE_NAMES[a.attention_gate], "attention", (a.hidden_size, gates), group.count))
    scalars = qk_norm_size(a, heads, kv_heads if key_values else 0, width) + (heads if a.attention_sinks else 0)
    return Part(tuple(linears), group.count * scalars)


def projections(
    a: Architecture, names: Names, count: int, q_out: int, kv_out: int, *, key_values: int = 2
) -> list[Linear]:
    """Query, key and value projections of `count` layers, as one matrix where the class fuses them."""
    h = a.hidden_size
    if names.qkv:
        return [matrix(names.qkv, "attention", (h, q_out + 2 * kv_out), count, bias=a.qkv_bias)]
    return [
        matrix(names.q, "attention", (h, q_out), count, bias=a.qkv_bias),
        *(matrix(n, "attention", (h, kv_out), count, bias=a.qkv_bias) for n in (names.k, names.v)[:key_values]),
    ]


def qk_norm_size(a: Architecture, heads: int, kv_heads: int, width: int) -> int:
    """Parameters of the norms on queries and keys in one layer; `kv_heads` 0 = the layer has no keys of its own."""
    match a.qk_norm:
        case "none":
            return 0
        case "per-head":
            return width * (2 if kv_heads else 1)
        case "per-head-layer":
            return 4 * width
        case _:
            return (heads + kv_heads) * width


def latent_attention(a: Architecture, mla: Mla, layers: int) -> Part:
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): low-rank queries, keys and values."""
    h, heads = a.hidden_size, a.num_attention_heads
    q_out = heads * (mla.qk_nope_head_dim + mla.qk_rope_head_dim)
    queries: tuple[Linear, ...] = (matrix("q_proj", "attention", (h, q_out), layers),)
    if mla.q_lora_rank:
        queries = (
            matrix("q_a_proj", "attention", (h, mla.q_lora_rank), layers, bias=a.qkv_bias),
            matrix("q_b_proj", "attention", (mla.q_lora_rank, q_out), layers),
        )
    kv_out = heads * (mla.qk_nope_head_dim + mla.v_head_dim)
    kv_a = mla.kv_lora_rank + mla.qk_rope_head_dim
    linears = (
        *queries,
        matrix("kv_a_proj_with_mqa", "attention", (h, kv_a), layers, bias=a.qkv_bias),
        matrix("kv_b_proj", "attention", (mla.kv_lora_rank, kv_out), layers),
        matrix("o_proj", "attention", (heads * mla.v_head_dim, h), layers, bias=a.o_bias),
    )
    return Part(linears, layers * (mla.q_lora_rank + mla.kv_lora_rank))


def mlp(a: Architecture, names: Names, width: int, count: int, group: Group = "mlp") -> tuple[Linear, ...]:
    """The dense MLP of `count` layers: two matrices, or three (of which two may be one) where it is gated."""
    if not (width and count):
        return ()
    h = a.hidden_size
    bias = a.mlp_bias and a.model_type not in OUTPUT_BIAS_ONLY
    down = matrix(names.down, group, (width, h), count, bias=a.mlp_bias)
    if not a.gated_mlp:
        return (matrix(names.single or names.up, group, (h, width), count, bias=bias), down)
    if names.gate_up:
        return (matrix(names.gate_up, group, (h, 2 * width), count, bias=bias), down)
    return (*(matrix(name, group, (h, width), count, bias=bias) for name in (names.gate, names.up)), down)


def sparse_layers(a: Architecture) -> int:
    """Layers with experts."""
    if a.moe is None:
        return 0
    layers = a.moe.num_sparse_layers
    return a.num_hidden_layers - a.moe.first_dense_layers if layers is None else layers


def experts(a: Architecture, names: Names) -> Part:
    """Router, experts and the always-active MLP beside them, of all sparse layers."""
    moe, layers = a.moe, sparse_layers(a)
    if moe is None or not layers:
        return Part()
    h, latent = a.hidden_size, moe.latent_size or a.hidden_size
    router = Linear(
        name=LINEAR_ROUTER.get(a.model_type, "gate"), group="router", d_in=h, d_out=moe.num_experts, count=layers,
        bias=moe.router_bias, fused=a.model_type not in LINEAR_ROUTER,
    )  # fmt: skip
    shared = mlp(a, names, moe.shared_intermediate_size, layers, "shared-expert")
    gate = (matrix("shared_expert_gate", "shared-expert", (h, 1), layers),) if moe.shared_gate else ()
    latents: tuple[Linear, ...] = ()
    if moe.latent_size:
        latents = (
            matrix("fc1_latent_proj", "mlp", (h, latent), layers, bias=a.mlp_bias),
            matrix("fc2_latent_proj", "mlp", (latent, h), layers, bias=a.mlp_bias),
        )
    routed = routed_experts(a, names, latent, layers)
    return Part((router, *routed, *shared, *gate, *latents), layers * moe.num_experts * moe.correction_bias)


def routed_experts(a: Architecture, names: Names, d_in: int, layers: int) -> tuple[Linear, ...]:
    """The experts themselves: raw stacked parameters in transformers 5, modules where the class keeps them apart."""
    moe = a.moe
    if moe is None:
        return ()
    fused, wide = a.model_type not in SEPARATE_EXPERTS, moe.moe_intermediate_size
    first = (names.gate, names.up) if a.gated_mlp else (names.single or names.up,)
    matrices = [(name, d_in, wide) for name in first]
    if a.gated_mlp and fused:
        matrices = [("gate_up_proj", d_in, 2 * wide)]
    matrices.append((names.down, wide, d_in))
    share = moe.num_experts_per_tok / moe.num_experts
    return tuple(
        Linear(
            name=name, group="expert", d_in=inner, d_out=outer, count=layers * moe.num_experts, bias=moe.expert_bias,
            active_fraction=share, fused=fused, splits=a.model_type in SPLIT_TO_QUANTIZE,
        )
        for name, inner, outer in matrices
    )  # fmt: skip
