"""`catalog add` and `catalog refresh` against a Hub on this machine, through the real huggingface_hub client."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_hub import LLAMA, LLAMA_PARAMETERS, SHA, Hub, serving
from llmpick import catalog as catalogs
from llmpick import hub as hubs
from llmpick import lint
from llmpick.catalog import kinds, parsing
from llmpick.errors import LlmpickError, NetworkError
from llmpick.hub import adding, asking, client, draft, local, refreshing
from llmpick.hub.repository import NAME, Repository, from_api

TODAY = "2026-11-21"
SMALL = Path(__file__).parent / "data" / "catalog_small"
FOLDER = "acme/Nano-1"


@pytest.fixture(autouse=True, scope="module")
def warm():
    """What the first request imports counts for none of the tests."""
    from huggingface_hub import get_session
    from huggingface_hub.utils import build_hf_headers

    get_session()
    build_hf_headers()


@pytest.fixture(autouse=True)
def hasty(monkeypatch, tmp_path):
    """A client without patience or token, on a machine without proxies."""
    for name in [name for name in os.environ if name.casefold().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(client, "BACKOFF_S", 0.01)
    monkeypatch.setattr(client, "SILENCE_S", 0.6)
    monkeypatch.setattr(
        client, "WHOLE_S", 1.5
    )  # less than the faults `drip` and `silent` take, more than a busy machine


@pytest.fixture
def hub(monkeypatch):
    with serving(Hub()) as running:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", running.url)
        yield running


@pytest.fixture(scope="module")
def small():
    return catalogs.load(base=SMALL)


def snapshot(directory):
    """Every file a catalog is read from, byte for byte; the state of a refresh, if half-written, and locks are none."""
    state = ("refresh.json", "refresh.lock", "hub.lock")
    files = sorted(
        path for path in directory.rglob("*") if path.is_file() and not path.name.lstrip(".").startswith(state)
    )
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def fill(hub, catalog):
    """All models of `catalog` on the Hub, each with figures of its own."""
    for position, model in enumerate(catalog.models):
        tag = model.license.id if model.license else "mit"
        hub.add(model.id, cardData={"license": tag}, downloads=100 * position, likes=position)
        hub.repos[model.id]["gated"] = bool(model.license and model.license.gated)


# catalog add


@pytest.mark.parametrize("name", [FOLDER, "https://huggingface.co/acme/Nano-1", "https://hf.co/acme/Nano-1/tree/main"])
def test_an_added_model_has_its_machine_facts_and_keeps_all_rules(hub, facts, tmp_path, name):
    hub.add(FOLDER)
    added = hubs.add(name, facts, tmp_path, TODAY)
    assert added.path == tmp_path / "models/acme/Nano-1.yaml"
    loaded = catalogs.load((tmp_path,))
    model = loaded.model(FOLDER)
    assert model.parameters.total == model.parameters.published == LLAMA_PARAMETERS
    assert model.architecture.shape.num_key_value_heads == 2
    assert (model.context_length, model.license.id, model.license.gated) == (2048, "apache-2.0", False)
    assert (model.languages, model.released) == (("en",), "2025-03")
    assert f"/blob/{SHA}/config.json" in model.architecture.sources[0].url
    assert (loaded.popularity[FOLDER].downloads, loaded.popularity[FOLDER].changed) == (1000, "2025-06-07")
    assert loaded.popularity["Qwen/Qwen3-8B"] == facts.popularity["Qwen/Qwen3-8B"]
    assert lint.check((tmp_path,)).findings == ()
    assert "to check: `tasks`" in added.text


def test_an_existing_entry_is_only_overwritten_with_force(hub, facts, tmp_path):
    hub.add(FOLDER)
    path = hubs.add(FOLDER, facts, tmp_path, TODAY).path
    path.write_text("family: mine\n")
    with pytest.raises(LlmpickError, match="--force"):
        hubs.add(FOLDER, facts, tmp_path, TODAY)
    assert path.read_text() == "family: mine\n"
    hubs.add(FOLDER, facts, tmp_path, TODAY, force=True)
    assert "family: nano-1" in path.read_text()


@pytest.mark.parametrize(
    ("id_", "said", "word"),
    [
        ("acme/Nano-1-GGUF", {}, "`GGUF` in its name"),
        ("RedHat/Qwen3-8B-FP8-dynamic", {}, "`FP8` in its name.*the original: Qwen/Qwen3-8B$"),
        ("TheBloke/Nano", {}, "copies of others' models"),
        ("acme/Nano", {"files": ["nano.Q4_K_M.gguf", "README.md"]}, "GGUF conversion"),
        ("acme/Nano", {"files": ["adapter_config.json", "adapter_model.safetensors"]}, "an adapter"),
        ("acme/Nano", {"tags": ["base_model:big/Nano", "base_model:quantized:big/Nano"]}, "add the original: big/Nano"),
        ("acme/Nano", {"tags": ["base_model:merge:big/A", "base_model:merge:big/B"]}, "a merge.*big/A, big/B"),
        ("acme/Nano", {"cardData": {"base_model": "big/Nano"}}, "re-upload.*big/Nano"),
        ("acme/Nano", {"config": LLAMA | {"quantization_config": {"quant_method": "gptq"}}}, "gptq in its config"),
        ("acme/Nano", {"config": LLAMA | {"quantization_config": {"quant_method": "bitsandbytes"}}}, "bitsandbytes"),
        ("acme/Nano", {"card": "made with mergekit\nmerge_method: slerp"}, "a merge"),
    ],
    ids=lambda value: value if isinstance(value, str) and "/" in value else "",
)
def test_copies_are_refused_with_the_base_named(hub, facts, tmp_path, *, id_, said, word):
    hub.add(id_, **said)
    with pytest.raises(LlmpickError, match=word) as raised:
        hubs.add(id_, facts, tmp_path, TODAY)
    assert raised.value.exit_code == 2
    assert snapshot(tmp_path) == {}


def test_a_reupload_of_a_catalog_model_is_refused_without_any_tag(hub, facts, tmp_path):
    config = {
        "model_type": "qwen3",
        "hidden_size": 4096,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "intermediate_size": 12288,
        "vocab_size": 151936,
        "tie_word_embeddings": False,
    }
    hub.add("mirror/Qwen3-8B", config, tensors={"BF16": 8_190_735_360})
    with pytest.raises(LlmpickError, match="re-upload of Qwen/Qwen3-8B"):
        hubs.add("mirror/Qwen3-8B", facts, tmp_path, TODAY)


def test_a_count_that_does_not_agree_leaves_the_shape_out(hub, facts, tmp_path):
    hub.add(FOLDER, tensors={"BF16": LLAMA_PARAMETERS + 64_000})
    added = hubs.add(FOLDER, facts, tmp_path, TODAY)
    model = catalogs.load((tmp_path,)).model(FOLDER)
    assert model.architecture is None
    assert model.parameters.total == LLAMA_PARAMETERS + 64_000
    assert "architecture" in model.looked_for
    assert "config.json gives 202,048 parameters, the safetensors hold 266,048" in added.text


def test_weights_without_safetensors_say_that_nothing_confirms_them(hub, facts, tmp_path):
    hub.add(FOLDER, tensors={}, files=["config.json", "pytorch_model.bin"])
    added = hubs.add(FOLDER, facts, tmp_path, TODAY)
    assert catalogs.load((tmp_path,)).model(FOLDER).parameters.published is None
    assert "no safetensors count" in added.text


def test_further_token_layers_are_understood_where_the_config_names_them(hub, facts, tmp_path):
    hub.add(FOLDER, LLAMA | {"num_nextn_predict_layers": 1}, tensors={"BF16": LLAMA_PARAMETERS + 5000})
    hubs.add(FOLDER, facts, tmp_path, TODAY)
    model = catalogs.load((tmp_path,)).model(FOLDER)
    assert model.parameters.published_as == "1 multi-token-prediction layer stored besides"
    assert model.architecture


@pytest.mark.parametrize(
    ("id_", "tags", "variant", "family"),
    [
        ("Qwen/Qwen3-3B-Base", ["conversational"], "base", "qwen3"),
        ("Qwen/Qwen3-3B", ["conversational"], "instruct", "qwen3"),
        ("acme/Nano-1-it", [], "instruct", "nano-1"),
        ("acme/Nano-Thinking-7B", [], "reasoning", "nano-thinking"),
        ("moonshotai/Kimi-K9-Instruct", [], "instruct", "kimi"),
    ],
)
def test_names_say_what_happened_after_pretraining(hub, facts, tmp_path, *, id_, tags, variant, family):
    hub.add(id_, tags=tags)
    hubs.add(id_, facts, tmp_path, TODAY)
    model = catalogs.load((tmp_path,)).model(id_)
    assert (model.variant, model.family) == (variant, family)


def test_mxfp4_bytes_are_counted_as_the_weights_they_pack(hub, facts, tmp_path):
    config = LLAMA | {"quantization_config": {"quant_method": "mxfp4"}}
    packed = 64 * 1000
    hub.add(FOLDER, config, tensors={"BF16": LLAMA_PARAMETERS - packed, "U8": packed // 32 * 17})
    hubs.add(FOLDER, facts, tmp_path, TODAY)
    assert catalogs.load((tmp_path,)).model(FOLDER).parameters.published == LLAMA_PARAMETERS


def test_a_tied_head_stored_twice_is_understood(hub, facts, tmp_path):
    tied = LLAMA | {"tie_word_embeddings": True}
    hub.add(FOLDER, tied)
    hubs.add(FOLDER, facts, tmp_path, TODAY)
    model = catalogs.load((tmp_path,)).model(FOLDER)
    assert model.parameters.total == LLAMA_PARAMETERS - 64_000
    assert "stored once more" in model.parameters.published_as


def test_a_license_nobody_has_read_is_left_out(hub, facts, tmp_path):
    hub.add(FOLDER, tags=[], cardData={"license": "acme-own-1.0"})
    added = hubs.add(FOLDER, facts, tmp_path, TODAY)
    assert catalogs.load((tmp_path,)).model(FOLDER).license is None
    assert "the card says acme-own-1.0" in added.text


def test_the_license_of_the_base_binds_too(hub, facts, tmp_path):
    hub.add("acme/Law-8B", cardData={"license": "mit", "base_model": "meta-llama/Llama-3.1-8B"})
    hubs.add("acme/Law-8B", facts, tmp_path, TODAY)
    model = catalogs.load((tmp_path,)).model("acme/Law-8B")
    assert (model.license.id, model.license.also) == ("mit", ("llama3.1",))
    assert model.pretraining.initialized_from == "meta-llama/Llama-3.1-8B"


def test_strings_from_the_card_cannot_leave_their_place(hub, facts, tmp_path):
    evil = "x\n# \nfamily: evil\n\x1b[31m\u202e"
    hub.add(FOLDER, cardData={"license": evil, "license_name": evil, "language": [evil]}, pipeline_tag=evil, tags=[])
    added = hubs.add(FOLDER, facts, tmp_path, TODAY)
    written = added.path.read_text()
    assert "\nfamily: nano-1\n" in written
    assert "\nfamily: evil" not in written
    assert not {"\x1b", "\u202e"} & set(written)


@pytest.mark.parametrize("name", ["", "x", "a/b/c", "../x", "a/../b", "https://huggingface.co/datasets/a", "a/b\0"])
def test_a_name_that_is_no_model_is_bad_usage(hub, facts, tmp_path, name):
    with pytest.raises(LlmpickError) as raised:
        hubs.add(name, facts, tmp_path, TODAY)
    assert raised.value.exit_code == 2
    assert hub.asked == []


def test_a_renamed_model_is_named(hub, facts, tmp_path):
    hub.add("old/Nano", id="new/Nano")
    with pytest.raises(LlmpickError, match="add new/Nano"):
        hubs.add("old/Nano", facts, tmp_path, TODAY)


# a folder of this machine


def folder(tmp_path, **tensors):
    """A model on disk: config.json, a card, one safetensors header and no weights."""
    place = tmp_path / "acme" / "Nano-1"
    place.mkdir(parents=True)
    (place / "config.json").write_text(json.dumps(LLAMA))
    (place / "README.md").write_text("---\nlicense: mit\nlanguage: [de]\n---\n# Nano\n")
    header = json.dumps(
        {"__metadata__": {"format": "pt"}}
        | {name: {"dtype": "BF16", "shape": [count], "data_offsets": [0, 2 * count]} for name, count in tensors.items()}
    ).encode()
    (place / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    return place


def test_a_local_folder_is_added_without_the_network(facts, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "get", lambda *_, **__: pytest.fail("asked the network"))
    place = folder(tmp_path, a=LLAMA_PARAMETERS - 10, b=10)
    own = tmp_path / "own"
    hubs.add(str(place), facts, own, TODAY)
    model = catalogs.load((own,)).model(FOLDER)
    assert model.parameters.published == LLAMA_PARAMETERS
    assert (model.license.id, model.languages) == ("mit", ("de",))
    assert model.architecture.sources[0].url == "local:acme/Nano-1/config.json"
    assert str(tmp_path) not in (own / "models/acme/Nano-1.yaml").read_text()
    lint.demand([own])


def test_the_bundled_catalog_cites_no_local_file(facts):
    assert not [path for path, _, source in lint.origins._sources(facts) if source.url.startswith("local:")]


def test_a_broken_safetensors_file_is_one_line(facts, tmp_path):
    place = folder(tmp_path, a=1)
    (place / "model.safetensors").write_bytes(b"\xff" * 20)
    with pytest.raises(LlmpickError, match="no whole safetensors file"):
        hubs.add(str(place), facts, tmp_path / "own", TODAY)


def test_nothing_is_written_through_a_link_out_of_the_directory(facts, tmp_path):
    place, own, outside = folder(tmp_path, a=LLAMA_PARAMETERS), tmp_path / "own", tmp_path / "outside"
    outside.mkdir()
    (own / "models").mkdir(parents=True)
    (own / "models" / "acme").symlink_to(outside)
    with pytest.raises(LlmpickError, match="link out of"):
        hubs.add(str(place), facts, own, TODAY)
    assert list(outside.iterdir()) == []


# faults: one line, exit code 5, and a catalog that is as it was

FAULTS = [
    ("gated", "gated.*accept its terms"),
    ("401", "does not exist.*or you may not see it"),
    ("404", "does not exist"),
    ("429_long", "answered 429"),
    ("500", "answered 500"),
    ("silent", "fell silent"),
    ("drip", "took more than|fell silent"),
    ("drip_headers", "took more than"),
    ("truncated", "cannot read"),
    ("reset", "cannot read"),
    ("html", "is not JSON"),
    ("list", "is not a JSON object"),
    ("deep", "is not JSON"),
    ("huge", "larger than"),
    ("loop", "redirect"),
]


@pytest.mark.parametrize(("fault", "message"), FAULTS, ids=[fault for fault, _ in FAULTS])
def test_a_fault_while_adding_is_one_line_and_changes_nothing(hub, facts, tmp_path, fault, message):
    hub.add(FOLDER)
    (tmp_path / "hub.json").write_text('{"as_of": "2026-01-01", "models": {}}')
    hub.faults[FOLDER] = [fault]
    before, began = snapshot(tmp_path), time.monotonic()
    with pytest.raises(LlmpickError, match=message) as raised:
        hubs.add(FOLDER, facts, tmp_path, TODAY)
    assert time.monotonic() - began < 3
    assert raised.value.exit_code == (2 if "JSON" in message else 5)
    assert "\n" not in str(raised.value)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("fault", ["429", "500", "truncated", "reset", "redirect"])
def test_a_passing_fault_is_outlived(hub, facts, tmp_path, fault):
    hub.add(FOLDER)
    hub.faults[FOLDER] = [fault, ""] if fault != "redirect" else [fault]
    assert hubs.add(FOLDER, facts, tmp_path, TODAY).path.exists()


def test_an_offline_machine_hears_so_at_once(facts, tmp_path, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(NetworkError, match=r"cannot reach 127\.0\.0\.1"):
            hubs.add(FOLDER, facts, tmp_path, TODAY)
        assert time.monotonic() - began < 1


def test_a_name_server_that_never_answers_costs_less_than_three_seconds(facts, tmp_path, monkeypatch):
    assert client.CONNECT_S < 3
    monkeypatch.setattr(client, "CONNECT_S", 0.2)
    monkeypatch.setattr(client.socket, "create_connection", lambda *_: threading.Event().wait(30))
    began = time.monotonic()
    with pytest.raises(NetworkError, match=r"no answer within 0\.2 s"):
        hubs.add(FOLDER, facts, tmp_path, TODAY)
    assert time.monotonic() - began < 1


def test_a_token_that_cannot_be_sent_is_one_line_without_the_token(hub, facts, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "sécret")
    with pytest.raises(NetworkError, match="token cannot be sent") as raised:
        hubs.add(FOLDER, facts, tmp_path, TODAY)
    assert "cret" not in str(raised.value)


@pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")
@pytest.mark.parametrize("limit", [0, 3000])
def test_a_disk_that_fills_while_writing_leaves_what_was_there(hub, small, tmp_path, limit):
    import resource

    fill(hub, small)
    hubs.refresh(small, tmp_path, "2026-01-01", family="qwen3")
    before = snapshot(tmp_path)
    hub.add(FOLDER)
    for code in (RUN, ADD):
        command = [sys.executable, "-c", code, str(SMALL), str(tmp_path), TODAY, FOLDER]
        environment = os.environ | {"HF_ENDPOINT": hub.url, "XDG_CACHE_HOME": str(tmp_path / "cache")}
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )
        if done.returncode:
            assert re.search(r"cannot write .*File too large", done.stderr.splitlines()[-1]), done.stderr
            assert {name: data for name, data in snapshot(tmp_path).items() if "cache/" not in name} == before
    assert limit == 3000 or done.returncode


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a file system that nobody can write to")
def test_a_file_system_that_nobody_can_write_to_is_one_line(hub, small, facts):
    fill(hub, small)
    hub.add(FOLDER)
    with pytest.raises(LlmpickError, match=r"cannot (write|make)"):
        hubs.add(FOLDER, facts, Path("/proc/self"), TODAY)
    with pytest.raises(LlmpickError, match="cannot write"):
        hubs.refresh(small, Path("/proc/self"), TODAY)
    with pytest.raises(LlmpickError, match="cannot make"):
        hubs.target((Path("/proc/self/catalog"),))


def test_a_full_disk_leaves_what_was_there(hub, facts, tmp_path, monkeypatch):
    hub.add(FOLDER)
    hubs.add(FOLDER, facts, tmp_path, TODAY)
    before = snapshot(tmp_path)
    monkeypatch.setattr("llmpick.files.os.replace", _full)
    with pytest.raises(LlmpickError, match="No space left"):
        hubs.add(FOLDER, facts, tmp_path, TODAY, force=True)
    with pytest.raises(LlmpickError, match="No space left"):
        hubs.refresh(facts, tmp_path, TODAY, family="gpt-oss")
    assert snapshot(tmp_path) == before


def _full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_the_installed_package_is_never_written_to():
    with pytest.raises(LlmpickError, match="installed package"):
        hubs.target((Path(hubs.__file__).parent,))


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LlmpickError, match="cannot make"):
        hubs.target((tmp_path / "file" / "catalog",))


def test_the_users_own_catalog_is_found_once_it_exists(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert hubs.user_catalog() is None
    assert hubs.target(()) == tmp_path / "llmpick" / "catalog" == hubs.user_catalog()


# catalog refresh


def test_a_refresh_brings_the_figures_and_a_second_one_changes_nothing(hub, small, tmp_path):
    fill(hub, small)
    first = hubs.refresh(small, tmp_path, TODAY)
    after = snapshot(tmp_path)
    assert list(after) == ["hub.json"]
    models = json.loads(after["hub.json"])["models"]
    assert len(models) == len(small.models) == len(first.changes)
    assert models[small.models[3].id] == {"downloads": 300, "likes": 3, "changed": "2025-06-07", "as_of": TODAY}
    asked = len(hub.asked)
    hubs.refresh(small, tmp_path, TODAY)
    assert snapshot(tmp_path) == after
    assert (hub.sent_304, len(hub.asked)) == (len(small.models), 2 * asked)
    assert hub.most_at_once <= asking.THREADS


def test_a_refresh_says_what_changed(hub, small, tmp_path):
    fill(hub, small)
    hubs.refresh(small, tmp_path, TODAY)
    hub.repos["Qwen/Qwen3-8B"]["downloads"] = 1_234_567
    found = hubs.refresh(catalogs.load((tmp_path,), base=SMALL), tmp_path, TODAY)
    assert len(found.changes) == 1
    assert "Qwen/Qwen3-8B: downloads " in found.changes[0]
    assert "-> 1,234,567" in found.text


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal(), True), (io.StringIO(), False)], ids=["terminal", "pipe"])
def test_progress_is_for_people_who_watch(hub, small, tmp_path, monkeypatch, *, stream, shown):
    fill(hub, small)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    hubs.refresh(small, tmp_path, TODAY)
    assert ("asking the Hub" in stream.getvalue()) is shown


def test_a_dry_run_writes_nothing_at_all(hub, small, tmp_path):
    fill(hub, small)
    found = hubs.refresh(small, tmp_path, TODAY, dry_run=True)
    assert len(found.changes) == len(small.models)
    assert list(tmp_path.iterdir()) == []


def test_only_the_family_is_asked_about(hub, small, tmp_path):
    fill(hub, small)
    found = hubs.refresh(small, tmp_path, TODAY, family="qwen3")
    assert found.asked == len(hub.asked) == sum(model.family == "qwen3" for model in small.models) > 0


def test_what_people_wrote_is_only_proposed(hub, small, tmp_path):
    fill(hub, small)
    hub.repos["Qwen/Qwen3-8B"] |= {"cardData": {"license": "mit"}, "gated": "auto"}
    del hub.repos["klue/roberta-base"]
    found = hubs.refresh(small, tmp_path, TODAY)
    assert found.proposals == (
        "models/Qwen/Qwen3-8B.yaml: license: apache-2.0 -> mit, the card's tag",
        "models/Qwen/Qwen3-8B.yaml: license.gated: false -> true",
        "models/klue/roberta-base.yaml: the Hub has no such model any more, or hides it",
    )
    assert "klue/roberta-base" not in json.loads((tmp_path / "hub.json").read_text())["models"]
    assert found.exit_code == 0


NO_ANSWER = ["500", "silent", "drip", "drip_headers", "truncated", "reset", "huge", "429_long", "loop"]
NONSENSE = ["html", "list", "deep"]
"""Each reply is one model's fault: the Hub as a whole may be well."""
REFUSED = ["401", "403", "404"]


