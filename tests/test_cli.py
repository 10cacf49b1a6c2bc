"""The command line as a user meets it: exit codes, one-line errors, clean stdout, the same answer in every form."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from llmpick import by_typer, cli, flags

pytestmark = pytest.mark.usefixtures("loaded")

CLASSIFY = ["recommend", "--task", "classification", "--gpu", "24GB"]


@pytest.fixture
def call(capsys):
    """Run one command in this process: (exit code, stdout, stderr)."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(list(arguments))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.mark.parametrize("arguments", [[], ["catalog"]], ids=" ".join)
def test_a_group_alone_is_answered_with_its_help_line_by_line(arguments, call):
    code, out, err = call(*arguments)
    assert (code, err) == (0, "")
    assert "Commands:\n" in out


def test_a_missing_argument_says_what_tells_what_it_is(call):
    assert call("explain", "--task", "chat")[2] == "llmpick: Missing argument 'MODEL'; see llmpick explain --help\n"


def test_a_trainer_that_is_not_known_leaves_stdout_empty_and_help_names_them(call):
    from llmpick.guidance.frameworks import FRAMEWORKS

    code, out, err = call("plan", "Qwen/Qwen3-8B", "--task", "chat", "--framework", "trll")
    assert (code, out) == (2, "")
    assert "did you mean trl?" in err
    told = "".join(call("plan", "--help")[1].split())  # however the lines are broken
    assert all(framework.name in told for framework in FRAMEWORKS)


def test_a_machine_without_a_gpu_says_so_in_a_pipe(call, monkeypatch):
    monkeypatch.setattr("llmpick.machine.cards", tuple)
    assert call("hardware") == (0, "", "no GPU answers on this machine; --gpus lists the known ones\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("task: chat\ngpuu: 24GB\n", "2:7: profile: no field called 'gpuu'; did you mean gpu?"),
        ("task: chat\nexamples: no\n", "2:11: --examples: 'no' is not a number"),
        ("gpu: 24XB\ntask: chat\n", "1:6: '24XB' is no amount"),
        ("task: clasification\n", "1:7: --task: no task called 'clasification'"),
        ('{"task": "chat",\n "stage": "late"}', "2:11: --stage: 'late' is not known"),
        ("", "1:1: the file is empty; write one field a line, as `name: value`"),
    ],
)
def test_a_fault_in_a_profile_is_shown_by_line_and_column(text, says, call, tmp_path):
    file = tmp_path / "profile.yaml"
    file.write_text(text)
    code, out, err = call("recommend", "--profile", str(file))
    assert (code, out) == (2, "")
    assert err.startswith(f"llmpick: {file}:{says}")


def test_a_flag_wins_over_a_fault_in_a_profile(call, tmp_path):
    (tmp_path / "profile.yaml").write_text("task: chat\ngpu: 24XB\n")
    assert call("recommend", "--profile", str(tmp_path / "profile.yaml"), "--gpu", "24GB", "--top", "1")[0] == 0


def test_without_a_card_room_to_spare_is_said_of_cards_of_80_gb(call):
    said = call("explain", "deepseek-ai/DeepSeek-R1", "--task", "classification")[1]
    assert "tuned the leanest way it takes 20 cards of 80 GB" in said
    assert "of an 80 GB card" in call("explain", "microsoft/deberta-v3-large", "--task", "classification")[1]
    on_a_cpu = call("explain", "answerdotai/ModernBERT-base", "--task", "classification", "--gpu", "none")
    assert on_a_cpu[0] == 0
    assert "headroom" not in on_a_cpu[1]


