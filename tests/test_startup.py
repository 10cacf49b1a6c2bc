"""What is imported decides how fast an answer comes: modules are counted, not milliseconds."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import llmpick
from llmpick import engine, load, recommend, record, request
from llmpick.catalog.shelf import Shelf
from llmpick.record import replace

HEAVY = {
    "typer",
    "rich.table",
    "pydantic",
    "pydantic_core",
    "yaml",
    "jinja2",
    "huggingface_hub",
    "httpx",
    "numpy",
    "torch",
}
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
    ],
    ids=" ".join,
)
def test_an_answer_loads_nothing_heavy(arguments):
    assert not loaded(*arguments) & HEAVY


def test_the_version_loads_nothing_heavy_but_typer():
    assert loaded("--version") & HEAVY <= {"typer"}


def test_help_loads_neither_engine_nor_catalog():
    assert not {name for name in loaded("--help") if name.startswith(("llmpick.engine", "llmpick.catalog"))}


def test_a_recommendation_loads_few_modules():
    modules = loaded("recommend", "--task", "classification", "--gpu", "24GB", "--examples", "5000")
    assert len(modules) < 180
    assert len([name for name in modules if name.startswith("llmpick")]) <= 95


COUNT = """
import sys
from llmpick import cli
counted = 0
def count(frame, event, argument):
    global counted
    if event == "call" and frame.f_code.co_name == "rank" and frame.f_globals["__name__"] == "llmpick.engine":
        sys.setprofile(returned)
    counted += event == "call"
def returned(frame, event, argument):
    if event == "return" and frame.f_code.co_name == "rank" and frame.f_globals["__name__"] == "llmpick.engine":
        sys.setprofile(count)
sys.setprofile(count)
cli.run(sys.argv[1:])
sys.setprofile(None)
print(counted, file=sys.stderr)
"""


def test_what_surrounds_the_ranking_costs_little_beside_it():
    """Importing what answers, parsing flags, loading, printing: the same on every machine, however busy it is."""
    asked = ("recommend", "--task", "classification", "--gpu", "24GB")
    done = subprocess.run([sys.executable, "-c", COUNT, *asked], capture_output=True, text=True, check=True)
    counted = int(done.stderr.splitlines()[-1])
    assert counted < 27_000, counted


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
    other = request.build({"task": "chat", "gpu": "8GB", "language": "de", "commercial": True}, catalog)
    engine.rank(half, other)  # what is imported and compiled once; no answer is remembered of it
    some, all_ = (calls(lambda facts=facts: engine.rank(facts, profile)) for facts in (half, catalog))
    assert all_ <= 60 * len(catalog.models)
    assert all_ <= 2.2 * some


def test_only_models_that_are_read_are_decoded():
    catalog = load()
    answer = recommend({"task": "classification", "gpu": "24GB"}, catalog)
    assert len(answer.recommended) > 100
    assert answer.recommended[0].because
    assert len([path for path in catalog.models.values.at_hand() if path.startswith("models/")]) <= 2


class Light(record.NamedTuple):
    """As `record` makes one."""

    name: str
    size: int = 1


class Usual(typing.NamedTuple):
    """As `typing` makes one."""

    name: str
    size: int = 1


Usual.__name__ = "Light"


@pytest.mark.parametrize(
    "use",
    [
        lambda made: made("a"),
        lambda made: made(size=2, name="a"),
        lambda made: made("a", 2).size,
        lambda made: made("a")._replace(size=3),
        lambda made: made._make(["a", 2]),
        lambda made: (made._fields, made._field_defaults, made("a")._asdict()),
        lambda made: {made("a"): 1}[("a", 1)],
        lambda made: repr(made("a")),
        lambda made: [*copy.deepcopy(made(["a"]))],
        lambda made: made(),
        lambda made: made("a", 1, 2),
        lambda made: made("a", color=2),
        lambda made: made("a", name="b"),
        lambda made: made(color=2),
        lambda made: [made("a", size=size) for size in range(2 * record.FEW)],
        lambda made: made("a")._replace(color=2),
        lambda made: made._make(["a"]),
        lambda made: setattr(made("a"), "size", 2),
        lambda made: setattr(made("a"), "color", 2),
    ],
)
def test_a_named_tuple_is_what_typing_makes(use):
    def outcome(made):
        try:
            return use(made)
        except (TypeError, ValueError, AttributeError) as error:
            return type(error)

    assert outcome(Light) == outcome(Usual)


def test_every_named_tuple_is_a_light_one():
    files = [path for path in Path(llmpick.__file__).parent.rglob("*.py") if path.name != "record.py"]
    assert files
    assert not [str(path) for path in files if re.search(r"typing import .*\bNamedTuple", path.read_text("utf-8"))]


def test_a_record_is_made_the_same_way_early_and_late():
    @record.record
    class Made:
        name: str
        size: int = 1

    said = []
    for _ in range(record.EARLY + 3):
        said.append(Made(name="a"))
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'name'"):
        Made(size=2)
    with pytest.raises(TypeError, match="unexpected keyword argument 'color'"):
        Made(name="a", color=2)
    assert set(said) == {Made(name="a", size=1)}


@pytest.mark.parametrize("wrong", [{}, {"color": 2}, {"name": "a", "color": 2}, {"name": "a", "size": 1, "color": 2}])
def test_the_first_record_of_all_may_be_wrong(wrong):
    @record.record
    class Made:
        name: str
        size: int = 1

    with pytest.raises(TypeError, match="argument"):
        Made(**wrong)
    assert Made(name="a") == Made(name="a", size=1)


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
