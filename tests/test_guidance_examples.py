"""Each profile in examples/ is read as flags would be, gets advice, and says in a comment what the situation is."""

from pathlib import Path

import pytest
import yaml

from llmpick.guidance.advise import advise
from llmpick.guidance.technique import chosen
from llmpick.profile import _PARSERS, Profile

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
CASES = yaml.safe_load((ROOT / "tests/cases/advise/examples.yaml").read_text(encoding="utf-8"))
KEYS = {"task", "language", *_PARSERS} - {"languages"}
FOR_ADVICE = set(Profile.__dataclass_fields__) - {"gpu", "serve_gpu", "license", "priority", "weight", "languages"}


def raw(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def as_profile(path: Path) -> Profile:
    """The fields that advice reads; cards and languages are parsed elsewhere."""
    return Profile(**{key: value for key, value in raw(path).items() if key in FOR_ADVICE})


def test_there_are_at_least_ten_examples_each_with_an_expected_answer() -> None:
    assert len(EXAMPLES) >= 10
    assert set(CASES) == {path.stem for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_uses_flag_names_only_and_tells_its_story(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    comment = [line for line in lines if line.startswith("#")]
    assert lines[: len(comment)] == comment
    assert len(comment) >= 3
    assert set(raw(path)) <= KEYS


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_gets_the_advice_a_practitioner_would_give(path: Path) -> None:
    profile = as_profile(path)
    expected = CASES[path.stem]
    assert {"fine_tune": advise(profile).fine_tune, "technique": chosen(profile).id} == {
        key: expected[key] for key in ("fine_tune", "technique")
    }, expected["why"]
