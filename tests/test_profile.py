"""A Profile is built in one place, from flags, YAML and the interview alike."""

from __future__ import annotations

import pytest

from llmpick import recommend
from llmpick.errors import LlmpickError
from llmpick.profile import merge


@pytest.mark.parametrize(
    ("word", "task"),
    [
        ("classification", "classification"),
        ("text-classification", "classification"),
        ("sentiment", "classification"),
        ("ner", "token-classification"),
        ("NER", "token-classification"),
        ("summarisation", "summarization"),
        ("sentence-similarity", "similarity"),
        ("text-generation", "generation"),
        ("text to sql", "text-to-sql"),
        ("question_answering", "question-answering"),
    ],
)
def test_tasks_and_their_aliases(word, task, ask):
    assert ask(task=word).task == task


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({}, "--task"),
        ({"task": "clasification"}, "did you mean classification"),
        ({"task": "chat", "domain": "leagl"}, "did you mean legal"),
        ({"task": "chat", "language": "klingon"}, "language code"),
        ({"task": "chat", "language": "koreen"}, "did you mean korean"),
        ({"task": "chat", "region": "Europe"}, "ISO 3166"),
        ({"task": "chat", "license": "apache"}, "did you mean"),
        ({"task": "chat", "method": "lorra"}, "did you mean lora"),
        ({"task": "chat", "examples": "-5"}, "--examples"),
        ({"task": "chat", "examples": "1.5"}, "whole number"),
        ({"task": "chat", "seq_len": "0"}, "--seq-len"),
        ({"task": "chat", "priority": "qualty"}, "did you mean quality"),
        ({"task": "chat", "weight": "quality"}, "criterion=ratio"),
        ({"task": "chat", "budgett": 3}, "did you mean budget"),
        ({"task": "chat", "commercial": "maybe"}, "true or false"),
    ],
)
def test_bad_values_name_the_flag_and_what_would_be_right(raw, says, ask):
    with pytest.raises(LlmpickError, match=says) as caught:
        ask(**raw)
    assert "\n" not in str(caught.value)


def test_what_the_user_left_out_is_assumed(ask):
    profile = ask(task="ner", gpu="24GB")
    assert "seq_len" in profile.assumed
    assert "gpu" not in profile.assumed
    assert profile.seq_len > 0


def test_languages_in_any_spelling(ask):
    assert ask(task="chat", language=["en,de", "Korean"]).languages == ("en", "de", "ko")
    assert ask(task="chat", language=["nb", "nn,no"]).languages == ("no",)


def test_flags_win_over_the_file_however_they_are_spelled():
    assert merge({"seq-len": 128, "task": "chat"}, {"seq_len": "256"}) == {"seq_len": "256", "task": "chat"}


@pytest.mark.parametrize("question", ["chat", None, ["task", "chat"]])
def test_what_is_no_profile_is_refused_in_one_line(question, facts) -> None:
    with pytest.raises(LlmpickError, match="is no profile; write its fields"):
        recommend(question, facts)
