"""Parameter counts against counts that others published."""

from __future__ import annotations

from llmpick.architecture import Architecture
from llmpick.sizing.parameters import count


def test_llama_2_7b_has_the_published_count():
    llama = Architecture(
        model_type="llama", structure="decoder", hidden_size=4096, num_hidden_layers=32, num_attention_heads=32,
        vocab_size=32000, intermediate_size=11008, tie_word_embeddings=False,
    )  # fmt: skip
    assert count(llama).total == 6_738_415_616


def test_bert_base_has_the_published_count():
    bert = Architecture(
        model_type="bert", structure="encoder", hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
        vocab_size=30522, intermediate_size=3072, gated_mlp=False, qkv_bias=True, o_bias=True, mlp_bias=True,
        norm="layer", final_norm=False, embedding_norm=True, position="learned", position_rows=512, type_vocab_size=2,
        pooler=True,
    )  # fmt: skip
    assert count(bert).total == 109_482_240
