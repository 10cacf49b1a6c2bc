"""Write plans for tiny random models, then really train them on the CPU: the check behind `plan --framework`.

Needs what the plans need: transformers 5, peft, trl, sentence-transformers, setfit, datasets, scikit-learn, seqeval.
No network: models are random, the data is made up here. Run `python tools/try_plans.py [NAME...]`; it prints one line
a run and exits 1 when a loss does not fall, a best checkpoint is missing or early stopping does not stop.
"""

import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from llmpick.architecture import Architecture
from llmpick.guidance.frameworks import fitting, write
from llmpick.guidance.plan import plan
from llmpick.profile import Profile
from llmpick.units import GpuSetup

NO_GPU = GpuSetup(count=0, memory_bytes=0, usable_bytes=0)
NICE = ["great", "lovely", "fine", "superb", "happy"]
NASTY = ["awful", "broken", "late", "rude", "sad"]
PLAIN = ["the", "train", "was", "my", "ticket", "and", "staff", "seat", "window", "today", "again", "coffee"]
NAMES = ["anna", "bruno", "clara", "dario"]
WORDS = [*NICE, *NASTY, *PLAIN, *NAMES, "who", "?", ":", "user", "assistant", "label", "good", "bad"]

BERT = Architecture(
    model_type="bert", structure="encoder", hidden_size=64, num_hidden_layers=2, num_attention_heads=4, vocab_size=64,
    intermediate_size=128, gated_mlp=False, qkv_bias=True, o_bias=True, mlp_bias=True, norm="layer",
    position="learned", position_rows=64, type_vocab_size=2,
)  # fmt: skip
LLAMA = Architecture(
    model_type="llama", structure="decoder", hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, vocab_size=64, intermediate_size=128,
)  # fmt: skip
T5 = Architecture(
    model_type="t5", structure="encoder-decoder", hidden_size=64, num_hidden_layers=2, num_decoder_layers=2,
    num_attention_heads=4, head_dim=16, vocab_size=64, intermediate_size=128, gated_mlp=False, position="relative",
)  # fmt: skip
# A random network learns nothing at the rates that tune a trained one; only the rate is changed for this check.
RANDOM_RATE = "0.001"

RUNS = {
    "classifier": (BERT, {"task": "classification", "examples": 1200}),
    "classifier-lora": (BERT, {"task": "classification", "examples": 1200, "method": "lora"}),
    "classifier-decoder": (LLAMA, {"task": "classification", "examples": 1200}),
    "tagger": (BERT, {"task": "token-classification", "examples": 1200}),
    "reader": (BERT, {"task": "extractive-qa", "examples": 1200}),
    "seq2seq": (T5, {"task": "summarization", "examples": 1200}),
    "seq2seq-lora": (T5, {"task": "summarization", "examples": 1200, "method": "lora"}),
    "embedder": (BERT, {"task": "retrieval", "examples": 1200}),
    "embedder-lora": (BERT, {"task": "retrieval", "examples": 1200, "method": "lora"}),
    "setfit": (BERT, {"task": "classification", "examples": 16, "classes": 2}),
    "writer": (LLAMA, {"task": "chat", "examples": 1200}),
    "writer-lora": (LLAMA, {"task": "chat", "examples": 1200, "method": "lora"}),
    "writer-dpo": (LLAMA, {"task": "chat", "examples": 1200, "feedback": "pairs"}),
    "writer-lora-dpo": (LLAMA, {"task": "chat", "examples": 1200, "method": "lora", "feedback": "pairs"}),
    "writer-kto": (LLAMA, {"task": "chat", "examples": 1200, "feedback": "ratings"}),
}
STEPS = 300
# One run of every script, made to stand still.
STILL = ("classifier", "tagger", "reader", "seq2seq", "embedder", "setfit", "writer-dpo", "writer-kto")


