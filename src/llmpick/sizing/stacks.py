"""Whole networks: tables, layers, final norms and heads of decoders, encoders and encoder-decoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import replace
from llmpick.sizing.layers import (
    attention,
    attention_layers,
    experts,
    groups_of,
    latent_attention,
    mlp,
    norm_size,
    projections,
    sparse_layers,
)
from llmpick.sizing.linear import Parameters, Part, join, matrix
from llmpick.sizing.names import ENCODER_SIDE, Names, names_of
from llmpick.sizing.peculiar import ADDED, ADDED_TO_ENCODER
from llmpick.sizing.recurrent import mixer
from llmpick.sizing.singular import LAYERS
from llmpick.sizing.tables import embedding_parts, head, masked_lm_head, pooler, tables

if TYPE_CHECKING:
    from llmpick.architecture import Architecture

# A table per stack; the others share one among encoder, decoder and head.
SEPARATE_TABLES = {"t5gemma"}
# One attention of the decoder reads both its own tokens and the encoder's.
MERGED_ATTENTION = {"t5gemma2"}


def count(architecture: Architecture) -> Parameters:
    """The parameters of `architecture` as its transformers class holds them: an encoder as AutoModel does (default
    pooler, no task head), a decoder with its language-model head, an encoder-decoder as ForConditionalGeneration."""
    if architecture.structure == "encoder-decoder":
        return two_stacks(architecture)
    return single_stack(architecture)


def single_stack(a: Architecture) -> Parameters:
    """A decoder or an encoder."""
    names = names_of(a.model_type)
    body = join(layers(a, names), embedding_parts(a), pooler(a), masked_lm_head(a))
    other = body.other + (norm_size(a, a.hidden_size) if a.final_norm else 0)
    return Parameters(
        linears=body.linears, embedding=tables(a), head=head(a), other=other, non_text=a.non_text_parameters
    )


def layers(a: Architecture, names: Names) -> Part:
    """All layers of the (first) stack."""
    if a.num_layer_groups:
        return _shared_layers(a, names)
    whole = LAYERS.get(a.model_type)
    parts = [whole(a, names)] if whole else [_attention(a, names), _mlps(a, names), experts(a, names), _mixers(a)]
    added = ADDED.get(a.model_type)
    if added:
        parts.append(added(a))
    return join(*parts, Part((), _layer_scalars(a)))


def _attention(a: Architecture, names: Names) -> Part:
    if a.mla:
        return latent_attention(a, a.mla, attention_layers(a))
    return join(*(attention(a, names, group) for group in groups_of(a)))


def _mixers(a: Architecture) -> Part:
    if a.ssm is None:
        return Part()
    recurrent = a.num_hidden_layers - attention_layers(a) if a.num_ssm_layers is None else a.num_ssm_layers
    return mixer(a, a.ssm, recurrent)


def _mlps(a: Architecture, names: Names) -> Part:
    if any(group.intermediate_size for group in a.layer_groups):
        wide = [(group.intermediate_size or a.intermediate_size, group.count) for group in a.layer_groups]
        return Part(tuple(linear for width, count in wide for linear in mlp(a, names, width, count)))
    dense = a.num_hidden_layers - sparse_layers(a) if a.num_mlp_layers is None else a.num_mlp_layers
    return Part(mlp(a, names, a.intermediate_size, dense))


def _layer_scalars(a: Architecture) -> int:
    """Norms around the blocks and inside them, and the activations' own scalars."""
    norms = a.num_hidden_layers * a.norms_per_block * norm_size(a, a.hidden_size)
    inner = a.num_hidden_layers * (a.hidden_size + a.intermediate_size) if a.sub_norms else 0
    return norms + inner + a.num_hidden_layers * a.activation_parameters


def _shared_layers(a: Architecture, names: Names) -> Part:
    """ALBERT: `num_layer_groups` sets of weights, each passed through several times."""
    own = layers(replace(a, num_hidden_layers=a.num_layer_groups, num_layer_groups=0), names)
    passes = a.num_hidden_layers // a.num_layer_groups
    return Part(tuple(replace(linear, passes=passes) for linear in own.linears), own.other)


def two_stacks(a: Architecture) -> Parameters:
    """An encoder-decoder as its ForConditionalGeneration class holds it: cross-attention, one table, one head."""
    names = names_of(a.model_type)
    encoder, decoder = replace(a, structure="encoder"), decoder_of(a)
    added = ADDED_TO_ENCODER.get(a.model_type)
    body = join(
        layers(encoder, ENCODER_SIDE.get(a.model_type, names)), embedding_parts(encoder),
        layers(decoder, names), embedding_parts(decoder), _cross_attention(a, decoder, names),
        added(a) if added else Part(),
    )  # fmt: skip
    final = (norm_size(a, a.hidden_size) + norm_size(a, decoder.hidden_size)) if a.final_norm else 0
    own_table = decoder.vocab_size * decoder.hidden_size if a.model_type in SEPARATE_TABLES else 0
    shared = tables(encoder) + tables(decoder) - decoder.vocab_size * decoder.hidden_size + own_table
    return Parameters(
        linears=body.linears,
        embedding=shared,
        head=head(decoder),
        other=body.other + final,
        non_text=a.non_text_parameters,
    )


def decoder_of(a: Architecture) -> Architecture:
    """The decoder of an encoder-decoder as an Architecture of its own."""
    shape = a.decoder
    alike = replace(a, structure="decoder", num_hidden_layers=a.num_decoder_layers, non_text_parameters=0)
    if a.decoder_position_rows is not None:
        alike = replace(alike, position_rows=a.decoder_position_rows)
    if a.moe and a.moe.num_sparse_layers is not None:
        sparse = a.moe.num_sparse_layers * a.num_decoder_layers // a.num_hidden_layers
        alike = replace(alike, moe=replace(a.moe, num_sparse_layers=sparse))
    if shape is None:
        return alike
    return replace(
        alike,
        hidden_size=shape.hidden_size,
        intermediate_size=shape.intermediate_size,
        num_attention_heads=shape.num_attention_heads,
        num_key_value_heads=shape.num_key_value_heads,
        head_dim=shape.head_dim,
    )


def _cross_attention(a: Architecture, decoder: Architecture, names: Names) -> Part:
    """Decoder layers attend to the encoder's output: queries from the one, keys and values from the other."""
    count, width = decoder.num_hidden_layers, decoder.head_width
    if a.model_type in MERGED_ATTENTION:
        return Part()
    q, *_ = projections(decoder, names, count, decoder.num_attention_heads * width, 0)
    kv = decoder.kv_heads * width
    linears = (
        replace(q, group="cross-attention"),
        matrix(names.k, "cross-attention", (a.hidden_size, kv), count, bias=decoder.qkv_bias),
        matrix(names.v, "cross-attention", (a.hidden_size, kv), count, bias=decoder.qkv_bias),
        matrix(names.o, "cross-attention", (q.d_out, decoder.hidden_size), count, bias=decoder.o_bias),
    )
    norms = max(1, a.norms_per_block // 2) * norm_size(a, decoder.hidden_size)
    return Part(linears, count * norms)
