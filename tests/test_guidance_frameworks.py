"""Written plans: every option is one the trainer knows, every value is the plan's, no string escapes its place.

The option names stand in tests/data/framework_options.json (tools/framework_options.py wrote them from the releases
named there); tools/try_plans.py trains the same plans for real.
"""

import ast
import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from llmpick.errors import LlmpickError
from llmpick.guidance.answers import Plan
from llmpick.guidance.frameworks import FRAMEWORKS, find, fitting, write
from llmpick.guidance.frameworks.render import yaml_text
from llmpick.guidance.frameworks.torchtune import CONFIGS
from llmpick.guidance.plan import plan
from plan_cases import CARDS, CASES, MODELS, constants, form, made, profile

KNOWN = json.loads((Path(__file__).parent / "data/framework_options.json").read_text(encoding="utf-8"))["options"]
FORMS = json.loads((Path(__file__).parent / "data/plan_forms.json").read_text(encoding="utf-8"))
HOSTILE = "\"); import os  # ''' `x` | <b>${HOME}\n- [x](javascript:1)"

# Trainers on machines of one's own; tests/test_vendor_plans.py has the vendors.
OWN = [framework for framework in FRAMEWORKS if framework.name != "api"]
# The class whose fields a script's ARGUMENTS must be, by framework and file.
CLASSES = {
    ("transformers", "train.py"): "Seq2SeqTrainingArguments",
    ("sentence-transformers", "train.py"): "SentenceTransformerTrainingArguments",
    ("setfit", "train.py"): "SetFitArguments",
    ("trl", "sft.py"): "SFTConfig",
    ("trl", "dpo.py"): "DPOConfig",
    ("trl", "kto.py"): "KTOConfig",
    ("unsloth", "train.py"): "SFTConfig",
}


def files_of(answer: Plan, framework: str) -> dict[str, str]:
    try:
        return write(answer, framework)
    except LlmpickError as error:
        assert framework in ("torchtune", "unsloth")
        assert framework in str(error)
        return {}


def test_every_model_and_every_framework_is_tried() -> None:
    assert {model for model, _, _ in CASES} == set(MODELS)
    kinds = {made(*case).kind for case in CASES}
    assert {framework for kind in kinds for framework in fitting(kind)} == {framework.name for framework in OWN}


@pytest.mark.parametrize(("model", "gpu", "extra"), CASES)
def test_every_option_is_one_the_trainer_knows(model: str, gpu: str, extra: str) -> None:
    answer = made(model, gpu, extra)
    assert fitting(answer.kind)
    for framework in fitting(answer.kind):
        for name, text in files_of(answer, framework).items():
            if name.endswith(".py"):
                _check_script(answer, framework, name, text)
            elif name.endswith(".yaml") and name != "merge.yaml":
                _check_yaml(answer, framework, yaml.safe_load(text))
            elif name == "run.sh":
                _check_shell(answer, text)


def _check_script(answer: Plan, framework: str, name: str, text: str) -> None:
    compile(text, name, "exec")
    if name == "check_data.py":
        return
    values = constants(text)
    arguments = values["ARGUMENTS"]
    assert set(arguments) <= set(KNOWN[CLASSES[framework, name]])
    assert set(values.get("LORA", {})) <= set(KNOWN["LoraConfig"])
    assert arguments.get("optim", "sgd") in KNOWN["optimizers"]
    assert arguments.get("lr_scheduler_type", "linear") in KNOWN["schedulers"]
    if name not in ("dpo.py", "kto.py"):
        assert values["MODEL"] == answer.model
        rate = arguments.get("learning_rate", arguments.get("body_learning_rate"))
        assert rate == answer.values["learning_rate"]
    else:
        assert arguments["learning_rate"] == answer.values[f"{answer.after}_learning_rate"]


def _check_yaml(answer: Plan, framework: str, config: dict) -> None:
    known = set(KNOWN[framework]) | (set(KNOWN["Seq2SeqTrainingArguments"]) if framework == "llama-factory" else set())
    assert set(config) <= known
    judged = "rl" in config or config.get("stage") in ("dpo", "kto")
    assert config["learning_rate"] == answer.values[f"{answer.after}_learning_rate" if judged else "learning_rate"]
    beta = config.get("rl_beta", config.get("pref_beta"))
    assert beta == (answer.values[f"{answer.after}_beta"] if judged else None)
    assert (config.get("base_model", config.get("model_name_or_path")) == answer.model) is not judged
    if not judged:
        assert config["gradient_accumulation_steps"] == answer.values["accumulation"]


