"""The steps that `trace_memory.py` counts: published shapes, small to large, in every regime the estimator knows."""

from __future__ import annotations

from typing import Any

DECODERS: dict[str, dict[str, Any]] = {
    "gpt2": {
        "model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257, "n_positions": 2048,
    },
    "opt-1.3b": {
        "model_type": "opt", "hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 32, "ffn_dim": 8192,
        "vocab_size": 50272, "word_embed_proj_dim": 2048, "max_position_embeddings": 4096,
    },
    "bloom-560m": {"model_type": "bloom", "hidden_size": 1024, "n_layer": 24, "n_head": 16, "vocab_size": 250880},
    "cerebras-gpt-111m": {
        "model_type": "gpt2", "n_embd": 768, "n_layer": 10, "n_head": 12, "n_inner": 3072, "vocab_size": 50257,
        "n_positions": 2048,
    },
    "pythia-1b": {
        "model_type": "gpt_neox", "hidden_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 8,
        "intermediate_size": 8192, "vocab_size": 50304, "tie_word_embeddings": False,
    },
    "phi-2": {
        "model_type": "phi", "hidden_size": 2560, "num_hidden_layers": 32, "num_attention_heads": 32,
        "intermediate_size": 10240, "vocab_size": 51200, "tie_word_embeddings": False,
    },
    "phi-3-mini": {
        "model_type": "phi3", "hidden_size": 3072, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 32, "intermediate_size": 8192, "vocab_size": 32064, "tie_word_embeddings": False,
        "pad_token_id": 0,
    },
    "llama-3.2-1b": {
        "model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 32,
        "num_key_value_heads": 8, "head_dim": 64, "vocab_size": 128256, "intermediate_size": 8192,
        "tie_word_embeddings": True,
    },
    "smollm-135m": {
        "model_type": "llama", "hidden_size": 576, "num_hidden_layers": 30, "num_attention_heads": 9,
        "num_key_value_heads": 3, "vocab_size": 49152, "intermediate_size": 1536, "tie_word_embeddings": True,
    },
    "llama-3.1-8b": {
        "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 128256, "intermediate_size": 14336, "tie_word_embeddings": False,
    },
    "mistral-7b": {
        "model_type": "mistral", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 32000, "intermediate_size": 14336, "tie_word_embeddings": False,
        "sliding_window": 4096,
    },
    "qwen2.5-0.5b": {
        "model_type": "qwen2", "hidden_size": 896, "num_hidden_layers": 24, "num_attention_heads": 14,
        "num_key_value_heads": 2, "vocab_size": 151936, "intermediate_size": 4864, "tie_word_embeddings": True,
    },
    "qwen3-0.6b": {
        "model_type": "qwen3", "hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16,
        "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936, "intermediate_size": 3072,
        "tie_word_embeddings": True,
    },
    "gemma-2b": {
        "model_type": "gemma", "hidden_size": 2048, "num_hidden_layers": 18, "num_attention_heads": 8,
        "num_key_value_heads": 1, "head_dim": 256, "vocab_size": 256000, "intermediate_size": 16384,
    },
    "gemma-2-2b": {
        "model_type": "gemma2", "hidden_size": 2304, "num_hidden_layers": 26, "num_attention_heads": 8,
        "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 256000, "intermediate_size": 9216,
    },
    "gemma-3-1b": {
        "model_type": "gemma3_text", "hidden_size": 1152, "num_hidden_layers": 26, "num_attention_heads": 4,
        "num_key_value_heads": 1, "head_dim": 256, "vocab_size": 262144, "intermediate_size": 6912,
        "sliding_window": 512,
    },
    "olmo-1b": {
        "model_type": "olmo", "hidden_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 16,
        "intermediate_size": 8192, "vocab_size": 50304, "tie_word_embeddings": True,
    },
    "olmo-2-1b": {
        "model_type": "olmo2", "hidden_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 16,
        "num_key_value_heads": 16, "intermediate_size": 8192, "vocab_size": 100352, "tie_word_embeddings": False,
    },
    "stablelm-3b": {
        "model_type": "stablelm", "hidden_size": 2560, "num_hidden_layers": 32, "num_attention_heads": 32,
        "num_key_value_heads": 32, "intermediate_size": 6912, "vocab_size": 50304,
    },
    "starcoder2-3b": {
        "model_type": "starcoder2", "hidden_size": 3072, "num_hidden_layers": 30, "num_attention_heads": 24,
        "num_key_value_heads": 2, "intermediate_size": 12288, "vocab_size": 49152,
    },
    "granite-2b": {
        "model_type": "granite", "hidden_size": 2048, "num_hidden_layers": 40, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 8192, "vocab_size": 49155, "tie_word_embeddings": True,
    },
    "command-r7b-half": {
        "model_type": "cohere", "hidden_size": 4096, "num_hidden_layers": 16, "num_attention_heads": 32,
        "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 256000,
    },
    "falcon-7b-quarter": {
        "model_type": "falcon", "hidden_size": 4544, "num_hidden_layers": 8, "num_attention_heads": 71,
        "vocab_size": 65024, "multi_query": True, "parallel_attn": True, "bias": False,
    },
    "smollm3-3b": {
        "model_type": "smollm3", "hidden_size": 2048, "num_hidden_layers": 36, "num_attention_heads": 16,
        "num_key_value_heads": 4, "intermediate_size": 11008, "vocab_size": 128256, "pad_token_id": 0,
        "tie_word_embeddings": True,
    },
    "glm-4-9b-quarter": {
        "model_type": "glm", "hidden_size": 4096, "num_hidden_layers": 10, "num_attention_heads": 32,
        "num_key_value_heads": 2, "head_dim": 128, "intermediate_size": 13696, "vocab_size": 151552,
        "tie_word_embeddings": False, "attention_bias": True, "pad_token_id": 0,
    },
    "qwen3-30b-a3b-eighth": {
        "model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 6, "num_attention_heads": 32,
        "num_key_value_heads": 4, "head_dim": 128, "intermediate_size": 6144, "moe_intermediate_size": 768,
        "num_experts": 128, "num_experts_per_tok": 8, "vocab_size": 151936, "tie_word_embeddings": False,
    },
    "olmoe-half": {
        "model_type": "olmoe", "hidden_size": 2048, "num_hidden_layers": 8, "num_attention_heads": 16,
        "num_key_value_heads": 16, "intermediate_size": 1024, "num_experts": 64, "num_experts_per_tok": 8,
        "vocab_size": 50304, "tie_word_embeddings": False,
    },
}  # fmt: skip
ENCODERS: dict[str, dict[str, Any]] = {
    "bert-base": {
        "model_type": "bert", "max_position_embeddings": 512, "hidden_size": 768, "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072, "vocab_size": 30522,
    },
    "roberta-large": {
        "model_type": "roberta", "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16,
        "intermediate_size": 4096, "vocab_size": 50265, "max_position_embeddings": 514, "type_vocab_size": 1,
    },
    "electra-small": {
        "model_type": "electra", "max_position_embeddings": 512, "hidden_size": 256, "num_hidden_layers": 12,
        "num_attention_heads": 4,
        "intermediate_size": 1024, "vocab_size": 30522, "embedding_size": 128,
    },
    "distilbert": {
        "model_type": "distilbert", "max_position_embeddings": 512, "dim": 768, "n_layers": 6, "n_heads": 12,
        "hidden_dim": 3072, "vocab_size": 30522,
    },
    "deberta-v3-base": {
        "model_type": "deberta-v2", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "vocab_size": 128100, "relative_attention": True, "position_buckets": 256,
        "max_relative_positions": -1, "pos_att_type": ["p2c", "c2p"], "norm_rel_ebd": "layer_norm",
        "share_att_key": True, "type_vocab_size": 0, "position_biased_input": False, "max_position_embeddings": 512,
    },
    "modernbert-base": {
        "model_type": "modernbert", "hidden_size": 768, "num_hidden_layers": 22, "num_attention_heads": 12,
        "intermediate_size": 1152, "vocab_size": 50368,
    },
    "albert-base": {
        "model_type": "albert", "max_position_embeddings": 512, "hidden_size": 768, "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072, "vocab_size": 30000, "embedding_size": 128,
    },
}  # fmt: skip
SEQUENCES: dict[str, dict[str, Any]] = {
    "flan-t5-base": {
        "model_type": "t5", "d_model": 768, "num_layers": 12, "num_decoder_layers": 12, "num_heads": 12, "d_kv": 64,
        "d_ff": 2048, "vocab_size": 32128, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False,
        "decoder_start_token_id": 0,
    },
    "t5-base": {
        "model_type": "t5", "d_model": 768, "num_layers": 12, "num_decoder_layers": 12, "num_heads": 12, "d_kv": 64,
        "d_ff": 3072, "vocab_size": 32128, "decoder_start_token_id": 0,
    },
    "bart-base": {
        "model_type": "bart", "max_position_embeddings": 1024, "d_model": 768, "encoder_layers": 6,
        "decoder_layers": 6, "encoder_attention_heads": 12,
        "decoder_attention_heads": 12, "encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072, "vocab_size": 50265,
        "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 2,
    },
    "mbart-half": {
        "model_type": "mbart", "d_model": 1024, "encoder_layers": 6, "decoder_layers": 6,
        "encoder_attention_heads": 16, "decoder_attention_heads": 16, "encoder_ffn_dim": 4096, "decoder_ffn_dim": 4096,
        "vocab_size": 250027, "max_position_embeddings": 1024, "scale_embedding": True,
    },
    "pegasus-half": {
        "model_type": "pegasus", "d_model": 1024, "encoder_layers": 8, "decoder_layers": 8,
        "encoder_attention_heads": 16, "decoder_attention_heads": 16, "encoder_ffn_dim": 4096, "decoder_ffn_dim": 4096,
        "vocab_size": 96103, "max_position_embeddings": 1024, "activation_function": "relu",
        "attention_dropout": 0.1, "decoder_start_token_id": 0,
    },
}  # fmt: skip