def test_a_refusal_says_where_another_loss_would_do(call):
    asked = ("--task", "chat", "--gpu", "16GB", "--format", "json")
    check = json.loads(call("explain", "Qwen/Qwen3-8B", *asked)[1])["steps"][1]["checks"][0]
    shape = ("--method", "qlora", "--seq-len", "2048", "--gradient-checkpointing", "--format", "json")
    peak = json.loads(call("estimate", "Qwen/Qwen3-8B", *shape, "--chunked-loss")[1])["peak_bytes"] / 2**30
    assert f"; {peak:.1f} would do in TRL 1.16 or Unsloth" in check["because"]
    too_large = json.loads(call("explain", "Qwen/Qwen3-32B", *asked)[1])["steps"][1]["checks"][0]
    assert too_large["outcome"] == "no"
    assert "TRL" not in too_large["because"]


def test_a_card_without_bf16_is_not_said_to_compute_in_it(call):
    said = "fp16 in its place takes as much"
    assert said in call("estimate", "Qwen/Qwen3-0.6B", "--gpu", "T4")[1]
    assert said not in call("estimate", "Qwen/Qwen3-0.6B", "--gpu", "L4")[1]
    assert said not in call("estimate", "Qwen/Qwen3-0.6B", "--gpu", "T4", "--mixed-precision", "no")[1]


def test_a_plan_says_what_trainers_that_chunk_the_loss_need(call):
    watch = json.loads(call("plan", "Qwen/Qwen3-8B", "--task", "chat", "--gpu", "24GB", "--format", "json")[1])
    said = next(text for text in watch["watch"] if "TRL 1.16" in text)
    assert float(said.split("about ")[1].split()[0]) < watch["memory"]["peak_bytes"] / 2**30
    assert "TRL" not in call("plan", "microsoft/deberta-v3-large", "--task", "ner", "--gpu", "24GB")[1]


def test_only_a_ranking_offers_html(call):
    assert "html" in call("recommend", "--help")[1]
    assert "html" not in call("explain", "--help")[1]


def test_compare_names_its_columns_in_a_pipe(call):
    first = call("compare", "Qwen/Qwen3-8B", "Qwen/Qwen3-4B", "--task", "chat")[1].splitlines()[0]
    assert first.split("\t") == ["model", "Qwen/Qwen3-8B", "Qwen/Qwen3-4B"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["recommend", "--task", "chat", "--gpu", "24XB"], 2, "no amount of GPU memory"),
        (["recommend", "--task", "chat", "--gpu", "-3GB"], 2, "no amount of GPU memory"),
        (["recommend", "--task", "chat", "--gpu", "A100"], 2, "A100 PCIe 40GB"),
        (["recommend", "--task", "clasification"], 2, "did you mean classification"),
        (["recommend"], 2, "--task"),
        (["recommend", "--task", "chat", "--format", "yaml"], 2, "one of: table"),
        (["recommend", "--task", "chat", "--bogus"], 2, "--bogus"),
        (["recommend", "--task", "chat", "--top", "0"], 2, "--top"),
        (["recommend", "--task", "chat", "--profile", "no-such-file.yaml"], 2, "no-such-file.yaml"),
        (["recommend", "--task", "chat", "--catalog", "no-such-folder"], 2, "no-such-folder"),
        (["recommend", "--task", "chat", "--gpu", "0.5GB", "--format", "json"], 3, ""),
        (["explain", "no/such-model", "--task", "chat"], 2, "no/such-model"),
        (["compare", "--task", "chat"], 2, "MODEL"),
        (["estimate"], 2, "--config"),
        (["estimate", "Qwen/Qwen3-8B", "--rank", "0"], 2, "--rank"),
        (["estimate", "Qwen/Qwen3-8B", "--dtype", "fp8"], 2, "--dtype"),
        (["license", "no-such-license"], 2, "no-such-license"),
        (["catalog", "list", "--family", "nosuch"], 2, "; `llmpick catalog show MODEL` names the family"),
        (["catalog", "list", "--language", "klingonese"], 2, "--language: 'klingonese' is no language code"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)
def test_bad_input_is_one_line_on_stderr_and_nothing_on_stdout(arguments, code, says, call):
    got, out, err = call(*arguments)
    assert got == code
    assert says in err
    if code == 2:
        assert out == ""
        assert err.startswith("llmpick: ")
        assert err.count("\n") == 1