@pytest.mark.parametrize("fault", NO_ANSWER + NONSENSE + REFUSED)
def test_a_fault_while_refreshing_leaves_hub_json_as_it_was(hub, small, tmp_path, fault):
    fill(hub, small)
    hubs.refresh(small, tmp_path, "2026-01-01", family="qwen3")
    before = snapshot(tmp_path)
    hub.faults["*"] = [fault]
    began = time.monotonic()
    if fault in REFUSED:
        found = hubs.refresh(small, tmp_path, TODAY)
        said = "it is gated" if fault == "403" else "the Hub has no such model any more, or hides it"
        assert len(found.proposals) == len(small.models)
        assert all(line.endswith(said) for line in found.proposals)
    elif fault in NONSENSE:
        assert len(hubs.refresh(small, tmp_path, TODAY).failures) == len(small.models)
    else:
        with pytest.raises(NetworkError) as raised:
            hubs.refresh(small, tmp_path, TODAY)
        assert raised.value.exit_code == 5
    assert time.monotonic() - began < 5
    assert snapshot(tmp_path) == before


def test_one_model_that_fails_does_not_cost_the_others(hub, small, tmp_path):
    fill(hub, small)
    hub.faults["Qwen/Qwen3-8B"] = ["500"]
    found = hubs.refresh(small, tmp_path, TODAY)
    assert (len(found.failures), found.exit_code) == (1, 5)
    assert len(json.loads((tmp_path / "hub.json").read_text())["models"]) == len(small.models) - 1
    hub.faults, hub.asked = {}, []
    again = hubs.refresh(small, tmp_path, TODAY)
    assert {path.partition("?")[0] for path in hub.asked} == {"/api/models/Qwen/Qwen3-8B"}
    assert (again.exit_code, again.resumed) == (0, len(small.models) - 1)


