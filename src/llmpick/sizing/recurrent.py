"""Recurrent mixers of state-space and hybrid models as matrices and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.sizing.linear import Part, matrix

if TYPE_CHECKING:
    from llmpick.architecture import Architecture, Ssm


def mixer(a: Architecture, ssm: Ssm, layers: int) -> Part:
    """The recurrent mixer of `layers` layers."""
    return _MIXERS[ssm.kind](a, ssm, layers) if layers else Part()


def _mamba1(a: Architecture, s: Ssm, layers: int) -> Part:
    """Mamba (arXiv 2312.00752) as in transformers' MambaMixer."""
    h, inner = a.hidden_size, s.d_inner
    states = s.dt_rank + 2 * s.d_state
    linears = (
        matrix("in_proj", "ssm", (h, 2 * inner), layers),
        matrix("x_proj", "ssm", (inner, states), layers),
        matrix("dt_proj", "ssm", (s.dt_rank, inner), layers, bias=True),
        matrix("out_proj", "ssm", (inner, h), layers),
    )
    scalars = inner * s.d_state + inner + (states if s.state_norms else 0)
    return Part(linears, layers * (_conv(s, inner) + scalars))


def _mamba2(a: Architecture, s: Ssm, layers: int) -> Part:
    """Mamba-2 (arXiv 2405.21060) as in transformers' Mamba2Mixer."""
    h, inner = a.hidden_size, s.d_inner
    convolved = inner + 2 * s.n_groups * s.d_state
    linears = (
        matrix("in_proj", "ssm", (h, inner + convolved + s.n_heads), layers),
        matrix("out_proj", "ssm", (inner, h), layers),
    )
    scalars = 3 * s.n_heads + (inner if s.gated_norm else 0)
    return Part(linears, layers * (_conv(s, convolved) + scalars))


def _gated_deltanet(a: Architecture, s: Ssm, layers: int) -> Part:
    """Gated DeltaNet (arXiv 2412.06464); three transformers classes split its input projection differently."""
    h, keys, values = a.hidden_size, s.n_k_heads * s.k_head_dim, s.n_v_heads * s.v_head_dim
    splits = {
        "qwen3_next": {"in_proj_qkvz": 2 * keys + 2 * values, "in_proj_ba": 2 * s.n_v_heads},
        "olmo_hybrid": {
            "q_proj": keys, "k_proj": keys, "v_proj": values,
            "a_proj": s.n_v_heads, "b_proj": s.n_v_heads, "g_proj": values,
        },
    }  # fmt: skip
    qwen35 = {
        "in_proj_qkv": 2 * keys + values, "in_proj_z": values, "in_proj_b": s.n_v_heads, "in_proj_a": s.n_v_heads
    }  # fmt: skip
    inputs = splits.get(a.model_type, qwen35)
    output = "o_proj" if a.model_type == "olmo_hybrid" else "out_proj"
    linears = (
        *(matrix(name, "ssm", (h, width), layers) for name, width in inputs.items()),
        matrix(output, "ssm", (values, h), layers),
    )
    return Part(linears, layers * (_conv(s, 2 * keys + values) + 2 * s.n_v_heads + s.v_head_dim))


def _kimi_delta(a: Architecture, s: Ssm, layers: int) -> Part:
    """Kimi Delta Attention (arXiv 2510.26692): a delta rule with a low-rank forget gate and output gate."""
    h, wide = a.hidden_size, s.n_heads * s.head_dim
    linears = (
        *(matrix(name, "ssm", (h, wide), layers) for name in ("q_proj", "k_proj", "v_proj")),
        *(matrix(name, "ssm", (h, s.head_dim), layers) for name in ("f_a_proj", "g_a_proj")),
        *(matrix(name, "ssm", (s.head_dim, wide), layers) for name in ("f_b_proj", "g_b_proj")),
        matrix("b_proj", "ssm", (h, s.n_heads), layers),
        matrix("o_proj", "ssm", (wide, h), layers),
    )
    return Part(linears, layers * (_conv(s, 3 * wide) + wide + s.n_heads + s.head_dim))


def _lightning(a: Architecture, s: Ssm, layers: int) -> Part:
    """Lightning attention (MiniMax-01, arXiv 2501.08313)."""
    h, wide = a.hidden_size, s.n_heads * s.head_dim
    linears = (
        matrix("qkv_proj", "ssm", (h, 3 * wide), layers),
        matrix("out_proj", "ssm", (wide, h), layers),
        matrix("output_gate", "ssm", (h, wide), layers),
    )
    return Part(linears, layers * wide)


def _rg_lru(a: Architecture, s: Ssm, layers: int) -> Part:
    """The recurrent block of Griffin (arXiv 2402.19427): two gates block-diagonal by attention head."""
    h, wide = a.hidden_size, s.d_inner
    linears = (
        matrix("linear_y", "ssm", (h, wide), layers, bias=True),
        matrix("linear_x", "ssm", (h, wide), layers, bias=True),
        matrix("linear_out", "ssm", (wide, h), layers, bias=True),
    )
    gates = 2 * (wide * wide // a.num_attention_heads + wide)
    return Part(linears, layers * (_conv(s, wide) + wide + gates))


def _short_conv(a: Architecture, s: Ssm, layers: int) -> Part:
    """The gated short convolution of LFM2."""
    h = a.hidden_size
    return Part(
        (matrix("in_proj", "ssm", (h, 3 * h), layers), matrix("out_proj", "ssm", (h, h), layers)), layers * _conv(s, h)
    )


def _conv(s: Ssm, channels: int) -> int:
    """A depthwise convolution over `channels`."""
    return channels * (s.d_conv + s.conv_bias)


_MIXERS = {
    "mamba1": _mamba1,
    "mamba2": _mamba2,
    "gated_deltanet": _gated_deltanet,
    "kda": _kimi_delta,
    "lightning": _lightning,
    "rg_lru": _rg_lru,
    "short_conv": _short_conv,
}
