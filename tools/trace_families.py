"""Further steps for `trace_memory.py`: classes the first set lacks, at lengths and batches that are no powers of two.

The sizes are made up, for a class computes alike at any; they follow the shapes its checkpoints have.
"""

from __future__ import annotations

from typing import Any

from trace_cases import BASE, LORA

# Sizes that several classes share.
DENSE = {
    "hidden_size": 2048, "num_hidden_layers": 8, "num_attention_heads": 16, "num_key_value_heads": 4,
    "intermediate_size": 6144, "vocab_size": 100352, "tie_word_embeddings": False,
}  # fmt: skip
SPARSE = {
    "hidden_size": 1024, "num_hidden_layers": 6, "num_attention_heads": 16, "num_key_value_heads": 4,
    "vocab_size": 64000, "tie_word_embeddings": False,
}  # fmt: skip
ROUTED = {
    "intermediate_size": 4096, "moe_intermediate_size": 512, "n_routed_experts": 32, "num_experts_per_tok": 4,
    "n_shared_experts": 1, "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1,
}  # fmt: skip
LATENT_ATTENTION = {
    "num_key_value_heads": 16, "kv_lora_rank": 256, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
    "q_lora_rank": 512,
}  # fmt: skip
BERT = {
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
    "max_position_embeddings": 514,
}  # fmt: skip
T5 = {
    "d_model": 512, "num_layers": 8, "num_decoder_layers": 8, "num_heads": 6, "d_kv": 64, "d_ff": 1024,
    "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, "decoder_start_token_id": 0,
}  # fmt: skip
DECODERS: dict[str, dict[str, Any]] = {
    "olmo3": {"model_type": "olmo3", **DENSE, "sliding_window": 4096},
    "apertus": {"model_type": "apertus", **DENSE},
    "arcee": {"model_type": "arcee", **DENSE},
    "hunyuan-dense": {"model_type": "hunyuan_v1_dense", **DENSE, "head_dim": 128},
    "seed-oss": {"model_type": "seed_oss", **DENSE, "head_dim": 128},
    "exaone4": {"model_type": "exaone4", **DENSE, "sliding_window": 4096, "sliding_window_pattern": 4},
    "cohere2": {"model_type": "cohere2", **DENSE, "tie_word_embeddings": True, "sliding_window": 4096},
    "glm4": {"model_type": "glm4", **DENSE, "head_dim": 128, "pad_token_id": 0},
    "nemotron": {"model_type": "nemotron", **DENSE},
    "ernie4.5": {"model_type": "ernie4_5", **DENSE, "head_dim": 128},
    "helium": {"model_type": "helium", **DENSE, "head_dim": 128},
    "bigcode": {
        "model_type": "gpt_bigcode", "n_embd": 2048, "n_layer": 8, "n_head": 16, "n_inner": 8192, "vocab_size": 49152,
        "n_positions": 2048, "multi_query": True,
    },
    "gemma3n-ish": {
        "model_type": "gemma3n_text", "hidden_size": 2048, "num_hidden_layers": 10, "num_attention_heads": 16,
        "num_key_value_heads": 4, "intermediate_size": 6144, "vocab_size": 100352, "tie_word_embeddings": True,
        "head_dim": 128, "vocab_size_per_layer_input": 100352, "hidden_size_per_layer_input": 256, "laurel_rank": 64,
        "num_kv_shared_layers": 0,
    },
    "mixtral": {
        "model_type": "mixtral", **SPARSE, "intermediate_size": 3584, "num_local_experts": 8, "num_experts_per_tok": 2,
    },
    "granitemoe": {
        "model_type": "granitemoe", **SPARSE, "intermediate_size": 512, "num_local_experts": 32,
        "num_experts_per_tok": 8,
    },
    "qwen2-moe": {
        "model_type": "qwen2_moe", **SPARSE, "intermediate_size": 5632, "moe_intermediate_size": 704,
        "shared_expert_intermediate_size": 2816, "num_experts": 32, "num_experts_per_tok": 4,
    },
    "deepseek-v3": {"model_type": "deepseek_v3", **SPARSE, **ROUTED, **LATENT_ATTENTION},
    "deepseek-v2": {
        "model_type": "deepseek_v2", **SPARSE, **ROUTED, **LATENT_ATTENTION, "n_shared_experts": 2, "q_lora_rank": None,
    },
    "gpt-oss": {
        "model_type": "gpt_oss", **SPARSE, "intermediate_size": 1024, "head_dim": 64, "num_local_experts": 16,
        "num_experts_per_tok": 4, "sliding_window": 128,
    },
    "ernie4.5-moe": {
        "model_type": "ernie4_5_moe", **SPARSE, "intermediate_size": 4096, "moe_intermediate_size": 512,
        "moe_num_experts": 32, "moe_k": 4, "moe_num_shared_experts": 1, "moe_layer_start_index": 1,
    },
    "glm4-moe": {"model_type": "glm4_moe", **SPARSE, **ROUTED, "head_dim": 128},
    "lfm2": {
        "model_type": "lfm2", "hidden_size": 1024, "num_hidden_layers": 8, "num_attention_heads": 16,
        "num_key_value_heads": 8, "vocab_size": 65536, "intermediate_size": 6656, "tie_word_embeddings": True,
        "full_attn_idxs": [2, 5],
    },
    "gemma4": {
        "model_type": "gemma4_text", **DENSE, "tie_word_embeddings": True, "head_dim": 128, "global_head_dim": 256,
        "vocab_size_per_layer_input": 262144, "hidden_size_per_layer_input": 256,
        "layer_types": ["sliding_attention"] * 5 + ["full_attention", "sliding_attention", "full_attention"],
        "sliding_window": 512,
    },
    "dots1": {"model_type": "dots1", **SPARSE, **ROUTED},
    "ministral3": {"model_type": "ministral3", **DENSE, "head_dim": 128},
    "youtu": {
        "model_type": "youtu", **LATENT_ATTENTION, "hidden_size": 1024, "num_hidden_layers": 6,
        "num_attention_heads": 16, "vocab_size": 64000, "intermediate_size": 4096,
    },
}  # fmt: skip
ENCODERS: dict[str, dict[str, Any]] = {
    "xlm-roberta-base": {"model_type": "xlm-roberta", **BERT, "vocab_size": 250002, "type_vocab_size": 1},
    "eurobert": {
        "model_type": "eurobert", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "num_key_value_heads": 12, "intermediate_size": 3072, "vocab_size": 128256,
    },
    "mpnet-base": {"model_type": "mpnet", **BERT, "vocab_size": 30527},
    "camembert": {"model_type": "camembert", **BERT, "vocab_size": 32005},
    "megatron-bert": {
        "model_type": "megatron-bert", "hidden_size": 1024, "num_hidden_layers": 12, "num_attention_heads": 16,
        "intermediate_size": 4096, "vocab_size": 29056, "max_position_embeddings": 512,
    },
    "rembert": {
        "model_type": "rembert", "hidden_size": 1152, "num_hidden_layers": 8, "num_attention_heads": 18,
        "intermediate_size": 4608, "vocab_size": 250300, "input_embedding_size": 256, "output_embedding_size": 1664,
        "max_position_embeddings": 512,
    },
    "xlm-roberta-xl": {
        "model_type": "xlm-roberta-xl", "hidden_size": 1280, "num_hidden_layers": 8, "num_attention_heads": 16,
        "intermediate_size": 5120, "vocab_size": 250880, "max_position_embeddings": 514,
    },
    "nomic": {
        "model_type": "nomic_bert", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "vocab_size": 30528,
    },
}  # fmt: skip
SEQUENCES: dict[str, dict[str, Any]] = {
    "marian": {
        "model_type": "marian", "d_model": 512, "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 8,
        "decoder_attention_heads": 8, "encoder_ffn_dim": 2048, "decoder_ffn_dim": 2048, "vocab_size": 58101,
        "max_position_embeddings": 512, "decoder_start_token_id": 58100, "pad_token_id": 58100,
        "activation_function": "swish",
    },
    "mt5": {"model_type": "mt5", **T5, "vocab_size": 250112},
    "umt5": {"model_type": "umt5", **T5, "vocab_size": 256384},
    "longt5": {
        "model_type": "longt5", "d_model": 768, "num_layers": 6, "num_decoder_layers": 6, "num_heads": 12, "d_kv": 64,
        "d_ff": 2048, "vocab_size": 32128, "feed_forward_proj": "gated-gelu", "encoder_attention_type": "local",
        "tie_word_embeddings": False, "decoder_start_token_id": 0,
    },
    "plbart": {
        "model_type": "plbart", "d_model": 768, "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 12,
        "decoder_attention_heads": 12, "encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072, "vocab_size": 50005,
        "max_position_embeddings": 1024, "decoder_start_token_id": 2,
    },
}  # fmt: skip
NETWORKS = {**DECODERS, **ENCODERS, **SEQUENCES}
REGIMES: tuple[dict[str, Any], ...] = ({}, {**LORA, "gradient_checkpointing": True}, LORA)
SHAPES = ((509, 3), (1000, 2), (333, 5), (2047, 1), (75, 17))
EAGER = {"gpt_oss", "longt5", "megatron-bert", "mpnet", "rembert"}
"""Classes without an SDPA path."""
LATENT = "q_proj,q_a_proj,q_b_proj,kv_a_proj_with_mqa,kv_b_proj,o_proj"
EXPERTS = {
    "deepseek_v2": LATENT, "deepseek_v3": LATENT, "dots1": "q_proj,k_proj,v_proj,o_proj",
    "ernie4_5_moe": "q_proj,k_proj,v_proj,o_proj", "glm4_moe": "q_proj,k_proj,v_proj,o_proj",
    "gpt_oss": "q_proj,k_proj,v_proj,o_proj", "granitemoe": "q_proj,k_proj,v_proj,o_proj",
    "mixtral": "q_proj,k_proj,v_proj,o_proj", "qwen2_moe": "q_proj,k_proj,v_proj,o_proj",
}  # fmt: skip
"""Adapters of classes with experts: on attention, which every version of PEFT reaches."""
WAYS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("arcee", {"accumulation": 3}),
    ("arcee", {**LORA, "accumulation": 3}),
    ("olmo3", {"accumulation": 2, "gradient_checkpointing": True}),
    ("hunyuan-dense", {"optimizer": "adafactor"}),
    ("marian", {"optimizer": "adafactor"}),
    ("xlm-roberta-base", {"optimizer": "adafactor"}),
    ("glm4", {"optimizer": "sgd"}),
    ("ministral3", {"optimizer": "adamw-foreach"}),
    ("seed-oss", {**LORA, "rank": 256}),
    ("seed-oss", {**LORA, "rank": 4, "targets": "gate_proj,down_proj", "gradient_checkpointing": True}),
    ("helium", {**LORA, "targets": "k_proj,v_proj"}),
    ("eurobert", {**LORA, "rank": 64, "gradient_checkpointing": True}),
    ("camembert", {**LORA, "dtype": "fp32", "targets": "query,value"}),
    ("camembert", {"dtype": "fp32", "mixed_precision": "bf16", "accumulation": 2}),
    ("mt5", {**LORA, "dtype": "fp32", "targets": "q,v"}),
    ("plbart", {"dtype": "fp32", "mixed_precision": "bf16", "gradient_checkpointing": True}),
    (
        "xlm-roberta-base",
        {"dtype": "fp32", "mixed_precision": "bf16", "gradient_checkpointing": True, "accumulation": 2},
    ),
    ("eurobert", {"gradient_checkpointing": True, "accumulation": 2}),
    ("bigcode", {"gradient_checkpointing": True, "accumulation": 2}),
)
"""Accumulated steps, optimizers, ranks and targets of adapters."""


def cases() -> list[dict[str, Any]]:
    """Every network in every regime, then the other ways."""
    groups = (DECODERS, ENCODERS, SEQUENCES)
    found = [
        _case(name, regime, SHAPES[(place + number) % len(SHAPES)])
        for networks in groups
        for place, name in enumerate(networks)
        for number, regime in enumerate(REGIMES)
    ]
    return found + [_case(name, way, SHAPES[place % len(SHAPES)]) for place, (name, way) in enumerate(WAYS)]


def _case(name: str, regime: dict[str, Any], shape: tuple[int, int]) -> dict[str, Any]:
    config = NETWORKS[name]
    job = {**BASE, **regime, "seq_len": shape[0], "batch_size": shape[1]}
    if name not in DECODERS:
        job["seq_len"] = min(shape[0], 333)
    if name in ENCODERS:
        job["vocabulary_head"] = False
    if config["model_type"] in EAGER:
        job["attention"] = "eager"
    if job["method"] == "lora" and config["model_type"] in EXPERTS:
        job["targets"] = EXPERTS[config["model_type"]]
    return {"name": name, "config": config, "job": job}
