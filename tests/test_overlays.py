"""Catalogs laid over the bundled one: add, replace, hide; where everything came from; judged once for each state."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from llmpick import catalog, lint, request
from llmpick.catalog import browse, sound
from llmpick.errors import CatalogError

SMALL = Path(__file__).parent / "data" / "catalog_small"
QWEN = "models/Qwen/Qwen3-8B.yaml"
GPU = """\
# yaml-language-server: $schema=schema/gpus.json
- name: {name}
  vendor: Acme
  kind: datacenter
  memory_gib: {size}
  sources:
    - {{url: "https://example.org/card", checked: 2026-01-31}}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def lay(tmp_path, files, name="over"):
    """An overlay directory that holds these files."""
    folder = tmp_path / name
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def load(*folders):
    return catalog.load(folders, base=SMALL)


@pytest.fixture
def plain():
    return load()


def test_hidden_models_are_gone_and_so_are_their_downloads(tmp_path, plain):
    facts = load(lay(tmp_path, {"hide.yaml": "models: [Qwen/Qwen3-8B, openai/*]"}))
    gone = {model.id for model in plain.models} - {model.id for model in facts.models}
    assert gone == {"Qwen/Qwen3-8B", *(model.id for model in plain.models if model.id.startswith("openai/"))}
    assert len(gone) > 1
    assert not gone & facts.popularity.keys()
    assert facts.layers[0].hidden == tuple(sorted(f"models/{id_}" for id_ in gone))


def test_what_rests_on_a_hidden_license_or_card_goes_with_it(tmp_path, plain):
    price = plain.prices[0].gpu
    facts = load(lay(tmp_path, {"hide.yaml": f"licenses: [apache-2.0]\ngpus:\n  - {price}\n"}))
    assert "apache-2.0" not in facts.licenses
    kept = [model for model in plain.models if not model.license or "apache-2.0" not in (model.license.id,)]
    assert facts.models == tuple(kept)
    assert 0 < len(kept) < len(plain.models)
    assert price not in {one.gpu for one in facts.prices} | {one.name for one in facts.gpus}
    assert len(facts.gpus) == len(plain.gpus) - 1


def test_a_price_or_a_vendors_model_can_be_hidden_alone(tmp_path, plain):
    api, price = plain.apis[0].id, plain.prices[0].gpu
    facts = load(lay(tmp_path, {"hide.yaml": f"apis: [{api}]\nprices:\n  - {price}\n"}))
    assert {one.id for one in plain.apis} - {one.id for one in facts.apis} == {api}
    assert (facts.gpus, len(facts.prices)) == (plain.gpus, len(plain.prices) - 1)


def test_a_later_catalog_brings_back_what_an_earlier_one_hides(tmp_path, plain):
    hides = lay(tmp_path, {"hide.yaml": "models: [Qwen/Qwen3-8B]"}, "hides")
    brings = lay(tmp_path, {QWEN: (SMALL / QWEN).read_text()}, "brings")
    assert load(hides, brings).model("Qwen/Qwen3-8B") == plain.model("Qwen/Qwen3-8B")
    with pytest.raises(KeyError):
        load(brings, hides).model("Qwen/Qwen3-8B")


def test_a_row_is_added_or_replaced_and_all_others_stay(tmp_path, plain):
    known = plain.gpus[1].name
    facts = load(
        lay(tmp_path, {"gpus.yaml": GPU.format(name="Acme One", size=48)}, "adds"),
        lay(tmp_path, {"gpus.yaml": GPU.format(name=known, size=7)}, "replaces"),
    )
    assert [gpu.name for gpu in facts.gpus] == [*(gpu.name for gpu in plain.gpus), "Acme One"]
    assert [gpu.memory_gib for gpu in facts.gpus if gpu.name in (known, "Acme One")] == [7, 48]
    assert [(layer.added, layer.replaced) for layer in facts.layers] == [
        (("gpus.yaml: Acme One",), ()),
        ((), (f"gpus.yaml: {known}",)),
    ]