def test_every_file_has_a_form_that_its_trainers_own_parser_accepted() -> None:
    """`tools/parse_plans.py` ran the parsers; a form it has not seen means: run it again, see CONTRIBUTING.md."""
    accepted = {name: {json.dumps(each, sort_keys=True) for each in saved["forms"]} for name, saved in FORMS.items()}
    assert set(accepted) == {framework.name for framework in OWN}
    seen: dict[str, set[str]] = {name: set() for name in accepted}
    for case in CASES:
        answer = made(*case)
        for framework in fitting(answer.kind):
            for name, text in files_of(answer, framework).items():
                shape = form(name, text, answer.model)
                if shape is not None:
                    seen[framework].add(json.dumps([name, shape], sort_keys=True))
    for framework, forms in seen.items():
        assert forms <= accepted[framework], framework
        assert forms, framework


@pytest.mark.parametrize(
    ("framework", "extra", "stages"),
    [
        ("trl", "qlora-pairs", {"dpo.py"}),
        ("trl", "qlora-ratings", {"kto.py"}),
        ("axolotl", "qlora-pairs", {"dpo.yaml"}),
        ("axolotl", "qlora-ratings", set()),
        ("llama-factory", "qlora-pairs", {"dpo.yaml", "merge.yaml"}),
        ("llama-factory", "qlora-ratings", {"kto.yaml", "merge.yaml"}),
        ("unsloth", "qlora-pairs", set()),
        ("torchtune", "qlora-pairs", set()),
    ],
)
def test_the_preference_stage_is_written_or_the_readme_says_who_writes_it(framework, extra, stages: set) -> None:
    texts = write(made("meta-llama/Llama-3.1-8B", "24GB", extra), framework)
    every = {"config.yaml", "sft.py", "train.py", "run.sh", "dataset_info.json", "check_data.py", "README.md"}
    assert set(texts) - every == stages
    elsewhere = "`--framework trl` writes it" in texts["README.md"]
    assert elsewhere is (not stages)
    for stage in stages - {"merge.yaml"}:
        assert stage in texts["README.md"].split("```")[1]


def test_no_stage_loads_a_second_copy_of_the_weights() -> None:
    answer = made("Qwen/Qwen2-0.5B-Instruct", "24GB", "pairs")
    assert answer.method == "full"
    assert constants(write(answer, "trl")["dpo.py"])["ARGUMENTS"]["precompute_ref_log_probs"] is True
    assert yaml.safe_load(write(answer, "axolotl")["dpo.yaml"])["precompute_ref_log_probs"] is True
    assert "dpo.yaml" not in write(answer, "llama-factory")


def test_weights_split_over_cards_are_wrapped_layer_by_layer_and_saved_whole() -> None:
    answer = made("meta-llama/Llama-3.3-70B-Instruct", "4x24GB", "qlora")
    assert answer.values["sharding"] == "fsdp"
    for framework in ("trl", "llama-factory"):
        text = write(answer, framework)["README.md"]
        assert "--fsdp_auto_wrap_policy TRANSFORMER_BASED_WRAP --fsdp_state_dict_type FULL_STATE_DICT" in text
    script = write(answer, "trl")["sft.py"]
    assert constants(script)["QUANTIZATION"]["bnb_4bit_quant_storage"] == "bfloat16"
    assert "device_map" not in script
    fsdp = yaml.safe_load(write(answer, "axolotl")["config.yaml"])["fsdp_config"]
    assert fsdp["auto_wrap_policy"] == "TRANSFORMER_BASED_WRAP"
    assert fsdp["state_dict_type"] == "FULL_STATE_DICT"
    with pytest.raises(LlmpickError, match="take --framework trl"):
        write(answer, "unsloth")


