"""Decoders whose files say something no other class says: Falcon's variants, learned positions, nested sub-configs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.architecture import Moe
from llmpick.config_json.kinds import layer_kinds, refuse
from llmpick.config_json.uneven import UNEVEN
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


ODD: dict[str, Callable[[Fields, dict[str, Any]], dict[str, Any]]] = {
    **UNEVEN,
    "biogpt": _learned("max_position_embeddings", reserved=2),
    "chatglm": _chatglm,
    "dbrx": _dbrx,
    "deepseek_v32": _deepseek_v32,
    "deepseek_v4": _deepseek_v4,
    "falcon": _falcon,
    "glm_moe_dsa": _deepseek_v32,
    "gpt2": _learned("n_positions", "n_ctx", "max_position_embeddings"),
    "gpt_bigcode": _bigcode,
    "gpt_neo": _learned("max_position_embeddings"),
    "llama4_text": _llama4,
    "mpt": _mpt,
    "opt": _opt,
    "qwen": _qwen,
    "zaya": _zaya,
}