def test_a_server_that_asks_for_patience_holds_back_all_threads(hub, small, tmp_path):
    fill(hub, small)
    hub.faults["*"] = ["429", ""]
    began = time.monotonic()
    assert hubs.refresh(small, tmp_path, TODAY).failures == ()
    assert 1 <= time.monotonic() - began < 4


def test_two_refreshes_at_once_do_not_mix(hub, small, tmp_path):
    fill(hub, small)
    hub.faults["*"] = ["slow"]
    found: list[object] = []

    def go():
        try:
            found.append(hubs.refresh(small, tmp_path, TODAY))
        except LlmpickError as error:
            found.append(error)

    both = [threading.Thread(target=go) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(10)
    errors = [one for one in found if isinstance(one, LlmpickError)]
    assert len(found) == 2
    assert all("another refresh is at work" in str(error) for error in errors)
    assert len(json.loads((tmp_path / "hub.json").read_text())["models"]) == len(small.models)


def test_a_broken_state_is_as_good_as_none(hub, small, tmp_path):
    fill(hub, small)
    hubs.refresh(small, tmp_path, TODAY)
    after = snapshot(tmp_path)
    for junk in (b"", b"{", b'{"models": 3}', b'{"models": {"a/b": 1}, "unfinished": 7}', b"\xff\xfe", b"[" * 99_999):
        (tmp_path / ".refresh.json").write_bytes(junk)
        hubs.refresh(small, tmp_path, TODAY)
        assert snapshot(tmp_path) == after


RUN = """
import sys
from pathlib import Path
from llmpick import catalog, hub
from llmpick.hub import refreshing
refreshing.SAVE_EVERY_S = 0.0
facts = catalog.load(base=Path(sys.argv[1]))
hub.refresh(facts, Path(sys.argv[2]), sys.argv[3])
"""


ADD = """
import sys
from pathlib import Path
from llmpick import catalog, hub
done = hub.add_all(sys.argv[4:], catalog.load(base=Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3])
sys.exit(done.exit_code)
"""


def started(hub, directory, code=RUN, names=()):
    environment = os.environ | {"HF_ENDPOINT": hub.url}
    # A job in the background ignores Ctrl-C, and so would what it starts.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{heard}\n{code}", str(SMALL), str(directory), TODAY, *names]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.mark.parametrize("with_", [signal.SIGKILL, signal.SIGINT], ids=["kill", "ctrl-c"])
def test_a_refresh_that_is_killed_loses_nothing_and_ends_in_the_same_bytes(hub, small, tmp_path, with_):
    fill(hub, small)
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    undisturbed.mkdir()
    killed.mkdir()
    hubs.refresh(small, undisturbed, "2026-01-01")
    hubs.refresh(small, killed, "2026-01-01")
    for position, model in enumerate(small.models):
        hub.repos[model.id]["likes"] = 1000 + position
    before = snapshot(killed)
    hub.faults["*"], hub.delay = ["slow"], 0.3
    for asked in (3, 10):
        hub.asked = []
        running = started(hub, killed)
        while len(hub.asked) < asked and running.poll() is None:
            time.sleep(0.005)
        running.send_signal(with_)
        running.communicate(timeout=10)
        assert running.returncode != 0
        assert snapshot(killed) == before
    hub.faults = {}
    hubs.refresh(small, undisturbed, TODAY)
    hubs.refresh(small, killed, TODAY)
    assert snapshot(killed) == snapshot(undisturbed)
    assert not list(killed.glob("..refresh.json.*")), "what a killed run left half-written is swept away"


@pytest.mark.parametrize("with_", [signal.SIGKILL, signal.SIGINT], ids=["kill", "ctrl-c"])
def test_models_added_by_runs_that_are_killed_end_in_the_same_bytes(hub, small, tmp_path, with_):
    names = [f"acme/Nano-{size}B" for size in range(1, 5)]
    for name in names:
        hub.add(name, tags=["conversational"])
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    assert hubs.add_all(names, small, undisturbed, TODAY).exit_code == 0
    whole = snapshot(undisturbed)
    killed.mkdir()
    hub.faults["*"], hub.delay = ["slow"], 0.1
    for asked in (2, 7):
        hub.asked = []
        running = started(hub, killed, ADD, names)
        while len(hub.asked) < asked and running.poll() is None:
            time.sleep(0.005)
        running.send_signal(with_)
        running.communicate(timeout=10)
        models = {path: data for path, data in snapshot(killed).items() if path.startswith("models/")}
        assert models.items() <= whole.items()
    (killed / "models/acme").mkdir(parents=True, exist_ok=True)
    for left in ("models/acme/.Nano-4B.yaml.abcd_123", ".hub.json.abcd_123"):
        (killed / left).write_text("half")  # as a run leaves it that is killed while it writes
    hub.faults = {}
    last = started(hub, killed, ADD, names)
    last.communicate(timeout=20)
    assert last.returncode == 0
    assert snapshot(killed) == whole


def test_what_an_interrupted_run_left_out_is_completed(hub, small, tmp_path):
    names = ["acme/Nano-1B", "acme/Nano-2B"]
    for name in names:
        hub.add(name)
    hubs.add_all(names, small, tmp_path, TODAY)
    whole = snapshot(tmp_path)
    (tmp_path / "hub.json").unlink()
    done = hubs.add_all(names, small, tmp_path, TODAY)
    assert (done.there, done.added) == (tuple(names), ())
    assert snapshot(tmp_path) == whole


def test_of_several_models_each_fault_is_told_and_the_rest_is_added(hub, small, tmp_path):
    hub.add("acme/Nano-1B")
    hub.add("acme/Nano-2B-GGUF")
    done = hubs.add_all(["acme/Nano-2B-GGUF", "no/such", "x y", "acme/Nano-1B"], small, tmp_path, TODAY)
    assert [one.path.name for one in done.added] == ["Nano-1B.yaml"]
    assert (len(done.failures), done.exit_code) == (3, 5)
    assert "1 added, 0 existed, 3 failed" in done.text
    hub.faults["*"] = ["reset"]
    hub.asked = []
    assert hubs.add_all(["acme/a", "acme/b", "acme/c"], small, tmp_path, TODAY).exit_code == 5
    assert {path.split("/")[-1] for path in hub.asked} == {"a"}


def test_writers_of_hub_json_do_not_lose_each_others_rows(hub, small, tmp_path):
    fill(hub, small)
    names = [f"acme/Nano-{size}B" for size in range(1, 4)]
    for name in names:
        hub.add(name)
    hub.faults["*"] = ["slow"]
    work = [threading.Thread(target=hubs.add, args=(name, small, tmp_path, TODAY)) for name in names]
    work.append(threading.Thread(target=hubs.refresh, args=(small, tmp_path, TODAY)))
    for one in work:
        one.start()
    for one in work:
        one.join(20)
    assert json.loads((tmp_path / "hub.json").read_text())["models"].keys() == {*names, *(m.id for m in small.models)}


def test_a_later_day_without_news_is_written_and_said(hub, small, tmp_path):
    fill(hub, small)
    hubs.refresh(small, tmp_path, "2026-01-01")
    found = hubs.refresh(small, tmp_path, TODAY)
    assert (found.changes, found.wrote) == ((), True)
    assert "0 changed: the day written to" in found.text
    assert "nothing to write" in hubs.refresh(small, tmp_path, TODAY).text


@pytest.mark.parametrize("id_", ["aux/x", "acme/con", "acme/NUL.v2", "acme/Com1"])
def test_a_name_that_is_a_device_on_windows_is_refused_everywhere(hub, small, tmp_path, id_):
    hub.add(id_)
    with pytest.raises(LlmpickError, match="device on Windows"):
        hubs.add(id_, small, tmp_path, TODAY)
    assert snapshot(tmp_path) == {}


@pytest.mark.skipif(os.name == "nt", reason="no pipes and devices in folders")
@pytest.mark.parametrize("name", ["config.json", "README.md", "model.safetensors"])
@pytest.mark.parametrize("kind", ["pipe", "/dev/zero", "loop"])
def test_a_folder_with_devices_in_it_takes_no_time_and_no_memory(small, tmp_path, name, kind):
    place = folder(tmp_path, a=LLAMA_PARAMETERS)
    (place / name).unlink()
    if kind == "pipe":
        os.mkfifo(place / name)
    else:
        (place / name).symlink_to(place / name if kind == "loop" else kind)
    began = time.monotonic()
    try:
        hubs.add(str(place), small, tmp_path / "own", TODAY)
    except LlmpickError as error:
        assert "\n" not in str(error)
        assert not (tmp_path / "own" / "models").exists()
    assert time.monotonic() - began < 2


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_directory_is_one_line(hub, small, tmp_path):
    fill(hub, small)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LlmpickError, match="cannot write"):
            hubs.refresh(small, tmp_path, TODAY)
    finally:
        tmp_path.chmod(0o700)