def _check_shell(answer: Plan, text: str) -> None:
    rows = {row["config"]: row for row in json.loads(CONFIGS.read_text(encoding="utf-8"))}
    words = shlex.split(text.replace("\\\n", " "), comments=True)
    row = rows[words[words.index("--config") + 1]]
    assert row["recipe"] in words
    assert row["method"] == answer.method
    given_keys = {word.split("=", 1)[0] for word in words if "=" in word and not word.startswith("-")}
    chat = {f"dataset.{name}" for name in (*KNOWN["torchtune-chat"], "_component_", "data_files")}
    assert given_keys <= set(row["keys"]) | set(row["paths"]) | chat | {"clip_grad_norm"}


def test_unsloth_is_called_with_names_it_knows() -> None:
    known = {"from_pretrained": KNOWN["unsloth-load"], "get_peft_model": KNOWN["unsloth-adapt"]}
    for extra in ("lora", "qlora"):
        tree = ast.parse(write(made("meta-llama/Llama-3.1-8B", "24GB", extra), "unsloth")["train.py"])
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        checked = [node for node in calls if node.func.attr in known]
        assert len(checked) == 2
        for call in checked:
            assert {keyword.arg for keyword in call.keywords} <= set(known[call.func.attr])


@pytest.mark.parametrize("framework", [f.name for f in OWN if f.name != "torchtune"])
def test_hostile_model_names_stay_text(framework: str) -> None:
    kind = find(framework).kinds[0]
    model = next(name for name in MODELS for extra in ("few", "plenty") if made(name, "4x80GB", extra).kind == kind)
    extra = "few" if made(model, "4x80GB", "few").kind == kind else "plenty"
    texts = write(replace(made(model, "4x80GB", extra), model=HOSTILE), framework)
    for name, text in texts.items():
        if name.endswith(".py") and name != "check_data.py":
            assert constants(text)["MODEL"] == HOSTILE
            assert not any(
                isinstance(node, ast.Import) and node.names[0].name == "os" for node in ast.walk(ast.parse(text))
            )
        if name == "config.yaml":
            assert HOSTILE in yaml.safe_load(text).values()
    title = texts["README.md"].splitlines()[0]
    assert title.count("`") == 2
    assert "\n- [x](javascript" not in texts["README.md"]


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(
            lambda key: key not in ("y", "n", "on", "off", "yes", "no", "true", "false", "null")
        ),
        st.text()
        | st.booleans()
        | st.integers(-(10**9), 10**9)
        | st.floats(1e-9, 1e9)
        | st.lists(st.text(), min_size=1),
        min_size=1,
    )
)
def test_yaml_reads_back_as_it_was(values: dict) -> None:
    assert yaml.safe_load(yaml_text({"outer": values, "rows": [values]})) == {"outer": values, "rows": [values]}


def test_readme_tells_two_commands_and_every_reason() -> None:
    answer = made("meta-llama/Llama-3.1-8B", "24GB", "plenty")
    text = write(answer, "trl")["README.md"]
    block = text.split("```sh\n")[1].split("```")[0].strip().splitlines()
    assert [line.split()[0] for line in block] == ["pip", "python"]
    for setting in answer.settings:
        assert setting.because in text
        assert setting.source in text
    for line in answer.watch:
        assert f"- {line}" in text


def test_several_cards_are_launched_together() -> None:
    text = write(made("meta-llama/Llama-3.1-8B", "4x80GB", "plenty"), "trl")["README.md"]
    assert "accelerate launch --num_processes 4 sft.py" in text


def test_a_framework_that_cannot_train_it_names_those_that_can() -> None:
    with pytest.raises(LlmpickError, match="take transformers"):
        write(made("google-bert/bert-base-uncased", "24GB", "plenty"), "trl")


def test_an_unknown_framework_gets_the_nearest_name() -> None:
    with pytest.raises(LlmpickError, match="did you mean axolotl"):
        find("axolotle")
    assert find("LLaMA-Factory").name == find("llamafactory").name == "llama-factory"


def test_torchtune_names_what_it_ships_and_what_it_trains() -> None:
    answer = made("meta-llama/Llama-3.1-8B", "24GB", "lora")
    with pytest.raises(LlmpickError, match="torchtune ships no configuration for org/unknown"):
        write(replace(answer, model="org/unknown"), "torchtune")
    with pytest.raises(
        LlmpickError, match="full on many cards, full on one card, lora on many cards, lora on one card"
    ):
        write(replace(answer, model="Qwen/Qwen2-7B", method="qlora"), "torchtune")


