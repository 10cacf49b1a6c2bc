"""The estimate of strength after fine-tuning: laws on a small made-up table, and sense on the bundled one."""

from __future__ import annotations

import dataclasses
import math
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmpick import catalog as catalogs
from llmpick.quality import Question, Traits, estimate, judge, published, question, strength, traits
from llmpick.quality.question import KINDS
from llmpick.quality.reasons import in_words, place
from llmpick.quality.table import Cited, QualityTable, Spread, Standing, Term
from llmpick.quality.traits import many, specialties, structure_of, usual_tokens

TERMS = {
    "offset": 0.0,
    "size": 0.8,
    "size*encoder@labels": 0.4,
    "year*encoder": 0.3,
    "year*decoder": 0.6,
    "tokens": 0.4,
    "decoder@labels": -2.0,
    "decoder@few-labels": 1.5,
    "replaced-token": 0.4,
    "multilingual": -0.4,
    "language:among": -0.3,
    "language:absent": -1.2,
    "language:absent:en": -1.0,
    "language:script": -0.5,
    "language:absent:decoder": -0.7,
    "domain:same:far": 0.7,
    "domain:same:near": 0.3,
    "domain:other": -0.6,
}
LEXGLUE = Standing(
    suite="lexglue",
    tasks=13,
    place=1,
    of=8,
    kinds=("labels",),
    domains=("legal",),
    languages=("en",),
    over="b/bert",
    wins=12,
    met=13,
)
GLUE = Standing(suite="glue", tasks=9, place=23, of=41, kinds=("labels",), domains=("general",), languages=("de",))
TABLE = QualityTable(
    version="2026-11-20",
    results=8,
    tasks=13,
    suites={
        "lexglue": Cited(title="LexGLUE", url="https://example.org/lexglue"),
        "glue": Cited(title="German GLUE", url="https://example.org/glue"),
    },
    terms={name: Term(value=value, sd=0.1) for name, value in TERMS.items()},
    families={"bert": -0.1},
    effects={"a/known": {"any": 0.2, "labels": 0.1}},
    standings={"a/known": (GLUE, LEXGLUE)},
    usual={"year*encoder": 0.5, "year*decoder": 1.5, "tokens": 0.0, "knows:en": 0.9, "knows": 0.2, "knows:mul": 0.8},
    spread=Spread(known=0.4, unknown=0.6),
)
PLAIN = Traits(
    id="a/b",
    family="bert",
    structure="encoder",
    size=1.2e8,
    year=2020.0,
    tokens=None,
    replaced_token=False,
    variant="base",
    languages=("en",),
    specialties=(),
)


def ask(
    task: str = "classification", domain: str = "general", language: str = "en", examples: int | None = None
) -> Question:
    domains = small().domains
    return question(task, domain=domain, languages=(language,), examples=examples, table=TABLE, domains=domains)


@cache
def small() -> catalogs.Catalog:
    return catalogs.load()


@given(
    st.builds(
        PLAIN._replace,
        structure=st.sampled_from(["encoder", "decoder", "encoder-decoder"]),
        year=st.floats(2018, 2027),
        tokens=st.floats(1e9, 4e13),
        languages=st.sampled_from(
            [("en",), ("ko",), ("de", "fr"), ("en", "mul"), tuple("ar bg cs da de el en es et".split())]
        ),
    ),
    st.sampled_from([("en",), ("ko",), ("ko", "en")]),
    st.sets(st.sampled_from(["year", "tokens", "languages"]), min_size=1),
)
def test_learning_a_fact_moves_the_estimate_inside_its_range(facts: Traits, wanted: Any, hidden: set[str]) -> None:
    facts = facts._replace(shared=many(facts.languages))
    unknown: dict[str, Any] = {"year": None, "tokens": None, "languages": (), "shared": False}
    asked = question("classification", domain="general", languages=wanted, examples=None, table=TABLE)
    known = judge(facts, asked)
    also = ("shared",) if "languages" in hidden else ()
    before = judge(facts._replace(**{name: unknown[name] for name in (*hidden, *also)}), asked)
    assert before.low - 1e-12 <= known.low <= known.expected <= known.high <= before.high + 1e-12
    assert before.missing or hidden <= {"tokens"}