BASE = {
    "method": "full", "rank": 16, "seq_len": 512, "batch_size": 4, "dtype": "bf16", "mixed_precision": "no",
    "optimizer": "adamw", "gradient_checkpointing": False, "attention": "sdpa", "vocabulary_head": True,
}  # fmt: skip
LORA = {"method": "lora", "mixed_precision": "bf16"}
QLORA = {"method": "qlora", "mixed_precision": "bf16"}
WIDE = {"dtype": "fp32", "mixed_precision": "bf16"}
DROP = {"adapter_dropout": True}
GC = {"gradient_checkpointing": True}
EAGER = {"attention": "eager"}
ALL = {"targets": "all-linear"}
"""Stacked experts too, in the classes in which PEFT reaches them."""
REGIMES = (
    {}, GC, EAGER, {**EAGER, **GC}, WIDE, {**WIDE, **GC}, {"dtype": "fp32"},
    LORA, {**LORA, **GC}, {**LORA, **EAGER}, {**LORA, **EAGER, **GC}, {"method": "lora"}, {"method": "lora", **GC},
    {**LORA, "dtype": "fp32"}, {**LORA, "dtype": "fp32", **GC}, {**LORA, "targets": "q_proj,v_proj"},
    {**QLORA, **GC}, QLORA, {**QLORA, **EAGER, **GC},
    {**LORA, **DROP}, {**LORA, **GC, **DROP}, {**QLORA, **GC, **DROP}, {"method": "lora", **DROP},
    {**LORA, **ALL}, {**LORA, **GC, **ALL}, {"method": "lora", **GC, **ALL},
)  # fmt: skip
ALWAYS = ({}, LORA, {**LORA, **GC}, {**QLORA, **GC}, {**LORA, **ALL}, {**LORA, **GC, **ALL})
SHAPES = ((512, 4), (2048, 1), (256, 12), (1024, 3), (384, 7), (1536, 2), (128, 24))
UNCHECKED = {"albert"}
"""Without checkpointing of its own."""
NO_SDPA = {"gemma2", "bloom", "deberta-v2"}
SEPARATE_QV = {"llama", "mistral", "qwen2", "qwen3", "gemma", "gemma3_text", "olmo", "olmo2", "granite", "opt"}
DROPPED = {"llama-3.2-1b", "qwen3-0.6b", "roberta-large", "gpt2"}
QUANTIZED = {"llama-3.2-1b", "llama-3.1-8b", "mistral-7b", "qwen3-0.6b", "gemma-3-1b", "phi-3-mini", "smollm-135m"}
STACKED = {"qwen3_moe", "olmoe"}