def test_policy_and_licenses_are_replaced_whole(tmp_path, plain):
    policy = (SMALL / "policy.yaml").read_text().replace('version: "1"', 'version: "77"')
    license_ = (SMALL / "licenses/mit.yaml").read_text().replace("name: MIT License", "name: Our reading of MIT")
    facts = load(lay(tmp_path, {"policy.yaml": policy, "licenses/mit.yaml": license_}))
    assert (str(facts.policy.version), facts.licenses["mit"].name) == ("77", "Our reading of MIT")
    assert facts.layers[0].replaced == ("licenses/mit", "policy")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("models: Qwen/Qwen3-8B", "`models` must be a list"),
        ("model: [x]", "unknown key `model`; did you mean models?"),
        ("models: ['']", "`models[0]` must have at least 1 character"),
        ("tasks: [chat]", "unknown key `tasks`"),
    ],
)
def test_a_wrong_hide_file_is_one_located_line(tmp_path, text, says):
    folder = lay(tmp_path, {"hide.yaml": text})
    with pytest.raises(CatalogError) as raised:
        load(folder)
    assert str(raised.value).startswith(f"{folder}/hide.yaml:1:")
    assert says in str(raised.value)


def test_a_finding_in_a_table_of_two_layers_stands_in_the_file_that_has_the_row(tmp_path):
    text = GPU.format(name="Acme One", size=4) + "  usable_mib: 5000\n"
    folder = lay(tmp_path, {"gpus.yaml": text})
    (found,) = lint.check((folder,), base=SMALL).findings
    assert (found.path, found.line, found.rule) == (str(folder / "gpus.yaml"), 8, "sound-gpus")


def test_stars_are_the_only_wild_cards(tmp_path):
    folder = lay(tmp_path, {"hide.yaml": "models: ['Qwen/Qwen3.8B', '[Q]wen/*', 'Qwen/Qwen3-?B', '**********']"})
    (layer,) = load(folder).layers
    assert layer.idle == (("models", 0), ("models", 1), ("models", 2))


@pytest.fixture
def judged(small, monkeypatch):
    """Calls of the lint."""
    seen = []
    demand = lint.demand
    monkeypatch.setattr(lint, "demand", lambda layers: (seen.append(layers), demand(layers)))
    return seen


def test_an_overlay_is_judged_once_for_each_state_it_is_in(tmp_path, judged):
    folder = lay(tmp_path, {"hide.yaml": "models: [Qwen/Qwen3-8B]"})
    for _ in range(3):
        request.load([folder])
    assert len(judged) == 1
    (folder / "hide.yaml").write_text("models: [openai/gpt-oss-20b]")
    request.load([folder])
    request.load([folder])
    assert len(judged) == 2
    (folder / "hide.yaml").write_text("models: [Qwen/Qwen3-8B]")
    request.load([folder])
    assert len(judged) == 2


def test_what_is_wrong_is_said_every_time(tmp_path, judged):
    folder = lay(tmp_path, {"hide.yaml": "models: [no/such-model]"})
    for count in (1, 2, 3):
        with pytest.raises(CatalogError, match=r"hide\.yaml:1:10: no catalog beneath"):
            request.load([folder])
        assert len(judged) == count


@pytest.mark.parametrize("junk", [b"", b"\xff\xfe", b"x" * 100_000, b"0" * 16, b"a b " * 400])
def test_a_damaged_note_of_what_is_sound_means_judging_again(tmp_path, judged, junk):
    folder = lay(tmp_path, {"hide.yaml": "models: [Qwen/Qwen3-8B]"})
    request.load([folder])
    note = tmp_path / "cache" / "llmpick" / sound.NAME
    note.write_bytes(junk)
    request.load([folder])
    assert len(judged) == 2
    request.load([folder])
    assert len(judged) == 2


def test_only_so_many_states_are_remembered():
    for number in range(sound.MOST + 9):
        sound.remember(str(number))
    assert [number for number in range(sound.MOST + 9) if sound.known(str(number))] == [*range(9, sound.MOST + 9)]


def test_stats_say_what_each_directory_does(tmp_path):
    folder = lay(tmp_path, {"hide.yaml": "models: [Qwen/Qwen3-8B]", "gpus.yaml": GPU.format(name="Acme", size=9)})
    (layer,) = browse.stats(load(folder)).layers
    assert (layer.directory, layer.added, layer.replaced) == (str(folder), ("gpus.yaml: Acme",), ())
    assert layer.hidden == ("models/Qwen/Qwen3-8B",)


@pytest.mark.skipif(os.name == "nt", reason="no links")
def test_an_overlay_in_a_folder_of_another_name_is_the_same_overlay(tmp_path, plain):
    folder = lay(tmp_path, {"hide.yaml": "models: [Qwen/Qwen3-8B]"})
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "link").symlink_to(folder)
    assert load(tmp_path / "link").models == load(tmp_path / "copy").models == load(folder).models != plain.models
