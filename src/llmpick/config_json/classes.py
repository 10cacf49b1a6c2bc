"""What transformers' classes fix in code and `config.json` therefore does not say, by model_type.

Read off transformers 5.23's modeling files; classes it does not have, off the repositories' own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Traits = Mapping[str, Any]

BIASED: Traits = {"gated_mlp": False, "qkv_bias": True, "o_bias": True, "mlp_bias": True, "norm": "layer"}
QWEN3: Traits = {"qk_norm": "per-head"}
GEMMA3: Traits = {"qk_norm": "per-head", "norms_per_block": 4}
FULL_QK: Traits = {"qk_norm": "full"}

# What the class has besides Llama's plan (RMS norms before attention and MLP, gated MLP, rotary positions, no biases).
DECODERS: dict[str, Traits] = {
    "afmoe": {**GEMMA3, "attention_gate": "full"},
    "apertus": {**QWEN3, "gated_mlp": False, "activation_parameters": 2},
    "arcee": {"gated_mlp": False},
    "baichuan": {},
    "bailing_moe": {},
    "biogpt": {**BIASED, "position": "learned"},
    "bitnet": {"sub_norms": True},
    "bloom": {**BIASED, "position": "alibi", "embedding_norm": True},
    "chatglm": {},
    "codegen": {**BIASED, "qkv_bias": False, "o_bias": False, "norms_per_block": 1, "lm_head_bias": True},
    "cohere": {"norm": "layer-nobias", "norms_per_block": 1},
    "cohere2": {"norm": "layer-nobias", "norms_per_block": 1},
    "dbrx": {"norm": "layer-nobias"},
    "deepseek": {},
    "deepseek_v2": {},
    "deepseek_v3": {},
    "deepseek_v32": {},
    "deepseek_v4": {},
    "dots1": QWEN3,
    "ernie4_5": {},
    "ernie4_5_moe": {},
    "exaone": {},
    "exaone4": QWEN3,
    "exaone_moe": QWEN3,
    "falcon": {"gated_mlp": False, "norm": "layer"},
    "falcon_h1": {},
    "falcon_mamba": {"position": "none", "norms_per_block": 1},
    "gemma": {},
    "gemma2": {"norms_per_block": 4},
    "gemma3_text": GEMMA3,
    "gemma3n_text": GEMMA3,
    "gemma4_text": GEMMA3,
    "glm": {},
    "glm4": {"norms_per_block": 4},
    "glm4_moe": {},
    "glm4_moe_lite": {},
    "glm_moe_dsa": {},
    "gpt2": {**BIASED, "position": "learned"},
    "gpt_bigcode": {**BIASED, "position": "learned"},
    "gpt_neo": {**BIASED, "qkv_bias": False, "position": "learned"},
    "gpt_neox": BIASED,
    "gpt_oss": {"attention_sinks": True},
    "gptj": {**BIASED, "qkv_bias": False, "o_bias": False, "norms_per_block": 1, "lm_head_bias": True},
    "granite": {},
    "granitemoe": {},
    "granitemoehybrid": {},
    "granitemoeshared": {},
    "helium": {},
    "hunyuan_v1_dense": QWEN3,
    "hunyuan_v1_moe": QWEN3,
    "instella": FULL_QK,
    "internlm2": {},
    "internlm3": {},
    "iquestcoder": {},
    "jais2": BIASED,
    "jamba": {"position": "none"},
    "kimi_k2": {},
    "kimi_linear": {"position": "none"},
    "laguna": {**QWEN3, "attention_gate": "per-head"},
    "lfm2": QWEN3,
    "lfm2_moe": QWEN3,
    "llama": {},
    "llama4_text": {},
    "mamba": {"position": "none", "norms_per_block": 1},
    "mamba2": {"position": "none", "norms_per_block": 1},
    "mellum": QWEN3,
    "mimo": {"qkv_bias": True},
    "mimo_v2_flash": {},
    "minicpm": {},
    "minicpm3": {},
    "minimax": {},
    "minimax_m2": FULL_QK,
    "ministral": {},
    "ministral3": {},
    "mistral": {},
    "mistral4": {},
    "mixtral": {},
    "modernbert-decoder": {"norm": "layer-nobias", "embedding_norm": True},
    "mpt": {"gated_mlp": False, "norm": "layer-nobias", "position": "alibi"},
    "muse_glimmer_text": {"norms_per_block": 4, "attention_gate": "full"},
    "nemotron": {"gated_mlp": False, "norm": "layer"},
    "nemotron_h": {"gated_mlp": False, "position": "none", "norms_per_block": 1},
    "olmo": {"norm": "none"},
    "olmo2": FULL_QK,
    "olmo3": FULL_QK,
    "olmo_hybrid": FULL_QK,
    "olmoe": FULL_QK,
    "openelm": {},
    "opt": {**BIASED, "position": "learned"},
    "persimmon": BIASED,
    "phi": {**BIASED, "norms_per_block": 1, "lm_head_bias": True},
    "phi3": {},
    "phimoe": {"norm": "layer"},
    "qwen": {"qkv_bias": True},
    "qwen2": {"qkv_bias": True},
    "qwen2_moe": {"qkv_bias": True},
    "qwen3": QWEN3,
    "qwen3_moe": QWEN3,
    "qwen3_next": {**QWEN3, "attention_gate": "query"},
    "qwen3_5_text": {**QWEN3, "attention_gate": "query"},
    "qwen3_5_moe_text": {**QWEN3, "attention_gate": "query"},
    "recurrent_gemma": {"o_bias": True, "mlp_bias": True},
    "seed_oss": {},
    "smollm3": {},
    "solar_open": {},
    "stablelm": {"norm": "layer"},
    "starcoder2": {"gated_mlp": False, "norm": "layer"},
    "vaultgemma": {},
    "youtu": {},
    "zamba2": {"norms_per_block": 1},
    "zaya": {},
}

# Text models that another class's code builds.
SAME_AS = {
    "gemma3": "gemma3_text",
    "gemma3n": "gemma3n_text",
    "gemma4": "gemma4_text",
    "gemma4_unified_text": "gemma4_text",
    "glm4v_text": "glm4",
    "llama4": "llama4_text",
    "mistral3": "mistral",
    "qwen2_5_vl": "qwen2",
    "qwen2_5_vl_text": "qwen2",
    "qwen2_vl": "qwen2",
    "qwen2_vl_text": "qwen2",
    "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text",
    "qwen3_vl_text": "qwen3",
    "qwen3_vl_moe_text": "qwen3_moe",
}

# The name the catalog and the closed forms know a text part by, where that is the whole model's.
CATALOG_NAME = {
    "gemma3n_text": "gemma3n",
    "gemma4_text": "gemma4",
    "muse_glimmer_text": "muse_glimmer",
    "qwen3_5_moe_text": "qwen3_5_moe",
    "qwen3_5_text": "qwen3_5",
}

# Classes with Llama's keys and another plan: sized like Llama they come out more than 1 % off (transformers 5.23).
UNLIKE_LLAMA = {
    "bamba", "bert-generation", "doge", "git", "got_ocr2", "gpt_neox_japanese", "hrm_text", "hy_v4", "jetmoe",
    "layoutlm", "lfm3", "modernvbert", "nanochat", "neomme", "phi4_multimodal", "roc_bert", "roformer",
    "tapas", "ultravbert", "xmod", "zamba",
}  # fmt: skip

# Classes whose head shares the embedding table unless the file says otherwise; all other decoders own their head.
TIED = {
    "biogpt", "bloom", "cohere", "cohere2", "ernie4_5", "ernie4_5_moe", "falcon", "falcon_mamba",
    "gemma", "gemma2", "gemma3_text", "gemma3n_text", "gemma4_text", "gpt2", "gpt_bigcode", "gpt_neo",
    "lfm2", "lfm2_moe", "mamba", "minicpm", "minicpm3", "modernbert-decoder", "mpt", "openelm", "opt",
    "recurrent_gemma", "smollm3", "starcoder2", "vaultgemma", "youtu", "zamba2", "zaya",
}  # fmt: skip

# head_dim where the file leaves it out and the class does not divide hidden_size by the heads.
HEAD_DIM = {
    "deepseek_v4": 512, "gemma": 256, "gemma2": 256, "gemma3_text": 256, "gemma3n_text": 256, "gemma4_text": 256,
    "glm": 128, "glm4": 128, "gpt_oss": 64, "helium": 128, "laguna": 128, "llama4_text": 128, "mellum": 128,
    "mimo_v2_flash": 192, "minimax_m2": 128, "nemotron_h": 128, "qwen3": 128, "qwen3_5_moe_text": 256,
    "qwen3_5_text": 256, "qwen3_next": 256, "seed_oss": 128, "solar_open": 128, "vaultgemma": 256, "zaya": 128,
}  # fmt: skip

# Sizes that a nested text_config may leave to its class (multimodal files are written that way).
TEXT_DEFAULTS: dict[str, dict[str, int]] = {
    "gemma": {
        "vocab_size": 256000, "hidden_size": 3072, "intermediate_size": 24576, "num_hidden_layers": 28,
        "num_attention_heads": 16, "num_key_value_heads": 16,
    },
    "gemma2": {
        "vocab_size": 256000, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
        "num_attention_heads": 8, "num_key_value_heads": 4,
    },
    "gemma3_text": {
        "vocab_size": 262208, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
        "num_attention_heads": 8, "num_key_value_heads": 4,
    },
    "llama": {
        "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
        "num_attention_heads": 32,
    },
    "mistral": {
        "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8,
    },
}  # fmt: skip
