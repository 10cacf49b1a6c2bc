"""The published comparisons under catalog/evidence: they can be read, opened and used."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from llmpick import catalog as catalogs
from llmpick.catalog.kinds import kind_of
from llmpick.catalog.parsing import parse
from llmpick.catalog.suites import load, problems
from llmpick.errors import CatalogError
from llmpick.languages import KNOWN
from llmpick.quality.evidence import Suite, subject_traits
from llmpick.quality.question import KINDS

ROOT = Path(__file__).parents[1] / "catalog"
PATH = "evidence/toy.yaml"
TOY = """\
title: Toy
by: Somebody
fixed: One recipe
confidence: high
sources: [{url: "github:a/b@1234567:README.md", checked: "2026-11-20"}]
tasks:
  - {name: ner, task: token-classification, metric: F1, scores: {a/x: 90.5, a/y: 91}}
left_out: {Toy-XL: Its weights were never published}
subjects:
  - {id: a/x, family: toys, structure: encoder, parameters: 9000000, without_file: A copy of a/z}
  - {id: a/y, family: toys, structure: encoder, parameters: 1000000, released: 2020-07, domains: [legal, web],
     without_file: An ablation}
"""


@cache
def suites() -> tuple[Suite, ...]:
    return load(ROOT)


def test_every_suite_says_where_it_was_read_and_what_was_fixed() -> None:
    assert len(suites()) == len(list((ROOT / "evidence").glob("*.yaml")))
    for suite in suites():
        first = (ROOT / "evidence" / f"{suite.id}.yaml").read_text("utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=../schema/evidence.json"
        for source in suite.sources:
            pinned = source.url.startswith("github:") and "@" in source.url and source.url.count(":") == 2
            assert pinned or source.url.startswith("https://"), source.url


def test_results_use_the_catalog_s_words() -> None:
    whole = catalogs.load()
    domains = {domain.id for domain in whole.domains}
    for suite in suites():
        for results in suite.tasks:
            assert results.task in KINDS, (suite.id, results.name)
            assert results.domain in domains, (suite.id, results.name)
            assert set(results.languages) <= KNOWN | {"mul"}, (suite.id, results.name)
        names = [results.name for results in suite.tasks]
        assert len(names) == len(set(names)), suite.id


def test_every_compared_model_has_a_file_or_its_facts_once() -> None:
    files = {model.id for model in catalogs.load().models}
    subjects = [subject.id for suite in suites() for subject in suite.subjects]
    assert len(subjects) == len(set(subjects))
    compared = {id_ for suite in suites() for results in suite.tasks for id_ in results.scores}
    assert compared <= files | set(subjects)
    assert set(subjects) <= compared


def test_some_numbers_against_their_sources() -> None:
    """LinkBERT's README was read a second time at the commit it is cited by."""
    found = {
        (suite.id, results.name, model): score
        for suite in suites()
        for results in suite.tasks
        for model, score in results.scores.items()
    }
    assert found["linkbert-mrqa", "hotpotqa", "google-bert/bert-large-uncased"] == 78.1
    assert found["linkbert-mrqa", "newsqa", "michiyasunaga/LinkBERT-large"] == 72.6
    assert found["biolinkbert", "medqa-usmle", "michiyasunaga/BioLinkBERT-large"] == 44.6
    assert ("lora-land", "customer_support", "google/gemma-7b") not in found


def test_the_table_cites_the_evidence() -> None:
    table = catalogs.load().quality
    assert set(table.suites) == {suite.id for suite in suites()}
    assert table.results <= sum(len(results.scores) for suite in suites() for results in suite.tasks)
    for suite in suites():
        assert table.suites[suite.id].url == suite.sources[0].url
    compared = {id_ for suite in suites() for results in suite.tasks for id_ in results.scores}
    assert set(table.effects) <= set(table.standings) <= compared


def test_a_suite_is_read_strictly() -> None:
    kind = kind_of(PATH)
    assert kind is not None and not kind.at_hand
    suite, faults = parse(TOY.encode(), kind, PATH)
    assert not faults and suite.id == "toy"
    facts = subject_traits(suite.subjects[1])
    assert (facts.year, facts.size, facts.specialties, facts.languages) == (2020.5, 1e6, ("legal",), ())
    _, faults = parse(TOY.replace("a/y: 91", "ay: 91").encode(), kind, PATH)
    assert "evidence/toy.yaml:7" in str(faults[0])


def test_a_broken_suite_is_named(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "toy.yaml").write_text(TOY.replace("title: Toy\n", ""))
    with pytest.raises(CatalogError, match=r"evidence/toy\.yaml:\d+:\d+: .*title"):
        load(tmp_path)


def test_the_bundled_evidence_can_be_used() -> None:
    assert list(problems(catalogs.load())) == []


def test_every_compared_name_is_a_model_or_says_why_it_has_no_file(tmp_path: Path) -> None:
    """A new comparison cannot bring in a model that nobody looked up."""
    (tmp_path / "evidence").mkdir()
    file = tmp_path / "evidence" / "toy.yaml"
    whole = replace(catalogs.load(), directories=(tmp_path,))
    file.write_text(TOY)
    assert list(problems(whole)) == []
    file.write_text(TOY.replace(", without_file: A copy of a/z", ""))
    assert [message for _, message in problems(whole)] == [
        "a/x: say in `without_file` why it has no file of its own, or add the file"
    ]
    file.write_text(TOY.replace("{a/x: 90.5, a/y: 91}", "{a/x: 90.5, a/y: 91, a/new: 92, openai-community/gpt2: 80}"))
    assert [message for _, message in problems(whole)] == [
        "a/new is compared but has no file; add it, or give its facts and the reason under `subjects`"
    ]
    file.write_text(TOY.replace("a/x", "openai-community/gpt2"))
    assert [message for _, message in problems(whole)] == [
        "openai-community/gpt2 has a file now; remove it from `subjects`"
    ]


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    file = tmp_path / "evidence" / "toy.yaml"
    whole = replace(catalogs.load(), directories=(tmp_path,))
    file.write_text(
        TOY.replace("task: token-classification", "task: token-clasification, domain: lega, languages: [xx]")
    )
    assert [message for _, message in problems(whole)] == [
        "ner: unknown task `token-clasification`; did you mean token-classification, classification?",
        "ner: unknown domain `lega`; did you mean legal?",
        "ner: unknown language `xx`; write its ISO 639-1 code",
    ]
    file.write_text(TOY + TOY[TOY.index("  - {id: a/y") :])
    assert [message for _, message in problems(whole)] == [
        "the facts of a/y stand in another comparison; remove it from `subjects`"
    ]
    file.write_text(TOY.replace("F1", "[F1]"))
    assert {path for path, _ in problems(whole)} == {"evidence/toy.yaml"}
