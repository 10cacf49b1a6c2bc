"""Encoders: BERT and its heirs, and the modern ones built like decoders that look both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.config_json.decoders import HEAD_KEYS, LAYER_KEYS, MLP_KEYS, WIDTH_KEYS
from llmpick.config_json.encoder_rules import RULES
from llmpick.config_json.fields import MAX_LAYERS, Fields

if TYPE_CHECKING:
    from collections.abc import Mapping

POST_NORM: Mapping[str, Any] = {
    "gated_mlp": False, "qkv_bias": True, "o_bias": True, "mlp_bias": True, "norm": "layer", "final_norm": False,
    "embedding_norm": True, "position": "learned",
}  # fmt: skip
BERT: Mapping[str, Any] = {**POST_NORM, "pooler": True}
PRE_NORM: Mapping[str, Any] = {**BERT, "final_norm": True, "embedding_norm": False}
RELATIVE: Mapping[str, Any] = {**POST_NORM, "position": "relative"}
UNBIASED = dict.fromkeys(("qkv_bias", "o_bias", "mlp_bias"), False)

# What the class fixes in code, as transformers 5.23's AutoModel builds it (default pooler included).
ENCODERS: dict[str, Mapping[str, Any]] = {
    "albert": BERT,
    "bert": BERT,
    "big_bird": BERT,
    "camembert": BERT,
    "canine": BERT,
    "codesage": {**PRE_NORM, "pooler": False},
    "convbert": POST_NORM,
    "data2vec-text": BERT,
    "deberta": {**RELATIVE, "qkv_bias": False},
    "deberta-v2": RELATIVE,
    "distilbert": POST_NORM,
    "electra": POST_NORM,
    "ernie": BERT,
    "eurobert": {},
    "fnet": BERT,
    "gte": {**POST_NORM, "gated_mlp": True, "position": "rope"},
    "jina-bert": {**BERT, "gated_mlp": True, "position": "alibi"},
    "jina_embeddings_v3": {**BERT, "position": "rope"},
    "longformer": BERT,
    "luke": BERT,
    "megatron-bert": PRE_NORM,
    "mobilebert": {**BERT, "norms_per_block": 0},
    "modernbert": {"norm": "layer-nobias", "embedding_norm": True},
    "mpnet": BERT,
    "neobert": {},
    "new": {**POST_NORM, "gated_mlp": True, "position": "rope"},
    "nomic_bert": {**POST_NORM, **UNBIASED, "gated_mlp": True, "position": "rope"},
    "norbert": {**RELATIVE, "gated_mlp": True, "mlp_bias": False, "norms_per_block": 1, "embedding_norm": False},
    "rembert": BERT,
    "roberta": BERT,
    "roberta-prelayernorm": {**PRE_NORM, "embedding_norm": True},
    "squeezebert": BERT,
    "ultrabert": {},
    "xlm": POST_NORM,
    "xlm-roberta": BERT,
    "xlm-roberta-xl": PRE_NORM,
    "xlnet": {**RELATIVE, "embedding_norm": False},
}


def encoder(config: Fields, model_type: str) -> dict[str, Any]:
    """The fields of an Architecture for an encoder of class `model_type`."""
    if model_type not in ENCODERS:
        config.note(f"model_type {model_type} is not known here: sized like a BERT encoder with the same fields")
    traits = ENCODERS.get(model_type, BERT)
    hidden = config.size(*WIDTH_KEYS)
    shape: dict[str, Any] = {
        "model_type": model_type,
        "structure": "encoder",
        "hidden_size": hidden,
        "num_hidden_layers": config.size(*LAYER_KEYS, high=MAX_LAYERS),
        "num_attention_heads": 0 if model_type == "fnet" else config.size(*HEAD_KEYS),
        "intermediate_size": config.size(*MLP_KEYS, default=4 * hidden if model_type == "xlm" else None),
        "vocab_size": config.size("vocab_size", "num_hash_buckets", default=16384 if model_type == "canine" else None),
        "type_vocab_size": config.count("type_vocab_size") if "gated_mlp" in traits else 0,
        **traits,
    }
    if traits.get("position") == "learned":
        shape["position_rows"] = config.size("max_position_embeddings", "n_positions")
    width = config.size("embedding_size", "input_embedding_size", default=hidden)
    if width != hidden:
        shape["embedding_size"] = width
    heads = shape["num_attention_heads"]
    head_dim = config.size("head_dim", default=hidden // heads) if heads else 0
    if head_dim * heads != hidden and heads:
        shape["head_dim"] = head_dim
    if model_type == "bert" and config.text("feed_forward_type").endswith("glu"):
        # Jina's BERT v2 calls itself bert too.
        return {**shape, **ENCODERS["jina-bert"], "model_type": "jina-bert", "position_rows": 0}
    rule = RULES.get(model_type)
    return {**shape, **rule(config, shape)} if rule else shape
