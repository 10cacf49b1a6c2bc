"""The ends of a network: tables, what joins them to the layers, poolers and vocabulary heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.sizing.layers import norm_size
from llmpick.sizing.linear import Part, matrix

if TYPE_CHECKING:
    from llmpick.architecture import Architecture

# What its class calls the projection between an embedding table and layers of another width.
EMBEDDING_PROJECTION = {
    "albert": "embedding_hidden_mapping_in",
    "mobilebert": "embedding_transformation",
    "opt": "project_in",
    "rembert": "embedding_hidden_mapping_in",
}
# Position and type tables as wide as the layers, not as the token table.
WIDE_POSITIONS = {"mobilebert", "opt"}
# Classes whose pooler is one matrix of that name; elsewhere it is a module with a matrix called `dense`.
BARE_POOLER = {"albert", "big_bird"}


def tables(a: Architecture) -> int:
    """Token, type, position and relative-position tables."""
    width = a.embedding_size or a.hidden_size
    beside = a.hidden_size if a.model_type in WIDE_POSITIONS else width
    bias_tables = a.num_hidden_layers if a.relative_bias_every_layer else 1
    per_layer = a.per_layer_embedding
    return (
        a.vocab_size * width
        + (a.type_vocab_size + a.position_rows) * beside
        + bias_tables * a.relative_buckets * a.num_attention_heads
        + (per_layer.vocab_size * per_layer.size * a.num_hidden_layers if per_layer else 0)
    )


def embedding_parts(a: Architecture) -> Part:
    """What stands between the tables and the first layer: a norm, a projection to the layers' width."""
    width = a.embedding_size or a.hidden_size
    norm = norm_size(a, a.hidden_size if a.model_type in WIDE_POSITIONS else width) if a.embedding_norm else 0
    if width == a.hidden_size:
        return Part((), norm)
    name = EMBEDDING_PROJECTION.get(a.model_type, "embeddings_project")
    neighbors = 3 if a.model_type == "mobilebert" else 1  # MobileBERT concatenates three tokens
    linears = [matrix(name, "other", (neighbors * width, a.hidden_size), bias=a.model_type != "opt")]
    if a.model_type == "opt":
        linears.append(matrix("project_out", "other", (a.hidden_size, width)))
    return Part(tuple(linears), norm)


def pooler(a: Architecture) -> Part:
    """What stands on top of an encoder: a pooler, the dense modules of an embedding model."""
    if not a.pooler:
        return Part((), a.dense_after_pooling)
    name = "pooler" if a.model_type in BARE_POOLER else "dense"
    return Part((matrix(name, "head", (a.hidden_size, a.hidden_size), bias=True),), a.dense_after_pooling)


def masked_lm_head(a: Architecture) -> Part:
    """BERT's head for masked words without its output matrix, which is the embedding table."""
    if not a.masked_lm_head:
        return Part()
    h = a.hidden_size
    return Part((matrix("dense", "head", (h, h), bias=True),), norm_size(a, h) + a.vocab_size)


def head(a: Architecture) -> int:
    """The vocabulary head where it has weights of its own, and its bias."""
    if a.structure == "encoder":
        return 0
    own = 0 if a.tie_word_embeddings else a.vocab_size * (a.embedding_size or a.hidden_size)
    return own + (a.vocab_size if a.lm_head_bias else 0)
