"""What README and docs show runs, what the program wrote of them is up to date, and every command is documented."""

from __future__ import annotations

import html
import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from llmpick import cli

pytestmark = pytest.mark.usefixtures("loaded")

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
INTERACTIVE = {"interview", "mcp"}
NETWORK = {("catalog", "add"), ("catalog", "refresh")}
EXAMPLE_MODEL = "Qwen/Qwen3-8B"
WRITTEN = runpy.run_path(str(ROOT / "tools" / "write_docs.py"))["generated"]()


def shown() -> list[tuple[str, str]]:
    """Every llmpick command of the README and docs: shell blocks and `inline` ones, with their page."""
    found = []
    for page in PAGES:
        if page.parent.name == "reference":
            continue  # written by the program
        text = page.read_text("utf-8")
        blocks = "\n".join(re.findall(r"```(?:sh|bash|console)\n(.*?)```", text, flags=re.DOTALL))
        lines = [line.strip().removeprefix("$ ") for line in blocks.replace("\\\n", " ").splitlines()]
        lines += [line for line in re.findall(r"`(llmpick [^`]+)`", text) if " --" in line]  # others only name one
        found += [(page.name, line.split("  #")[0].strip()) for line in lines if line.startswith("llmpick ")]
    return sorted(set(found))


def runnable(line: str) -> list[str] | None:
    """The arguments of a shown command, placeholders filled in; None for what needs a person or a network."""
    words = shlex.split(line)[1:]
    if not words or words[0] in INTERACTIVE or tuple(words[:2]) in NETWORK or "|" in words:
        return None
    words = [EXAMPLE_MODEL if word == "MODEL" else word for word in words]
    return None if any(re.search(r"[A-Z]{3,}|…|\.\.\.", word.replace("A100", "")) for word in words) else words


@pytest.mark.parametrize(("page", "line"), shown(), ids=str)
def test_every_command_shown_runs(page, line, tmp_path, monkeypatch, capsys):
    arguments = runnable(line)
    if arguments is None:
        pytest.skip("needs a person, a network or a value of the reader's")
    monkeypatch.chdir(tmp_path)
    config = '{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, '
    (tmp_path / "config.json").write_text(config + '"intermediate_size": 128, "vocab_size": 1000}', "utf-8")
    (tmp_path / "use.yaml").write_text("commercial: true\n", "utf-8")
    (tmp_path / "profile.yaml").write_text("task: chat\ngpu: 24GB\n", "utf-8")
    assert cli.run(arguments) in (0, 3), capsys.readouterr().err


def test_every_command_is_in_the_readme_or_docs():
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert {name for name in cli.COMMANDS if f"llmpick {name}" not in text} == set()


def test_links_between_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_what_the_program_writes_of_the_docs_is_current(path):
    text = WRITTEN[path]()
    if os.environ.get("LLMPICK_REWRITE_GOLDENS"):
        path.write_text(text, "utf-8")
    assert words(path.read_text("utf-8")) == words(text), "python tools/write_docs.py rewrites it"


def test_a_quoted_figure_does_not_begin_a_line():
    """Markdown would take the whole line for HTML and leave links and emphasis in it as they are."""
    for page in PAGES:
        assert re.findall(r"^ *<!--= [^>]*-->.+", page.read_text("utf-8"), re.MULTILINE) == [], page.name


def test_no_measured_figure_of_the_readme_is_typed_by_hand():
    text = re.sub(r"<!--= .*?<!--/-->|`[^`]*`", "", PAGES[0].read_text("utf-8"), flags=re.DOTALL)
    measured = r"\d+(?:\.\d+)? (?:ms|MiB|×)|\d,?\d{3} models|\d+ (?:comparisons|tasks|licenses)"
    assert re.findall(measured, text) == [], "quote it: benchmarks/figures.py says how"


def words(page: str) -> str:
    """The page; of a picture the text it shows, for how it is drawn changes with rich."""
    return html.unescape("".join(re.findall(r">([^<]*)</text>", page))) if page.startswith("<svg") else page


def fenced(language: str) -> list[tuple[str, str]]:
    """Every block in that language, with its page."""
    pattern = rf"```{language}\n(.*?)```"
    return [(page.name, block) for page in PAGES for block in re.findall(pattern, page.read_text("utf-8"), re.DOTALL)]


@pytest.mark.parametrize(("page", "line"), [shown for shown in shown() if "| jq" in shown[1]], ids=str)
def test_every_jq_recipe_runs(page, line, capsys):
    command, _, recipe = line.partition(" | ")
    assert cli.run(shlex.split(command)[1:]) == 0
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    answer = capsys.readouterr().out
    done = subprocess.run(shlex.split(recipe), input=answer, capture_output=True, text=True, check=True)
    assert done.stdout.strip() not in ("", "null")


@pytest.mark.parametrize(("page", "block"), fenced("python"), ids=str)
def test_every_python_snippet_runs(page, block):
    exec(compile(block, page, "exec"), {"__name__": "snippet"})


def test_every_data_snippet_is_well_formed():
    assert all(json.loads(block) for _, block in fenced("json"))
    assert all(yaml.safe_load(block) for _, block in fenced("yaml"))
