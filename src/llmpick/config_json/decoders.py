"""Decoders: the fields every class has, in all their spellings, and the switches some classes read."""

from __future__ import annotations

from typing import Any

from llmpick.config_json.classes import CATALOG_NAME, DECODERS, HEAD_DIM, SAME_AS, TIED
from llmpick.config_json.experts import latent_attention, mixture
from llmpick.config_json.fields import MAX_LAYERS, Fields
from llmpick.config_json.hybrids import HYBRIDS
from llmpick.config_json.kinds import full_attention_layers
from llmpick.config_json.odd import ODD
from llmpick.config_json.switches import QK_SWITCHES, SWITCHES
from llmpick.errors import LlmpickError

LAYER_KEYS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_transformer_layers")
HEAD_KEYS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
WIDTH_KEYS = ("hidden_size", "n_embd", "d_model", "model_dim", "dim", "emb_dim")
MLP_KEYS = ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "d_inner", "hidden_dim")
# Classes whose MLP is four times as wide as the layers unless the file says otherwise.
FOUR_TIMES = {"bloom", "codegen", "falcon", "gpt2", "gpt_bigcode", "gpt_neo", "gptj", "mpt"}
ATTENTION_FREE = {"falcon_mamba", "mamba", "mamba2"}


def decoder(config: Fields, model_type: str) -> dict[str, Any]:
    """The fields of an Architecture for a decoder of class `model_type`."""
    name = SAME_AS.get(model_type, model_type)
    if name not in DECODERS:
        _need_llama_keys(config, model_type)
    shape = {
        "model_type": CATALOG_NAME.get(name, name if name in DECODERS else model_type),
        "structure": "decoder",
        **sizes(config, name),
        **DECODERS.get(name, {}),
        **_switches(config, name),
        "tie_word_embeddings": config.flag("tie_word_embeddings", "tie_embedding", default=name in TIED),
        "sliding_window": _window(config),
    }
    shape["num_full_attention_layers"] = full_attention_layers(config, name, shape["num_hidden_layers"])
    shape["moe"] = mixture(config, name, shape["num_hidden_layers"])
    shape["mla"] = latent_attention(config)
    for rule in (HYBRIDS.get(name), ODD.get(name)):
        if rule:
            shape.update(rule(config, shape))
    return shape


def sizes(config: Fields, name: str) -> dict[str, Any]:
    """Width, depth, heads, MLP and vocabulary."""
    hidden = config.size(*WIDTH_KEYS)
    listed = len(config.items("layers_block_type", "layer_types")) or len(config.text("hybrid_override_pattern"))
    layers = config.size(*LAYER_KEYS, default=listed or None, high=MAX_LAYERS)
    common = {
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "vocab_size": config.size("vocab_size", "padded_vocab_size"),
        "intermediate_size": _mlp_width(config, name, hidden),
    }
    if name in ATTENTION_FREE:
        return {**common, "num_attention_heads": 0}
    if name == "openelm":
        return common
    heads = config.size(*HEAD_KEYS)
    return {**common, "num_attention_heads": heads, **_heads(config, name, hidden, heads)}


def _heads(config: Fields, name: str, hidden: int, heads: int) -> dict[str, Any]:
    kv_heads = config.size("num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num", default=heads)
    if heads % kv_heads:
        raise LlmpickError(
            f"config.json: num_key_value_heads is {kv_heads} and num_attention_heads is {heads}",
            "the one must divide the other",
        )
    own = {"num_key_value_heads": kv_heads} if kv_heads != heads else {}
    if config.has("kv_lora_rank"):
        return own
    default = HEAD_DIM.get(name) or hidden // heads
    width = config.size("head_dim", "attention_head_dim", default=default)
    if width == default == hidden // heads and hidden % heads:
        raise LlmpickError(
            f"config.json: hidden_size {hidden} is not a multiple of num_attention_heads {heads}", "give head_dim"
        )
    return {**own, "head_dim": width} if width * heads != hidden else own


def _mlp_width(config: Fields, name: str, hidden: int) -> int:
    if name in ATTENTION_FREE or name in {"solar_open", "openelm", "dbrx"}:
        return 0
    if name in FOUR_TIMES:
        return config.size(*MLP_KEYS, default=config.size("expansion_ratio", default=4) * hidden)
    optional = 0 if config.has("moe_intermediate_size") else None
    return config.uniform(*MLP_KEYS, default=optional)


def _switches(config: Fields, name: str) -> dict[str, Any]:
    """Biases and query-key norms that the class reads from the file."""
    default = (("attention_bias", False, ("qkv_bias", "o_bias")), ("mlp_bias", False, ("mlp_bias",)))
    on: dict[str, Any] = {}
    for key, standard, targets in SWITCHES.get(name, default):
        given = config.flag(key, default=standard)
        on |= {target: given or on.get(target, False) for target in targets}
    if name in QK_SWITCHES:
        key, standard, kind = QK_SWITCHES[name]
        on["qk_norm"] = kind if config.flag(key, default=standard) else "none"
    return on


def _window(config: Fields) -> int | None:
    if not config.flag("use_sliding_window", default=True):
        return None
    return config.count("sliding_window", "attention_window_size") or None


def _need_llama_keys(config: Fields, model_type: str) -> None:
    """An unknown class is taken for a Llama-like decoder if it has Llama's keys; else it is refused."""
    missing = [
        keys[0]
        for keys in (WIDTH_KEYS, LAYER_KEYS, HEAD_KEYS, ("vocab_size",), ("intermediate_size",))
        if config.find(*keys)[1] is None
    ]
    if missing:
        raise LlmpickError(
            f"config.json: model_type {model_type} is not known here and {missing[0]} is missing",
            "an unknown class is sized like Llama, which needs it",
        )
    config.note(f"model_type {model_type} is not known here: sized like a Llama decoder with the same fields")
    if not config.has("tie_word_embeddings"):
        config.note("tie_word_embeddings is not given: the output head is counted as weights of its own")