@given(st.floats(1e6, 1e12), st.floats(1.01, 100))
def test_a_larger_model_is_never_expected_to_do_worse(size: float, times: float) -> None:
    assert judge(PLAIN._replace(size=size * times), ask()).expected >= judge(PLAIN._replace(size=size), ask()).expected


def test_without_results_the_reason_says_so() -> None:
    facts = PLAIN._replace(structure="decoder", family="qwen3", size=8.19e9, year=2025.25, tokens=36e12)
    assert judge(facts, ask()).because == (
        "no direct evidence; expected from 8.19 B parameters, qwen3 family of 2025, 36 T training tokens"
    )


def test_with_results_the_reason_is_the_nearest_of_them_and_their_source() -> None:
    legal = judge(PLAIN._replace(id="a/known", size=3e9), ask(domain="legal"))
    assert legal.because == "best of 8 on 13 legal classification tasks (LexGLUE); beats b/bert on 12 of 13"
    assert legal.evidence == ("https://example.org/lexglue",)
    german = judge(PLAIN._replace(id="a/known", size=3e9), ask(language="de"))
    assert german.because == "23rd of 41 on 9 classification tasks in de (German GLUE)"
    stranger = judge(PLAIN._replace(size=3e9), ask(domain="legal"))
    assert legal.high - legal.low < stranger.high - stranger.low


def test_all_its_results_can_be_told_the_nearest_first() -> None:
    rows = published(PLAIN._replace(id="a/known"), ask(language="de"))
    assert [one.source for one in rows] == ["https://example.org/glue", "https://example.org/lexglue"]
    assert published(PLAIN, ask()) == ()


def test_its_own_results_and_its_family_count() -> None:
    stranger = strength(PLAIN._replace(family="other"), ask())[1]
    assert strength(PLAIN, ask())[1] == pytest.approx(stranger - 0.1)
    assert strength(PLAIN._replace(id="a/known"), ask())[1] == pytest.approx(stranger - 0.1 + 0.2 + 0.1)
    assert strength(PLAIN._replace(id="a/known"), ask("chat"))[1] == pytest.approx(
        strength(PLAIN, ask("chat"))[1] + 0.2
    )


@pytest.mark.parametrize(
    ("languages", "wanted", "change"),
    [
        (("ko",), "ko", 0.0),
        (("ko", "en"), "ko", 0.0),
        (tuple("ar bg cs da de el en es ko".split()), "ko", -0.3 - 0.4),
        (("en",), "ko", -1.2 - 0.5),
        (("en",), "da", -1.2),
        (("ru",), "uk", -1.2),
        (("ko",), "en", -1.0),
        ((), "ko", 0.8 * -1.7),
        (("en", "mul"), "ko", -0.4 + 0.2 * -1.7 + 0.8 * -0.3),
    ],
)
def test_languages_count_as_far_as_they_are_known(languages: Any, wanted: str, change: float) -> None:
    made_for = strength(PLAIN._replace(languages=(wanted,)), ask(language=wanted))[1]
    facts = PLAIN._replace(languages=languages, shared=many(languages))
    assert strength(facts, ask(language=wanted))[1] == pytest.approx(made_for + change)


def test_tuning_for_few_languages_gives_no_capacity_back() -> None:
    model = small().model("mixedbread-ai/deepset-mxbai-embed-de-large-v1")
    assert model.languages == ("de", "en")
    assert traits(model).shared
    alone = dataclasses.replace(model, pretraining=dataclasses.replace(model.pretraining, languages=()))
    assert not traits(alone).shared
    few, one = (strength(PLAIN._replace(shared=shared), ask())[1] for shared in (True, False))
    assert few == pytest.approx(one - 0.4)


def test_every_decoder_is_made_for_english() -> None:
    many = PLAIN._replace(structure="decoder", tokens=1e12, languages=tuple("ar bg cs da de el en es et ko".split()))
    assert strength(many, ask())[1] == strength(many._replace(languages=("en",)), ask())[1]