def overlay(tmp_path, change):
    """A catalog folder with one model file, changed by `change(text)`."""
    folder = tmp_path / "models" / "acme"
    folder.mkdir(parents=True)
    text = (Path(__file__).parents[1] / "catalog/models/microsoft/deberta-v3-base.yaml").read_text("utf-8")
    own = text.replace("lineage: deberta-v3-base", "lineage: acme-base")
    (folder / "base.yaml").write_text(change(own), "utf-8")
    return ["recommend", "--task", "classification", "--catalog", str(tmp_path)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text + "family: other\n", "family"),
        (lambda text: text.replace("context_length: 512", 'context_length: "512"'), "context_length"),
        (lambda text: text.replace("  id: mit\n", "  id: mitt\n"), "did you mean mit"),
        (lambda text: text.replace("developer: Microsoft", "developper: Microsoft"), "did you mean"),
        (lambda text: text.replace("total: 183831552", "total: 86000000"), "183"),
    ],
)
def test_a_broken_catalog_file_is_named_by_line_and_exits_4(change, says, tmp_path, call):
    code, out, err = call(*overlay(tmp_path, change))
    assert (code, out) == (4, "")
    assert "base.yaml:" in err
    assert says in err
    assert err.count("\n") == 1


def test_a_sound_overlay_adds_its_model(tmp_path, call):
    arguments = overlay(tmp_path, lambda text: text)
    _, out, _ = call(*arguments[:3], "--catalog", arguments[-1], "--format", "json", "--top", "1000")
    answer = json.loads(out)
    assert any(row["model"] == "acme/base" for row in answer["recommended"])


def test_the_json_is_one_object_with_the_keys_of_the_contract(call):
    code, out, _ = call(*CLASSIFY, "--examples", "5000", "--format", "json")
    answer = json.loads(out)
    assert code == 0
    assert {"schema_version", "catalog", "profile", "advice", "recommended", "ruled_out", "undecided"} <= set(answer)
    assert answer["schema_version"] == "1"
    assert len(answer["recommended"]) == 5
    for row in answer["recommended"]:
        assert {"rank", "model", "method", "score", "score_high", "steps", "memory", "time_hours", "cost_usd"} <= set(
            row
        )
        assert [step["step"] for step in row["steps"]] == ["task", "resources", "domain", "license", "community"]
        assert row["memory"]["peak_bytes"] == sum(row["memory"]["breakdown_bytes"].values())
        assert row["memory"]["fits"] is True
        assert row["because"]
        assert row["sources"]


def told(form, out):
    """What an answer says of each ranked model: rank, id, method, license verdict, score."""
    if form == "json":
        return [
            (
                f"{r['rank']}",
                r["model"],
                r["method"],
                r["license"]["verdict"],
                f"{r['score']:.2f}/{r['score_high']:.2f}",
            )
            for r in json.loads(out)["recommended"]
        ]
    if form == "csv":
        rows = [row for row in csv.DictReader(io.StringIO(out)) if row["status"] == "ranked"]
        scores = [f"{float(row['score']):.2f}/{float(row['score_high']):.2f}" for row in rows]
        cells = [(row["rank"], row["model"], row["method"], row["license_verdict"]) for row in rows]
        return [(*row, score) for row, score in zip(cells, scores, strict=True)]
    patterns = {
        "plain": r"^(?P<rank>\d+)=?\t(?P<model>\S+)\t(?P<method>\w+)\t.*?: (?P<verdict>\w+)\t(?P<score>0[^\t]+)\t",
        "table": r"^ +(?P<rank>\d+)=?  (?P<model>\S+) +(?P<score>0.*)\n +(?P<method>\w+) .* (?P<verdict>\w+)$",
        "markdown": r"^\| +(?P<rank>\d+)=? \| `(?P<model>\S+)` +\| (?P<method>\w+) .*: (?P<verdict>\w+) +"
        r"\| (?P<score>0[^|]+) \|$",
        "html": r'<tr><td class="number">(?P<rank>\d+)=?</td>.*?<code>(?P<model>\S+)</code>.*?</th>'
        r"<td>(?P<method>\w+)</td>"
        r'.*?<span class="\w+">(?P<verdict>\w+)</span></td><td class="nowrap">(?P<score>[^<]+)<',
    }
    flags = re.M | (re.S if form == "html" else 0)
    return [
        (f["rank"], f["model"], f["method"].lower(), f["verdict"], "/".join(re.findall(r"[01]\.\d\d", f["score"])))
        for f in re.finditer(patterns[form], out, flags)
    ]


