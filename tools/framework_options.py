"""Collect the option names that today's trainers accept, for tests/data/framework_options.json.

Run in an environment with transformers, peft, trl, sentence-transformers and setfit; axolotl, LLaMA-Factory, unsloth
and torchtune need no GPU for this: unpack their wheels into one directory and name it.

    python tools/framework_options.py WHEELS > tests/data/framework_options.json
"""

import ast
import dataclasses
import inspect
import json
import sys
from importlib.metadata import version
from pathlib import Path


def main(wheels: Path) -> None:
    sys.path.insert(0, str(wheels / "axolotl"))
    from axolotl.utils.schemas.config import AxolotlInputConfig
    from axolotl.utils.schemas.datasets import SFTDataset
    from peft import LoraConfig
    from sentence_transformers import SentenceTransformerTrainingArguments
    from setfit import TrainingArguments as SetFitArguments
    from transformers import BitsAndBytesConfig, SchedulerType, Seq2SeqTrainingArguments, TrainingArguments
    from transformers.training_args import OptimizerNames
    from trl import DPOConfig, KTOConfig, SFTConfig

    configs = (TrainingArguments, Seq2SeqTrainingArguments, LoraConfig, SFTConfig, DPOConfig, KTOConfig)
    options = {config.__name__: fields(config) for config in configs}
    options |= {
        "SentenceTransformerTrainingArguments": fields(SentenceTransformerTrainingArguments),
        "SetFitArguments": fields(SetFitArguments),
        "BitsAndBytesConfig": sorted(inspect.signature(BitsAndBytesConfig.__init__).parameters),
        "axolotl": sorted(AxolotlInputConfig.model_fields),
        "axolotl-dataset": sorted(SFTDataset.model_fields),
        "llama-factory": llama_factory(wheels / "llamafactory"),
        "unsloth-load": arguments(wheels / "unsloth/unsloth/models/loader.py", "FastLanguageModel", "from_pretrained"),
        "unsloth-adapt": arguments(wheels / "unsloth/unsloth/models/llama.py", "FastLlamaModel", "get_peft_model"),
        "torchtune-chat": arguments(wheels / "torchtune/torchtune/datasets/_chat.py", None, "chat_dataset"),
        "optimizers": sorted(name.value for name in OptimizerNames),
        "schedulers": sorted(name.value for name in SchedulerType),
    }
    names = ("transformers", "peft", "trl", "sentence-transformers", "setfit")
    versions = {name: version(name) for name in names} | unpacked(wheels)
    print(json.dumps({"versions": versions, "options": options}, indent=1))


def fields(config: type) -> list[str]:
    return sorted(field.name for field in dataclasses.fields(config))


def llama_factory(folder: Path) -> list[str]:
    """Its own arguments; those of transformers come from Seq2SeqTrainingArguments."""
    names = set()
    for path in (folder / "llamafactory/hparams").glob("*_args.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                names |= {item.target.id for item in node.body if isinstance(item, ast.AnnAssign)}
    # transformers up to 5.6, which it asks for, still has the ratio.
    return sorted(names | {"warmup_ratio"})


def arguments(path: Path, owner: str | None, name: str) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bodies = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == owner] or [tree]
    found = [
        node
        for body in bodies
        for node in ast.walk(body)
        if isinstance(node, ast.FunctionDef)
        and node.name == name
        and len(node.args.args) + len(node.args.kwonlyargs) > 2
    ]
    return sorted({item.arg for node in found for item in (*node.args.args, *node.args.kwonlyargs)})


def unpacked(wheels: Path) -> dict[str, str]:
    return {
        path.name.split("-")[0]: path.name.split("-")[1].removesuffix(".dist") for path in wheels.glob("*/*.dist-info")
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
