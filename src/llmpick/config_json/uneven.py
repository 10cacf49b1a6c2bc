"""Decoders whose attention layers differ in shape: Gemma 3n and 4, OpenELM, Laguna, MiMo-V2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.architecture import LayerGroup, PerLayerEmbedding
from llmpick.config_json.kinds import layer_kinds
from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.config_json.fields import Fields


def _gemma3n(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    layers, borrowed = shape["num_hidden_layers"], config.count("num_kv_shared_layers", default=15)
    return {
        "layer_groups": _groups((layers - borrowed, {}), (borrowed, {"keys_values": "borrowed"})),
        "per_layer_embedding": PerLayerEmbedding(
            vocab_size=config.size("vocab_size_per_layer_input", default=262144),
            size=config.size("hidden_size_per_layer_input", default=256),
        ),
        "extra": {
            "altup_num_inputs": config.size("altup_num_inputs", default=4),
            "laurel_rank": config.size("laurel_rank", default=64),
        },
    }


def _gemma4(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    layers, shared = shape["num_hidden_layers"], config.count("num_kv_shared_layers")
    kinds = layer_kinds(config) or ["full" if (index + 1) % 6 == 0 else "sliding_attention" for index in range(layers)]
    sliding = [kind == "sliding_attention" for kind in [*kinds[:-1], "full"]]  # the last one always sees everything
    own, last = sliding[: layers - shared], sliding[layers - shared :]
    keys_only, kv_heads = config.flag("attention_k_eq_v"), shape.get("num_key_value_heads")
    full: dict[str, Any] = {"head_dim": _global(config, "head_dim", 512)}
    if keys_only:
        full["num_key_value_heads"] = _global(config, "num_key_value_heads", kv_heads)
    wide = {"intermediate_size": 2 * shape["intermediate_size"]} if config.flag("use_double_wide_mlp") else {}
    unified = config.text("model_type").startswith("gemma4_unified")
    size = config.count("hidden_size_per_layer_input", default=0 if unified else 256)
    table = PerLayerEmbedding(vocab_size=config.size("vocab_size_per_layer_input", default=262144), size=size or 1)
    return {
        "layer_groups": _groups(
            (sum(own), {"sliding": True}),
            (len(own) - sum(own), {**full, "keys_values": "keys-only" if keys_only else "own"}),
            (sum(last), {"sliding": True, "keys_values": "borrowed", **wide}),
            (len(last) - sum(last), {**full, "keys_values": "borrowed", **wide}),
        ),
        "num_full_attention_layers": layers - sum(sliding),
        "per_layer_embedding": table if size else None,
        "num_mlp_layers": layers,
    }


def _global(config: Fields, key: str, default: int | None) -> int | None:
    """What Gemma 4's full-attention layers have instead: a field of its own, or a per-layer override."""
    overrides = config.inner("per_layer_config")
    layers = [overrides.inner(str(index)) for index in overrides.values]
    override = next((layer for layer in layers if layer.has(key)), None)
    if override:
        return override.size(key)
    own = {"head_dim": "global_head_dim", "num_key_value_heads": "num_global_key_value_heads"}[key]
    return config.size(own) if config.has(own) else default


def _laguna(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    heads = config.sizes("num_attention_heads_per_layer")
    by_count = ((heads.count(own), {"num_attention_heads": own}) for own in dict.fromkeys(heads))
    return {"layer_groups": _groups(*by_count)}


def _mimo_v2(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    pattern = config.sizes("hybrid_layer_pattern")
    kinds = layer_kinds(config) or ["sliding_attention" if on else "full_attention" for on in pattern]
    sliding, values = kinds.count("sliding_attention"), config.size("v_head_dim", default=128)
    if not kinds:
        raise LlmpickError("config.json: hybrid_layer_pattern is missing", "list which layers slide")
    narrow = {"v_head_dim": values}
    kv_heads = shape.get("num_key_value_heads", shape["num_attention_heads"])
    swa = {"num_key_value_heads": config.size("swa_num_key_value_heads", default=2 * kv_heads), "sliding": True}
    groups = _groups((len(kinds) - sliding, narrow), (sliding, {**narrow, **swa}))
    return {"layer_groups": groups, "num_full_attention_layers": len(kinds) - sliding}


def _openelm(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    """Every layer has its own number of heads and MLP width."""
    heads, kv_heads = config.sizes("num_query_heads"), config.sizes("num_kv_heads")
    width, divisor = config.size("head_dim"), config.size("ffn_dim_divisor", default=256)
    factors = config.factors("ffn_multipliers")
    if not heads or not len(heads) == len(kv_heads) == len(factors) == shape["num_hidden_layers"]:
        raise LlmpickError(
            "config.json: num_query_heads, num_kv_heads and ffn_multipliers differ in length", "one per layer"
        )
    mlps = [_rounded(factor * shape["hidden_size"], divisor) for factor in factors]
    keys = ("num_attention_heads", "num_key_value_heads", "intermediate_size")
    layers = ((1, dict(zip(keys, sizes, strict=True))) for sizes in zip(heads, kv_heads, mlps, strict=True))
    return {
        "num_attention_heads": max(heads), "num_key_value_heads": max(kv_heads), "head_dim": width,
        "intermediate_size": max(mlps), "qk_norm": "per-head" if config.flag("normalize_qk_projections") else "none",
        "tie_word_embeddings": config.flag("share_input_output_layers", default=True),
        "layer_groups": _groups(*layers),
    }  # fmt: skip


def _rounded(size: float, divisor: int) -> int:
    """To the nearest multiple, never more than a tenth down (OpenELM's make_divisible)."""
    near = max(divisor, int(size + divisor / 2) // divisor * divisor)
    return near + divisor if near < 0.9 * size else near


def _groups(*groups: tuple[int, dict[str, Any]]) -> tuple[LayerGroup, ...]:
    return tuple(LayerGroup(count=count, **fields) for count, fields in groups if count)


UNEVEN: dict[str, Callable[[Fields, dict[str, Any]], dict[str, Any]]] = {
    "gemma3n_text": _gemma3n,
    "gemma4_text": _gemma4,
    "laguna": _laguna,
    "mimo_v2_flash": _mimo_v2,
    "openelm": _openelm,
}