@pytest.mark.parametrize(
    ("reading", "domain", "change"),
    [
        (("legal",), "legal", 0.7),
        (("web", "legal"), "legal", 0.0),
        (("biomedical",), "clinical", 0.0),
        (("biomedical",), "legal", -0.6),
        (("code", "web"), "general", -0.6),
    ],
)
def test_reading_counts_for_specialists(reading: tuple[str, ...], domain: str, change: float) -> None:
    plain = strength(PLAIN, ask(domain=domain))[1]
    assert strength(PLAIN._replace(specialties=specialties(reading)), ask(domain=domain))[1] == pytest.approx(
        plain + change
    )


@pytest.mark.parametrize(("examples", "share"), [(None, 0), (5000, 0), (1000, 1), (20, 1), (2236, 0.5)])
def test_few_examples_favor_decoders(examples: int | None, share: float) -> None:
    facts = PLAIN._replace(structure="decoder", tokens=1e12)
    gain = strength(facts, ask(examples=examples))[1] - strength(facts, ask())[1]
    assert gain == pytest.approx(1.5 * share, abs=0.001)


@given(st.integers(1, 10**6), st.sampled_from(["encoder", "decoder"]), st.floats(2018, 2027))
def test_learning_how_many_examples_there_are_moves_the_estimate_inside_its_range(
    examples: int, structure: Any, year: float
) -> None:
    table = dataclasses.replace(TABLE, usual={**TABLE.usual, "low-data": 0.2})
    facts = PLAIN._replace(structure=structure, tokens=1e12, year=year)
    asked = {"domain": "general", "languages": ("en",), "table": table}
    unknown = judge(facts, question("classification", examples=None, **asked))
    known = judge(facts, question("classification", examples=examples, **asked))
    assert unknown.low - 1e-12 <= known.low <= known.high <= unknown.high + 1e-12
    assert (unknown.high - unknown.low > known.high - known.low) == (structure == "decoder")


def test_the_text_of_a_task_may_belong_to_a_domain_of_its_own() -> None:
    coder = PLAIN._replace(specialties=("code", "math"))
    for domain in ("general", "code", "finance"):
        assert strength(coder, ask("text-to-sql", domain))[1] > strength(PLAIN, ask("text-to-sql", domain))[1]
    assert strength(coder, ask("chat"))[1] < strength(PLAIN, ask("chat"))[1]


def test_a_second_field_counts_half() -> None:
    plain = strength(PLAIN, ask("math-reasoning"))[1]
    assert strength(PLAIN._replace(specialties=("math",)), ask("math-reasoning"))[1] == pytest.approx(plain + 0.7)
    assert strength(PLAIN._replace(specialties=("code", "math")), ask("math-reasoning"))[1] == pytest.approx(
        plain + 0.35
    )


def test_a_model_trained_for_translation_leads_there_alone() -> None:
    terms = TABLE.terms | {"trained-for:translation": Term(value=1.0, sd=0.1), "trained-for": Term(value=0.2, sd=0.1)}
    table = dataclasses.replace(TABLE, terms=terms)
    for task, gain in (("translation", 1.0), ("summarization", 0.0)):
        asked = question(task, domain="general", languages=("en",), examples=None, table=table)
        trained = PLAIN._replace(trained_for="translation")
        assert strength(trained, asked)[1] == pytest.approx(strength(PLAIN, asked)[1] + gain)
    asked = question("summarization", domain="general", languages=("en",), examples=None, table=table)
    assert strength(PLAIN._replace(trained_for="summarization"), asked)[1] == pytest.approx(
        strength(PLAIN, asked)[1] + 0.2
    )


def test_the_structure_is_told_from_what_is_known() -> None:
    assert structure_of("masked", (), 10**8) == "encoder"
    assert structure_of(None, ("chat", "generation"), 10**8) == "decoder"
    assert structure_of(None, ("summarization",), 10**8) == "encoder-decoder"
    assert structure_of(None, ("retrieval",), 10**8) == "encoder"
    assert structure_of(None, ("retrieval",), 8 * 10**9) == "decoder"