ROWS = {
    "token-classification": ({"tokens": ["a", "b"], "tags": ["O", "O"]}, {"tokens": ["a"], "tags": ["O", "O"]}),
    "extractive-qa": (
        {"question": "who", "context": "anna came", "answer": "anna"},
        {"question": "who", "context": "anna came", "answer": "bruno"},
    ),
    "classification": ({"text": "fine", "label": 1}, {"text": " ", "label": 1}),
    "retrieval": ({"anchor": "a", "positive": "b"}, {"anchor": "a"}),
    "summarization": ({"input": "a", "output": "b"}, {"input": "a", "output": ""}),
    "chat": (
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        {"messages": [{"role": "user", "content": "a"}]},
    ),
}


@pytest.fixture
def checker(tmp_path: Path):
    """Runs the written check_data.py over rows; gives its exit code and its lines."""

    def run(task: str, **rows: list) -> tuple[int, list[str]]:
        architecture = next(architecture for architecture, asked in MODELS.values() if asked == task)
        answer = plan("org/model", architecture, profile(task, gpu=CARDS["24GB"], examples=3000, method="qlora"))
        script = write(answer, fitting(answer.kind)[0])["check_data.py"]
        (tmp_path / "check_data.py").write_text(script, encoding="utf-8")
        for name in ("train", "dev", "test"):
            lines = [row if isinstance(row, str) else json.dumps(row) for row in rows.get(name, [])]
            (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "check_data.py"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert not done.stderr
        return done.returncode, done.stdout.splitlines()

    return run


@pytest.mark.parametrize("task", ROWS)
def test_data_check_passes_good_rows_and_names_the_line_of_bad_ones(task: str, checker) -> None:
    good, bad = ROWS[task]
    assert checker(task, train=[good])[0] == 0
    code, lines = checker(task, train=[good, bad, "{"])
    assert code == 1
    assert [line.split(" ")[0] for line in lines if line.startswith("train.jsonl")] == [
        "train.jsonl:2:",
        "train.jsonl:3:",
    ]


@pytest.mark.parametrize("task", ROWS)
def test_data_check_finds_what_leaks_into_the_test_set(task: str, checker) -> None:
    good, _ = ROWS[task]
    code, lines = checker(task, train=[good], test=[good])
    assert code == 1
    assert any("test.jsonl:1: the same text stands in train.jsonl:1" in line for line in lines)
    assert checker(task, train=[good, good])[0] == 0


def test_data_check_counts_labels(checker) -> None:
    rows = [{"text": f"text {number}", "label": "rare" if number < 3 else "common"} for number in range(20)]
    _, lines = checker("classification", train=rows)
    assert "label 'rare': 3, fewer than 8" in lines
    assert "label 'common': 17" in lines


@pytest.mark.parametrize(
    ("framework", "extra"), [("trl", "pairs"), ("trl", "ratings"), ("llama-factory", "qlora-pairs")]
)
def test_data_check_reads_the_judged_answers_its_readme_asks_for(framework: str, extra: str, tmp_path: Path) -> None:
    texts = write(made("meta-llama/Llama-3.1-8B", "24GB", extra), framework)
    rows = [json.loads(block.split("```")[0]) for block in texts["README.md"].split("```json\n")[1:]]
    prefix = "pairs" if "pairs" in extra else "ratings"
    for name in ("train", "dev", "test"):
        (tmp_path / f"{name}.jsonl").write_text("", encoding="utf-8")
        (tmp_path / f"{prefix}-{name}.jsonl").write_text(json.dumps(rows[1]) + "\n", encoding="utf-8")
    (tmp_path / "check_data.py").write_text(texts["check_data.py"], encoding="utf-8")
    command = [sys.executable, "check_data.py"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    field = "chosen" if prefix == "pairs" else "label"
    (tmp_path / f"{prefix}-dev.jsonl").write_text(json.dumps(rows[1] | {field: 7}) + "\n{\n", encoding="utf-8")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"{prefix}-dev.jsonl:1: {field!r} must be" in done.stdout
    assert f"{prefix}-dev.jsonl:2: not JSON" in done.stdout
