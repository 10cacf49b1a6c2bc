"""Encoder-decoders: the T5 family, the BART family, T5Gemma."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.architecture import DecoderShape, Moe
from llmpick.config_json.encoders import POST_NORM
from llmpick.config_json.fields import MAX_LAYERS, Fields
from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Mapping

T5_FAMILY = {"longt5", "mt5", "switch_transformers", "t5", "umt5"}
# Tied in transformers 5 whatever the file says, but the published weights have a head of their own.
UNTIED_ON_DISK = {"mt5", "umt5"}

FINAL: Mapping[str, Any] = {"final_norm": True, "embedding_norm": False}
BART_FAMILY: dict[str, Mapping[str, Any]] = {
    "bart": {},
    "bigbird_pegasus": {},
    "led": {},
    "m2m_100": {**FINAL, "position": "sinusoidal"},
    "marian": {"embedding_norm": False, "position": "sinusoidal"},
    "mbart": {"final_norm": True},
    "pegasus": {**FINAL, "position": "sinusoidal"},
    "pegasus_x": {**FINAL, "position": "sinusoidal", "qkv_bias": False, "o_bias": False},
    "plbart": {},
}
# Learned tables with two rows more than positions; sinusoids that are parameters (frozen); the rest computes them.
RESERVED_ROWS = {"bart": 2, "bigbird_pegasus": 0, "mbart": 2, "plbart": 2}
SINUSOIDS_STORED = {"marian", "pegasus"}


def t5(config: Fields, model_type: str) -> dict[str, Any]:
    """T5, mT5, umT5, LongT5, Switch; only the encoder where the file names an encoder class."""
    layers, hidden, heads = config.size("num_layers", high=MAX_LAYERS), config.size("d_model"), config.size("num_heads")
    alone = any(str(name).endswith("EncoderModel") for name in config.items("architectures"))
    width = config.size("d_kv", default=hidden // heads)
    tied = config.flag("tie_word_embeddings", default=model_type not in UNTIED_ON_DISK)
    shape: dict[str, Any] = {
        "model_type": model_type,
        "structure": "encoder" if alone else "encoder-decoder",
        "hidden_size": hidden,
        "num_hidden_layers": layers,
        "num_decoder_layers": 0 if alone else config.size("num_decoder_layers", default=layers, high=MAX_LAYERS),
        "num_attention_heads": heads,
        "head_dim": width if width * heads != hidden else None,
        "vocab_size": config.size("vocab_size"),
        "intermediate_size": config.size("d_ff"),
        "gated_mlp": config.text("feed_forward_proj", default="relu").startswith("gated"),
        "tie_word_embeddings": tied,
        "position": "relative",
        "relative_buckets": config.size("relative_attention_num_buckets", default=32),
        "relative_bias_every_layer": model_type == "umt5",
    }
    if config.text("encoder_attention_type") == "transient-global":
        shape["extra"] = {"encoder_attention_type": "transient-global"}
    if model_type == "switch_transformers":
        shape["moe"] = _switch(config, shape)
    return shape


def _switch(config: Fields, shape: dict[str, Any]) -> Moe:
    layers = shape["num_hidden_layers"], shape["num_decoder_layers"]
    sparse = [
        _every(total, config.count(f"num_sparse_{stack}_layers", default=3))
        for total, stack in zip(layers, ("encoder", "decoder"), strict=True)
    ]
    if sparse[0] * layers[1] != sparse[1] * layers[0]:
        raise LlmpickError(
            "config.json: the stacks have unequal shares of sparse layers", "only equal shares are sized"
        )
    return Moe(
        num_experts=config.size("num_experts"),
        num_experts_per_tok=1,
        moe_intermediate_size=shape["intermediate_size"],
        num_sparse_layers=sparse[0],
    )


def _every(layers: int, sparse: int) -> int:
    """Sparse layers of a Switch stack: every layers // sparse-th, from the second on."""
    step = layers // sparse if sparse else 0
    return layers if step == 1 else sum(index % step == 1 for index in range(layers)) if step else 0


def bart(config: Fields, model_type: str) -> dict[str, Any]:
    """BART, mBART, M2M-100/NLLB, Marian, Pegasus, LED, PLBART, BigBird-Pegasus."""
    for part in ("ffn_dim", "attention_heads"):
        if config.size(f"encoder_{part}") != config.size(f"decoder_{part}"):
            raise LlmpickError(f"config.json: encoder_{part} and decoder_{part} differ", "only equal stacks are sized")
    if not config.flag("share_encoder_decoder_embeddings", default=True):
        raise LlmpickError("config.json: share_encoder_decoder_embeddings is false", "only a shared table is sized")
    if not config.flag("tie_word_embeddings", default=True):
        raise LlmpickError("config.json: tie_word_embeddings is false", "only a shared table is sized for this class")
    shape: dict[str, Any] = {
        **POST_NORM,
        "model_type": model_type,
        "structure": "encoder-decoder",
        "hidden_size": config.size("d_model"),
        "num_hidden_layers": config.size("encoder_layers", high=MAX_LAYERS),
        "num_decoder_layers": config.size("decoder_layers", high=MAX_LAYERS),
        "num_attention_heads": config.size("encoder_attention_heads"),
        "vocab_size": config.size("vocab_size"),
        "intermediate_size": config.size("encoder_ffn_dim"),
        **BART_FAMILY[model_type],
        **_positions(config, model_type),
    }
    if model_type == "bigbird_pegasus":
        shape |= dict.fromkeys(("qkv_bias", "o_bias"), config.flag("use_bias"))
    if model_type == "pegasus_x":
        shape["extra"] = {"num_global_tokens": config.size("num_global_tokens", default=32)}
    return shape


def _positions(config: Fields, model_type: str) -> dict[str, int]:
    if model_type == "led":
        rows, decoder_rows = "max_encoder_position_embeddings", "max_decoder_position_embeddings"
        return {"position_rows": config.size(rows), "decoder_position_rows": config.size(decoder_rows)}
    if model_type in SINUSOIDS_STORED:
        return {"position_rows": config.size("max_position_embeddings")}
    if model_type in RESERVED_ROWS:
        return {"position_rows": config.size("max_position_embeddings") + RESERVED_ROWS[model_type]}
    return {}


def t5gemma(config: Fields, model_type: str) -> dict[str, Any]:
    """Two Gemma 2 stacks with cross-attention; the decoder may be smaller."""
    encoder, decoder = config.inner("encoder"), config.inner("decoder")
    first, second = _gemma_shape(encoder), _gemma_shape(decoder)
    shape: dict[str, Any] = {
        "model_type": model_type,
        "structure": "encoder-decoder",
        **first,
        "num_hidden_layers": encoder.size("num_hidden_layers", high=MAX_LAYERS),
        "num_decoder_layers": decoder.size("num_hidden_layers", high=MAX_LAYERS),
        "vocab_size": decoder.size("vocab_size", default=config.size("vocab_size", default=256000)),
        "norms_per_block": 4,
        "tie_word_embeddings": config.flag("tie_word_embeddings", default=True),
    }
    return {**shape, "decoder": DecoderShape(**second)} if first != second else shape


def _gemma_shape(stack: Fields) -> dict[str, int]:
    heads = stack.size("num_attention_heads")
    return {
        "hidden_size": stack.size("hidden_size"),
        "intermediate_size": stack.size("intermediate_size"),
        "num_attention_heads": heads,
        "num_key_value_heads": stack.size("num_key_value_heads", default=heads),
        "head_dim": stack.size("head_dim", default=256),
    }