def test_usual_tokens_grow() -> None:
    assert 10 ** usual_tokens(2020.0) == pytest.approx(6.3e10, rel=0.01)
    assert usual_tokens(2026.0) > usual_tokens(2025.0)


@pytest.mark.parametrize(
    ("size", "active", "said"),
    [
        (8.19e9, None, "8.19 B parameters"),
        (999_999_999, None, "1 B parameters"),
        (math.sqrt(30.5e9 * 3.35e9), 3.35e9, "30.5 B parameters with 3.35 B active"),
    ],
)
def test_parameters_in_words(size: float, active: float | None, said: str) -> None:
    assert in_words(PLAIN._replace(size=size, active=active)).startswith(f"{said}, bert family")


def test_a_standing_does_not_praise_a_model_of_which_little_is_expected() -> None:
    small_one = PLAIN._replace(id="a/known", size=1.2e7)
    large_one = PLAIN._replace(id="a/known", size=3e9)
    low, high = (judge(facts, ask(domain="legal")) for facts in (small_one, large_one))
    assert low.low + low.high <= 1 < high.low + high.high
    assert low.because == f"all in all in the lower half of what is compared; {high.because}"


def test_places_in_words() -> None:
    assert [place(n) for n in (1, 2, 3, 4, 11, 21, 22, 113)] == [
        "best", "second", "third", "4th", "11th", "21st", "22nd", "113th",
    ]  # fmt: skip


def test_every_task_has_a_kind() -> None:
    assert {task.id for task in small().tasks} == set(KINDS)


# The bundled table on the bundled catalog: what a practitioner would call absurd must not come out.


def ranked(task: str, most: float = 1e13, **asked: Any) -> list[Any]:
    """Models of at most `most` parameters that are made for `task`, best first, with their quality."""
    whole = small()
    fields = {"domain": "general", "languages": ("en",), "examples": None} | asked
    put = question(task, table=whole.quality, domains=whole.domains, **fields)
    found = [
        (judge(traits(one), put), one) for one in whole.models if task in one.tasks and one.parameters.total <= most
    ]
    return sorted(found, key=lambda pair: -pair[0].expected)


def expected(model: str, task: str, **asked: Any) -> float:
    whole = small()
    fields = {"domain": "general", "languages": ("en",), "examples": None} | asked
    return estimate(whole.model(model), task, table=whole.quality, domains=whole.domains, **fields).expected


def test_encoders_hold_plain_english_classification_against_7b_decoders() -> None:
    deberta = expected("microsoft/deberta-v3-large", "classification")
    for decoder in ("meta-llama/Llama-2-7b-hf", "mistralai/Mistral-7B-v0.1", "tiiuae/falcon-7b"):
        assert deberta > expected(decoder, "classification")


def test_few_examples_turn_that_around() -> None:
    deberta = expected("microsoft/deberta-v3-large", "classification", examples=200)
    assert expected("mistralai/Mistral-7B-v0.1", "classification", examples=200) > deberta


def test_small_decoders_lose_to_encoders_on_tags() -> None:
    roberta = expected("FacebookAI/roberta-large", "token-classification")
    for decoder in ("Qwen/Qwen3-0.6B-Base", "meta-llama/Llama-3.2-1B", "Qwen/Qwen3-1.7B-Base"):
        assert roberta > expected(decoder, "token-classification")


def test_biomedical_entities_are_led_by_biomedical_encoders() -> None:
    among = [
        one.id
        for _, one in ranked("token-classification", 6e8, domain="biomedical")
        if one.architecture and one.pretraining
    ]
    assert among.index("michiyasunaga/BioLinkBERT-large") < 5
    base = expected(
        "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext", "token-classification", domain="biomedical"
    )
    assert base > expected("google-bert/bert-base-uncased", "token-classification", domain="biomedical")
    assert base > expected("FacebookAI/roberta-base", "token-classification", domain="biomedical")


