"""What a network is made of, in the names of Hugging Face's `config.json`.

The same record is read from a catalog file and from a `config.json`; `sizing.parameters` counts it, and every
figure of memory and time rests on it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from llmpick.record import Bound, record

Positive = Annotated[int, Bound(gt=0)]
Count = Annotated[int, Bound(ge=0)]


@record
class Moe:
    """A mixture of experts: which layers have it, how many experts, how wide, how many answer one token."""

    num_experts: Positive
    num_experts_per_tok: Positive
    moe_intermediate_size: Positive
    num_shared_experts: Count = 0
    shared_intermediate_size: Count = 0
    """Total width of the always-active MLP beside the experts (all shared experts together); 0 = none."""
    first_dense_layers: Count = 0
    num_sparse_layers: Count | None = None
    """None = every layer after the leading dense ones."""
    router_bias: bool = False
    expert_bias: bool = False
    correction_bias: bool = False
    """The load-balancing bias is a parameter (in most classes it is a buffer, which nobody counts)."""
    shared_gate: bool = False
    latent_size: Count = 0
    """Width the experts work in where the token is projected down for them first; 0 = hidden_size."""


@record
class Mla:
    """Multi-head latent attention (DeepSeek-V2 and its heirs)."""

    kv_lora_rank: Positive
    qk_nope_head_dim: Positive
    qk_rope_head_dim: Positive
    v_head_dim: Positive
    q_lora_rank: Count = 0
    """0 = queries are projected directly."""


@record
class Ssm:
    """The recurrent mixer of a state-space or hybrid model."""

    kind: Literal["mamba1", "mamba2", "gated_deltanet", "kda", "lightning", "rg_lru", "short_conv"]
    d_conv: Count = 0
    d_inner: Count = 0
    d_state: Count = 0
    dt_rank: Count = 0
    n_groups: Count = 0
    n_heads: Count = 0
    head_dim: Count = 0
    n_k_heads: Count = 0
    n_v_heads: Count = 0
    k_head_dim: Count = 0
    v_head_dim: Count = 0
    conv_bias: bool = False
    gated_norm: bool = False
    """A norm of width d_inner before the output projection (Mamba-2)."""
    state_norms: bool = False
    """Norms on the time step and the two state inputs (Jamba)."""


@record
class LayerGroup:
    """`count` attention layers that differ from the others in shape; None = as the Architecture says."""

    count: Positive
    num_attention_heads: Positive | None = None
    num_key_value_heads: Positive | None = None
    head_dim: Positive | None = None
    v_head_dim: Positive | None = None
    """Width of a value head where it is not head_dim."""
    intermediate_size: Positive | None = None
    keys_values: Literal["own", "keys-only", "borrowed"] = "own"
    """keys-only: the values are the keys; borrowed: both come from an earlier layer (Gemma 3n and 4)."""
    sliding: bool = False
    """These layers see only the window."""


@record
class DecoderShape:
    """The decoder of an encoder-decoder whose two stacks differ in more than depth."""

    hidden_size: Positive
    intermediate_size: Positive
    num_attention_heads: Positive
    num_key_value_heads: Positive
    head_dim: Positive


@record
class PerLayerEmbedding:
    """A second embedding table that feeds every layer (Gemma 3n and 4)."""

    size: Positive
    """Width for one layer."""
    vocab_size: Count = 0
    """Rows; 0 = no table of its own, only a projection of the token embeddings."""


@record
class Architecture:
    """One network. Sizes are numbers of units; a layer count is that of one stack."""

    model_type: str
    """transformers' `model_type`."""
    structure: Literal["encoder", "decoder", "encoder-decoder"]
    hidden_size: Positive
    num_hidden_layers: Positive
    """Layers of the (encoder) stack."""
    num_attention_heads: Count
    """0 = no attention at all (a pure state-space model)."""
    vocab_size: Positive
    """Rows of the embedding table, padding rows included."""
    intermediate_size: Count
    """Width of the dense MLP; 0 = none."""
    num_decoder_layers: Count = 0
    """Layers of the decoder stack of an encoder-decoder, else 0."""
    num_key_value_heads: Count | None = None
    """None = as many as attention heads."""
    head_dim: Count | None = None
    """None = hidden_size / num_attention_heads."""
    embedding_size: Count | None = None
    """Width of the embedding table where it is not hidden_size."""
    tie_word_embeddings: bool = True
    """The vocabulary head shares the embedding table. An encoder's backbone has no head of its own."""
    gated_mlp: bool = True
    qkv_bias: bool = False
    o_bias: bool = False
    mlp_bias: bool = False
    lm_head_bias: bool = False
    norm: Literal["rms", "layer", "layer-nobias", "none"] = "rms"
    norms_per_block: Count = 2
    final_norm: bool = True
    """A norm after the last layer of each stack."""
    embedding_norm: bool = False
    """A norm on the summed embeddings of each stack."""
    sub_norms: bool = False
    """Norms inside attention (hidden_size) and MLP (intermediate_size) before the output projections (BitNet)."""
    qk_norm: Literal["none", "per-head", "full", "per-head-layer", "per-head-weight"] = "none"
    attention_gate: Literal["none", "query", "full", "per-head"] = "none"
    """A gate on the attention output: query = q_proj is twice as wide; full, per-head = a projection of its own."""
    attention_sinks: bool = False
    """One learned sink logit per head."""
    activation_parameters: Count = 0
    """Learned scalars in the activation of each MLP."""
    position: Literal["rope", "learned", "alibi", "relative", "sinusoidal", "none"] = "rope"
    position_rows: Count = 0
    """Rows of a learned position table, reserved rows included."""
    relative_buckets: Count = 0
    """Rows of a table of relative position biases, one column per head (T5, MPNet)."""
    relative_bias_every_layer: bool = False
    """Each layer owns such a table; else the first of a stack does, for all."""
    decoder_position_rows: Count | None = None
    """Rows of the decoder's own position table; None = as many as the encoder's."""
    type_vocab_size: Count = 0
    pooler: bool = False
    """A dense layer on the first token, as the class's AutoModel has it."""
    sliding_window: Count | None = None
    """Tokens a local-attention layer sees; None = unknown or none."""
    num_attention_layers: Count | None = None
    """Layers that attend, in a hybrid; None = all of them."""
    num_ssm_layers: Count | None = None
    """Layers with the recurrent mixer; None = those that do not attend."""
    num_mlp_layers: Count | None = None
    """Layers with a dense MLP; None = those without experts."""
    num_layer_groups: Count = 0
    """Distinct sets of weights that the layers share in turn (ALBERT); 0 = every layer has its own."""
    num_full_attention_layers: Count | None = None
    """Layers that attend to the whole context where others see only the window; None = unknown or all."""
    moe: Moe | None = None
    mla: Mla | None = None
    ssm: Ssm | None = None
    layer_groups: tuple[LayerGroup, ...] = ()
    """All attention layers by shape, where they differ among themselves; empty = all alike."""
    decoder: DecoderShape | None = None
    """Where the decoder's shape is not the encoder's."""
    per_layer_embedding: PerLayerEmbedding | None = None
    masked_lm_head: bool = False
    """The head for masked words belongs to the model (SPLADE)."""
    dense_after_pooling: Count = 0
    """Parameters of the dense modules sentence-transformers puts after pooling."""
    non_text_parameters: Count = 0
    """Parameters of vision and audio towers and their projectors, kept apart from the text network."""
    extra: dict[str, Any] | None = None
    """What only this model_type's closed form reads."""

    @property
    def kv_heads(self) -> int:
        """Key-value heads per attention layer."""
        return self.num_attention_heads if self.num_key_value_heads is None else self.num_key_value_heads

    @property
    def head_width(self) -> int:
        """Width of one attention head; 0 where nothing attends."""
        if self.head_dim is not None:
            return self.head_dim
        return self.hidden_size // self.num_attention_heads if self.num_attention_heads else 0
