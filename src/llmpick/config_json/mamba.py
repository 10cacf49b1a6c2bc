"""Mamba and Mamba-2, alone and between attention layers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llmpick.architecture import Ssm
from llmpick.config_json.kinds import ATTENDING, attending_layers, layer_kinds, refuse
from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.config_json.fields import Fields


def _mamba(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    refuse(config, "use_bias")
    hidden = shape["hidden_size"]
    inner = config.size("intermediate_size", default=config.size("expand", default=2) * hidden)
    rank = -(-hidden // 16) if config.values.get("time_step_rank") == "auto" else config.size("time_step_rank")
    ssm = Ssm(
        kind="mamba1", d_inner=inner, d_state=config.size("state_size"), dt_rank=rank,
        d_conv=config.size("conv_kernel", default=4), conv_bias=config.flag("use_conv_bias", default=True),
    )  # fmt: skip
    return {"ssm": ssm, "num_mlp_layers": 0}


def _mamba2(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    refuse(config, "use_bias")
    ssm = Ssm(
        kind="mamba2", d_inner=config.size("expand", default=2) * shape["hidden_size"],
        d_state=config.size("state_size"), n_groups=config.size("n_groups"), n_heads=config.size("num_heads"),
        d_conv=config.size("conv_kernel", default=4), conv_bias=config.flag("use_conv_bias", default=True),
        gated_norm=True,
    )  # fmt: skip
    return {"ssm": ssm, "num_mlp_layers": 0}


def _jamba(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    refuse(config, "mamba_proj_bias")
    hidden, layers = shape["hidden_size"], shape["num_hidden_layers"]
    rank = -(-hidden // 16) if config.values.get("mamba_dt_rank") == "auto" else config.size("mamba_dt_rank")
    ssm = Ssm(
        kind="mamba1", d_inner=config.size("mamba_expand", default=2) * hidden, dt_rank=rank,
        d_state=config.size("mamba_d_state"), d_conv=config.size("mamba_d_conv"),
        conv_bias=config.flag("mamba_conv_bias", default=True), state_norms=True,
    )  # fmt: skip
    period, offset = config.size("attn_layer_period", default=8), config.count("attn_layer_offset", default=4)
    listed = layer_kinds(config)
    attending = sum(index % period == offset for index in range(layers))
    return {"ssm": ssm, "num_attention_layers": attending_layers(config, layers) if listed else attending}


def _granite_hybrid(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    layers = shape["num_hidden_layers"]
    attending = attending_layers(config, layers) if layer_kinds(config) else 0
    moe = shape["moe"]
    shared = config.count("shared_intermediate_size", default=1024)
    changes: dict[str, Any] = {"num_attention_layers": attending}
    if moe is None:
        changes["intermediate_size"] = shared
    else:
        changes["moe"] = replace(moe, num_shared_experts=1, shared_intermediate_size=shared)
    if attending < layers:
        inner = config.size("mamba_expand", default=2) * shape["hidden_size"]
        changes["ssm"] = _mamba2_of(config, inner, gated_norm=True)
    return changes


def _falcon_h1(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    inner = config.size("mamba_d_ssm", default=config.size("mamba_expand", default=2) * shape["hidden_size"])
    ssm = _mamba2_of(config, inner, gated_norm=config.flag("mamba_rms_norm"))
    return {"ssm": ssm, "num_ssm_layers": shape["num_hidden_layers"], "num_full_attention_layers": None}


def _zamba2(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    hybrid = len(config.items("hybrid_layer_ids")) or attending_layers(config, shape["num_hidden_layers"], 6)
    inner = config.size("mamba_expand", default=2) * shape["hidden_size"]
    sizes = {
        "num_mem_blocks": config.size("num_mem_blocks", default=1),
        "num_hybrid_layers": hybrid,
        "adapter_rank": config.size("adapter_rank", default=128),
    }
    if config.flag("use_shared_attention_adapter"):
        raise LlmpickError(
            "config.json: use_shared_attention_adapter is true", "that variant of Zamba2 is not sized yet"
        )
    return {
        "ssm": _mamba2_of(config, inner, gated_norm=True),
        "num_attention_layers": hybrid,
        "num_ssm_layers": shape["num_hidden_layers"],
        "extra": sizes,
    }


def _nemotron_h(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    refuse(config, "use_bias", "mamba_proj_bias")
    pattern = config.text("hybrid_override_pattern")
    letters = {"M": "linear_attention", "*": "full_attention", "-": "mlp", "E": "moe"}
    kinds = layer_kinds(config) or [letters.get(letter, letter) for letter in pattern]
    if not kinds:
        raise LlmpickError("config.json: hybrid_override_pattern is missing", "it lists the kind of each layer")
    heads, width = config.size("mamba_num_heads"), config.size("mamba_head_dim")
    ssm = Ssm(
        kind="mamba2", d_inner=heads * width, d_state=config.size("ssm_state_size"), n_heads=heads,
        n_groups=config.size("n_groups", "mamba_n_groups"),
        d_conv=config.size("conv_kernel", "mamba_d_conv", default=4),
        conv_bias=config.flag("use_conv_bias", "mamba_conv_bias", default=True), gated_norm=True,
    )  # fmt: skip
    moe, sparse = shape["moe"], kinds.count("moe")
    return {
        "num_hidden_layers": len(kinds),
        "ssm": ssm,
        "num_ssm_layers": sum(kind in {"linear_attention", "mamba"} for kind in kinds),
        "num_attention_layers": sum(kind in ATTENDING for kind in kinds),
        "num_mlp_layers": kinds.count("mlp"),
        "num_full_attention_layers": None,
        "moe": replace(moe, first_dense_layers=0, num_sparse_layers=sparse) if moe and sparse else None,
    }


def _mamba2_of(config: Fields, inner: int, *, gated_norm: bool) -> Ssm:
    refuse(config, "mamba_proj_bias", "projectors_bias")
    return Ssm(
        kind="mamba2", d_inner=inner, d_state=config.size("mamba_d_state"),
        n_groups=config.size("mamba_n_groups", "mamba_ngroups", default=1),
        n_heads=config.size("mamba_n_heads", "n_mamba_heads"), d_conv=config.size("mamba_d_conv", default=4),
        conv_bias=config.flag("mamba_conv_bias", "use_conv_bias", default=True), gated_norm=gated_norm,
    )  # fmt: skip


MAMBAS: dict[str, Callable[[Fields, dict[str, Any]], dict[str, Any]]] = {
    "falcon_h1": _falcon_h1,
    "falcon_mamba": _mamba,
    "granitemoehybrid": _granite_hybrid,
    "jamba": _jamba,
    "mamba": _mamba,
    "mamba2": _mamba2,
    "nemotron_h": _nemotron_h,
    "zamba2": _zamba2,
}
