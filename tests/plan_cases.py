"""The plans that every framework is tried with, and what of a written file its trainer's parser looks at.

Needs llmpick alone: `tools/parse_plans.py` runs it where the trainers are installed.
"""

import ast
import shlex
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import yaml

from llmpick.architecture import Architecture, Moe
from llmpick.errors import LlmpickError
from llmpick.guidance.answers import Plan
from llmpick.guidance.plan import plan
from llmpick.profile import Profile
from llmpick.units import GIB, GpuSetup

BERT = Architecture(
    model_type="bert", structure="encoder", hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
    vocab_size=30522, intermediate_size=3072, gated_mlp=False, qkv_bias=True, o_bias=True, mlp_bias=True,
    norm="layer", position="learned", position_rows=512, type_vocab_size=2,
)  # fmt: skip
BERT_LARGE = replace(BERT, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096)
LLAMA_8B = Architecture(
    model_type="llama", structure="decoder", hidden_size=4096, num_hidden_layers=32, num_attention_heads=32,
    num_key_value_heads=8, vocab_size=128256, intermediate_size=14336, tie_word_embeddings=False,
)  # fmt: skip
QWEN_SMALL = Architecture(
    model_type="qwen2", structure="decoder", hidden_size=896, num_hidden_layers=24, num_attention_heads=14,
    num_key_value_heads=2, vocab_size=151936, intermediate_size=4864, qkv_bias=True,
)  # fmt: skip
LLAMA_70B = replace(
    LLAMA_8B, hidden_size=8192, num_hidden_layers=80, num_attention_heads=64, intermediate_size=28672
)  # fmt: skip
T5 = Architecture(
    model_type="t5", structure="encoder-decoder", hidden_size=768, num_hidden_layers=12, num_decoder_layers=12,
    num_attention_heads=12, head_dim=64, vocab_size=32128, intermediate_size=3072, gated_mlp=False, position="relative",
)  # fmt: skip
MIXTRAL = replace(
    LLAMA_8B, model_type="mixtral", moe=Moe(num_experts=8, num_experts_per_tok=2, moe_intermediate_size=14336)
)

DEFAULTS = ("seq_len", "batch_size", "epochs", "method")


def card(gib: float, count: int = 1) -> GpuSetup:
    size = int(gib * GIB)
    return GpuSetup(count=count, memory_bytes=size, usable_bytes=size)


def profile(task: str, **fields) -> Profile:
    shape = {"seq_len": 512, "batch_size": 4, "epochs": 3.0, "assumed": DEFAULTS}
    return Profile(task=task, **(shape | fields))


MODELS = {
    "google-bert/bert-base-uncased": (BERT, "token-classification"),
    "google-bert/bert-large-uncased": (BERT_LARGE, "extractive-qa"),
    "FacebookAI/roberta-base": (replace(BERT, model_type="roberta"), "classification"),
    "sentence-transformers/all-mpnet-base-v2": (replace(BERT, model_type="mpnet"), "retrieval"),
    "google-t5/t5-base": (T5, "summarization"),
    "Qwen/Qwen2-0.5B-Instruct": (QWEN_SMALL, "chat"),
    "meta-llama/Llama-3.1-8B": (LLAMA_8B, "generation"),
    "meta-llama/Llama-3.1-8B-Instruct": (LLAMA_8B, "text-to-sql"),
    "meta-llama/Llama-3.3-70B-Instruct": (LLAMA_70B, "chat"),
    "org/experts-of-8-layers": (replace(MIXTRAL, num_hidden_layers=8), "function-calling"),
}
CARDS = {"8GB": card(7.6), "24GB": card(23.5), "4x24GB": card(23.5, count=4), "4x80GB": card(79, count=4)}
EXTRAS = {
    "few": {"examples": 100},
    "plenty": {"examples": 20_000},
    "lora": {"examples": 3_000, "method": "lora"},
    "qlora": {"examples": 3_000, "method": "qlora"},
    "pairs": {"examples": 3_000, "feedback": "pairs"},
    "ratings": {"examples": 3_000, "feedback": "ratings"},
    "qlora-pairs": {"examples": 3_000, "method": "qlora", "feedback": "pairs"},
    "qlora-ratings": {"examples": 3_000, "method": "qlora", "feedback": "ratings"},
}


@cache
def made(model: str, gpu: str, extra: str) -> Plan:
    architecture, task = MODELS[model]
    return plan(model, architecture, profile(task, gpu=CARDS[gpu], **EXTRAS[extra]))


def constants(script: str) -> dict:
    """The literals assigned at the top of a script."""
    found = {}
    for node in ast.parse(script).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


def fits(case: tuple[str, str, str]) -> bool:
    try:
        made(*case)
    except LlmpickError:
        return False
    return True


CASES = [case for case in product(MODELS, CARDS, EXTRAS) if fits(case)]


def form(name: str, text: str, model: str) -> dict[str, Any] | None:
    """What a parser judges in a file: every key, every word and switch; numbers by their type alone.

    None for files no trainer parses. Two plans of one form parse alike, so a form stands for thousands of plans.
    """
    if name.endswith(".yaml"):
        return _plain(yaml.safe_load(text), model)
    if name == "run.sh":
        words = [word for word in shlex.split(text.replace("\\\n", " "), comments=True) if word != "\n"]
        return {"words": [_plain(_number(word), model) for word in words]}
    if name.endswith(".py") and name != "check_data.py":
        found = {key: _plain(value, model) for key, value in constants(text).items() if isinstance(value, dict)}
        return found | {"calls": _calls(text)}
    return None


def _calls(script: str) -> list[str]:
    """`name(argument, argument)` of every call that names its arguments."""
    calls = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call) and node.keywords]
    named = {(ast.unparse(call.func), tuple(str(keyword.arg) for keyword in call.keywords)) for call in calls}
    return sorted(f"{name}({', '.join(names)})" for name, names in named)


def _number(word: str) -> Any:
    """`key=12` as `key=int`."""
    key, equals, value = word.partition("=")
    try:
        kind = "int" if float(value) == int(float(value)) and "." not in value and "e" not in value else "float"
    except ValueError:
        return word
    return f"{key}{equals}{kind}"


def _plain(value: Any, model: str) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item, model) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, model) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return "MODEL" if value == model else value
    return type(value).__name__