def main(names: list[str]) -> int:
    chosen = {name: run for name, run in RUNS.items() if not names or name in names}
    with tempfile.TemporaryDirectory() as folder:
        models = {kind: make_model(Path(folder) / kind, kind) for kind in ("bert", "llama", "t5")}
        faults = [fault for name, run in chosen.items() for fault in try_run(name, run, models, Path(folder) / name)]
    print("\n".join(faults) or "all plans trained")
    return 1 if faults else 0


def try_run(name: str, run, models: dict[str, Path], folder: Path) -> list[str]:
    architecture, fields = run
    shape = {"seq_len": 32, "batch_size": 16, "epochs": 3.0, "assumed": ("seq_len", "batch_size", "epochs", "method")}
    profile = replace(Profile(task=fields["task"], gpu=NO_GPU, **shape), **fields)
    made = plan(str(models[architecture.model_type]), architecture, profile)
    folder.mkdir()
    for file, text in write(made, fitting(made.kind)[0]).items():
        rate = r'("(?:body_)?learning_rate": )[0-9.e-]+'
        (folder / file).write_text(re.sub(rate, rf"\g<1>{RANDOM_RATE}", text), encoding="utf-8")
    make_data(folder)
    checked = subprocess.run([sys.executable, "check_data.py"], cwd=folder, capture_output=True, text=True, check=False)
    if "Traceback" in checked.stderr:
        return [f"{name}: check_data.py failed\n{checked.stderr}"]
    scripts = (
        ["train.py"] if made.kind != "writer" else ["sft.py", *([f"{made.after}.py"] if made.after != "none" else [])]
    )
    faults = []
    for script in scripts:
        faults += judge(name, script, folder, steps=150 if made.kind == "setfit" else STEPS)
        faults += stops_early(name, script, folder) if name in STILL else []
    return faults


def stops_early(name: str, script: str, folder: Path) -> list[str]:
    """At a rate of zero nothing gets better: the run must end before its last step."""
    text = (folder / script).read_text(encoding="utf-8").replace(RANDOM_RATE, "0.0")
    (folder / "still.py").write_text(re.sub(r'OUTPUT = "[^"]+"', 'OUTPUT = "still"', text), encoding="utf-8")
    steps = 150 if name == "setfit" else STEPS
    command = [sys.executable, "still.py", "--max-steps", str(steps)]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    last = max(checkpoints(folder / "still"))[0]
    shutil.rmtree(folder / "still")
    print(f"{name:20} {script:9} at a rate of 0 stopped at step {last} of {steps}", flush=True)
    return [] if last < steps else [f"{name}: {script}: early stopping did not stop"]


