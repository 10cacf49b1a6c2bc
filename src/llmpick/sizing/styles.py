"""What a class computes beyond its shape: where its norms stand, in which precision, which dropout it draws.

An Architecture says how large the matrices are; how much their layers keep for the way back also depends on how the
class is written. Read off the modeling files of transformers 5.23 and confirmed by traced steps (docs/sizing.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from llmpick.architecture import Architecture


class Style(NamedTuple):
    """How the layers of one class are written."""

    norm: Literal["rms", "rms16", "rms32", "layer", "layer32", "wide"] = "rms"
    """rms scales by its weight in the input's dtype, rms32 in fp32, rms16 multiplies the 16-bit input itself; layer is
    the fused kernel, layer32 written out in fp32, wide the kernel on a copy in fp32, cast back."""
    order: Literal["pre", "post", "sandwich", "output"] = "pre"
    """Norms before the blocks, after the residual sum, on both sides, or on a block's output alone."""
    activation: Literal["fused", "tanh", "relu", "relu2", "xielu", "bloom"] = "fused"
    """One kernel; GELU's tanh form in elementary steps; ReLU, which keeps its result, or its square; Apertus's xIELU
    and BLOOM's GELU, written out."""
    parallel: bool = False
    """Attention and MLP read the same residual stream."""
    qkv_views: bool = False
    """Queries, keys and values are slices of one product, so a kept slice keeps all of it."""
    by_heads: bool = False
    """Rotation of a part of each head lays queries out by head, and attention's result is copied back."""
    dropout: bool = False
    """Blocks draw dropout masks (0.1 in the published configurations)."""
    inner_dropout: bool = False
    """Another one on what the MLP's last matrix reads."""
    attention_dropout: bool = False
    softmax32: bool = True
    """Eager attention's softmax is computed in fp32 and cast back."""
    widened: bool = False
    """Eager attention widens queries and keys to fp32 before it multiplies them."""
    softcap: bool = False
    """Scores and logits are squashed with tanh."""
    disentangled: bool = False
    """Scores of contents against relative positions are computed apart and picked from (DeBERTa)."""
    sdpa: bool = True
    """The class has an SDPA path; eager is what runs where it has none."""
    window: int = 0
    """Eager attention computes scores of blocks of about this many keys; 0 = of all."""
    block: int = 0
    """Queries are padded to whole blocks of this many, and each looks at three blocks of keys (LongT5)."""
    mask: bool = False
    """An attention mask is always built, even for sequences without padding."""
    widened_loss: bool = True
    """The loss is taken of an fp32 copy of the logits; elsewhere of the logits as they are, unless autocast widens."""
    tied: bool = False
    """transformers 5 ties the head to the table even where the configuration says not to."""
    bias: bool = False
    """Learned relative positions are added to the scores: every layer holds a bias per head and pair."""


BERT = Style(norm="layer", order="post", dropout=True, attention_dropout=True, softmax32=False)
BART = Style(norm="layer", order="post", dropout=True, softmax32=False, widened_loss=False)
GPT = Style(norm="layer", activation="tanh")
T5 = Style(
    norm="rms16",
    dropout=True,
    inner_dropout=True,
    attention_dropout=True,
    softmax32=False,
    bias=True,
    widened_loss=False,
    tied=True,
)