def test_a_directory_that_is_a_file_is_one_line(hub, small, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LlmpickError, match="cannot write in"):
        hubs.refresh(small, tmp_path / "file", TODAY)
    assert hub.asked == []


# what strangers send


@pytest.mark.parametrize(
    "said",
    [
        {"id": 3},
        {"id": "../../etc/passwd"},
        {"id": "a/b", "sha": "main", "downloads": -1, "likes": True, "gated": [], "cardData": [], "tags": {}},
        {"id": "a/b", "downloads": 10**30, "lastModified": "9999-99-99", "safetensors": {"parameters": {"BF16": "x"}}},
        {"id": "a/b", "siblings": [None, 3, {"rfilename": {}}], "cardData": {"base_model": [None, "x", "../.."]}},
    ],
)
def test_an_odd_reply_is_read_as_far_as_it_makes_sense(said):
    try:
        facts = from_api(said, "a/b")
    except LlmpickError:
        assert said["id"] != "a/b"
        return
    assert facts.id == "a/b"
    assert (facts.sha, facts.downloads, facts.likes, facts.changed, facts.bases) == ("", None, None, "", ())
    assert facts.tensors == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = "sha downloads likes createdAt lastModified gated cardData tags pipeline_tag safetensors siblings".split()
CARD = "license license_name license_link language base_model base_model_relation pipeline_tag".split()


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.dictionaries(st.sampled_from(CARD), JSON), st.booleans())
def test_no_reply_is_a_bug(said, card, nested):
    found = from_api({**said, "id": "a/b"} | ({"cardData": card} if nested else {}), "a/b")
    words = (*found.tags, *found.languages, *found.bases, found.license, found.license_name, found.pipeline)
    assert all(word.isprintable() for word in words)
    assert all(NAME.fullmatch(base) for base in found.bases)
    assert found.downloads is None or found.downloads >= 0