def judge(name: str, script: str, folder: Path, steps: int) -> list[str]:
    command = [sys.executable, script, "--max-steps", str(steps)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        return [f"{name}: {script} failed\n{done.stderr[-3000:]}"]
    losses = [float(x) for x in re.findall(r"'(?:embedding_)?loss': '?([0-9.e-]+)", done.stdout)]
    if len(losses) < 2 or losses[-1] >= losses[0]:
        return [f"{name}: {script}: the loss does not fall: {losses}\n{done.stdout[-1500:]}"]
    output = folder / ("output" if script in ("train.py", "sft.py") else f"output-{script.removesuffix('.py')}")
    kept, fault = best(output)
    print(f"{name:20} {script:9} loss {losses[0]:.3f} -> {losses[-1]:.3f}, kept {kept}", flush=True)
    return [f"{name}: {script}: {fault}"] if fault else []


def best(output: Path) -> tuple[str, str]:
    """Which checkpoint was kept, and what is wrong with that: it must be the best evaluated, weight for weight."""
    last = max(checkpoints(output))[1]
    state = json.loads((last / "trainer_state.json").read_text(encoding="utf-8"))
    chosen = last.parent / Path(state["best_model_checkpoint"] or "none").name
    figures = evaluations(state, chosen.name)
    kept = f"{chosen.name} of {state['global_step']} at {state['best_metric']:.4g}"
    if state["best_metric"] not in (max(figures), min(figures)):
        return kept, f"{state['best_metric']} is neither end of {figures}"
    folder = next((path for path in output.glob("**/best") if path.is_dir()), None)
    if folder is None:
        return kept, "no best model was kept"
    return kept, "" if weights(folder) == weights(chosen) else "the weights kept are not those of the best checkpoint"


def evaluations(state: dict, chosen: str) -> list[float]:
    """The deciding figure at every evaluation: the one that is the best metric at the checkpoint chosen."""
    rows = [row for row in state["log_history"] if chosen == f"checkpoint-{row['step']}"]
    names = [key for row in rows for key in row if key.startswith("eval_") and row[key] == state["best_metric"]]
    return [row[names[0]] for row in state["log_history"] if names and names[0] in row] or [float("nan")]


def weights(folder: Path) -> str:
    path = next(path for path in sorted(folder.glob("*.safetensors")))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checkpoints(output: Path) -> list[tuple[int, Path]]:
    return [(int(path.name.split("-")[1]), path) for path in output.glob("**/checkpoint-*")]


def make_model(folder: Path, kind: str) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import (
        BertConfig,
        BertModel,
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
        T5Config,
        T5ForConditionalGeneration,
    )

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    words = {word: number for number, word in enumerate([*special, *WORDS])}
    raw = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [("[CLS]", words["[CLS]"]), ("[SEP]", words["[SEP]"])]
    if kind == "bert":
        raw.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
        )
    if kind == "t5":
        raw.post_processor = processors.TemplateProcessing(single="$A [SEP]", special_tokens=ends[1:])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        eos_token="[SEP]",
    )
    tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] }} : {{ m['content'] }} [SEP] {% endfor %}"
        "{% if add_generation_prompt %}assistant : {% endif %}"
    )
    torch.manual_seed(0)
    shape = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    ids = {"vocab_size": 64, "pad_token_id": 0, "eos_token_id": 3}
    if kind == "bert":
        model = BertModel(BertConfig(**shape, **ids, max_position_embeddings=64))
    elif kind == "llama":
        model = LlamaForCausalLM(LlamaConfig(**shape, **ids, num_key_value_heads=2, bos_token_id=2))
    else:
        t5 = {"d_model": 64, "d_ff": 128, "d_kv": 16, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0}
        model = T5ForConditionalGeneration(T5Config(**t5, **ids))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_data(folder: Path) -> None:
    """All kinds of rows in one: each script reads the fields it knows."""
    rng = random.Random(0)
    for name, size in (("train", 1200), ("dev", 60), ("test", 60)):
        rows = [row(rng) for _ in range(size)]
        dump(folder / f"{name}.jsonl", rows)
        if name != "test":
            dump(folder / f"pairs-{name}.jsonl", [pair(item) for item in rows])
            dump(folder / f"ratings-{name}.jsonl", [rating(item, number % 2 == 0) for number, item in enumerate(rows)])


def row(rng: random.Random) -> dict:
    nice = rng.random() < 0.5
    word, person = rng.choice(NICE if nice else NASTY), rng.choice(NAMES)
    tokens = rng.sample(PLAIN, 4)
    tokens.insert(rng.randrange(5), word)
    tokens.insert(rng.randrange(6), person)
    text, label = " ".join(tokens), "good" if nice else "bad"
    return {
        "text": text,
        "label": label,
        "tokens": tokens,
        "tags": ["B-PERSON" if token in NAMES else "O" for token in tokens],
        "question": "who ?",
        "context": text,
        "answer": person,
        "input": text,
        "output": f"label {label}",
        "anchor": f"{word} {person}",
        "positive": text,
        "messages": [{"role": "user", "content": text}, {"role": "assistant", "content": f"label {label}"}],
    }


def pair(item: dict) -> dict:
    worse = "bad" if item["label"] == "good" else "good"
    answer = [{"role": "assistant", "content": f"label {worse}"}]
    return {"prompt": item["messages"][:1], "chosen": item["messages"][1:], "rejected": answer}


def rating(item: dict, right: bool) -> dict:
    both = pair(item)
    return {"prompt": both["prompt"], "completion": both["chosen" if right else "rejected"], "label": right}


def dump(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(item) + "\n" for item in rows), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
