"""Layers unlike any other: classes whose attention, MLP or wiring follows no common plan.

Each function returns all layers of the stack except the norms around the blocks, which `stacks` counts for everyone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import replace
from llmpick.sizing.layers import attention, experts, groups_of, mlp
from llmpick.sizing.linear import Linear, Part, join, matrix
from llmpick.sizing.peculiar import extra
from llmpick.sizing.recurrent import mixer

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.architecture import Architecture
    from llmpick.sizing.names import Names


def _convbert(a: Architecture, names: Names) -> Part:
    """ConvBERT (arXiv 2008.02496): half the heads attend, the other half is a span-based dynamic convolution."""
    h, half, count = a.hidden_size, a.hidden_size // 2, a.num_hidden_layers
    kernel, heads = extra(a, "conv_kernel_size"), a.num_attention_heads // 2
    linears = (
        *(matrix(name, "attention", (h, half), count, bias=True) for name in ("query", "key", "value")),
        matrix("conv_kernel_layer", "attention", (half, heads * kernel), count, bias=True),
        matrix("conv_out_layer", "attention", (h, half), count, bias=True),
        matrix("dense", "attention", (h, h), count, bias=True),
    )
    separable = h * kernel + h * half + half
    return join(Part(linears, count * separable), Part(mlp(a, names, a.intermediate_size, count)))


def _squeezebert(a: Architecture, _: Names) -> Part:
    """SqueezeBERT (arXiv 2006.11316): grouped 1x1 convolutions in place of linear layers; all but one in 4 groups."""
    h, wide, count = a.hidden_size, a.intermediate_size, a.num_hidden_layers
    linears = (
        *(_raw(name, (h // 4, h), count) for name in ("query", "key", "value")),
        _raw("conv1d", (h, h), count),
        _raw("conv1d", (h // 4, wide), count, group="mlp"),
        _raw("conv1d", (wide // 4, h), count, group="mlp"),
    )
    return Part(linears)


def _xlnet(a: Architecture, names: Names) -> Part:
    """XLNet (arXiv 1906.08237): attention over raw parameters, relative positions, segments, one mask embedding."""
    h, heads, count = a.hidden_size, a.num_attention_heads * a.head_width, a.num_hidden_layers
    linears = tuple(_raw(name, (h, heads), count, bias=False) for name in ("q", "k", "v", "o", "r"))
    biases_and_segments = (3 + 2) * heads
    return join(Part(linears, count * biases_and_segments + h), Part(mlp(a, names, a.intermediate_size, count)))


def _mobilebert(a: Architecture, _: Names) -> Part:
    """MobileBERT (arXiv 2004.02984): narrow blocks between bottlenecks, several feed-forwards each."""
    h, wide, count = a.hidden_size, a.intermediate_size, a.num_hidden_layers
    narrow, ffns = extra(a, "intra_bottleneck_size"), extra(a, "num_feedforward_networks")
    linears = (
        matrix("dense", "other", (h, narrow), 2 * count, bias=True),
        *(matrix(name, "attention", (narrow, narrow), count, bias=True) for name in ("query", "key", "dense")),
        matrix("value", "attention", (h, narrow), count, bias=True),
        matrix("dense", "mlp", (narrow, wide), ffns * count, bias=True),
        matrix("dense", "mlp", (wide, narrow), ffns * count, bias=True),
        matrix("dense", "other", (narrow, h), count, bias=True),
    )
    narrow_norms, wide_norms = ffns + 3, 1
    return Part(linears, count * 2 * (narrow_norms * narrow + wide_norms * h))


def _canine(a: Architecture, names: Names) -> Part:
    """CANINE (arXiv 2103.06874): a layer on characters before and after, convolutions down to and up from blocks."""
    h, deep = a.hidden_size, a.num_hidden_layers + 2
    group = replace(groups_of(a)[0], count=deep)
    kernel = extra(a, "downsampling_rate")
    convolutions = kernel * h * h + kernel * 2 * h * h + 2 * (h + 2 * h)
    two_more_layers_of_norms = 2 * 2 * 2 * h
    return join(
        attention(a, names, group),
        Part(mlp(a, names, a.intermediate_size, deep), convolutions + two_more_layers_of_norms),
    )


def _norbert(a: Architecture, _: Names) -> Part:
    """LTG-BERT (arXiv 2303.09859), as NorBERT 3 is: queries and keys in one matrix, a norm on relative positions."""
    h, wide, count = a.hidden_size, a.intermediate_size, a.num_hidden_layers
    linears = (
        matrix("in_proj_qk", "attention", (h, 2 * h), count, bias=True),
        *(matrix(name, "attention", (h, h), count, bias=True) for name in ("in_proj_v", "out_proj")),
        matrix("1", "mlp", (h, 2 * wide), count),
        matrix("4", "mlp", (wide, h), count),
    )
    return Part(linears, 2 * h)


def _zamba2(a: Architecture, _: Names) -> Part:
    """Zamba2 (arXiv 2411.15242): Mamba-2 layers; at some, a shared transformer block reads them beside the input."""
    if a.ssm is None:
        return Part()
    h, wide, uses = a.hidden_size, a.intermediate_size, extra(a, "num_hybrid_layers")
    blocks, rank = extra(a, "num_mem_blocks"), extra(a, "adapter_rank")
    kv = a.kv_heads * (2 * h // a.num_attention_heads)
    shared = (
        matrix("q_proj", "attention", (2 * h, 2 * h), blocks),
        *(matrix(name, "attention", (2 * h, kv), blocks) for name in ("k_proj", "v_proj")),
        matrix("o_proj", "attention", (2 * h, h), blocks),
        matrix("gate_up_proj", "mlp", (h, 2 * wide), blocks),
        matrix("down_proj", "mlp", (wide, h), blocks),
    )
    # Every use of a block holds all of the block's own low-rank pairs.
    pairs = sum(own * own for own in (len(range(block, uses, blocks)) for block in range(blocks)))
    own_pairs = (matrix("0", "mlp", (h, rank), uses), matrix("1", "mlp", (rank, 2 * wide), uses))
    linears = (
        *(replace(linear, passes=uses // blocks, modules=uses) for linear in shared),
        *(replace(linear, modules=pairs) for linear in own_pairs),
        matrix("linear", "other", (h, h), uses),
    )
    return join(mixer(a, a.ssm, a.num_hidden_layers), Part(linears, blocks * 3 * h))


def _zaya(a: Architecture, names: Names) -> Part:
    """ZAYA1 (arXiv 2511.17127): compressed convolutional attention, an MLP router, scaled residuals."""
    h, count, narrow = a.hidden_size, a.num_hidden_layers, extra(a, "router_hidden_size")
    q, kv = a.num_attention_heads * a.head_width, a.kv_heads * a.head_width
    linears = (
        matrix("q_proj", "attention", (h, q), count),
        matrix("k_proj", "attention", (h, kv), count),
        *(matrix(name, "attention", (h, kv // 2), count) for name in ("v_proj_current", "v_proj_delayed")),
        matrix("o_proj", "attention", (q, h), count),
        matrix("down_proj", "router", (h, narrow), count, bias=True),
        *(matrix(name, "router", (narrow, narrow), count, bias=True) for name in ("fc1", "fc2")),
        matrix("out_proj", "router", (narrow, (a.moe.num_experts if a.moe else 0) + 1), count),
    )
    depthwise = (q + kv) * (extra(a, "cca_time0") + 1)
    grouped = (q + kv) * (a.head_width * extra(a, "cca_time1") + 1)
    scalars = depthwise + grouped + a.kv_heads + narrow + 8 * h
    routed = experts(a, names)
    without_router = tuple(linear for linear in routed.linears if linear.group != "router")
    return join(Part(linears, count * scalars + (count - 1) * narrow + 2 * h), Part(without_router))


def _deepseek_v4(a: Architecture, names: Names) -> Part:
    """DeepSeek-V4: one latent head for keys and values, compressed context, hyper-connections between layers."""
    h, count, width = a.hidden_size, a.num_hidden_layers, a.head_width
    rank, wide = extra(a, "q_lora_rank"), a.num_attention_heads * a.head_width
    groups, out_rank = extra(a, "o_groups"), extra(a, "o_lora_rank")
    linears = (
        matrix("q_a_proj", "attention", (h, rank), count),
        matrix("q_b_proj", "attention", (rank, wide), count),
        matrix("kv_proj", "attention", (h, width), count),
        matrix("o_a_proj", "attention", (wide // groups, groups * out_rank), count),
        matrix("o_b_proj", "attention", (groups * out_rank, h), count),
    )
    streams = extra(a, "hc_mult")
    mixing = (2 + streams) * streams
    hyper = 2 * (mixing * streams * h + mixing + 3)
    scalars = rank + width + a.num_attention_heads + hyper
    hyper_head = streams * streams * h + streams + 1
    return join(Part(linears, count * scalars + hyper_head), _compressors(a), experts(a, names))


def _compressors(a: Architecture) -> Part:
    """DeepSeek-V4's two ways to compress the context, and the indexer of the sparser one."""
    h, width, narrow = a.hidden_size, a.head_width, extra(a, "index_head_dim")
    sparse, heavy = extra(a, "num_sparse_attention_layers"), extra(a, "num_heavy_attention_layers")
    heads = extra(a, "index_n_heads")
    linears = (
        *(matrix(name, "attention", (h, width), heavy) for name in ("kv_proj", "gate_proj")),
        *(matrix(name, "attention", (h, 2 * width), sparse) for name in ("kv_proj", "gate_proj")),
        *(matrix(name, "attention", (h, 2 * narrow), sparse) for name in ("kv_proj", "gate_proj")),
        matrix("q_b_proj", "attention", (extra(a, "q_lora_rank"), heads * narrow), sparse),
        matrix("weights_proj", "attention", (h, heads), sparse),
    )
    light_rate, heavy_rate = extra(a, "sparse_compress_rate"), extra(a, "heavy_compress_rate")
    norms = sparse * (width + narrow) + heavy * width
    scalars = norms + sparse * light_rate * 2 * (width + narrow) + heavy * heavy_rate * width
    return Part(linears, scalars)


LAYERS: dict[str, Callable[[Architecture, Names], Part]] = {
    "canine": _canine,
    "convbert": _convbert,
    "deepseek_v4": _deepseek_v4,
    "mobilebert": _mobilebert,
    "norbert": _norbert,
    "squeezebert": _squeezebert,
    "xlnet": _xlnet,
    "zamba2": _zamba2,
    "zaya": _zaya,
}


def _raw(name: str, shape: tuple[int, int], count: int, *, group: str = "attention", bias: bool = True) -> Linear:
    """A matrix that is no nn.Linear."""
    return Linear(
        name=name, group="mlp" if group == "mlp" else "attention", d_in=shape[0], d_out=shape[1], count=count,
        bias=bias, fused=True,
    )  # fmt: skip