def test_every_form_says_the_same_of_the_same_models(call):
    expected = told("json", call(*CLASSIFY, "--format", "json")[1])
    assert len(expected) == 5 and {row[3] for row in expected} <= {"allowed", "conditional"}
    for form in ("plain", "table", "markdown", "csv", "html"):
        assert told(form, call(*CLASSIFY, "--format", form)[1]) == expected, form


def estimated(call, *arguments):
    return json.loads(call("estimate", "Qwen/Qwen3-8B", *arguments, "--format", "json")[1])


def test_several_cards_hold_a_copy_each_or_share_one(call):
    copied = estimated(call, "--gpu", "2x80GB", "--method", "qlora")
    shared = estimated(call, "--gpu", "2x80GB", "--method", "full")
    alone = estimated(call, "--gpu", "80GB", "--method", "full")
    assert copied["fits"] and any("DDP" in text for text in copied["assumptions"])
    assert any("FSDP" in text for text in shared["assumptions"])
    assert shared["peak_bytes"] < alone["peak_bytes"]


def test_serving_takes_one_card_however_many_there_are(call):
    one, two = (estimated(call, "--gpu", gpu, "--method", "inference") for gpu in ("24GB", "2x24GB"))
    assert one["peak_bytes"] == two["peak_bytes"] > 8.19e9 * 2


def test_a_pipe_gets_one_line_per_model_and_no_box(call):
    _, out, err = call(*CLASSIFY)
    lines = out.splitlines()
    assert len(lines) == 5
    assert all("\t" in line and "│" not in line for line in lines)
    assert "ruled out" in err


def test_nothing_qualifies_shows_the_nearest_misses(call):
    code, out, err = call("recommend", "--task", "chat", "--gpu", "0.5GB")
    assert (code, out) == (3, "")
    assert "nearest miss" in err


def test_a_profile_from_a_file_and_from_stdin_and_flags_win(tmp_path, call):
    path = tmp_path / "profile.yaml"
    path.write_text("task: classification\ngpu: 8GB\nseq-len: 128\n", "utf-8")
    _, out, _ = call("recommend", "--profile", str(path), "--gpu", "16GB", "--format", "json")
    profile = json.loads(out)["profile"]
    assert (profile["task"], profile["seq_len"]) == ("classification", 128)
    assert profile["gpu"]["memory_bytes"] == 16 * 1024**3


