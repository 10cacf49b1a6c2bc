"""Let each trainer's own parser read the plans written for it; save what it accepted in tests/data/plan_forms.json.

Ten models, three cards and six situations (tests/plan_cases.py). A form is a file with its numbers left out, so the
tests can compare what is written today with what was accepted, without any trainer installed. Run it where the named
trainers are, as often as there are such places; it replaces their part of the file and exits 1 on a file refused.

    python tools/parse_plans.py [--unpacked DIR] FRAMEWORK...

--unpacked names a directory of unpacked wheels, for trainers that cannot be installed without a GPU.
"""

import argparse
import ast
import contextlib
import json
import os
import shlex
import sys
import tempfile
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import yaml

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from llmpick.errors import LlmpickError  # noqa: E402
from llmpick.guidance.frameworks import FRAMEWORKS, find, write  # noqa: E402
from plan_cases import CASES, constants, form, made  # noqa: E402

DATA = ROOT / "tests/data/plan_forms.json"
PACKAGES = {"llama-factory": "llamafactory"}


def main(names: list[str], unpacked: Path | None) -> int:
    saved = json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
    faults = []
    for name in names:
        if unpacked and (unpacked / PACKAGES.get(name, name)).exists():
            sys.path.insert(0, str(unpacked / PACKAGES.get(name, name)))
        forms, found = parsed(name)
        faults += found
        saved[name] = {"versions": versions(name, unpacked), "forms": forms}
        print(f"{name}: {len(forms)} forms, {len(found)} refused")
    DATA.write_text(json.dumps(dict(sorted(saved.items())), indent=1) + "\n", encoding="utf-8")
    print("\n".join(faults))
    return 1 if faults else 0


def parsed(name: str) -> tuple[list, list[str]]:
    """The forms this trainer's parser accepted, and the files it did not."""
    accepted, faults = {}, []
    for case in CASES:
        answer = made(*case)
        if answer.kind not in find(name).kinds:
            continue
        try:
            texts = write(answer, name)
        except LlmpickError:
            continue
        for file, text in texts.items():
            shape = form(file, text, answer.model)
            key = json.dumps([file, shape], sort_keys=True)
            if shape is None or key in accepted:
                continue
            try:
                PARSERS[name](file, texts)
                accepted[key] = [file, shape]
            except Exception as error:
                faults.append(f"{name}: {case}: {file}: {type(error).__name__}: {str(error)[:600]}")
    return [accepted[key] for key in sorted(accepted)], faults


def versions(name: str, unpacked: Path | None) -> dict[str, str]:
    found = {}
    for package in (PACKAGES.get(name, name), "transformers", "trl", "peft"):
        with contextlib.suppress(ImportError):
            found[package] = version(package)
        for info in unpacked.glob(f"{package}/{package}-*.dist-info") if unpacked else ():
            found[package] = info.name.split("-")[1].removesuffix(".dist")
    return found


def script(file: str, texts: dict[str, str]) -> None:
    """Build every configuration object of the script from its own literals, as its main() does."""
    values = constants(texts[file])
    arguments = values["ARGUMENTS"] | {"bf16": False, "fp16": False}  # no such arithmetic without a GPU
    config = configuration(file, texts[file])
    config(output_dir=tempfile.mkdtemp(), seed=1, max_steps=-1, **arguments)
    if "LORA" in values:
        from peft import LoraConfig

        LoraConfig(**values["LORA"])
    if "BitsAndBytesConfig(**" in texts[file]:
        from transformers import BitsAndBytesConfig

        BitsAndBytesConfig(**values["QUANTIZATION"])


def configuration(file: str, text: str):
    if file in ("sft.py", "dpo.py", "kto.py"):
        import trl

        return {"sft.py": trl.SFTConfig, "dpo.py": trl.DPOConfig, "kto.py": trl.KTOConfig}[file]
    if "from setfit import" in text:
        from setfit import TrainingArguments

        return lambda **given: TrainingArguments(**{k: v for k, v in given.items() if k not in ("bf16", "fp16")})
    if "SentenceTransformerTrainingArguments" in text:
        from sentence_transformers import SentenceTransformerTrainingArguments

        return SentenceTransformerTrainingArguments
    from transformers import Seq2SeqTrainingArguments, TrainingArguments

    return Seq2SeqTrainingArguments if "Seq2SeqTrainingArguments" in text else TrainingArguments


