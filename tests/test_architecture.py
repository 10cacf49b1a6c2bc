"""Reading config.json: every class's own spelling, and one line for what cannot be read."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmpick.config_json import Reading, from_config, read_config
from llmpick.config_json.classes import HEAD_DIM, TEXT_DEFAULTS
from llmpick.config_json.fields import Fields
from llmpick.config_json.kinds import ONE_FULL_IN
from llmpick.config_json.switches import QK_SWITCHES, SWITCHES
from llmpick.config_json.towers import tower_parameters
from llmpick.errors import LlmpickError
from llmpick.sizing.parameters import count

LLAMA = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "tie_word_embeddings": False,
    "vocab_size": 128256,
}

# As the repositories on the Hub spell them, with the counts published for them.
PUBLISHED = {
    "Llama-3.1-8B": (LLAMA, 8_030_261_248),
    "gpt2": ({"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024,
              "vocab_size": 50257}, 124_439_808),
    "falcon-7b": ({"model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71,
                   "vocab_size": 65024, "multi_query": True, "parallel_attn": True, "bias": False, "alibi": False,
                   "new_decoder_architecture": False}, 6_921_720_704),
    "mpt-7b": ({"model_type": "mpt", "d_model": 4096, "n_layers": 32, "n_heads": 32, "expansion_ratio": 4,
                "max_seq_len": 2048, "no_bias": True, "vocab_size": 50432, "attn_config": {"alibi": True}},
               6_649_286_656),
    "opt-350m": ({"model_type": "opt", "hidden_size": 1024, "num_hidden_layers": 24, "ffn_dim": 4096,
                  "num_attention_heads": 16, "max_position_embeddings": 2048, "vocab_size": 50272,
                  "word_embed_proj_dim": 512, "do_layer_norm_before": False}, 331_196_416),
    "Qwen-7B": ({"model_type": "qwen", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
                 "intermediate_size": 22016, "vocab_size": 151936, "tie_word_embeddings": False}, 7_721_324_544),
    "chatglm3-6b": ({"model_type": "chatglm", "hidden_size": 4096, "num_layers": 28, "num_attention_heads": 32,
                     "ffn_hidden_size": 13696, "padded_vocab_size": 65024, "kv_channels": 128, "add_qkv_bias": True,
                     "multi_query_attention": True, "multi_query_group_num": 2, "tie_word_embeddings": False},
                    6_243_584_000),
    "LFM2-350M": ({"model_type": "lfm2", "hidden_size": 1024, "num_hidden_layers": 16, "num_attention_heads": 16,
                   "num_key_value_heads": 8, "vocab_size": 65536, "block_ff_dim": 6656, "conv_L_cache": 3,
                   "block_auto_adjust_ff_dim": True, "block_ffn_dim_multiplier": 1.0, "block_multiple_of": 256,
                   "full_attn_idxs": [2, 5, 8, 10, 12, 14], "intermediate_size": 6656}, 354_483_968),
    "Nemotron-H-4B": ({"model_type": "nemotron_h", "hidden_size": 3072, "num_hidden_layers": 52,
                       "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 131072,
                       "intermediate_size": 12288, "mamba_num_heads": 112, "mamba_head_dim": 64,
                       "ssm_state_size": 128, "n_groups": 8, "conv_kernel": 4, "tie_word_embeddings": False,
                       "hybrid_override_pattern": "M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M-"},
                      4_489_223_040),
    "OpenELM-270M": ({"model_type": "openelm", "model_dim": 1280, "num_transformer_layers": 16, "head_dim": 64,
                      "vocab_size": 32000, "ffn_dim_divisor": 256, "normalize_qk_projections": True,
                      "num_query_heads": [12] * 5 + [16] * 7 + [20] * 4,
                      "num_kv_heads": [3] * 5 + [4] * 7 + [5] * 4, "share_input_output_layers": True,
                      "ffn_multipliers": [0.5, 0.73, 0.97, 1.2, 1.43, 1.67, 1.9, 2.13, 2.37, 2.6, 2.83, 3.07, 3.3,
                                          3.53, 3.77, 4.0]}, 271_527_168),
    "gemma-3-4b-pt": ({"model_type": "gemma3", "vision_config": {"hidden_size": 1152},
                       "text_config": {"model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
                                       "num_hidden_layers": 34, "sliding_window": 1024}}, 3_880_263_168),
    "gemma-3-4b-pt with its tower": ({"model_type": "gemma3", "vision_config": {
                                          "hidden_size": 1152, "image_size": 896, "intermediate_size": 4304,
                                          "num_hidden_layers": 27, "patch_size": 14, "vision_use_head": False},
                                      "text_config": {"model_type": "gemma3_text", "hidden_size": 2560,
                                                      "intermediate_size": 10240, "num_hidden_layers": 34}},
                                     4_300_079_472),
    "Mistral-Small-3.1-24B": ({"model_type": "mistral3", "spatial_merge_size": 2, "vision_config": {
                                   "model_type": "pixtral", "hidden_size": 1024, "image_size": 1540,
                                   "intermediate_size": 4096, "num_hidden_layers": 24, "patch_size": 14},
                               "text_config": {"model_type": "mistral", "hidden_size": 5120, "head_dim": 128,
                                               "intermediate_size": 32768, "num_attention_heads": 32,
                                               "num_hidden_layers": 40, "num_key_value_heads": 8,
                                               "vocab_size": 131072}}, 24_011_361_280),
    "Qwen3-VL-2B-Instruct": ({"model_type": "qwen3_vl", "tie_word_embeddings": True, "vision_config": {
                                  "model_type": "qwen3_vl", "deepstack_visual_indexes": [5, 11, 17], "depth": 24,
                                  "hidden_size": 1024, "in_channels": 3, "intermediate_size": 4096,
                                  "num_position_embeddings": 2304, "out_hidden_size": 2048, "patch_size": 16,
                                  "spatial_merge_size": 2, "temporal_patch_size": 2},
                              "text_config": {"model_type": "qwen3_vl_text", "head_dim": 128, "hidden_size": 2048,
                                              "intermediate_size": 6144, "num_attention_heads": 16,
                                              "num_hidden_layers": 28, "num_key_value_heads": 8,
                                              "vocab_size": 151936}}, 2_127_532_032),
    "nomic-bert-2048": ({"model_type": "nomic_bert", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_inner": 3072,
                         "vocab_size": 30528, "type_vocab_size": 2}, 136_731_648),
    "jina-embeddings-v2-base-en": ({"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12,
                                    "num_attention_heads": 12, "intermediate_size": 3072, "vocab_size": 30528,
                                    "type_vocab_size": 2, "max_position_embeddings": 8192,
                                    "feed_forward_type": "geglu"}, 137_368_320),
    "distilbert-base-uncased": ({"model_type": "distilbert", "dim": 768, "hidden_dim": 3072, "n_layers": 6,
                                 "n_heads": 12, "max_position_embeddings": 512, "vocab_size": 30522}, 66_362_880),
    "flan-t5-small": ({"model_type": "t5", "d_model": 512, "d_ff": 1024, "d_kv": 64, "num_layers": 8, "num_heads": 6,
                       "feed_forward_proj": "gated-gelu", "vocab_size": 32128, "tie_word_embeddings": False},
                      76_961_152),
    "gtr-t5-large encoder": ({"model_type": "t5", "architectures": ["T5EncoderModel"], "d_model": 1024, "d_ff": 4096,
                              "d_kv": 64, "num_layers": 24, "num_heads": 16, "vocab_size": 32128}, 334_939_648),
}  # fmt: skip


@pytest.mark.parametrize(("config", "published"), PUBLISHED.values(), ids=PUBLISHED)
def test_real_files_give_the_published_counts(config, published):
    assert count(from_config(config)).total == published


@pytest.mark.parametrize(("model_type", "total"), [("qwen3_5_text", 206_081_152), ("olmo_hybrid", 136_460_512)])
def test_a_hybrid_that_is_silent_on_its_linear_layers_has_those_of_its_class(model_type, total):
    """As transformers 5.23 builds them on the meta device: every fourth layer attends, heads as each class has them."""
    config = {
        "model_type": model_type, "hidden_size": 1024, "num_hidden_layers": 8, "num_attention_heads": 8,
        "num_key_value_heads": 2, "head_dim": 256, "intermediate_size": 3584, "vocab_size": 1000,
        "tie_word_embeddings": False,
    }  # fmt: skip
    if model_type == "olmo_hybrid":
        config |= {"num_key_value_heads": 8, "head_dim": 128}
    assert count(from_config(config)).total == total


@pytest.mark.parametrize(("pooling", "total"), [(True, 89_088), (False, 70_176)])
def test_a_tower_is_counted_with_or_without_its_pooling_head(pooling, total):
    """Tower and projector of a small Gemma 3, as transformers 5.23 builds them on the meta device."""
    vision = {
        "model_type": "siglip_vision_model", "hidden_size": 48, "patch_size": 14, "intermediate_size": 96,
        "image_size": 56, "num_hidden_layers": 2, "vision_use_head": pooling,
    }  # fmt: skip
    assert tower_parameters(Fields({"model_type": "gemma3", "vision_config": vision}), 64) == total


CLASSES = json.loads((Path(__file__).parent / "data" / "class_defaults.json").read_text())


def test_sizes_and_head_widths_are_those_transformers_fills_in():
    assert CLASSES["sizes"] == TEXT_DEFAULTS
    assert CLASSES["head_dim"].items() <= HEAD_DIM.items()
    assert len(CLASSES["head_dim"]) > 0.8 * len(HEAD_DIM)


def test_switches_stand_as_transformers_has_them():
    rows = {name: (*SWITCHES.get(name, ()), *filter(None, [QK_SWITCHES.get(name)])) for name in CLASSES["switches"]}
    assert {name: {key: default for key, default, _ in found} for name, found in rows.items()} == CLASSES["switches"]


def test_one_layer_in_so_many_sees_everything_as_in_transformers():
    assert {name: layers // full for name, (layers, full) in CLASSES["full_layers"].items()} == ONE_FULL_IN


def test_a_complete_file_needs_no_assumptions():
    assert read_config(LLAMA).assumptions == ()


def test_a_known_tower_is_counted_without_a_word():
    assert read_config(PUBLISHED["Mistral-Small-3.1-24B"][0]).assumptions == ()


def test_what_a_nested_config_leaves_out_is_filled_in_and_said():
    reading = read_config(PUBLISHED["gemma-3-4b-pt"][0])
    assert "text_config.num_attention_heads is not given: 8, transformers' default" in reading.assumptions
    assert any("only the text part" in assumption for assumption in reading.assumptions)


def test_an_unknown_class_is_sized_like_llama_and_says_so():
    reading = read_config({**LLAMA, "model_type": "llamaful"})
    assert reading.architecture.model_type == "llamaful"
    assert count(reading.architecture).total == 8_030_261_248
    assert reading.assumptions == (
        "model_type llamaful is not known here: sized like a Llama decoder with the same fields",
    )


def test_an_unknown_encoder_is_sized_like_bert():
    bert = {**LLAMA, "model_type": "newbert", "type_vocab_size": 2, "max_position_embeddings": 512}
    assert read_config(bert).architecture.structure == "encoder"


def test_a_bare_backbone_has_no_head():
    bare = read_config({**LLAMA, "architectures": ["LlamaModel"]})
    assert count(bare.architecture).head == 0
    assert "no output head" in bare.assumptions[0]


def test_windows_and_full_layers_are_read_from_the_layer_list():
    kinds = ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"]
    gemma = from_config({**LLAMA, "model_type": "gemma3_text", "num_hidden_layers": 4, "layer_types": kinds,
                         "sliding_window": 512})  # fmt: skip
    assert (gemma.sliding_window, gemma.num_full_attention_layers) == (512, 1)


def test_a_window_that_is_switched_off_is_none():
    assert from_config({**LLAMA, "use_sliding_window": False, "sliding_window": 4096}).sliding_window is None


FAULTS = {
    "missing": ({"num_hidden_layers": None}, r"num_hidden_layers is missing; it must be a whole number"),
    "text": ({"hidden_size": "4096"}, r'hidden_size is the text "4096"; it must be a whole number from 1 to'),
    "negative": ({"vocab_size": -1}, r"vocab_size is -1; it must be a whole number from 1"),
    "zero": ({"num_attention_heads": 0}, r"num_attention_heads is 0; it must be"),
    "too deep": ({"num_hidden_layers": 10**8}, r"num_hidden_layers is 100000000; .* from 1 to 10000$"),
    "absurd": ({"intermediate_size": 10**12}, r"intermediate_size is 1000000000000; .* to 10000000$"),
    "not a number": ({"hidden_size": math.nan}, r"hidden_size is nan; it must be a whole number"),
    "a fraction": ({"hidden_size": 4096.5}, r"hidden_size is 4096.5; it must be a whole number"),
    "truth for a number": ({"hidden_size": True}, r"hidden_size is true; it must be a whole number"),
    "a list": ({"hidden_size": [1]}, r"hidden_size is a list; it must be a whole number"),
    "number for truth": ({"tie_word_embeddings": 1}, r"tie_word_embeddings is 1; it must be true or false"),
    "number for text": ({"model_type": 7}, r"model_type is 7; it must be text in quotes"),
    "no class": ({"model_type": None}, r'model_type is missing; it names the class, e\.g\. "llama"'),
    "heads": ({"num_key_value_heads": 5}, r"num_key_value_heads is 5 and num_attention_heads is 32; the one must"),
    "width": ({"hidden_size": 4097}, r"hidden_size 4097 is not a multiple of num_attention_heads 32; give head_dim"),
    "experts": (
        {"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 8},
        r"8 experts per token, but only 4 experts",
    ),
    "unlike Llama": ({"model_type": "bamba"}, r"model_type bamba is not sized yet"),
    "unknown seq2seq": ({"model_type": "odd", "is_encoder_decoder": True}, r"encoder-decoder odd is not known here"),
    "unknown and short": ({"model_type": "odd", "vocab_size": None}, r"odd is not known here and vocab_size is miss"),
    "an adapter": ({"peft_type": "LORA"}, r"adapter_config\.json; give the base model's config\.json"),
}


@pytest.mark.parametrize(("change", "says"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_line_that_names_the_field(change, says):
    with pytest.raises(LlmpickError, match=says) as caught:
        read_config({**LLAMA, **change})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("config", [[], "llama", 3, None])
def test_a_file_that_is_no_object_is_refused(config):
    with pytest.raises(LlmpickError, match=r"it must be an object"):
        read_config(config)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
TYPES = [config["model_type"] for config, _ in PUBLISHED.values()] + [
    "albert", "bart", "deberta-v2", "deepseek_v2", "deepseek_v4", "falcon_h1", "gemma3n_text", "gemma4_text", "jamba",
    "kimi_linear", "laguna", "mamba2", "mimo_v2_flash", "modernbert", "qwen3_moe", "qwen3_next", "switch_transformers",
    "t5gemma", "zamba2", "zaya",
]  # fmt: skip


@given(st.sampled_from(list(PUBLISHED.values())), st.sampled_from(TYPES), st.data())
def test_no_file_crashes_the_reader(published, model_type, data):
    config = {**published[0], "model_type": model_type}
    keys = data.draw(st.lists(st.sampled_from([*config, "moe_topk", "layer_types", "head_dim"]), max_size=3))
    broken = {**config, **{key: data.draw(JUNK) for key in keys}}
    try:
        reading = read_config(broken)
        assert isinstance(reading, Reading)
        assert count(reading.architecture).total > 0
    except LlmpickError as error:
        assert "\n" not in str(error)
