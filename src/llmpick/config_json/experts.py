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
# Classes that weigh their shared expert by a gate of one number per token.
SHARED_GATE = {"qwen2_moe", "qwen3_next", "qwen3_5_moe_text"}
# Classes whose load-balancing bias is a parameter; elsewhere it is a buffer, which nobody counts.
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
    rules = (_listed, _frequency, _every_step, _llama4, _jamba, _ernie)
    flags = next((flags for rule in rules if (flags := rule(config, name, layers)) is not None), None)
    if flags is None:
        first = config.count("first_k_dense_replace", "num_dense_layers")
        return first, layers - first
    return next((index for index, on in enumerate(flags) if on), 0), sum(flags)


def _listed(config: Fields, _: str, layers: int) -> list[bool] | None:
    kinds = config.items("mlp_layer_types")
    return [kind != "dense" for kind in kinds[:layers]] or None


def _frequency(config: Fields, _: str, layers: int) -> list[bool] | None:
    if not isinstance(config.values.get("moe_layer_freq"), list):
        return None
    return [on > 0 for on in config.sizes("moe_layer_freq")[:layers]]


def _every_step(config: Fields, _: str, layers: int) -> list[bool] | None:
    if not (config.has("mlp_only_layers") or config.has("decoder_sparse_step")):
        return None
    dense, step = config.sizes("mlp_only_layers"), config.size("decoder_sparse_step", default=1)
    return [index not in dense and (index + 1) % step == 0 for index in range(layers)]


def _llama4(config: Fields, name: str, layers: int) -> list[bool] | None:
    if name != "llama4_text":
        return None
    every = config.size("interleave_moe_layer_step", default=1)
    if config.has("moe_layers"):
        listed = config.sizes("moe_layers")
        return [index in listed for index in range(layers)]
    return [(index + 1) % every == 0 for index in range(layers)]


def _jamba(config: Fields, name: str, layers: int) -> list[bool] | None:
    if name != "jamba":
        return None
    period, offset = config.size("expert_layer_period", default=2), config.count("expert_layer_offset", default=1)
    return [index % period == offset for index in range(layers)]


def _ernie(config: Fields, _: str, layers: int) -> list[bool] | None:
    if not config.has("moe_layer_start_index"):
        return None
    first, last = config.count("moe_layer_start_index"), config.count("moe_layer_end_index", default=layers)
    every = config.size("moe_layer_interval", default=1)
    return [first <= index <= last and (index + 1) % every == 0 for index in range(layers)]


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