def axolotl(file: str, texts: dict[str, str]) -> None:
    """Its pydantic schema with all its validators; it ignores unknown keys, so those are looked for first."""
    from axolotl.utils.schemas.config import AxolotlInputConfig
    from axolotl.utils.schemas.datasets import DPODataset, SFTDataset
    from axolotl.utils.schemas.fsdp import FSDPConfig

    config = yaml.safe_load(texts[file])
    known(config, AxolotlInputConfig)
    known(config.get("fsdp_config", {}), FSDPConfig)
    for dataset in (*config["datasets"], *config["test_datasets"]):
        known(dataset, DPODataset if config.get("rl") else SFTDataset)
    AxolotlInputConfig(**config)


def known(config: dict, schema) -> None:
    unknown = set(config) - set(schema.model_fields)
    if unknown:
        raise ValueError(f"{schema.__name__} has no {sorted(unknown)}")


def llama_factory(file: str, texts: dict[str, str]) -> None:
    """Its own argument parser, which refuses unknown keys, and its reader of dataset_info.json."""
    os.environ["DISABLE_VERSION_CHECK"] = "1"
    # It reads audio too, and so asks for this before anything else.
    silent = ModuleType("torchaudio")
    silent.__spec__ = ModuleSpec("torchaudio", None)
    sys.modules.setdefault("torchaudio", silent)
    from llamafactory.data.parser import get_dataset_list
    from llamafactory.hparams import parser

    config = yaml.safe_load(texts[file])
    if file == "merge.yaml":
        parser._parse_infer_args(config)
        return
    # No half precision and no 4-bit kernels without a GPU; the values were parsed, the machine is not asked.
    config |= {"bf16": False, "fp16": False, "use_cpu": True, "output_dir": tempfile.mkdtemp()}
    model_args, data_args, _, finetuning_args, _ = parser._parse_train_args(config)
    parser._verify_model_args(model_args, data_args, finetuning_args)
    for dataset in get_dataset_list([config["dataset"], config["eval_dataset"]], described(texts)):
        assert dataset.ranking == (file == "dpo.yaml")
        assert (dataset.kto_tag is not None) == (file == "kto.yaml")


def described(texts: dict[str, str]) -> str:
    folder = Path(tempfile.mkdtemp())
    (folder / "dataset_info.json").write_text(texts["dataset_info.json"], encoding="utf-8")
    return str(folder)


def torchtune(file: str, texts: dict[str, str]) -> None:
    """`tune validate` over the configuration it ships with our overrides merged in, as `tune run` merges them."""
    import torchtune
    from omegaconf import OmegaConf
    from torchtune.config._validate import validate

    words = [word for word in texts[file].replace("\\\n", " ").split("tune run", 1)[1].split() if word]
    shipped = next(
        Path(torchtune.__file__).parent.parent.glob(f"recipes/configs/{words[words.index('--config') + 1]}.yaml")
    )

    overrides = [word for word in shlex.split(" ".join(words)) if "=" in word and not word.startswith("-")]
    validate(OmegaConf.merge(OmegaConf.load(shipped), OmegaConf.from_dotlist(overrides)))


def unsloth(file: str, texts: dict[str, str]) -> None:
    """The arguments of its two calls bind to its functions; the training arguments are TRL's."""
    tree = ast.parse(texts[file])
    base = next(
        Path(entry) / "unsloth/models" for entry in sys.path if (Path(entry) / "unsloth/models/loader.py").exists()
    )
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in UNSLOTH:
            module, owner = UNSLOTH[call.func.attr]
            names = signature(base / module, owner, call.func.attr)
            unknown = {keyword.arg for keyword in call.keywords} - names
            if unknown:
                raise ValueError(f"{owner}.{call.func.attr} has no {sorted(unknown)}")
    import trl

    trl.SFTConfig(
        output_dir=tempfile.mkdtemp(), **(constants(texts[file])["ARGUMENTS"] | {"bf16": False, "fp16": False})
    )


UNSLOTH = {
    "from_pretrained": ("loader.py", "FastLanguageModel"),
    "get_peft_model": ("llama.py", "FastLlamaModel"),
}


def signature(path: Path, owner: str, name: str) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == owner]
    functions = [node for each in classes for node in each.body if isinstance(node, ast.FunctionDef)]
    return {arg.arg for node in functions if node.name == name for arg in (*node.args.args, *node.args.kwonlyargs)}


PARSERS = {
    "transformers": script,
    "sentence-transformers": script,
    "setfit": script,
    "trl": script,
    "unsloth": unsloth,
    "axolotl": axolotl,
    "llama-factory": llama_factory,
    "torchtune": torchtune,
}
assert set(PARSERS) == {framework.name for framework in FRAMEWORKS} - {"api"}


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("names", nargs="+", metavar="FRAMEWORK", choices=sorted(PARSERS))
    asked.add_argument("--unpacked", type=Path)
    given = asked.parse_args()
    sys.exit(main(given.names, given.unpacked))
