"""Hybrids of attention and linear attention or short convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.architecture import Ssm
from llmpick.config_json.fields import Fields
from llmpick.config_json.kinds import attending_layers, layer_kinds, refuse
from llmpick.config_json.mamba import MAMBAS

if TYPE_CHECKING:
    from collections.abc import Callable


def _qwen(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    """Where a file is silent, Qwen's classes have heads of one size, whatever the network's width."""
    keys = config.size("linear_num_key_heads", default=16)
    width = config.size("linear_key_head_dim", default=128)
    return _delta_net(config, shape, keys, width, values=32, value_width=128)


def _olmo(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    """Where a file is silent, OLMo's class has as many heads as attention, of three quarters of the width in all."""
    heads = shape["num_attention_heads"]
    keys = config.size("linear_num_key_heads", default=heads)
    width = config.size("linear_key_head_dim", default=3 * shape["hidden_size"] // (4 * keys))
    return _delta_net(config, shape, keys, width, values=heads, value_width=2 * width)


def _delta_net(
    config: Fields, shape: dict[str, Any], keys: int, width: int, *, values: int, value_width: int
) -> dict[str, Any]:
    """`values` heads of `value_width` are the class's defaults."""
    ssm = Ssm(
        kind="gated_deltanet", n_k_heads=keys, n_v_heads=config.size("linear_num_value_heads", default=values),
        k_head_dim=width, v_head_dim=config.size("linear_value_head_dim", default=value_width),
        d_conv=config.size("linear_conv_kernel_dim", default=4),
    )  # fmt: skip
    every = config.size("full_attention_interval", default=4)
    return {
        "ssm": ssm,
        "num_attention_layers": attending_layers(config, shape["num_hidden_layers"], every),
        "num_full_attention_layers": None,
    }


def _kimi_linear(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    inner, layers = config.inner("linear_attn_config"), shape["num_hidden_layers"]
    refuse(config, "mla_use_output_gate")
    refuse(inner, "use_full_rank_gate")
    listed = len(inner.items("full_attn_layers"))
    ssm = Ssm(
        kind="kda",
        n_heads=inner.size("num_heads", default=config.size("linear_num_heads", default=32)),
        head_dim=inner.size("head_dim", default=config.size("linear_head_dim", default=128)),
        d_conv=inner.size("short_conv_kernel_size", default=config.size("linear_conv_kernel_dim", default=4)),
    )
    attending = listed or attending_layers(config, layers, 4)
    return {"ssm": ssm, "num_attention_layers": attending, "num_full_attention_layers": None}


def _minimax(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    heads, layers = shape["num_attention_heads"], shape["num_hidden_layers"]
    listed = config.sizes("attn_type_list")
    width = shape.get("head_dim") or shape["hidden_size"] // heads
    attending = listed.count(1) if listed else attending_layers(config, layers, 2)
    ssm = Ssm(kind="lightning", n_heads=heads, head_dim=width)
    return {"ssm": ssm, "num_attention_layers": attending, "num_full_attention_layers": None}


def _short_conv(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    layers, listed = shape["num_hidden_layers"], config.items("full_attn_idxs")
    ssm = Ssm(kind="short_conv", d_conv=config.size("conv_L_cache", default=3))
    attending = attending_layers(config, layers) if layer_kinds(config) or not listed else len(listed)
    changes = {"ssm": ssm, "num_attention_layers": attending, "num_full_attention_layers": None}
    if shape["model_type"] == "lfm2" and config.flag("block_auto_adjust_ff_dim", default=True):
        # Lfm2MLP narrows the MLP to two thirds, rounded up to a multiple.
        wide = 2 * config.size("block_ff_dim", "intermediate_size") // 3
        multiple = config.size("block_multiple_of", default=256)
        if config.has("block_ffn_dim_multiplier"):
            factor = Fields({"it": [config.values["block_ffn_dim_multiplier"]]}, path="block_ffn_dim_multiplier.")
            wide = int(factor.factors("it")[0] * wide)
        changes["intermediate_size"] = -(-wide // multiple) * multiple
    return changes


def _recurrent_gemma(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    layers, kinds = shape["num_hidden_layers"], config.items("block_types", "_block_types")
    kinds = kinds or ["recurrent", "recurrent", "attention"]
    ssm = Ssm(
        kind="rg_lru", d_inner=config.size("lru_width", default=shape["hidden_size"]),
        d_conv=config.size("conv1d_width", default=4), conv_bias=True,
    )  # fmt: skip
    attending = sum(kinds[index % len(kinds)] == "attention" for index in range(layers))
    # Each MLP matrix is half as wide as intermediate_size says.
    return {"ssm": ssm, "num_attention_layers": attending, "intermediate_size": shape["intermediate_size"] // 2}


HYBRIDS: dict[str, Callable[[Fields, dict[str, Any]], dict[str, Any]]] = {
    **MAMBAS,
    "kimi_linear": _kimi_linear,
    "lfm2": _short_conv,
    "lfm2_moe": _short_conv,
    "minimax": _minimax,
    "olmo_hybrid": _olmo,
    "qwen3_next": _qwen,
    "qwen3_5_moe_text": _qwen,
    "qwen3_5_text": _qwen,
    "recurrent_gemma": _recurrent_gemma,
}
