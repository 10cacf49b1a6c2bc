"""What a model read: who is a specialist, and what that is worth, on models of the bundled catalog."""

from __future__ import annotations

import pytest

from llmpick.steps import domain, task
from llmpick.steps.asked import ask as put


@pytest.mark.parametrize(
    ("model", "wanted", "share"),
    [
        ("nlpaueb/legal-bert-base-uncased", "legal", 1.0),
        ("Equall/Saul-7B-Base", "legal", 0.25),  # a decoder specialized in prose
        ("EleutherAI/pythia-6.9b", "legal", 0.25),  # legal text among much else
        ("Qwen/Qwen2.5-Coder-7B", "code", 1.0),
        ("google-bert/bert-base-uncased", "legal", 0.0),
        ("dmis-lab/biobert-base-cased-v1.2", "clinical", 0.5),  # biomedical is near
    ],
)
def test_what_was_read_is_worth_a_share_of_a_specialists_lead(facts, ask, model, wanted, share):
    asked = put(ask(task="classification", domain=wanted), facts)
    rating = domain.rate_domain(facts.model(model), asked)
    assert rating.low == rating.high == pytest.approx(0.4 + 0.6 * share)


def test_a_specialist_may_be_tuned_for_any_task_of_its_field_that_its_network_can_do(facts, ask):
    coder, encoder = facts.model("Qwen/Qwen2.5-Coder-7B"), facts.model("microsoft/codebert-base")
    for wanted, model, outcome in (
        ({"task": "summarization", "domain": "code"}, coder, "ok"),
        ({"task": "summarization", "domain": "legal"}, coder, "no"),
        ({"task": "summarization", "domain": "code"}, encoder, "no"),
        ({"task": "classification", "domain": "code"}, encoder, "ok"),
        ({"task": "retrieval", "domain": "code"}, coder, "no"),
    ):
        check = task.purpose(model, put(ask(**wanted), facts))
        assert check.outcome == outcome, (wanted, model.id, check.because)


def test_many_languages_are_read_by_models_that_know_many(facts, ask):
    asked = put(ask(task="classification", language="multilingual"), facts)
    assert domain.language(facts.model("FacebookAI/xlm-roberta-base"), asked).outcome == "ok"
    assert domain.language(facts.model("FacebookAI/roberta-base"), asked).outcome == "no"
    assert domain.rate_language(facts.model("FacebookAI/xlm-roberta-base"), asked).low == 1
