"""Biases and query-key norms that config.json switches on or off, by model_type (transformers 5.23)."""

from __future__ import annotations

# Biases that the file switches, as (key, its default, what it puts a bias on). Classes not listed read attention_bias
# for all four projections of attention, and mlp_bias.
ALL = ("qkv_bias", "o_bias", "mlp_bias")
QKV = ("qkv_bias",)
QKVO = ("qkv_bias", "o_bias")
Switch = tuple[str, bool, tuple[str, ...]]
SWITCHES: dict[str, tuple[Switch, ...]] = {
    **dict.fromkeys(
        (
            "bailing_moe", "baichuan", "biogpt", "bloom", "codegen", "dbrx", "exaone", "exaone4", "exaone_moe",
            "falcon", "falcon_mamba", "gpt2", "gpt_bigcode", "gpt_neo", "gptj", "jamba", "lfm2", "lfm2_moe", "mamba",
            "mamba2", "mimo", "minimax", "minimax_m2", "ministral", "ministral3", "mistral", "mixtral", "mpt",
            "openelm", "persimmon", "phi", "phi3", "qwen", "qwen2", "zamba2", "zaya",
        ),
        (),
    ),
    "chatglm": (("add_qkv_bias", False, QKV), ("add_bias_linear", False, ("o_bias", "mlp_bias"))),
    "deepseek_v32": (("attention_bias", False, QKVO),),
    "glm_moe_dsa": (("attention_bias", False, QKVO),),
    "ernie4_5": (("use_bias", False, ALL),),
    "ernie4_5_moe": (("use_bias", False, (*ALL, "lm_head_bias")),),
    "glm": (("attention_bias", True, QKV),),
    "glm4": (("attention_bias", True, QKV),),
    "glm4_moe": (("attention_bias", False, QKV),),
    "gpt_neox": (("attention_bias", True, QKVO),),
    "gpt_oss": (("attention_bias", True, QKVO),),
    "helium": (("attention_bias", False, QKV), ("mlp_bias", False, ("mlp_bias",))),
    "internlm2": (("bias", False, QKVO),),
    "internlm3": (
        ("qkv_bias", False, QKV), ("bias", False, ("o_bias", "mlp_bias")), ("attention_bias", False, QKVO),
        ("mlp_bias", False, ("mlp_bias",)),
    ),
    "jais2": (("attention_bias", True, QKVO), ("mlp_bias", True, ("mlp_bias",))),
    "mimo_v2_flash": (("attention_bias", False, QKV),),
    "nemotron_h": (("mlp_bias", False, ("mlp_bias",)),),
    "opt": (("enable_bias", True, ALL),),
    "phimoe": (("attention_bias", False, QKVO), ("lm_head_bias", False, ("lm_head_bias",))),
    "qwen2_moe": (("qkv_bias", True, QKV),),
    "recurrent_gemma": (("attention_bias", False, QKV),),
    "seed_oss": (
        ("attention_bias", True, QKV), ("attention_out_bias", False, ("o_bias",)), ("mlp_bias", False, ("mlp_bias",)),
    ),
    "solar_open": (("attention_bias", False, QKV),),
    "stablelm": (("use_qkv_bias", False, QKV),),
    "starcoder2": (("use_bias", True, ALL),),
}  # fmt: skip
# Norms on queries and keys that the file switches: key, default, kind.
QK_SWITCHES = {
    "bailing_moe": ("use_qk_norm", False, "per-head"),
    "cohere": ("use_qk_norm", False, "per-head-weight"),
    "glm4_moe": ("use_qk_norm", False, "per-head"),
    "persimmon": ("qk_layernorm", True, "per-head-layer"),
    "phi": ("qk_layernorm", False, "per-head-layer"),
    "stablelm": ("qk_layernorm", False, "per-head-weight"),
}