_BY_MODEL_TYPE = {
    "albert": BERT._replace(dropout=False, attention_dropout=False, activation="tanh"),
    "apertus": Style(activation="xielu"),
    "arcee": Style(activation="relu2"),
    "bloom": Style(norm="layer", activation="bloom", qkv_views=True),
    "codegen": GPT._replace(widened=True, by_heads=True),
    "cohere": Style(norm="layer32"),
    "cohere2": Style(norm="layer32"),
    "deberta": BERT._replace(disentangled=True),
    "deberta-v2": BERT._replace(disentangled=True),
    "embedding_gemma2": Style(norm="rms32", order="sandwich"),
    "falcon": Style(norm="layer", softmax32=False, mask=True),
    "gemma": Style(norm="rms32"),
    "gemma2": Style(norm="rms32", order="sandwich", softcap=True),
    "gemma3": Style(norm="rms32", order="sandwich"),
    "gemma3n": Style(norm="rms32", order="sandwich", softcap=True),
    "gemma3_text": Style(norm="rms32", order="sandwich"),
    "gemma4": Style(norm="rms32", order="sandwich"),
    "gemma4_unified": Style(norm="rms32", order="sandwich"),
    "gpt2": GPT._replace(qkv_views=True, dropout=True, attention_dropout=True, softmax32=False),
    "gpt_bigcode": GPT._replace(activation="fused", qkv_views=True, dropout=True, attention_dropout=True),
    "gpt_oss": Style(softmax32=False),
    "gpt_neo": GPT._replace(widened=True),
    "gpt_neox": Style(norm="layer", parallel=True, qkv_views=True, by_heads=True),
    "gptj": GPT._replace(widened=True, by_heads=True),
    "longt5": T5._replace(activation="tanh"),
    "m2m_100": BART._replace(order="pre", activation="relu", attention_dropout=True),
    "mbart": BART._replace(order="pre"),
    "modernbert": Style(norm="layer", qkv_views=True),
    "mt5": T5._replace(activation="tanh"),
    "nemotron": Style(norm="layer", activation="relu2"),
    "nomic_bert": BERT._replace(dropout=False, attention_dropout=False),
    "olmo": Style(norm="wide"),
    "olmo2": Style(norm="rms32", order="output"),
    "olmo3": Style(norm="rms32", order="output"),
    "opt": Style(norm="layer", activation="relu", dropout=True),
    "pegasus": BART._replace(order="pre", activation="relu", attention_dropout=True),
    "persimmon": Style(norm="layer", activation="relu2", qkv_views=True, by_heads=True),
    "phi": GPT._replace(by_heads=True),
    "phi3": Style(qkv_views=True, by_heads=True),
    "rembert": BERT._replace(dropout=False, attention_dropout=False),
    "stablelm": Style(norm="layer", by_heads=True),
    "t5": T5._replace(activation="tanh"),
    "t5gemma": Style(norm="rms32", order="sandwich", softcap=True),
    "t5gemma2": Style(norm="rms32", order="sandwich"),
    "umt5": T5._replace(activation="tanh"),
    "vaultgemma": Style(norm="rms32", softcap=True),
    "xlm-roberta-xl": BERT._replace(order="pre"),
}


# Classes whose `_supports_sdpa` is false in transformers 5.23.
NO_SDPA = frozenset((
    "big_bird", "bigbird_pegasus", "bloom", "canine", "codegen", "convbert", "deberta", "deberta-v2", "deepseek_v4",
    "fnet", "gemma2", "gpt_neo", "gpt_oss", "gptj", "led", "longformer", "longt5", "megatron-bert", "mimo_v2_flash",
    "mpnet", "mpt", "pegasus_x", "rembert", "squeezebert", "switch_transformers", "t5gemma", "vaultgemma", "xlnet",
))  # fmt: skip
BLOCKS = {"big_bird": 640, "bigbird_pegasus": 640, "led": 1024, "longformer": 1024, "pegasus_x": 1024}
"""Keys per query of block-sparse attention, with the overlap of its blocks."""


def style_of(architecture: Architecture) -> Style:
    """The style of the class; for one not listed, what its norms and its structure suggest."""
    kind = architecture.model_type
    style = _BY_MODEL_TYPE.get(kind) or _likely(architecture)
    if style.inner_dropout and not architecture.gated_mlp:
        style = style._replace(activation="relu")  # T5 1.0
    if kind in NO_SDPA:
        style = style._replace(sdpa=False, window=BLOCKS.get(kind, 0), block=128 if kind == "longt5" else 0)
    return style


def _likely(architecture: Architecture) -> Style:
    """What norms and structure suggest of a class that is not listed."""
    if architecture.structure == "encoder-decoder":
        return T5 if architecture.norm == "rms" else BART
    if architecture.structure == "encoder":
        return BERT if architecture.norm != "rms" else Style()
    norm: Literal["rms", "layer"] = "rms" if architecture.norm == "rms" else "layer"
    return Style(norm=norm, order="sandwich" if architecture.norms_per_block == 4 else "pre")
