"""How each transformers class names its weight matrices; adapters are attached by these names."""

from __future__ import annotations

from llmpick.record import NamedTuple


class Names(NamedTuple):
    """Leaf module names of one class. A filled `qkv` or `gate_up` means one matrix instead of several."""

    q: str = "q_proj"
    k: str = "k_proj"
    v: str = "v_proj"
    o: str = "o_proj"
    qkv: str = ""
    gate: str = "gate_proj"
    up: str = "up_proj"
    down: str = "down_proj"
    gate_up: str = ""
    single: str = ""
    """What an MLP that is not gated calls its first matrix, if not `up`."""


LLAMA = Names()
BERT = Names("query", "key", "value", "dense", up="dense", down="dense")
BART = Names(o="out_proj", up="fc1", down="fc2")
MEGATRON = Names(qkv="query_key_value", o="dense", up="dense_h_to_4h", down="dense_4h_to_h")
GPT2 = Names(qkv="c_attn", o="c_proj", up="c_fc", down="c_proj")
FUSED = Names(qkv="qkv_proj", gate_up="gate_up_proj")
T5 = Names("q", "k", "v", "o", gate="wi_0", up="wi_1", down="wo", single="wi")
XLM = Names("q_lin", "k_lin", "v_lin", "out_lin", up="lin1", down="lin2")
MODERNBERT = Names(qkv="Wqkv", o="Wo", gate_up="Wi", down="Wo")

# Read off transformers 5.23's modules; classes without one there, off the repository's own modeling file.
_BY_MODEL_TYPE = {
    "albert": BERT._replace(up="ffn", down="ffn_output"),
    "baichuan": Names(qkv="W_pack"),
    "bailing_moe": Names(qkv="query_key_value", o="dense"),
    "bart": BART,
    "bert": BERT,
    "big_bird": BERT,
    "bigbird_pegasus": BART,
    "biogpt": BART,
    "bloom": MEGATRON,
    "camembert": BERT,
    "canine": BERT,
    "chatglm": Names(qkv="query_key_value", o="dense", gate_up="dense_h_to_4h", down="dense_4h_to_h"),
    "codegen": Names(qkv="qkv_proj", o="out_proj", up="fc_in", down="fc_out"),
    "codesage": Names(qkv="c_attn", o="c_proj", up="c_fc", down="c_proj"),
    "convbert": BERT,
    "dbrx": Names(qkv="Wqkv", o="out_proj"),
    "data2vec-text": BERT,
    "deberta": BERT._replace(qkv="in_proj"),
    "deberta-v2": BERT._replace(q="query_proj", k="key_proj", v="value_proj"),
    "distilbert": XLM,
    "electra": BERT,
    "ernie": BERT,
    "exaone": Names(o="out_proj", gate="c_fc_0", up="c_fc_1", down="c_proj"),
    "falcon": MEGATRON,
    "fnet": BERT,
    "glm": Names(gate_up="gate_up_proj"),
    "glm4": Names(gate_up="gate_up_proj"),
    "gpt2": GPT2,
    "gpt_bigcode": GPT2,
    "gpt_neo": Names(o="out_proj", up="c_fc", down="c_proj"),
    "gpt_neox": MEGATRON,
    "gptj": Names(o="out_proj", up="fc_in", down="fc_out"),
    "granitemoehybrid": Names(gate_up="input_linear", down="output_linear"),
    "internlm2": Names(qkv="wqkv", o="wo", gate="w1", up="w3", down="w2"),
    "jina-bert": BERT._replace(gate_up="gated_layers", down="wo"),
    "jina_embeddings_v3": Names(up="fc1", down="fc2"),
    "led": BART,
    "lfm2": Names(o="out_proj", gate="w1", up="w3", down="w2"),
    "lfm2_moe": Names(o="out_proj", gate="w1", up="w3", down="w2"),
    "longformer": BERT,
    "longt5": T5,
    "luke": BERT,
    "m2m_100": BART,
    "marian": BART,
    "mbart": BART,
    "megatron-bert": BERT,
    "mobilebert": BERT,
    "modernbert": MODERNBERT,
    "modernbert-decoder": Names(o="Wo", gate_up="Wi", down="Wo"),
    "mpnet": Names("q", "k", "v", "o", up="dense", down="dense"),
    "mpt": Names(qkv="Wqkv", o="out_proj"),
    "mt5": T5,
    "neobert": Names(qkv="qkv", o="wo", gate_up="w12", down="w3"),
    "new": Names(qkv="qkv_proj", gate_up="up_gate_proj"),
    "openelm": Names(qkv="qkv_proj", o="out_proj", gate_up="proj_1", down="proj_2"),
    "opt": BART,
    "pegasus": BART,
    "pegasus_x": BART,
    "persimmon": MEGATRON,
    "phi": Names(o="dense", up="fc1", down="fc2"),
    "phi3": FUSED,
    "plbart": BART,
    "qwen": Names(qkv="c_attn", o="c_proj", gate="w2", up="w1", down="c_proj"),
    "rembert": BERT,
    "roberta": BERT,
    "roberta-prelayernorm": BERT,
    "starcoder2": Names(up="c_fc", down="c_proj"),
    "switch_transformers": T5,
    "t5": T5,
    "umt5": T5,
    "xlm": XLM,
    "xlm-roberta": BERT,
    "xlm-roberta-xl": BERT,
    "xlnet": Names(up="layer_1", down="layer_2"),
}

# Encoder stacks whose modules are named otherwise than the decoder's.
ENCODER_SIDE = {
    "bigbird_pegasus": BART._replace(q="query", k="key", v="value", o="output"),
    "led": BART._replace(q="query", k="key", v="value", o="output"),
}


def names_of(model_type: str) -> Names:
    """The names `model_type` uses; Llama's where the class is not listed (most later decoders copied them)."""
    return _BY_MODEL_TYPE.get(model_type, LLAMA)