def test_an_existing_file_is_only_overwritten_with_force(tmp_path, call):
    path = tmp_path / "answer.md"
    path.write_text("mine", "utf-8")
    code, _, err = call(*CLASSIFY, "--format", "markdown", "--output", str(path))
    assert code == 2
    assert "--force" in err
    assert path.read_text("utf-8") == "mine"
    assert call(*CLASSIFY, "--format", "markdown", "--output", str(path), "--force")[0] == 0
    assert "deberta" in path.read_text("utf-8").lower()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["tree"],
        ["hardware", "--gpus"],
        ["catalog", "stats"],
        ["catalog", "show", "qwen3-8b"],
        ["catalog", "list", "--task", "ner", "--license", "permissive", "--max-params", "500M"],
        ["license", "llama3.1", "--commercial"],
        ["advise", "--task", "classification", "--examples", "300"],
        ["plan", "Qwen/Qwen3-8B", "--task", "chat", "--gpu", "24GB"],
        ["estimate", "Qwen/Qwen3-8B", "--method", "qlora", "--gpu", "24GB"],
        ["explain", "Qwen/Qwen3-8B", "--task", "chat", "--gpu", "24GB"],
        ["compare", "Qwen/Qwen3-8B", "Qwen/Qwen3-4B", "--task", "chat"],
        ["report", "--task", "chat", "--gpu", "24GB"],
    ],
    ids=" ".join,
)
def test_every_command_answers_in_every_form(arguments, call):
    forms = [[], ["--format", "json"], ["--format", "table"], ["--format", "csv"]]
    if arguments[0].startswith("--"):
        forms = [[]]
    if arguments[0] == "report":
        forms = [[], ["--format", "html"]]
    for form in forms:
        code, out, _ = call(*arguments, *form)
        assert code == 0, form
        assert out.strip(), form
        if form == ["--format", "json"]:
            json.loads(out)


EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_profile_gets_an_answer(path, call):
    code, out, _ = call("recommend", "--profile", str(path), "--format", "json")
    assert code == 0
    assert json.loads(out)["recommended"]


def test_there_are_at_least_ten_examples_each_with_a_paragraph_on_its_situation():
    assert len(EXAMPLES) >= 10
    for path in EXAMPLES:
        told = path.read_text("utf-8").partition("task:")[0]
        assert all(line.startswith("# ") for line in told.splitlines()), path.name
        assert len(told) > 200 and told.count(".") >= 3, path.name


def test_a_search_without_an_answer_says_so_beside_the_empty_list(call):
    code, out, err = call("catalog", "list", "--family", "qwen3", "--max-params", "100M", "--format", "json")
    assert (code, out.strip()) == (0, "[]")
    assert err == "no model of the catalog answers all of that; leave out a demand\n"


@st.composite
def lines(draw):
    """A command and words behind it: its flags with and without values, arguments, and what nobody meant."""
    name = draw(st.sampled_from(sorted(cli.COMMANDS)))
    flags = [one for flag in cli.COMMANDS[name].flags.values() for names in flag.names for one in names.split("/")]
    plain = st.tuples(st.sampled_from(flags), st.sampled_from(["chat", "24GB", "a,b", "é=1", ""]))
    value = st.sampled_from(["chat", "", "-", "--", "-3", "-o", "--bogus", "--gpu"])
    word = st.one_of(
        plain.map(list),
        plain.map(lambda both: ["=".join(both)]),
        st.sampled_from(flags).map(lambda flag: [flag]),
        st.tuples(st.sampled_from(flags), value).map(list),
        st.tuples(st.sampled_from(flags), value).map(lambda both: ["=".join(both)]),
        value.map(lambda one: [one]),
    )
    return name, [one for words in draw(st.lists(word, max_size=3)) for one in words]


@given(lines())
@example(("recommend", ["--task", "chat", "--language", "de", "--commercial", "--language=en", "--gpu", "8GB"]))
@example(("recommend", ["--non-commercial", "--task=chat", "--commercial", "--task", ""]))
@example(("compare", ["a", "--task", "chat", "b"]))
@example(("explain", ["a", "b"]))
@example(("explain", []))
@example(("plan", ["a"]))
@example(("recommend", ["--output", "x"]))
def test_what_is_read_plainly_is_read_as_typer_reads_it(line):
    name, words = line
    command = cli.COMMANDS[name]
    plainly = flags.read(words, command.flags)
    event("plainly" if plainly is not None else "by typer")
    if plainly is not None:
        same, given_ = by_typer.read([*name.split(), *words], {name: command})
        assert same is command
        assert [*given_.items()] == [*plainly.items()]


@pytest.mark.parametrize("arguments", [CLASSIFY, ["explain", "a", "--task", "chat"], ["catalog", "list"]], ids=" ".join)
def test_ordinary_words_are_read_plainly(arguments):
    assert cli._plainly(arguments) is not None
