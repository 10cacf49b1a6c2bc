"""Parameter counts against counts that others published or that transformers and PEFT give on the meta device."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmpick.architecture import Architecture, Mla, Moe, Ssm
from llmpick.config_json import from_config
from llmpick.errors import LlmpickError
from llmpick.sizing.parameters import adapted, adapter_parameters, count

MEASURED = json.loads((Path(__file__).parent / "data" / "parameters.json").read_text(encoding="utf-8"))["rows"]


def _name(row: dict[str, Any]) -> str:
    return f"{row['config']['model_type']}-{row['total']}"


LLAMA_2_7B = Architecture(
    model_type="llama", structure="decoder", hidden_size=4096, num_hidden_layers=32, num_attention_heads=32,
    vocab_size=32000, intermediate_size=11008, tie_word_embeddings=False,
)  # fmt: skip
BERT_BASE = Architecture(
    model_type="bert", structure="encoder", hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
    vocab_size=30522, intermediate_size=3072, gated_mlp=False, qkv_bias=True, o_bias=True, mlp_bias=True, norm="layer",
    final_norm=False, embedding_norm=True, position="learned", position_rows=512, type_vocab_size=2, pooler=True,
)  # fmt: skip
FLAN_T5_SMALL = Architecture(
    model_type="t5", structure="encoder-decoder", hidden_size=512, num_hidden_layers=8, num_decoder_layers=8,
    num_attention_heads=6, head_dim=64, vocab_size=32128, intermediate_size=1024, tie_word_embeddings=False,
    position="relative", relative_buckets=32,
)  # fmt: skip
QWEN_7B = replace(LLAMA_2_7B, model_type="qwen", vocab_size=151936, qkv_bias=True)
MIXTRAL_8X7B = replace(
    LLAMA_2_7B, model_type="mixtral", intermediate_size=14336, num_key_value_heads=8,
    moe=Moe(num_experts=8, num_experts_per_tok=2, moe_intermediate_size=14336),
)  # fmt: skip
DEEPSEEK_V2_LITE = Architecture(
    model_type="deepseek_v2", structure="decoder", hidden_size=2048, num_hidden_layers=27, num_attention_heads=16,
    vocab_size=102400, intermediate_size=10944, tie_word_embeddings=False,
    mla=Mla(kv_lora_rank=512, qk_nope_head_dim=128, qk_rope_head_dim=64, v_head_dim=128),
    moe=Moe(
        num_experts=64, num_experts_per_tok=6, moe_intermediate_size=1408, num_shared_experts=2,
        shared_intermediate_size=2816, first_dense_layers=1,
    ),
)  # fmt: skip
MAMBA_130M = Architecture(
    model_type="mamba", structure="decoder", hidden_size=768, num_hidden_layers=24, num_attention_heads=0,
    vocab_size=50280, intermediate_size=0, norms_per_block=1, position="none", num_mlp_layers=0,
    ssm=Ssm(kind="mamba1", d_inner=1536, d_state=16, dt_rank=48, d_conv=4, conv_bias=True),
)  # fmt: skip


@pytest.mark.parametrize("row", MEASURED, ids=_name)
def test_every_class_counts_what_transformers_builds(row):
    parameters = count(from_config(row["config"]))
    head = parameters.head if row["kind"] == "base" else 0
    assert parameters.total - head == row["total"]


@pytest.mark.parametrize("row", [row for row in MEASURED if row["lora_r8"]], ids=_name)
def test_adapters_train_what_peft_trains(row):
    architecture = from_config(row["config"])
    assert {targets: adapter_parameters(architecture, 8, targets) for targets in row["lora_r8"]} == row["lora_r8"]


@pytest.mark.parametrize(
    ("hidden", "layers", "wide", "published"),
    [
        (192, 12, 512, 14_972_162),
        (384, 12, 1024, 40_634_882),
        (768, 12, 2048, 124_032_002),
        (1024, 24, 2730, 354_406_402),
    ],
)
def test_norbert_3_as_a_classifier_has_the_counts_of_euroeval(hidden, layers, wide, published):
    """Its code is not transformers'. EuroEval's leaderboard counts xs, small, base and large as they classify."""
    config = {"model_type": "norbert", "vocab_size": 50000, "hidden_size": hidden, "num_hidden_layers": layers}
    config |= {"num_attention_heads": hidden // 64, "intermediate_size": wide, "max_position_embeddings": 512}
    head = hidden * hidden + hidden + 2 * hidden + 2
    assert count(from_config(config)).total + head == published


@pytest.mark.parametrize(
    ("architecture", "published"),
    [
        (LLAMA_2_7B, 6_738_415_616),  # safetensors of meta-llama/Llama-2-7b-hf without its rotary buffers
        (BERT_BASE, 109_482_240),  # keras-hub bert_base_en_uncased
        (FLAN_T5_SMALL, 76_961_152),  # safetensors of google/flan-t5-small, whose head is not tied
        (MIXTRAL_8X7B, 46_702_792_704),  # safetensors of mistralai/Mixtral-8x7B-v0.1
        (DEEPSEEK_V2_LITE, 15_706_484_224),  # safetensors of deepseek-ai/DeepSeek-V2-Lite
        (MAMBA_130M, 129_135_360),  # safetensors of state-spaces/mamba-130m-hf
    ],
    ids=lambda value: value.model_type if isinstance(value, Architecture) else "",
)
def test_published_checkpoints_have_their_published_counts(architecture, published):
    assert count(architecture).total == published


def test_one_token_passes_through_the_chosen_experts_only():
    idle_experts = 32 * 6 * 3 * 4096 * 14336
    assert count(MIXTRAL_8X7B).active == 46_702_792_704 - idle_experts


def test_a_dense_network_is_all_active_but_its_towers():
    assert count(replace(LLAMA_2_7B, non_text_parameters=10)).active == count(LLAMA_2_7B).total


@pytest.mark.parametrize(
    ("architecture", "targets", "published"),
    [
        (LLAMA_2_7B, "q_proj,v_proj", 4_194_304),  # the LoRA and PEFT documentation's example
        (QWEN_7B, "c_attn", 4_194_304),  # ms-swift Benchmark.md: 4.19M
        (QWEN_7B, "all-linear", 17_891_328),  # ms-swift Benchmark.md: 17.89M
    ],
)
def test_adapters_have_their_published_sizes(architecture, targets, published):
    assert adapter_parameters(architecture, 8, targets) == published


def test_attention_targets_are_the_attention_projections():
    names = {linear.name for linear in adapted(LLAMA_2_7B, "attention")}
    assert names == {"q_proj", "k_proj", "v_proj", "o_proj"}


def test_stacked_experts_of_gpt_oss_get_no_adapter():
    expert = replace(MIXTRAL_8X7B, model_type="gpt_oss")
    assert {linear.group for linear in adapted(expert, "all-linear")} == {"attention"}


def test_half_of_a_stacked_matrix_cannot_be_adapted():
    with pytest.raises(LlmpickError, match=r"the target gate_proj alone.*name both gate_proj and up_proj"):
        adapted(replace(MIXTRAL_8X7B, model_type="qwen3_moe"), "gate_proj")


def test_an_unknown_target_is_named_with_the_nearest():
    with pytest.raises(LlmpickError, match=r"called q_porj; did you mean q_proj"):
        adapter_parameters(LLAMA_2_7B, 8, "q_porj")


def test_shared_layers_are_stored_once_and_passed_often():
    albert = replace(BERT_BASE, model_type="albert", embedding_size=128, vocab_size=30000, num_layer_groups=1)
    assert count(albert).total == 11_683_584  # albert-base-v2
    assert {linear.passes for linear in count(albert).linears if linear.group in {"attention", "mlp"}} == {12}


def test_a_missing_size_of_a_peculiar_class_is_an_error_not_a_crash():
    with pytest.raises(LlmpickError, match=r"extra\.router_hidden_size is missing"):
        count(replace(MIXTRAL_8X7B, model_type="zaya"))


SIZES = st.fixed_dictionaries(
    {
        "num_hidden_layers": st.integers(1, 200),
        "num_attention_heads": st.integers(1, 128),
        "head_dim": st.integers(1, 512),
        "vocab_size": st.integers(1, 300_000),
        "intermediate_size": st.integers(0, 100_000),
        "tie_word_embeddings": st.booleans(),
        "gated_mlp": st.booleans(),
        "qkv_bias": st.booleans(),
        "norm": st.sampled_from(["rms", "layer", "layer-nobias", "none"]),
        "qk_norm": st.sampled_from(["none", "per-head", "full", "per-head-layer", "per-head-weight"]),
    }
)
DECODERS = st.builds(lambda sizes: replace(LLAMA_2_7B, **sizes), SIZES)


@given(DECODERS)
def test_the_parts_sum_to_the_total(architecture):
    p = count(architecture)
    assert min(p.embedding, p.head, p.other, *(linear.size for linear in p.linears)) >= 0
    assert p.total == sum(linear.size for linear in p.linears) + p.embedding + p.head + p.other


@given(DECODERS, st.integers(1, 50))
def test_each_further_layer_costs_the_same(architecture, more):
    deeper = [replace(architecture, num_hidden_layers=architecture.num_hidden_layers + k) for k in (1, 1 + more)]
    one, many = (count(a).total - count(architecture).total for a in deeper)
    assert many == one * (1 + more)


@given(DECODERS)
def test_an_untied_head_costs_one_table(architecture):
    tied, untied = (count(replace(architecture, tie_word_embeddings=tie)).total for tie in (True, False))
    assert untied - tied == architecture.vocab_size * architecture.hidden_size


@given(DECODERS, st.integers(1, 256), st.sampled_from(["all-linear", "attention", "q_proj"]))
def test_adapters_grow_with_the_rank(architecture, rank, targets):
    assert adapter_parameters(architecture, rank, targets) == rank * adapter_parameters(architecture, 1, targets)


@given(DECODERS)
def test_more_targets_never_train_less(architecture):
    sizes = [adapter_parameters(architecture, 8, targets) for targets in ("q_proj", "attention", "all-linear")]
    assert sizes == sorted(sizes)
