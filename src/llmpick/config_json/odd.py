"""Decoders whose files say something no other class says: falcon's variants, per-layer shapes, nested sub-configs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.architecture import LayerGroup, Moe, PerLayerEmbedding
from llmpick.config_json.hybrids import layer_kinds, refuse
from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.config_json.fields import Fields


def _falcon(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    """Three generations: one norm and one key head (7B), grouped heads (40B), plain multi-head (RW)."""
    new, heads = config.flag("new_decoder_architecture"), shape["num_attention_heads"]
    one_key_head = config.flag("multi_query", default=True) and not new
    kv_heads = 1 if one_key_head else config.size("num_kv_heads", "n_head_kv", default=heads) if new else heads
    parallel = config.flag("parallel_attn", default=True) or new
    norms = config.size("num_ln_in_parallel_attn", default=2) if new else 1 if parallel else 2
    biased = config.flag("bias")
    return {
        "num_key_value_heads": kv_heads,
        "norms_per_block": norms,
        "qkv_bias": biased,
        "o_bias": biased,
        "mlp_bias": biased,
        "position": "alibi" if config.flag("alibi") else "rope",
    }


def _mpt(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    inner, biased = config.inner("attn_config"), not config.flag("no_bias", default=True)
    kv_heads = inner.size("kv_n_heads", default=shape["num_attention_heads"])
    alibi = inner.flag("alibi", default=True)
    rows = 0 if alibi or inner.flag("rope") else config.size("max_seq_len")
    return {
        "num_key_value_heads": kv_heads,
        "position": "alibi" if alibi else "learned" if rows else "rope",
        "position_rows": rows,
        **dict.fromkeys(("qkv_bias", "o_bias", "mlp_bias"), biased),
    }


def _chatglm(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    grouped = config.flag("multi_query_attention")
    return {} if grouped else {"num_key_value_heads": shape["num_attention_heads"]}


def _dbrx(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    attention, experts = config.inner("attn_config"), config.inner("ffn_config")
    width = experts.size("ffn_hidden_size")
    moe = Moe(
        num_experts=experts.size("moe_num_experts"),
        num_experts_per_tok=experts.size("moe_top_k"),
        moe_intermediate_size=width,
    )
    kv_heads = attention.size("kv_n_heads", default=shape["num_attention_heads"])
    return {"moe": moe, "num_key_value_heads": kv_heads, "intermediate_size": width}


def _learned(*keys: str, reserved: int = 0) -> Callable[[Fields, dict[str, Any]], dict[str, Any]]:
    """A learned position table with `reserved` rows more than positions."""

    def rule(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
        return {"position_rows": config.size(*keys) + reserved}

    return rule


def _bigcode(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    rows = {"position_rows": config.size("n_positions", "max_position_embeddings")}
    return {**rows, "num_key_value_heads": 1} if config.flag("multi_query", default=True) else rows


def _opt(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    """350M projects a narrower table and has no final norm."""
    before, hidden = config.flag("do_layer_norm_before", default=True), shape["hidden_size"]
    narrow = config.size("word_embed_proj_dim", default=hidden)
    return {
        "position_rows": config.size("max_position_embeddings") + 2,
        "embedding_size": narrow if narrow != hidden else None,
        "final_norm": before and not config.flag("_remove_final_layer_norm"),
    }


def _qwen(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    """The first Qwen counts both halves of the gated MLP in intermediate_size."""
    return {"intermediate_size": shape["intermediate_size"] // 2}


def _llama4(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    return {"intermediate_size": config.size("intermediate_size_mlp", default=shape["intermediate_size"])}


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


def _deepseek_v32(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    return {"extra": {key: config.size(key) for key in ("index_n_heads", "index_head_dim")}}


def _deepseek_v4(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    keys = ("q_lora_rank", "o_groups", "o_lora_rank", "hc_mult", "index_n_heads", "index_head_dim")
    ratios = {0: "sliding_attention", 4: "compressed_sparse_attention", 128: "heavily_compressed_attention"}
    listed = [ratios.get(ratio, "") for ratio in config.sizes("compress_ratios")]
    kinds = (layer_kinds(config) or listed)[: shape["num_hidden_layers"]]
    if len(kinds) < shape["num_hidden_layers"]:
        raise LlmpickError("config.json: compress_ratios is missing or short", "it lists the attention of each layer")
    rates, sizes = config.inner("compress_rates"), {key: config.size(key) for key in keys}
    return {
        "intermediate_size": 0,
        "extra": {
            **sizes,
            "num_sparse_attention_layers": kinds.count("compressed_sparse_attention"),
            "num_heavy_attention_layers": kinds.count("heavily_compressed_attention"),
            "sparse_compress_rate": rates.size("compressed_sparse_attention", default=4),
            "heavy_compress_rate": rates.size("heavily_compressed_attention", default=128),
        },
    }


def _zaya(config: Fields, shape: dict[str, Any]) -> dict[str, Any]:
    refuse(config, "attention_bias", "lm_head_bias")
    return {
        "extra": {
            "router_hidden_size": config.size("router_hidden_size", default=256),
            "cca_time0": config.size("cca_time0", default=2),
            "cca_time1": config.size("cca_time1", default=2),
        }
    }


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


ODD: dict[str, Callable[[Fields, dict[str, Any]], dict[str, Any]]] = {
    "biogpt": _learned("max_position_embeddings", reserved=2),
    "chatglm": _chatglm,
    "dbrx": _dbrx,
    "deepseek_v32": _deepseek_v32,
    "deepseek_v4": _deepseek_v4,
    "falcon": _falcon,
    "gemma3n_text": _gemma3n,
    "gemma4_text": _gemma4,
    "glm_moe_dsa": _deepseek_v32,
    "gpt2": _learned("n_positions", "n_ctx", "max_position_embeddings"),
    "gpt_bigcode": _bigcode,
    "gpt_neo": _learned("max_position_embeddings"),
    "laguna": _laguna,
    "llama4_text": _llama4,
    "mimo_v2_flash": _mimo_v2,
    "mpt": _mpt,
    "openelm": _openelm,
    "opt": _opt,
    "qwen": _qwen,
    "zaya": _zaya,
}
