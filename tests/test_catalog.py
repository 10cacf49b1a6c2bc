"""The bundled catalog keeps every rule, and looking things up in a catalog finds what people mean."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from llmpick import catalog, lint
from llmpick.catalog import browse, parsing, schemas
from llmpick.catalog.browse import Wanted
from llmpick.catalog.kinds import kind_of
from llmpick.catalog.listed import listed_of
from llmpick.errors import LlmpickError

SMALL = Path(__file__).parent / "data" / "catalog_small"
BUNDLED = catalog.bundled()


@pytest.fixture(scope="module")
def small():
    return catalog.load(base=SMALL)


@pytest.fixture(scope="module")
def whole():
    return catalog.load()


def test_the_bundled_catalog_keeps_every_rule():
    report = lint.check()
    assert not report.findings, report.text


def test_it_holds_a_thousand_sourced_models(whole):
    stats = browse.stats(whole)
    assert stats.models >= 1000
    assert stats.sourced == stats.blocks
    assert all(bare.because.startswith("looked for") for bare in stats.without_architecture)


def test_the_schemas_are_those_of_the_records():
    assert schemas.stale(BUNDLED / "schema") == {}, (
        "`llmpick catalog schema -o catalog/schema --force` writes them anew"
    )
    assert {file.name for file in (BUNDLED / "schema").iterdir()} == schemas.generate().keys()


def test_what_was_loaded_is_what_the_files_say(whole):
    paths = sorted(whole.origins)[::25]
    assert len(paths) > 40
    by_id = {model.id: model for model in whole.models}
    for path in paths:
        value, faults = parsing.parse((whole.origins[path] / path).read_bytes(), kind_of(path), path)
        assert not faults
        if path.startswith("models/"):
            assert by_id[value.id] == value


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("qwen/qwen3-8b", "Qwen/Qwen3-8B"),
        ("qwen3-8b", "Qwen/Qwen3-8B"),
        ("Qwen3 8B", "Qwen/Qwen3-8B"),
        ("qwen3-8b-base", "Qwen/Qwen3-8B-Base"),
        ("gpt-oss-20b", "openai/gpt-oss-20b"),
        ("modernbert-base", "answerdotai/ModernBERT-base"),
        ("https://huggingface.co/meta-llama/Llama-3.1-8B/", "meta-llama/Llama-3.1-8B"),
        ("https://huggingface.co/Qwen/Qwen3-8B/blob/main/config.json", "Qwen/Qwen3-8B"),
        ("hf.co/Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
    ],
)
def test_short_names_find_their_model(small, name, id_):
    assert browse.find(small, name).id == id_


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("roberta-base", "'roberta-base' may be FacebookAI/roberta-base, klue/roberta-base; give the whole id"),
        ("qwen3", "no model 'qwen3' in the catalog; did you mean Qwen/Qwen3-8B, Qwen/Qwen3-0.6B, Qwen/Qwen3-8B-Base?"),
        ("bert-bas-uncased", "did you mean bert-base-uncased"),
        ("zzz", "`llmpick catalog list` names them all"),
        ("", "`llmpick catalog list` names them all"),
        ("Qwen/Qwen3-8B/../x", "`llmpick catalog list` names them all"),
        ("q" * 5000, f"no model '{'q' * 80}...' in the catalog"),
    ],
)
def test_other_names_say_what_they_may_mean(small, name, says):
    with pytest.raises(LlmpickError) as caught:
        browse.find(small, name)
    assert says in str(caught.value)
    assert caught.value.exit_code == 2


def test_vendor_models_are_found_where_they_are_asked_for(small):
    assert browse.find_any(small, "gpt-4.1-mini-2025-04-14").id == "openai/gpt-4.1-mini-2025-04-14"
    vendors = dataclasses.replace(small.apis[0], id="vendor/qwen3-8b")
    assert browse.find_any(dataclasses.replace(small, apis=(vendors,)), "qwen3-8b").id == "Qwen/Qwen3-8B"
    assert browse.find_any(dataclasses.replace(small, apis=(vendors,)), "vendor/qwen3-8b").id == "vendor/qwen3-8b"
    with pytest.raises(LlmpickError):
        browse.find(small, "gpt-4.1-mini-2025-04-14")


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted(), 14),
        (Wanted(family="qwen3"), {"Qwen3-0.6B", "Qwen3-8B", "Qwen3-8B-Base"}),
        (Wanted(family="QWEN"), {"Qwen3-0.6B", "Qwen3-8B", "Qwen3-8B-Base"}),
        (Wanted(family="qwen3-8b"), {"Qwen3-8B", "Qwen3-8B-Base"}),
        (Wanted(family="qwen3", max_params=8_190_735_359), {"Qwen3-0.6B"}),
        (Wanted(max_params=0), set()),
        (Wanted(min_params=8_190_735_360), {"Qwen3-8B", "Qwen3-8B-Base", "gpt-oss-20b"}),
        (Wanted(min_params=8_190_735_360, max_params=8_190_735_360), {"Qwen3-8B", "Qwen3-8B-Base"}),
        (Wanted(task="translation", license="cc-by-nc-4.0"), {"nllb-200-distilled-600M"}),
        (Wanted(license="CC-BY-NC-4.0"), {"nllb-200-distilled-600M"}),
        (Wanted(license="non-commercial"), {"nllb-200-distilled-600M"}),
        (Wanted(license="llama3.1"), {"Llama-3.1-8B"}),
        (Wanted(domain="PubMed"), {"BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext"}),
        (Wanted(language="ko", task="ner", license="mit"), {"xlm-roberta-base"}),
        (Wanted(family="qwen3", task="sentence-similarity"), set()),
    ],
)
def test_lists_answer_every_demand(small, wanted, names):
    found = browse.select(small, wanted)
    assert len(found) == names if isinstance(names, int) else {one.id.split("/")[1] for one in found} == names
    assert [one.id for one in found] == sorted(one.id for one in found)


def test_a_list_decodes_no_model(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    whole = {listed_of(model) for model in catalog.load(base=SMALL).models}
    again = catalog.load(base=SMALL)
    monkeypatch.setattr("llmpick.catalog.compiled.Form.raw", lambda *_: pytest.fail("a record was read"))
    assert set(browse.select(again, Wanted())) == whole
    assert browse.laid(again, browse.select(again, Wanted(max_params=10**9))) == {}


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Wanted(family=""), "no family '' in the catalog"),
        (Wanted(family="kwen3"), "no family 'kwen3' in the catalog; did you mean qwen3?"),
        (Wanted(task="clasification"), "no task 'clasification' in the catalog; did you mean classification"),
        (Wanted(license="permisive"), "no license 'permisive' in the catalog; did you mean permissive"),
        (Wanted(domain="legl"), "no domain 'legl' in the catalog; did you mean legal"),
    ],
)
def test_lists_refuse_what_the_catalog_does_not_know(small, wanted, says):
    with pytest.raises(LlmpickError) as caught:
        browse.select(small, wanted)
    assert says in str(caught.value)


def test_stats_count_what_there_is(small):
    stats = browse.stats(small)
    assert (stats.models, stats.apis, stats.gpus, stats.licenses) == (14, 2, 4, 6)
    assert stats.lineages == 13
    assert dict(stats.by_license)["apache-2.0"] == 6
    assert sum(number for _, number in stats.structures) == 14
    assert stats.blocks == stats.sourced == sum(1 for model in small.models for _ in browse.blocks_of(model))
    assert stats.identical + stats.explained + stats.unconfirmed + len(stats.without_architecture) == 14
    known = {one.field: one.known for one in stats.coverage}
    assert known["license"] == 14
    assert known["scores"] == sum(bool(model.scores) for model in small.models)
    assert stats.oldest == tuple(sorted(stats.oldest, key=lambda one: (one.checked, one.model, one.block)))


def test_an_entry_is_shown_whole(small):
    entry = browse.entry_json(small, browse.find(small, "qwen3-8b"))
    assert json.loads(json.dumps(entry))["architecture"]["shape"]["hidden_size"] == 4096
    assert entry["popularity"]["likes"] == 2074
    assert entry["file"].endswith("models/Qwen/Qwen3-8B.yaml")
    assert entry["license"]["sources"][0]["url"]
    assert browse.entry_json(small, small.apis[0])["popularity"] is None
    assert json.dumps(dataclasses.asdict(browse.stats(small)))


def test_a_schema_of_another_version_is_stale_and_foreign_files_are_nobodys_business(tmp_path):
    texts = schemas.generate()
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "package.json").write_text("{}")
    assert schemas.stale(tmp_path) == {}
    (tmp_path / "model.json").write_text("{}")
    (tmp_path / "hide.json").unlink()
    assert sorted(schemas.stale(tmp_path)) == ["hide.json", "model.json"]


def test_the_model_schema_speaks_of_the_file():
    schema = json.loads(schemas.generate()["model.json"])
    assert "id" not in schema["properties"]
    assert "id" not in schema["required"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["variant"]["enum"][0] == "base"
    assert json.loads(schemas.generate()["gpus.json"])["type"] == "array"