@given(st.dictionaries(st.sampled_from([*LLAMA, "quantization_config", "vision_config", "pad_token_id"]), JSON))
def test_no_config_is_a_bug(small, said):
    facts = Repository(id="a/b", tensors={"BF16": 7}, bases=("Qwen/Qwen3-8B",), files=("config.json",))
    try:
        drafted = draft.draft(facts, LLAMA | said, "", small, TODAY)
    except LlmpickError as error:
        assert "\n" not in str(error)
        return
    path = "models/a/b.yaml"
    entry, faults = parsing.parse(adding.to_yaml(drafted, path, facts).encode(), kinds.kind_of(path), path)
    assert faults == ()
    assert entry.context_length != 0


@given(st.text(max_size=200))
def test_no_card_is_a_bug(text):
    assert isinstance(local.front_matter(f"---\n{text}\n---\n"), dict)


def test_the_figures_of_later_days_stand_whichever_layer_has_them(tmp_path):
    rows = {"Qwen/Qwen3-8B": {"likes": 1, "as_of": "2020-01-01"}, "openai/gpt-oss-20b": {"likes": 2, "as_of": TODAY}}
    (tmp_path / "hub.json").write_text(json.dumps({"as_of": TODAY, "models": rows}))
    alone, both = catalogs.load(base=SMALL), catalogs.load((tmp_path,), base=SMALL)
    assert both.popularity["Qwen/Qwen3-8B"] == alone.popularity["Qwen/Qwen3-8B"]
    assert both.popularity["openai/gpt-oss-20b"].likes == 2
    assert both.popularity.keys() >= alone.popularity.keys()


def test_a_change_is_told_in_one_line():
    now = refreshing.popularity.of(Repository(id="a/b", sha=SHA, downloads=5, likes=2), TODAY)
    assert refreshing._change("a/b", None, now) == "a/b: downloads unknown -> 5, likes unknown -> 2"
    assert refreshing._change("a/b", now, now) == ""
