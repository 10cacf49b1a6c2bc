"""What a few classes add to the common layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError
from llmpick.sizing.layers import norm_size
from llmpick.sizing.linear import Part, matrix

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.architecture import Architecture


def extra(a: Architecture, key: str) -> int:
    """A size that only this model_type's closed form reads; raises LlmpickError where it is missing."""
    value = (a.extra or {}).get(key)
    if not isinstance(value, int):
        raise LlmpickError(f"architecture of model_type {a.model_type}: extra.{key} is missing", "add it as a number")
    return value


def _first_norm_missing(a: Architecture) -> Part:
    """ModernBERT's first layer has no norm before attention."""
    return Part((), -a.hidden_size)


def _global_attention(a: Architecture) -> Part:
    """Longformer's second set of projections, for the tokens that attend everywhere."""
    h, count = a.hidden_size, a.num_hidden_layers
    names = ("query_global", "key_global", "value_global")
    return Part(tuple(matrix(name, "attention", (h, h), count, bias=True) for name in names))


def _deberta_v2(a: Architecture) -> Part:
    """A norm on the relative positions, and in some checkpoints a convolution beside the first layer."""
    h, kernel = a.hidden_size, (a.extra or {}).get("conv_kernel_size", 0)
    return Part((), 2 * h + (kernel * h * h + 3 * h if kernel else 0))


def _deberta(a: Architecture) -> Part:
    """DeBERTa v1: biases on queries and values only, and two projections of the relative positions, if it has any."""
    h, count = a.hidden_size, a.num_hidden_layers
    if a.position == "learned":
        return Part((), 2 * h * count)
    linears = (
        matrix("pos_proj", "attention", (h, h), count),
        matrix("pos_q_proj", "attention", (h, h), count, bias=True),
    )
    return Part(linears, 2 * h * count)


def _nomic_bert(a: Architecture) -> Part:
    """Nomic's mixture of experts (megablocks) adds one bias to what the experts of a layer answer."""
    return Part((), a.hidden_size * (a.moe.num_sparse_layers or 0) if a.moe else 0)


def _luke(a: Architecture) -> Part:
    """LUKE (arXiv 2010.01057): a table of entities with positions, types and a norm, and queries between the kinds."""
    h, narrow = a.hidden_size, extra(a, "entity_emb_size")
    linears = [
        matrix(name, "attention", (h, h), a.num_hidden_layers, bias=True)
        for name in ("w2e_query", "e2w_query", "e2e_query")[: extra(a, "entity_queries")]
    ]
    if narrow != h:
        linears.append(matrix("entity_embedding_dense", "other", (narrow, h)))
    beside = (a.position_rows + a.type_vocab_size) * h + norm_size(a, h)
    return Part(tuple(linears), extra(a, "entity_vocab_size") * narrow + beside)


def _indexer(a: Architecture) -> Part:
    """DeepSeek-V3.2's indexer picks the tokens that attention looks at."""
    count, heads, width = a.num_hidden_layers, extra(a, "index_n_heads"), extra(a, "index_head_dim")
    rank = a.mla.q_lora_rank if a.mla else 0
    linears = (
        matrix("wq_b", "attention", (rank, heads * width), count),
        matrix("wk", "attention", (a.hidden_size, width), count),
        matrix("weights_proj", "attention", (a.hidden_size, heads), count),
    )
    return Part(linears, 2 * width * count)


def _per_layer_inputs(a: Architecture) -> Part:
    """Gemma 3n and 4: the second table's rows are projected into every layer."""
    per_layer, h, count = a.per_layer_embedding, a.hidden_size, a.num_hidden_layers
    if per_layer is None:
        return Part()
    size = per_layer.size
    linears = (
        matrix("per_layer_model_projection", "other", (h, count * size)),
        matrix("per_layer_input_gate", "other", (h, size), count),
        matrix("per_layer_projection", "other", (size, h), count),
    )
    return Part(linears, size + count * h)


def _gemma3n(a: Architecture) -> Part:
    """Per-layer inputs, four alternating residual streams (AltUp) and a low-rank residual (LAuReL)."""
    h, count = a.hidden_size, a.num_hidden_layers
    streams, rank = extra(a, "altup_num_inputs"), extra(a, "laurel_rank")
    linears = (
        matrix("correction_coefs", "other", (streams, streams), count),
        matrix("prediction_coefs", "other", (streams, streams**2), count),
        matrix("modality_router", "other", (h, streams), count),
        matrix("linear_left", "other", (h, rank), count),
        matrix("linear_right", "other", (rank, h), count),
        matrix("altup_projections", "other", (h, h), streams - 1),
        matrix("altup_unembed_projections", "other", (h, h), streams - 1),
    )
    per_layer = _per_layer_inputs(a)
    return Part((*per_layer.linears, *linears), per_layer.other + count * 3 * h)


def _pegasus_x(a: Architecture) -> Part:
    """Global tokens of the encoder: a table for them and a norm per layer."""
    tokens = (a.extra or {}).get("num_global_tokens", 32)
    return Part((), tokens * a.hidden_size + a.num_hidden_layers * 2 * a.hidden_size)


def _long_t5(a: Architecture) -> Part:
    """LongT5's transient-global encoder: a second bias table, and a norm per layer for the block summaries."""
    if (a.extra or {}).get("encoder_attention_type") != "transient-global":
        return Part()
    return Part((), a.relative_buckets * a.num_attention_heads + a.num_hidden_layers * a.hidden_size)


def _fourier(a: Architecture) -> Part:
    """FNet mixes tokens with a Fourier transform; its embeddings pass through one projection."""
    return Part((matrix("projection", "other", (a.hidden_size, a.hidden_size), bias=True),))


def _sliding_sinks(a: Architecture) -> Part:
    """MiMo-V2 has attention sinks in its sliding layers only."""
    return Part((), sum(group.count for group in a.layer_groups if group.sliding) * a.num_attention_heads)


def _gemma4(a: Architecture) -> Part:
    """Per-layer inputs; with experts, three more norms and two scales per layer beside the dense MLP."""
    per_layer, count = _per_layer_inputs(a), a.num_hidden_layers
    scales = 4 * a.hidden_size + a.moe.num_experts if a.moe else 0
    return Part(per_layer.linears, per_layer.other + count * scales)


def _end_of_image(a: Architecture) -> Part:
    """T5Gemma 2 keeps the end-of-image token's embedding apart."""
    return Part((), a.hidden_size)


ADDED: dict[str, Callable[[Architecture], Part]] = {
    "deberta": _deberta,
    "deberta-v2": _deberta_v2,
    "deepseek_v32": _indexer,
    "gemma3n": _gemma3n,
    "embedding_gemma2": _per_layer_inputs,
    "fnet": _fourier,
    "gemma4": _gemma4,
    "gemma4_unified": _gemma4,
    "glm_moe_dsa": _indexer,
    "longformer": _global_attention,
    "luke": _luke,
    "mimo_v2_flash": _sliding_sinks,
    "modernbert": _first_norm_missing,
    "modernbert-decoder": _first_norm_missing,
    "nomic_bert": _nomic_bert,
}
ADDED_TO_ENCODER: dict[str, Callable[[Architecture], Part]] = {
    "led": _global_attention,
    "longt5": _long_t5,
    "pegasus_x": _pegasus_x,
    "t5gemma2": _end_of_image,
}