def cases() -> list[dict[str, Any]]:
    """Every case: each network in every second regime, with a shape that neither network nor regime fixes."""
    networks = {**DECODERS, **ENCODERS, **SEQUENCES}
    return [
        case
        for place, (name, config) in enumerate(networks.items())
        for number, regime in enumerate(REGIMES)
        if (place + number) % 2 == 0 or regime in ALWAYS
        if (case := _case(name, config, regime, SHAPES[(3 * place + number) % len(SHAPES)]))
    ]


def _case(name: str, config: dict[str, Any], regime: dict[str, Any], shape: tuple[int, int]) -> dict[str, Any] | None:
    """One case; None where the class has no such path."""
    job: dict[str, Any] = {**BASE, **regime}
    kind = config["model_type"]
    if not _possible(name, kind, job):
        return None
    if kind in STACKED and job["method"] == "lora" and "targets" not in job:
        job["targets"] = "q_proj,k_proj,v_proj,o_proj"  # the same in every version of PEFT
    job["seq_len"], job["batch_size"] = shape
    if name in ENCODERS:
        job["vocabulary_head"] = False
    if name in ENCODERS or name in SEQUENCES:
        job["seq_len"] = min(job["seq_len"], 512)
    return {"name": name, "config": config, "job": job}


def _possible(name: str, kind: str, job: dict[str, Any]) -> bool:
    """Whether the class has such a path, and the network is one that is to show it."""
    if "targets" in job and kind not in (STACKED if job["targets"] == "all-linear" else SEPARATE_QV):
        return False
    if job.get("adapter_dropout") and name not in DROPPED:
        return False
    if job["method"] == "qlora" and name not in QUANTIZED:
        return False
    return not (
        (kind in NO_SDPA and job["attention"] == "sdpa") or (kind in UNCHECKED and job["gradient_checkpointing"])
    )
