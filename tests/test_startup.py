"""What is imported decides how fast an answer comes: modules are counted, not milliseconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

import llmpick
from llmpick import engine, load, recommend, request
from llmpick.catalog.shelf import Shelf
from llmpick.record import replace

HEAVY = ("pydantic", "pydantic_core", "yaml", "jinja2", "huggingface_hub", "httpx", "numpy", "torch", "rich.table")
PROBE = """
import sys
from llmpick import cli
cli.run(sys.argv[1:])
print(" ".join(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.fixture(autouse=True, scope="module")
def compiled_catalog():
    """What reads the catalog's files is heavy, and runs once after an edit of the code or of the catalog."""
    load()


def loaded(*arguments: str) -> set[str]:
    """Modules in memory after one command."""
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("recommend", "--task", "classification", "--gpu", "24GB"),
        ("recommend", "--task", "chat", "--gpu", "24GB", "--format", "json"),
        ("estimate", "Qwen/Qwen3-8B", "--format", "json"),
        ("explain", "Qwen/Qwen3-8B", "--task", "chat", "--format", "json"),
        ("catalog", "list", "--family", "qwen3"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_an_answer_loads_nothing_heavy(arguments):
    assert not loaded(*arguments) & set(HEAVY)


def test_help_loads_neither_engine_nor_catalog():
    assert not {name for name in loaded("--help") if name.startswith(("llmpick.engine", "llmpick.catalog"))}


def test_a_recommendation_loads_few_modules():
    modules = loaded("recommend", "--task", "classification", "--gpu", "24GB", "--examples", "5000")
    assert len(modules) < 260
    assert len([name for name in modules if name.startswith("llmpick")]) <= 95


COUNT = """
import sys
from llmpick import cli
counted = 0
def count(frame, event, argument):
    global counted
    counted += event == "call"
sys.setprofile(count)
cli.run(sys.argv[1:])
sys.setprofile(None)
print(counted, file=sys.stderr)
"""


def test_what_surrounds_the_ranking_costs_little_beside_it():
    """Importing what answers, parsing flags, printing: much the same on every machine, however busy it is."""
    asked = ("recommend", "--task", "classification", "--gpu", "24GB")
    done = subprocess.run([sys.executable, "-c", COUNT, *asked], capture_output=True, text=True, check=True)
    profile = request.build({"task": "classification", "gpu": "24GB"}, load())
    ranking = calls(lambda: engine.rank(load(), profile))
    assert int(done.stderr.splitlines()[-1]) - ranking < 32_000


def calls(work) -> int:
    """Python functions that `work` calls: what it costs, whatever else the machine is doing."""
    counted = 0

    def count(frame, event, argument):
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def test_ranking_costs_a_few_calls_a_model_and_grows_with_their_number():
    catalog = load()
    profile = request.build({"task": "classification", "gpu": "24GB", "examples": 5000}, catalog)
    half = replace(catalog, models=Shelf(dict(list(catalog.models.paths.items())[::2]), catalog.models.values))
    engine.rank(half, profile)  # what is imported and compiled once
    some, all_ = (calls(lambda facts=facts: engine.rank(facts, profile)) for facts in (half, catalog))
    assert all_ <= 130 * len(catalog.models)
    assert all_ <= 2.2 * some


def test_only_models_that_are_read_are_decoded():
    catalog = load()
    answer = recommend({"task": "classification", "gpu": "24GB"}, catalog)
    assert len(answer.recommended) > 100
    assert answer.recommended[0].because
    assert len([path for path in catalog.models.values.given if path.startswith("models/")]) <= 2


def test_importing_llmpick_imports_nothing_of_it():
    done = subprocess.run(
        [sys.executable, "-c", "import sys, llmpick; print([n for n in sys.modules if n.startswith('llmpick.')])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there():
    assert all(getattr(llmpick, name) for name in llmpick.__all__)
    with pytest.raises(AttributeError):
        llmpick.nothing_of_the_kind  # noqa: B018
