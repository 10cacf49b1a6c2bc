"""`advise`: the technique, the data, the metrics and the baseline, each with its reason and source."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from llmpick.guidance.advise import advice, advise
from llmpick.guidance.data import margin, splits
from llmpick.guidance.decision import WORK_OF_TASK
from llmpick.guidance.metrics import JUDGING
from llmpick.guidance.technique import CHOICES, chosen
from llmpick.profile import Profile

TASKS = yaml.safe_load((Path(__file__).parent.parent / "catalog/tasks.yaml").read_text(encoding="utf-8"))
WORKS_OF_KIND = {
    "understanding": {"labels", "spans"},
    "embedding": {"vectors"},
    "sequence-to-sequence": {"text"},
    "generation": {"text"},
}

# One profile for each technique, and one as near as can be that gets another.
TECHNIQUE_CASES = {
    "dpo": ({"task": "chat", "feedback": "pairs"}, {"task": "classification", "feedback": "pairs"}),
    "kto": ({"task": "chat", "feedback": "ratings"}, {"task": "retrieval", "feedback": "ratings"}),
    "rft": ({"task": "math-reasoning", "feedback": "grader"}, {"task": "classification", "feedback": "grader"}),
    "contrastive": ({"task": "retrieval", "examples": 5000}, {"task": "token-classification", "examples": 5000}),
    "setfit": ({"task": "classification", "examples": 999}, {"task": "classification", "examples": 1000}),
    "continued": (
        {"task": "token-classification", "domain": "legal", "unlabeled": True},
        {"task": "token-classification", "domain": "general", "unlabeled": True},
    ),
    "distillation": (
        {"task": "summarization", "examples": 60, "latency": 200.0},
        {"task": "summarization", "examples": 1000, "latency": 200.0},
    ),
    "supervised": ({"task": "summarization", "examples": 1000}, {"task": "summarization", "feedback": "pairs"}),
}

ANY_PROFILE = st.builds(
    Profile,
    task=st.sampled_from(sorted(WORK_OF_TASK)),
    domain=st.sampled_from(["general", "legal"]),
    examples=st.none() | st.integers(0, 10**7),
    latency=st.none() | st.floats(1, 1e6),
    weights=st.sampled_from(["open", "api", "any"]),
    stage=st.sampled_from([None, "exploration", "pilot", "production"]),
    facts_change=st.sampled_from([None, "rarely", "often"]),
    style_matters=st.none() | st.booleans(),
    privacy=st.none() | st.booleans(),
    expertise=st.sampled_from([None, "none", "some", "strong"]),
    classes=st.none() | st.integers(2, 10**4),
    feedback=st.sampled_from([None, "pairs", "ratings", "grader"]),
    unlabeled=st.none() | st.booleans(),
)


def test_guidance_knows_every_task_of_the_catalog_and_no_other() -> None:
    assert {task["id"] for task in TASKS} == set(WORK_OF_TASK) == set(JUDGING)
    for task in TASKS:
        assert WORK_OF_TASK[task["id"]] in WORKS_OF_KIND[task["kind"]], task["id"]


def test_every_technique_has_a_case() -> None:
    assert set(TECHNIQUE_CASES) == {choice.id for choice in CHOICES}


@pytest.mark.parametrize(("technique", "cases"), TECHNIQUE_CASES.items())
def test_technique_is_chosen_here_and_not_there(technique: str, cases: tuple[dict, dict]) -> None:
    here, there = cases
    assert chosen(Profile(**here)).id == technique
    assert chosen(Profile(**there)).id != technique


@given(ANY_PROFILE)
def test_every_reason_is_one_sourced_line(profile: Profile) -> None:
    answer = advise(profile)
    assert answer.fine_tune == advice(profile).fine_tune
    assert answer.because
    assert answer.metrics
    assert answer.technique.name not in {other.name for other in answer.others}
    assert answer.data.minimum <= answer.data.good
    for reason in (answer.technique, *answer.others):
        assert reason.sources
    for metric in answer.metrics:
        assert metric.source in answer.sources
    lines = [*answer.because, *answer.instead, answer.baseline, answer.data.splits, answer.data.because]
    lines += [reason.because for reason in (answer.technique, *answer.others, *answer.metrics)]
    assert all(line and "\n" not in line and "{" not in line and not line.endswith(".") for line in lines)
    assert all(source.startswith("https://") for source in answer.sources)


@given(st.integers(20, 10**7), st.sampled_from([1000, 7000]))
def test_split_parts_add_up_to_the_whole(examples: int, plenty: int) -> None:
    text = splits(examples, plenty)
    numbers = [
        int(word.replace(",", "")) for word in text.replace(";", "").split() if word[0].isdigit() and "-" not in word
    ]
    parts = numbers[:3] if examples >= plenty else numbers[:2]
    assert sum(parts) == examples


def test_margin_is_half_the_binomial_interval() -> None:
    assert margin(400) == pytest.approx(0.0392)
    assert "uncertain by about 10 points" in splits(300, 1000)


def test_few_examples_are_kept_for_judging() -> None:
    assert splits(0, 1000) == splits(19, 1000)
    assert splits(19, 1000).endswith("keep them all for judging")


def test_spans_of_text_and_pairs_are_not_sent_to_tools_for_something_else() -> None:
    def said(task: str, examples: int):
        return advise(Profile(task=task, domain="general", seq_len=384, batch_size=16, epochs=2, examples=examples))

    assert any("a reader tuned on SQuAD" in text for text in said("extractive-qa", 200).instead)
    alike = said("similarity", 500)
    assert all("BM25" not in text or "where you search" in text for text in alike.instead)
    assert "accuracy" not in alike.data.splits
