"""State-space and hybrid decoders: which layers attend, and the shape of the recurrent mixer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llmpick.architecture import Ssm
from llmpick.config_json.fields import Fields
from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Callable

ATTENDING = {"attention", "full_attention", "sliding_attention", "chunked_attention", "hybrid"}
# Of how many layers one sees the whole context, in classes that do not list their layers.
ONE_FULL_IN = {"cohere2": 4, "gemma2": 2, "gemma3_text": 6, "gemma4_text": 6, "gpt_oss": 2, "vaultgemma": 2}


def full_attention_layers(config: Fields, name: str, layers: int) -> int | None:
    """Layers that see the whole context where others see a window; None where the file does not tell them apart."""
    kinds = config.items("layer_types")
    if kinds:
        return kinds.count("full_attention") if "sliding_attention" in kinds else None
    period = config.size("sliding_window_pattern", default=ONE_FULL_IN.get(name, 1))
    return layers // period if period > 1 else None


def layer_kinds(config: Fields) -> list[str]:
    """What each layer is, as the file lists it; empty where it does not."""
    kinds = config.items("layer_types", "layers_block_type")
    if any(not isinstance(kind, str) for kind in kinds):
        raise LlmpickError(f"config.json: {config.path}layer_types has an entry that is no text", "name each layer")
    return [str(kind) for kind in kinds]


def refuse(config: Fields, *switches: str) -> None:
    """Raise LlmpickError where a switch is on that no closed form here covers."""
    for switch in switches:
        if config.flag(switch):
            raise LlmpickError(f"config.json: {config.path}{switch} is true", "that variant of the class is not sized")


def _attending(config: Fields, layers: int, every: int = 1) -> int:
    """How many of `layers` attend: counted from the list, else one in `every`."""
    kinds = layer_kinds(config)
    return sum(kind in ATTENDING for kind in kinds) if kinds else layers // every


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
    return {"ssm": ssm, "num_attention_layers": _attending(config, layers) if listed else attending}


def _granite_hybrid(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    layers = shape["num_hidden_layers"]
    attending = _attending(config, layers) if layer_kinds(config) else 0
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


def _mamba2_of(config: Fields, inner: int, *, gated_norm: bool) -> Ssm:
    refuse(config, "mamba_proj_bias", "projectors_bias")
    return Ssm(
        kind="mamba2", d_inner=inner, d_state=config.size("mamba_d_state"),
        n_groups=config.size("mamba_n_groups", "mamba_ngroups", default=1),
        n_heads=config.size("mamba_n_heads", "n_mamba_heads"), d_conv=config.size("mamba_d_conv", default=4),
        conv_bias=config.flag("mamba_conv_bias", "use_conv_bias", default=True), gated_norm=gated_norm,
    )  # fmt: skip


def _falcon_h1(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    inner = config.size("mamba_d_ssm", default=config.size("mamba_expand", default=2) * shape["hidden_size"])
    ssm = _mamba2_of(config, inner, gated_norm=config.flag("mamba_rms_norm"))
    return {"ssm": ssm, "num_ssm_layers": shape["num_hidden_layers"], "num_full_attention_layers": None}


def _zamba2(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    hybrid = len(config.items("hybrid_layer_ids")) or _attending(config, shape["num_hidden_layers"], 6)
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


def _delta_net(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    heads, layers = shape["num_attention_heads"], shape["num_hidden_layers"]
    keys = config.size("linear_num_key_heads", default=heads)
    values = config.size("linear_num_value_heads", default=heads)
    key_width = config.size("linear_key_head_dim", default=3 * shape["hidden_size"] // (4 * keys))
    ssm = Ssm(
        kind="gated_deltanet", n_k_heads=keys, n_v_heads=values, k_head_dim=key_width,
        v_head_dim=config.size("linear_value_head_dim", default=2 * key_width),
        d_conv=config.size("linear_conv_kernel_dim", default=4),
    )  # fmt: skip
    every = config.size("full_attention_interval", default=4)
    return {"ssm": ssm, "num_attention_layers": _attending(config, layers, every), "num_full_attention_layers": None}


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
    attending = listed or _attending(config, layers, 4)
    return {"ssm": ssm, "num_attention_layers": attending, "num_full_attention_layers": None}


def _minimax(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    heads, layers = shape["num_attention_heads"], shape["num_hidden_layers"]
    listed = config.sizes("attn_type_list")
    width = shape.get("head_dim") or shape["hidden_size"] // heads
    attending = listed.count(1) if listed else _attending(config, layers, 2)
    ssm = Ssm(kind="lightning", n_heads=heads, head_dim=width)
    return {"ssm": ssm, "num_attention_layers": attending, "num_full_attention_layers": None}


def _short_conv(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    layers, listed = shape["num_hidden_layers"], config.items("full_attn_idxs")
    ssm = Ssm(kind="short_conv", d_conv=config.size("conv_L_cache", default=3))
    attending = _attending(config, layers) if layer_kinds(config) or not listed else len(listed)
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
    "falcon_h1": _falcon_h1,
    "falcon_mamba": _mamba,
    "granitemoehybrid": _granite_hybrid,
    "jamba": _jamba,
    "kimi_linear": _kimi_linear,
    "lfm2": _short_conv,
    "lfm2_moe": _short_conv,
    "mamba": _mamba,
    "mamba2": _mamba2,
    "minimax": _minimax,
    "nemotron_h": _nemotron_h,
    "olmo_hybrid": _delta_net,
    "qwen3_next": _delta_net,
    "qwen3_5_moe_text": _delta_net,
    "qwen3_5_text": _delta_net,
    "recurrent_gemma": _recurrent_gemma,
    "zamba2": _zamba2,
}
