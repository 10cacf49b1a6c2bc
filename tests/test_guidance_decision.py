"""The decision table is complete, its rows are disjoint, and each row has a profile that triggers it."""

from dataclasses import replace
from itertools import product

import pytest

from llmpick.guidance.advise import advice
from llmpick.guidance.decision import AMOUNTS, FACTS, ROWS, STAGE, STYLE, WORKS, Case, case_of, row_for
from llmpick.guidance.notes import NOTES, notes_for
from llmpick.profile import Profile

EVERY_CASE = [
    Case(work=work, amount=amount, facts=facts, style=style, stage=stage)
    for work, amount, facts, style, stage in product(WORKS, AMOUNTS, FACTS, STYLE, STAGE)
]

# One profile for each row of the table: (row, profile fields).
TRIGGERS = {
    "labels-too-few": {"task": "classification", "examples": 100, "classes": 77},
    "labels-unknown": {"task": "classification"},
    "labels-some": {"task": "classification", "examples": 616, "classes": 77},
    "labels-many": {"task": "code-understanding", "examples": 1000},
    "spans-too-few": {"task": "token-classification", "examples": 199, "classes": 4},
    "spans-unknown": {"task": "extractive-qa"},
    "spans-some": {"task": "token-classification", "examples": 200, "classes": 4},
    "spans-many": {"task": "extractive-qa", "examples": 1000},
    "vectors-too-few": {"task": "retrieval", "examples": 7},
    "vectors-unknown": {"task": "similarity"},
    "vectors-some": {"task": "retrieval", "examples": 8},
    "vectors-many": {"task": "similarity", "examples": 7000},
    "text-facts": {"task": "chat", "examples": 5000, "facts_change": "often"},
    "text-facts-form-thin": {"task": "chat", "examples": 20, "facts_change": "often", "style_matters": True},
    "text-facts-form": {"task": "chat", "examples": 50, "facts_change": "often", "style_matters": True},
    "text-too-few": {"task": "summarization", "examples": 49},
    "text-exploring": {"task": "generation", "examples": 999, "stage": "exploration"},
    "text-exploring-many": {"task": "text-to-sql", "examples": 1000, "stage": "exploration"},
    "text-unknown": {"task": "translation"},
    "text-some": {"task": "information-extraction", "examples": 50, "facts_change": "rarely"},
    "text-some-form": {"task": "generation", "examples": 300, "style_matters": True, "stage": "production"},
    "text-many": {"task": "function-calling", "examples": 1000},
}

# A profile for which each note holds, and one, as near as can be, for which it does not.
NOTE_CASES = {
    "evaluation-first": ({"task": "chat", "examples": 1000}, {"task": "chat", "examples": 10}),
    "knowledge": ({"task": "question-answering"}, {"task": "question-answering", "facts_change": "rarely"}),
    "latency": ({"task": "chat", "examples": 1000, "latency": 300.0}, {"task": "chat", "examples": 1000}),
    "budget": (
        {"task": "classification", "examples": 500, "budget": 50.0},
        {"task": "classification", "examples": 500},
    ),
    "no-experience": (
        {"task": "classification", "examples": 500, "expertise": "none"},
        {"task": "classification", "examples": 500, "expertise": "none", "privacy": True},
    ),
    "privacy": ({"task": "chat", "privacy": True}, {"task": "chat", "privacy": True, "weights": "open"}),
}


@pytest.mark.parametrize("case", EVERY_CASE, ids=str)
def test_exactly_one_row_holds_for_every_case(case: Case) -> None:
    assert [row.id for row in ROWS if row.holds(case)] == [row_for(case).id]


def test_every_row_has_a_trigger() -> None:
    assert {row.id for row in ROWS} == set(TRIGGERS)
    assert len(ROWS) == len(TRIGGERS)


@pytest.mark.parametrize(("row", "fields"), TRIGGERS.items())
def test_trigger_reaches_its_row_and_no_other(row: str, fields: dict) -> None:
    assert row_for(case_of(Profile(**fields))).id == row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_row_has_a_neighbor_that_does_not_trigger_it(row) -> None:
    """The trigger with one answer changed, so that another row holds."""
    here = case_of(Profile(**TRIGGERS[row.id]))
    answers = {"amount": AMOUNTS, "facts": FACTS, "style": STYLE, "stage": STAGE}
    near = [replace(here, **{field: word}) for field, words in answers.items() for word in words]
    assert row.holds(here)
    assert any(not row.holds(case) and row_for(case) is not row for case in near)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_row_has_a_source_and_says_what_to_do_unless_the_answer_is_yes(row) -> None:
    assert all(source.startswith("https://") for source in row.sources)
    assert row.sources
    assert row.fine_tune == "yes" or row.instead


@pytest.mark.parametrize("fields", TRIGGERS.values())
def test_advice_fills_in_its_numbers(fields: dict) -> None:
    answer = advice(Profile(**fields))
    lines = (*answer.because, *answer.instead)
    assert not any("{" in line or "\n" in line for line in lines)


def test_advice_names_the_users_own_numbers() -> None:
    answer = advice(Profile(task="classification", examples=100, classes=77))
    assert answer.fine_tune == "no"
    assert "100 labeled examples are fewer than 8 for each of 77 classes" in answer.because[0]
    assert "616 in all" in answer.instead[0]


def test_every_note_has_a_case() -> None:
    assert {note.id for note in NOTES} == set(NOTE_CASES)


@pytest.mark.parametrize(("note", "cases"), NOTE_CASES.items())
def test_note_holds_here_and_not_there(note: str, cases: tuple[dict, dict]) -> None:
    here, there = (Profile(**fields) for fields in cases)
    assert note in {found.id for found in notes_for(here, advice(here).fine_tune)}
    assert note not in {found.id for found in notes_for(there, advice(there).fine_tune)}


def test_a_vendor_that_is_closing_is_warned_of_where_vendors_are_asked_for(facts) -> None:
    def warned(**fields) -> list[str]:
        answer = advice(Profile(task="chat", **fields), facts.apis)
        return [line for line in answer.because if "is closing its tuning service" in line]

    closing = {api.vendor for api in facts.apis if api.status == "closing" and "chat" in api.tasks}
    assert closing
    for fields in ({"weights": "api"}, {"weights": "any"}):
        assert {line.split(" is closing")[0] for line in warned(**fields)} == closing
    assert any("stop by 2027-01-14" in line for line in warned(weights="api"))
    assert not warned(weights="open")
    assert not warned(weights="any", assumed=("weights",))


def test_more_examples_never_turn_the_answer_down() -> None:
    order = {"no": 0, "maybe": 1, "yes": 2}
    for work, facts, style, stage in product(WORKS, FACTS, STYLE, STAGE):
        answers = [
            order[row_for(Case(work=work, amount=amount, facts=facts, style=style, stage=stage)).fine_tune]
            for amount in ("too few", "some", "many")
        ]
        assert answers == sorted(answers)
