"""Each profile in examples/ is read as flags would be, gets advice, and says in a comment what the situation is."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from llmpick import engine, planning
from llmpick.errors import LlmpickError
from llmpick.guidance.advise import advise
from llmpick.guidance.frameworks import fitting, write
from llmpick.guidance.technique import chosen
from llmpick.profile import _PARSERS, Profile
from llmpick.render import report

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


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs_from_advice_to_files_and_report(path: Path, facts, ask) -> None:
    answer = engine.rank(facts, ask(**raw(path)))
    assert answer.recommended, "every example has a model that qualifies"
    guide = planning.guide(answer, facts)
    assert guide.advise.fine_tune == answer.advice.fine_tune == CASES[path.stem]["fine_tune"]
    assert guide.plan is not None, guide.unplanned
    assert guide.plan.model == answer.recommended[0].model.id
    assert guide.plan.method == answer.recommended[0].method
    assert guide.plan.memory is None or guide.plan.memory.fits in (True, None)
    written = [framework for framework in fitting(guide.plan.kind) if _files(guide.plan, framework)]
    assert written
    _check_report(report.markdown(answer, today=date(2026, 11, 21), guide=guide), guide)
    page = report.html(answer, today=date(2026, 11, 21), guide=guide)
    assert "<h2>How to go about it</h2>" in page
    assert "<h2>How to train <code>" in page


def _files(plan, framework: str) -> dict[str, str]:
    try:
        return write(plan, framework)
    except LlmpickError as error:
        assert framework in str(error) or "not on record" in str(error)
        return {}


def _check_report(text: str, guide) -> None:
    """Technique, data, metrics, baseline and every setting are there, and every number leads to a source."""
    plain = text.replace("\\", "")
    for said in (guide.advise.technique.name, guide.advise.baseline, guide.advise.data.splits):
        assert said in plain
    assert all(metric.name in plain for metric in guide.advise.metrics)
    rows = plain.split("## How to train")[1].split("What to watch")[0]
    for setting in guide.plan.settings:
        assert f"| {setting.name} " in rows
        assert setting.because.replace("|", "/")[:60] in rows.replace("&lt;", "<")
    assert all(line[1:60] in plain for line in guide.plan.watch)
    used = {int(number) for number in re.findall(r"\[(\d+)\](?!:)", rows)}
    assert used
    assert used <= {int(number) for number in re.findall(r"^\[(\d+)\]: ", text, re.MULTILINE)}