def test_korean_classification_is_led_by_models_that_know_korean() -> None:
    for quality, one in ranked("classification", 9.5e9, languages=("ko",))[:10]:
        assert "ko" in one.languages or ("languages" in quality.missing), one.id
    assert expected("klue/roberta-large", "classification", languages=("ko",)) > expected(
        "FacebookAI/roberta-large", "classification", languages=("ko",)
    )


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("Qwen/Qwen3-8B-Base", "Qwen/Qwen2.5-7B"),
        ("meta-llama/Llama-3.1-8B", "meta-llama/Llama-2-7b-hf"),
        ("Qwen/Qwen3-1.7B-Base", "TinyLlama/TinyLlama-1.1B-Chat-v1.0"),
        ("google/gemma-3-4b-pt", "google/gemma-2b"),
        ("mistralai/Mistral-7B-v0.1", "facebook/opt-6.7b"),
        ("meta-llama/Meta-Llama-3-70B", "meta-llama/Llama-2-70b-hf"),
    ],
)
@pytest.mark.parametrize("task", ["chat", "summarization", "math-reasoning"])
def test_newer_decoders_of_a_size_lead_older_ones_where_text_is_written(task: str, newer: str, older: str) -> None:
    assert expected(newer, task) > expected(older, task)


def test_specialists_lead_on_code_and_math() -> None:
    assert expected("Qwen/Qwen2.5-Coder-7B", "text-to-sql", domain="code") > expected(
        "Qwen/Qwen2.5-7B", "text-to-sql", domain="code"
    )
    assert expected("deepseek-ai/deepseek-math-7b-base", "math-reasoning", domain="math") > expected(
        "meta-llama/Llama-2-13b-hf", "math-reasoning", domain="math"
    )
    assert expected("Qwen/Qwen2.5-7B", "chat") > expected("Qwen/Qwen2.5-Coder-7B", "chat")


def test_translators_lead_translation_into_languages_with_little_text() -> None:
    for other in ("google/mt5-xl", "google/flan-t5-xl", "Qwen/Qwen2.5-1.5B", "google/byt5-xl"):
        for wanted in ("sw", "yo", "is"):
            assert expected("facebook/nllb-200-1.3B", "translation", languages=("en", wanted)) > expected(
                other, "translation", languages=("en", wanted)
            ), (other, wanted)


@pytest.mark.parametrize("task", ["summarization", "generation", "code-generation", "translation"])
def test_an_encoder_is_no_writer(task: str) -> None:
    for encoder, writer in (
        ("FacebookAI/roberta-large", "facebook/bart-large"),
        ("microsoft/deberta-v3-base", "google-t5/t5-base"),
        ("microsoft/codebert-base", "Salesforce/codet5-base"),
        ("FacebookAI/xlm-roberta-base", "google/mt5-base"),
    ):
        assert expected(writer, task) > expected(encoder, task)


def test_encoders_hold_classification_against_encoder_decoders_of_some_times_their_size() -> None:
    assert expected("FacebookAI/roberta-large", "classification", examples=100_000) > expected(
        "google-t5/t5-base", "classification", examples=100_000
    )
    assert expected("microsoft/deberta-v3-large", "classification", examples=100_000) > expected(
        "google-t5/t5-3b", "classification", examples=100_000
    )


def test_every_model_says_why() -> None:
    for task in ("classification", "chat", "retrieval"):
        for quality, one in ranked(task):
            assert 0 < quality.low <= quality.expected <= quality.high < 1, one.id
            assert quality.evidence or quality.because.startswith("no direct evidence; expected from "), one.id


def test_what_a_question_remembers_of_one_model_holds_for_the_next():
    facts = catalogs.load()
    terms = {"domain": "legal", "languages": ("de", "ko"), "examples": None, "table": facts.quality}
    for task in ("translation", "similarity"):
        shared = question(task, **terms, domains=facts.domains)
        for model in facts.models[::7]:
            known = traits(model)
            assert strength(known, shared) == strength(known, question(task, **terms, domains=facts.domains))
