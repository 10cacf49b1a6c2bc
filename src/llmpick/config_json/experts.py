"""Mixtures of experts and latent attention as config.json spells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.architecture import Mla, Moe
from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from llmpick.config_json.fields import Fields

EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
CHOSEN = ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k", "moe_top_k", "top_k_experts")
SHARED = ("n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "num_shared_expert")
SHARED_WIDTH = ("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "shared_intermediate_size")
# Classes with one always-active expert that no field announces.
ONE_SHARED = {"hunyuan_v1_moe", "llama4_text"}
SHARED_GATE = {"qwen2_moe", "qwen3_next", "qwen3_5_moe_text"}
CORRECTION_PARAMETER = {"afmoe", "ernie4_5_moe", "laguna"}


def mixture(config: Fields, name: str, layers: int) -> Moe | None:
    """The mixture of experts, or None where the class or the file has none."""
    experts = config.uniform(*EXPERTS, default=0)
    switched_off = name == "gemma4_text" and not config.flag("enable_moe_block")
    if not experts or switched_off or (name == "jamba" and experts == 1):
        return None
    chosen = config.uniform(*CHOSEN)
    if chosen > experts:
        raise LlmpickError(
            f"config.json: {chosen} experts per token, but only {experts} experts", "lower num_experts_per_tok"
        )
    width = config.uniform("moe_intermediate_size", "intermediate_size", "ffn_hidden_size")
    shared = config.uniform(*SHARED, default=int(name in ONE_SHARED))
    first, sparse = _sparse(config, name, layers)
    if sparse == 0:
        return None
    return Moe(
        num_experts=experts,
        num_experts_per_tok=chosen,
        moe_intermediate_size=width,
        num_shared_experts=shared,
        shared_intermediate_size=config.count(*SHARED_WIDTH, default=shared * width),
        first_dense_layers=first,
        num_sparse_layers=None if sparse == layers - first else sparse,
        router_bias=name == "gpt_oss",
        expert_bias=name == "gpt_oss",
        correction_bias=name in CORRECTION_PARAMETER,
        shared_gate=name in SHARED_GATE,
        latent_size=config.count("moe_latent_size"),
    )


def _sparse(config: Fields, name: str, layers: int) -> tuple[int, int]:
    """Leading dense layers, and how many layers have experts."""
    kinds = config.items("mlp_layer_types")
    if kinds:
        leading = next((index for index, kind in enumerate(kinds) if kind != "dense"), 0)
        return leading, len(kinds) - kinds.count("dense")
    first = config.count("first_k_dense_replace", "num_dense_layers", "moe_layer_start_index")
    if config.has("mlp_only_layers") or config.has("decoder_sparse_step"):
        dense, step = config.sizes("mlp_only_layers"), config.size("decoder_sparse_step", default=1)
        return 0, sum(index not in dense and (index + 1) % step == 0 for index in range(layers))
    if name == "llama4_text":
        every = config.size("interleave_moe_layer_step", default=1)
        listed = config.values.get("moe_layers")
        return 0, len(config.sizes("moe_layers")) if listed is not None else layers // every
    if name == "jamba":
        period, offset = config.size("expert_layer_period", default=2), config.count("expert_layer_offset", default=1)
        return 0, sum(index % period == offset for index in range(layers))
    if config.has("moe_layer_end_index"):
        last, every = config.count("moe_layer_end_index"), config.size("moe_layer_interval", default=1)
        last = min(last, layers - 1)
        return first, sum((index + 1) % every == 0 for index in range(first, last + 1))
    return first, layers - first


def latent_attention(config: Fields) -> Mla | None:
    """Multi-head latent attention, where the file has its ranks."""
    if not config.has("kv_lora_rank"):
        return None
    return Mla(
        kv_lora_rank=config.size("kv_lora_rank"),
        qk_nope_head_dim=config.size("qk_nope_head_dim"),
        qk_rope_head_dim=config.size("qk_rope_head_dim"),
        v_head_dim=config.size("v_head_dim"),
        q_lora_rank=config.count("q_lora_rank"),
    )
