"""Loading a catalog: strict files with located errors, overlays, and a compiled form that can never answer wrongly."""

from __future__ import annotations

import io
import json
import marshal
import os
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llmpick import catalog
from llmpick.catalog import codec, compiled, compiling, files, parsing
from llmpick.catalog import networks as networks_
from llmpick.catalog.facts import facts_of
from llmpick.catalog.kinds import KINDS, kind_of
from llmpick.errors import CatalogError, LlmpickError
from llmpick.sizing.methods import rungs
from llmpick.sizing.networks import METHODS, Needs
from llmpick.sizing.size import Parts, Store, ladder_of, whole_ladder

SMALL = Path(__file__).parent / "data" / "catalog_small"
GOOD = """\
# yaml-language-server: $schema=../../schema/model.json
family: toy
lineage: toy-1b
developer: Toys
variant: base
tasks: [classification, generation]
identity:
  - {url: "https://example.org/toy", checked: 2026-01-31}
parameters:
  total: 1000
  active: 1000
  sources:
    - {url: "https://example.org/toy", checked: 2026-01-31}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "llmpick"


@pytest.fixture
def overlay(tmp_path):
    folder = tmp_path / "overlay"
    (folder / "models" / "toys").mkdir(parents=True)
    return folder


def parse(text, path="models/toys/toy.yaml"):
    data = text if isinstance(text, bytes) else text.encode()
    return parsing.parse(data, kind_of(path), path)


def faults(text, path="models/toys/toy.yaml"):
    value, found = parse(text, path)
    assert value is None
    return [(fault.line, fault.column, fault.message) for fault in found]


def test_a_good_file_is_a_model_with_the_id_of_its_path():
    model, found = parse(GOOD)
    assert not found
    assert model.id == "toys/toy"
    assert model.tasks == ("classification", "generation")
    assert model.identity[0].checked == "2026-01-31"


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "says"),
    [
        ("lineage: toy-1b", "family: toy", 3, 1, "`family` stands on line 2 already"),
        ("  total: 1000", "  total: many", 10, 3, "`parameters.total` must be a whole number; it is \"many\""),
        ("  total: 1000", "  total: 1_000", 10, 3, '`parameters.total` must be a whole number; it is "1_000"'),
        ("  total: 1000", "  total: 0", 10, 3, "`parameters.total` must be greater than 0; it is 0"),
        ("  total: 1000", "  total: 1e3", 10, 3, "`parameters.total` must be a whole number"),
        ("  total: 1000", "  totale: 1000", 10, 3, "unknown key `parameters.totale`; did you mean total?"),
        ("  active: 1000\n", "", 9, 1, "`parameters.active` is missing; add it (a whole number)"),
        ("  sources:\n    - {url: \"https://example.org/toy\", checked: 2026-01-31}", "", 9, 1, "`parameters.sources`"),
        ("variant: base", "variant: bass", 5, 1, "`variant` must be 'base', 'instruct'"),
        ("tasks: [classification, generation]", "tasks: []", 6, 1, "`tasks`"),
        ("tasks: [classification, generation]", "tasks: classification", 6, 1, "`tasks` must be a list"),
        ("tasks: [classification, generation]", "tasks: [classification, 7]", 6, 25, "`tasks[1]` must be text"),
        ("developer: Toys", "developer: yes", None, None, None),
        ("developer: Toys", "developer: 3.10", 4, 1, "`developer` must be text; put it in quotes; it is 3.1"),
        ("developer: Toys", "developer: null", 4, 1, "`developer` must be text"),
        ("developer: Toys", "id: toys/other", 4, 1, "`id` is the file's path; remove this line"),
        ("developer: Toys", "developer: &a Toys\ncontext_length: *a", 5, 17, "aliases (`*name`) are not accepted"),
        ("developer: Toys", "developer: !!python/object:os.system x", 4, 12, "the tag `tag:yaml.org,2002:py"),
        ("developer: Toys", "developer: \"bell\\a\"", 4, 12, "the text holds U+0007; remove it"),
        ("developer: Toys", "developer: \"right\\u202eleft\"", 4, 12, "the text holds U+202E; remove it"),
        ("developer: Toys", "developer: " + "x" * 30_000, 4, 12, "text longer than 20,000 characters"),
        ("developer: Toys", "developer: Toys\n? [a, b]\n: c", 5, 3, "a key must be one short word"),
        ("developer: Toys", "developer:\tToys\n\tfamily: x", 5, 1, "a tab indents this line; use spaces"),
        ("developer: Toys", "developer: [", 6, 6, "not valid YAML"),
        ("developer: Toys", "developer: Toys\n---\nfamily: x", 5, 1, "a second document starts here"),
        ("  total: 1000", "  total: " + "9" * 5000, 10, 10, "out of range"),
        ("  total: 1000", "  total: 1e999", 10, 10, "out of range"),
        ("  total: 1000", "  total: .inf", 10, 3, "`parameters.total` must be a whole number"),
        ("checked: 2026-01-31}\nparameters", "checked: 2026-13-31}\nparameters", 8, 38, "`identity[0].checked` must"),
        ("https://example.org/toy", "ftp://example.org", 8, 6, "`identity[0].url` must match pattern"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_stands(old, new, line, column, says):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if says is None:
        assert parse(text)[0].developer == "yes"  # YAML 1.1 would make it True
        return
    (found, *_) = faults(text)
    assert found[:2] == (line, column), found
    assert says in found[2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("- a\n- b\n", "the file must be a mapping of names to values"),
        ("just words", "the file must be a mapping"),
        ("[" * 100_000, "nested deeper than 20 levels"),
        ("- " * 100_000 + "x", "nested deeper than 20 levels"),
        ("{a: " * 1_000, "nested deeper than 20 levels"),
        ("\n".join(" " * depth + "a:" for depth in range(400)), "nested deeper than 20 levels"),
        ("a: " + "[" * 21 + "]" * 21, "nested deeper than 20 levels"),
        ("a: b\0c", "character U+0000 is not allowed; remove it"),
        ("a: [" + "1," * 100_001 + "]", "more than 100,000 values"),
        ("x" * 300_000, "the file has more than the 262,144 bytes that models/*/*.yaml may have"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_file_of_ours(text, says):
    ((_, _, message),) = faults(text)
    assert says in message


MEASURE = """
import json, os, resource, sys, time
from llmpick.catalog import parsing
from llmpick.catalog.kinds import KINDS
from llmpick.config_json import parse_config, read_config
from llmpick.errors import LlmpickError
from llmpick.hub.repository import from_api, parse_json

KINDS = {kind.name: kind for kind in KINDS}

def reading(unit, what):
    if what in KINDS:
        kind = KINDS[what]
        text = (unit * (kind.limit // len(unit) + 1))[:kind.limit]
        return lambda: parsing.parse(text, kind, kind.folder.replace("*", "x"))
    if what == "config":
        text = b"[" + unit * ((4 << 20) // len(unit) - 2) + b"0]"
        return lambda: read_config(parse_config(text, "given"))
    text = b'{"id": "a/b", "tags": [' + unit * ((8 << 20) // len(unit) - 9) + b'0]}'
    return lambda: from_api(parse_json(text, "the reply"), "a/b")

def measured(unit, what):
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    call, began = reading(unit.encode("latin-1"), what), time.process_time()
    try:
        call()
    except LlmpickError:
        pass
    return time.process_time() - began, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) / 1024

for unit, what in json.load(sys.stdin):
    if os.fork() == 0:  # a process of its own: the most that one held is never given back
        print(json.dumps([unit, what, *measured(unit, what)]), flush=True)
        os._exit(0)
    os.wait()
"""
UNITS = ["a,", "- a\n", "- - a\n  - b\n", "[],", "- {a: 1}\n", "a: b\n", "\n", "- 'x'\n", "? a\n", "- !t a\n",
         "#\n", "- &a b\n- *a\n", "\xe2\x80\xae", "- 1e9\n", "%", "\xff", "- |\n  x\n"]  # fmt: skip
NONSENSE = [
    *((unit, "gpus") for unit in UNITS),
    ("- a\n", "quality"),
    ("- a\n", "models"),
    ("[],", "hub"),
    ("[],", "config"),
    ("[[]],", "config"),
    ("{},", "config"),
    ("[],", "reply"),
    ('"a",', "reply"),
]


@pytest.fixture(scope="module")
def measured():
    """(unit, what) -> seconds of CPU and MiB that reading the largest file of it took."""
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, input=json.dumps(NONSENSE), capture_output=True, text=True, check=True)
    rows = map(json.loads, done.stdout.splitlines())
    return {(unit, what): (seconds, mebibytes) for unit, what, seconds, mebibytes in rows}


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux does")
@pytest.mark.parametrize(("unit", "what"), NONSENSE)
def test_the_largest_file_of_nonsense_stays_within_two_seconds_and_300_mb(unit, what, measured):
    seconds, mebibytes = measured[unit, what]
    assert seconds < 2
    assert mebibytes < 300


def test_alias_bomb_is_refused_in_no_time():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    found = faults("\n".join(lines))
    assert found[0][0] == 2
    assert "aliases" in found[0][2]


def test_not_utf8_names_the_byte():
    ((line, column, message),) = faults(GOOD.encode().replace(b"Toys", b"T\xf6ys"))
    assert (line, column) == (4, 13)
    assert message == "byte 0xf6 is not UTF-8; save the file as UTF-8"


def test_crlf_and_a_byte_order_mark_change_nothing():
    model, found = parse(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert not found
    assert model == parse(GOOD)[0]


def test_every_fault_of_a_file_is_reported():
    text = GOOD.replace("variant: base", "variant: bass").replace("total: 1000", "total: x").replace("family: toy", "")
    assert [message.split("`")[1] for _, _, message in faults(text)] == ["variant", "parameters.total", "family"]


@pytest.mark.parametrize("odd", ["\\x7f", "[" * 30 + "]" * 30, "\\ud800", "\\ufffe"])
def test_json_that_is_no_yaml_is_a_fault_all_the_same(odd):
    text = '{"as_of": "2026-01-31", "models": {"a/b": {"down\\x7floads": 1, "likes": %s}}}'
    text = text.replace("\\x7f", "\x7f") % (odd if odd[0] == "[" else json.dumps(odd.encode().decode("unicode_escape")))
    assert faults(text.encode("utf-8", "surrogatepass"), "hub.json")


def test_json_files_are_as_strict():
    good = '{"as_of": "2026-01-31", "models": {"a/b": {"downloads": 1}}}'
    assert parse(good, "hub.json")[0].models["a/b"].downloads == 1
    assert "`models` stands on line 1" in faults(good.replace('"models"', '"models": {}, "models"'), "hub.json")[0][2]
    assert "NaN" in faults(good.replace("1}", "NaN}"), "hub.json")[0][2]
    ((line, column, message),) = faults(good.replace("1}", "-1}").replace('"models"', '\n"models"'), "hub.json")
    assert (line, column) == (2, 20)
    assert message == "`models.a/b.downloads` must be greater than or equal to 0; it is -1"
    assert faults("{", "hub.json")[0][:2] == (1, 2)


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary())
def test_no_text_breaks_the_reader(noise):
    value, found = parse(noise)
    assert value is None
    assert all(fault.line >= 1 and fault.column >= 1 and "\n" not in str(fault) for fault in found)
    assert found


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD)), st.text(alphabet="[]{}:-&*!|>'\"%@`#?,\n\t x0é\0\u202e", max_size=8))
def test_no_edit_breaks_the_reader(at, noise):
    value, found = parse(GOOD[:at] + noise + GOOD[at:])
    assert (value is None) == bool(found)


def test_load_names_the_file_line_and_column(overlay):
    file = overlay / "models" / "toys" / "toy.yaml"
    file.write_text(GOOD.replace("variant: base", "variant: bass"))
    with pytest.raises(catalog.InvalidCatalogError) as caught:
        catalog.load((overlay,), base=SMALL)
    assert str(caught.value).startswith(f"{file}:5:1: `variant` must be 'base'")
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)


def test_an_overlay_adds_and_replaces(overlay):
    (overlay / "models" / "toys" / "toy.yaml").write_text(GOOD)
    changed = overlay / "models" / "Qwen" / "Qwen3-8B.yaml"
    changed.parent.mkdir()
    changed.write_text((SMALL / "models/Qwen/Qwen3-8B.yaml").read_text().replace("developer: Alibaba", "developer: Us"))
    plain, laid = catalog.load(base=SMALL), catalog.load((overlay,), base=SMALL)
    assert {model.id for model in laid.models} - {model.id for model in plain.models} == {"toys/toy"}
    assert laid.model("Qwen/Qwen3-8B").developer == "Us"
    assert laid.origins["models/Qwen/Qwen3-8B.yaml"] == overlay
    assert laid.origins["models/Qwen/Qwen3-8B-Base.yaml"] == SMALL
    assert [model.id for model in laid.models] == sorted(model.id for model in laid.models)
    assert catalog.load((overlay, SMALL), base=SMALL).model("Qwen/Qwen3-8B").developer == "Alibaba"


def test_a_missing_directory_or_table_is_said(tmp_path):
    with pytest.raises(LlmpickError, match="cannot read the catalog directory") as caught:
        catalog.load((tmp_path / "nowhere",), base=SMALL)
    assert caught.value.exit_code == 2
    with pytest.raises(CatalogError, match=r"no (tasks|domains|policy|quality)\.yaml"):
        catalog.load(
            base=_copy(SMALL, tmp_path / "partial", lambda path: path.suffix == ".md" or "models" in path.parts)
        )


@pytest.mark.skipif(os.name == "nt", reason="no pipes in folders")
def test_links_pipes_and_foreign_files_are_no_catalog_files(overlay):
    toys = overlay / "models" / "toys"
    (toys / "loop").symlink_to(overlay / "models")
    (toys / "gone.yaml").symlink_to(toys / "nowhere.yaml")
    os.mkfifo(toys / "pipe.yaml")
    (toys / "device.yaml").symlink_to("/dev/zero")
    (toys / "notes.txt").write_text("not ours")
    (overlay / "other.yaml").write_text("a: [")
    assert list(files.scan(overlay)) == ["other.yaml"]
    assert catalog.load((overlay,), base=SMALL).models == catalog.load(base=SMALL).models


# --- the compiled form ---


def _copy(source: Path, target: Path, wanted=lambda path: True) -> Path:
    for file in source.rglob("*"):
        if file.is_file() and wanted(file.relative_to(source)):
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
            os.utime(copy, ns=(10**18, 10**18))  # long ago: no write can share this time
    return target


@pytest.fixture
def small(tmp_path):
    return _copy(SMALL, tmp_path / "small")


@pytest.fixture
def parsed(monkeypatch):
    """Paths of the files that were parsed."""
    seen = []
    parse_file = compiling._parse

    def spy(data, path):
        seen.append(path)
        return parse_file(data, path)

    monkeypatch.setattr(compiling, "_parse", spy)
    return seen


def test_the_compiled_form_says_what_the_files_say(small, parsed):
    first = catalog.load(base=small)
    assert len(parsed) == len(list(small.rglob("*.yaml"))) + 1
    parsed.clear()
    second = catalog.load(base=small)
    assert not parsed
    for path, directory in second.origins.items():
        value, found = parsing.parse((directory / path).read_bytes(), kind_of(path), path)
        assert not found
        assert compiled.load(small).values[path] == value
    assert first == second


def test_only_what_changed_is_read_again(small, parsed):
    catalog.load(base=small)
    parsed.clear()
    file = small / "models" / "Qwen" / "Qwen3-8B.yaml"
    file.write_text(file.read_text().replace("developer: Alibaba", "developer: Someone"))
    assert catalog.load(base=small).model("Qwen/Qwen3-8B").developer == "Someone"
    assert parsed == ["models/Qwen/Qwen3-8B.yaml"]
    file.unlink()
    assert "Qwen/Qwen3-8B" not in {model.id for model in catalog.load(base=small).models}
    assert len(parsed) == 1


def test_an_edit_of_the_same_size_a_moment_later_is_seen(small):
    file = small / "models" / "Qwen" / "Qwen3-8B.yaml"
    text = file.read_text()
    for name in ("Aaaaaaa", "Bbbbbbb", "Ccccccc"):
        file.write_text(text.replace("developer: Alibaba", f"developer: {name}"))
        assert catalog.load(base=small).model("Qwen/Qwen3-8B").developer == name


def test_another_time_but_the_same_content_is_the_same_file(small, parsed):
    first = catalog.load(base=small)
    parsed.clear()
    for file in small.rglob("*.yaml"):
        os.utime(file)
    assert catalog.load(base=small) == first
    assert not parsed


def test_forms_of_directories_that_are_gone_do_not_pile_up(small, cache):
    folder = compiled.cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(compiled.MOST + 8):
        old = folder / f"catalog-{number}.bin"
        old.write_bytes(b"")
        os.utime(old, (number, number))
    (folder / "sound.txt").write_bytes(b"kept")
    catalog.load(base=small)
    left = {path.name for path in folder.glob("catalog-*")}
    assert len(left) == compiled.MOST
    assert compiled.cache_path(small).name in left
    assert "catalog-0.bin" not in left
    assert (folder / "sound.txt").exists()


def test_a_faulty_file_does_not_cost_the_others_their_compiled_form(small, parsed):
    file = small / "models" / "Qwen" / "Qwen3-8B.yaml"
    good = file.read_text()
    file.write_text("family: [")
    for _ in range(2):
        with pytest.raises(CatalogError):
            catalog.load(base=small)
    assert parsed.count("tasks.yaml") == 1
    file.write_text(good)
    assert catalog.load(base=small).model("Qwen/Qwen3-8B")


def test_code_that_defines_other_records_reads_the_files_again(small, parsed, monkeypatch):
    catalog.load(base=small)
    parsed.clear()
    monkeypatch.setattr(compiled, "schema_key", lambda: "another")
    catalog.load(base=small)
    assert "tasks.yaml" in parsed


def test_code_that_works_out_other_facts_reads_the_records_again_but_not_the_files(small, parsed, monkeypatch, cache):
    records = compiled.schema_key().partition("-")[0]
    before = catalog.load(base=small)
    parsed.clear()
    monkeypatch.setattr(compiled, "schema_key", lambda: f"{records}-another")
    monkeypatch.setattr("llmpick.catalog.facts.tools_of", lambda tooling: None)
    assert any(one.tools for one in before.models.facts)
    after = catalog.load(base=small)
    assert not any(one.tools for one in after.models.facts)
    assert after.models == before.models
    assert not parsed

    (form,) = cache.iterdir()
    whole = form.read_bytes()
    at = compiled.read(form, bool).records
    form.write_bytes(whole[:at] + bytes(len(whole) - at))
    monkeypatch.setattr(compiled, "schema_key", lambda: f"{records}-third")
    assert catalog.load(base=small).models == before.models
    assert parsed


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1), noise=st.binary(max_size=12), cut=st.booleans())
def test_a_damaged_compiled_form_changes_nothing(warm, at, noise, cut):
    small, form, whole, expected = warm
    position = int(at * len(whole))
    form.write_bytes(whole[:position] + noise + (b"" if cut else whole[position + len(noise) :]))
    assert catalog.load(base=small) == expected  # reads every record
    assert catalog.load(base=small) == expected
    again = compiled.read(form, bool)
    assert all(again.raw(path) for path in again.entries)


@pytest.fixture
def warm(small, cache):
    expected = catalog.load(base=small)
    assert expected.models[0]
    (form,) = cache.iterdir()
    return small, form, form.read_bytes(), expected


@pytest.mark.parametrize("index", [(), 7, ({}, "", {"tasks.yaml": ()}), ({}, "", {}), ([], [], []), None])
def test_a_sound_form_of_nonsense_changes_nothing(warm, index):
    small, form, whole, expected = warm
    header, rest = parted(whole)
    after = rest[header["index"][0] :]
    said = marshal.dumps(index)
    header["index"] = (len(said), zlib.crc32(said))
    form.write_bytes(compiled.headed(header) + said + after)
    assert catalog.load(base=small) == expected


@pytest.mark.parametrize("section", ["facts", "listed", "files"])
@pytest.mark.parametrize("rows", ["noise", [], [()], 7, None])
def test_a_section_of_nonsense_changes_nothing(warm, section, rows):
    """`noise`: its checksum does not hold; else it does, and the section says nothing that makes sense."""
    small, form, whole, expected = warm
    facts, listed = expected.models.facts, expected.models.listed
    models = len(marshal.loads(sections_of(whole)[section]))
    nonsense = bytes(99) if rows == "noise" else marshal.dumps(rows * models if rows == [()] else rows)
    form.write_bytes(with_section(whole, section, nonsense, sound=rows != "noise"))
    again = catalog.load(base=small)
    assert [one.id for one in again.models.facts] == [one.id for one in facts]
    assert [one._replace(size=None) for one in again.models.facts] == [one._replace(size=None) for one in facts]
    assert again.models.listed == listed
    (small / "tasks.yaml").touch()  # makes it anew, with the help of what there is
    assert catalog.load(base=small) == expected
    assert catalog.load(base=small).models.listed == listed


def parted(whole):
    """The header of a compiled form, and what stands behind it."""
    header, end = compiled.header_of(io.BytesIO(whole))
    return header, whole[end:]


def sections_of(whole):
    """The sections of a compiled form by name."""
    header, rest = parted(whole)
    found, at = {}, len(rest)
    for name, size, _ in reversed(header["sections"]):
        found[name], at = rest[at - size : at], at - size
    return dict(reversed(found.items()))


def with_section(whole, name, data, *, sound):
    """A compiled form with other bytes in one section; its checksum holds where that is `sound`."""
    header, rest = parted(whole)
    sections = {**sections_of(whole), name: data}
    sums = {each: 0 if each == name and not sound else compiled.checksum(each, held) for each, held in sections.items()}
    header["sections"] = [(each, len(held), sums[each]) for each, held in sections.items()]
    records = rest[: header["index"][0] + header["records"]]
    return compiled.headed(header) + records + b"".join(sections.values())


def needed(loaded):
    """All that questions about the networks of a catalog can need."""
    found = []
    for facts in loaded.models.facts:
        if facts.size:
            parts, structure = Parts(facts.size), facts.size.structure
            other = rungs(structure, METHODS, (700, 2, True, 2), True)
            ladders = [whole_ladder(structure, 1), whole_ladder(structure, 5), ladder_of(structure, other)]
            found += [list(Store().peaks(facts.size, ladder)) for ladder in ladders]
            found += [parts.running, parts.shape]
    return found


@pytest.mark.parametrize("column", ["peaks-1", "frames", "running", "shape"])
@pytest.mark.parametrize(
    "nonsense", [None, b"", marshal.dumps(7), marshal.dumps((7, b"")), marshal.dumps(([0, 9], b"nonsense!"))]
)
def test_a_column_of_nonsense_changes_nothing(warm, column, nonsense):
    """None: its checksum does not hold; else it does, and the column says nothing that makes sense."""
    small, form, whole, expected = warm
    damaged = with_section(whole, column, bytes(99) if nonsense is None else nonsense, sound=nonsense is not None)
    wanted = needed(expected)
    form.write_bytes(damaged)
    again = catalog.load(base=small)
    assert form.exists()
    assert needed(again) == wanted
    assert not form.exists()  # whoever comes next writes it anew
    form.write_bytes(damaged)
    (small / "tasks.yaml").touch()  # makes it anew, with the help of what there is
    assert needed(catalog.load(base=small)) == wanted
    assert sections_of(form.read_bytes())[column] == sections_of(whole)[column]


def test_a_section_does_not_pass_for_another(warm):
    """Columns of peaks are all alike: nothing else would tell."""
    _, form, whole, _ = warm
    header, rest = parted(whole)
    first, second = networks_.PEAKS[4], networks_.PEAKS[10]
    names = {first: second, second: first}
    header["sections"] = [(names.get(name, name), *place) for name, *place in header["sections"]]
    form.write_bytes(compiled.headed(header) + rest)
    read = compiled.read(form, bool)
    assert read is not None
    with pytest.raises(ValueError, match="damaged"):
        read.section(first)


def test_networks_that_did_not_change_are_not_sized_again(small, cache, monkeypatch):
    networks = (facts.size for facts in catalog.load(base=small).models.facts if facts.size)
    networks = len({size.number for size in networks})
    (form,) = cache.iterdir()
    before, seen = sections_of(form.read_bytes()), []
    monkeypatch.setattr("llmpick.catalog.facts.sized", lambda *size: seen.append(size) or networks_.sized(*size))
    file = small / "models" / "Qwen" / "Qwen3-8B.yaml"
    file.write_text(file.read_text().replace("developer: Alibaba", "developer: Someone"))
    again = catalog.load(base=small)
    assert len(seen) == 1 < networks
    assert facts_of(again.model("Qwen/Qwen3-8B")).size[:3] in {facts.size[:3] for facts in again.models.facts}
    after = sections_of(form.read_bytes())
    columns = (*networks_.PEAKS, *Needs._fields)
    assert [after[name] for name in columns] == [before[name] for name in columns]


@pytest.mark.parametrize(
    "edit",
    [
        lambda fields: fields.__setitem__("os:system", fields.pop("llmpick.schema:Source")),
        lambda fields: fields["llmpick.schema:Source"].pop(),
        lambda fields: fields["llmpick.schema:Source"].reverse(),
        lambda fields: fields["llmpick.schema:Model"].append(("more", None)),
        lambda fields: fields["llmpick.schema:Model"].__setitem__(0, ("id", ["r", "llmpick.errors:LlmpickError"])),
    ],
)
def test_records_of_other_classes_are_refused(warm, edit):
    form = compiled.read(warm[1], bool)
    path = next(path for path in form.entries if path.startswith("models/"))
    assert form.record(path) == warm[3].models[0]
    again = compiled.read(warm[1], bool)
    edit(again.fields)
    with pytest.raises((ValueError, KeyError)):
        again.record(path)


@pytest.mark.parametrize("home", ["a file", "relative", "none"])
def test_without_a_place_for_it_there_is_no_compiled_form(small, tmp_path, monkeypatch, home):
    expected = catalog.load(base=small)
    if home == "a file":
        (tmp_path / "taken").write_text("")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", "relative" if home == "relative" else "")
        monkeypatch.setenv("HOME", str(tmp_path / "taken") if home == "relative" else "~")
        (tmp_path / "taken").write_text("")
    monkeypatch.chdir(tmp_path)
    assert catalog.load(base=small) == expected
    assert (tmp_path / "taken").read_text() == ""
    assert not (tmp_path / "relative").exists()


def test_many_writers_leave_one_whole_form(small, cache):
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(lambda _: catalog.load(base=small), range(8)))
    assert all(one == loaded[0] for one in loaded)
    (form,) = cache.iterdir()
    assert compiled.read(form, bool)


def test_a_form_shipped_with_the_package_is_used_and_checked(small, tmp_path, parsed, cache):
    target = tmp_path / "shipped.json"
    assert compiling.ship(small, target) == ()
    parsed.clear()
    expected = compiled.load(small, target)
    assert not parsed
    assert not cache.exists()
    for file in small.rglob("*.yaml"):
        os.utime(file)  # as an installer does
    assert compiled.load(small, target).values == expected.values
    assert not parsed
    target.write_bytes(target.read_bytes()[:-7])
    cache.joinpath(next(cache.iterdir())).unlink()
    assert compiled.load(small, target).values == expected.values
    assert parsed


def test_a_damaged_form_that_cannot_be_removed_costs_one_run(small, tmp_path, parsed, cache, monkeypatch):
    target = tmp_path / "shipped.bin"
    compiling.ship(small, target)
    expected = catalog.load(base=small).models.listed
    whole = target.read_bytes()
    listed = sections_of(whole)["listed"]
    target.write_bytes(whole.replace(listed, bytes(len(listed))))
    remove = compiled._remove
    monkeypatch.setattr(compiled, "SHIPPED", target)
    monkeypatch.setattr(catalog, "bundled", lambda: small)
    monkeypatch.setattr(compiled, "_remove", lambda path: path != target and remove(path))
    for path in cache.iterdir():
        path.unlink()
    assert catalog.load().models.listed == expected
    assert parsed
    parsed.clear()
    again = catalog.load()
    assert again.models.listed == expected
    assert not parsed
    assert target.exists()


def test_answering_imports_neither_yaml_nor_pydantic(small, tmp_path):
    catalog.load(base=small)
    code = (
        "import sys; from pathlib import Path; from llmpick.catalog import load; load(base=Path(sys.argv[1]));"
        "print([name for name in ('yaml', 'pydantic', 'jinja2', 'rich', 'huggingface_hub') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(small)], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "[]"


def test_every_kind_can_be_stored():
    for kind in KINDS:
        assert codec.specs_of(kind.type())


def test_a_file_that_cannot_be_read_says_so(overlay, monkeypatch):
    (overlay / "models" / "toys" / "toy.yaml").write_text(GOOD)
    read = compiling._bytes
    refusal = PermissionError(13, "Permission denied")
    monkeypatch.setattr(compiling, "_bytes", lambda *path: refusal if path[1].endswith("toy.yaml") else read(*path))
    with pytest.raises(catalog.InvalidCatalogError, match=r"toy\.yaml:1:1: the file cannot be read: Permission denied"):
        catalog.load((overlay,), base=SMALL)


def test_records_that_wait_packed_come_back_as_they_were(monkeypatch):
    monkeypatch.setattr(compiling, "TOGETHER", 2)
    records, said = compiling.Records(), [bytes([number]) * number for number in range(7)]
    entries = [records.add(compiled.Entry("models", 0, 0, 0, ""), raw) for raw in said]
    whole = b"".join(records)
    assert len(whole) == records.size
    assert [whole[one.at : one.at + one.size] for one in entries] == said
    assert [one.crc for one in entries] == [zlib.crc32(raw) for raw in said]


def test_compiling_a_large_catalog_says_how_far_it_is_on_a_terminal_only(small, monkeypatch, capsys):
    catalog.load(base=small)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(compiling, "MANY", 3)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    (small / "tasks.yaml").write_text((small / "tasks.yaml").read_text() + "\n# edited\n")
    with compiling._progress(9_000) as say:
        say(500)
    said = capsys.readouterr().err
    assert "500 of 9,000 files" in said
    assert said.endswith("\r\033[K")


def test_networks_that_are_alike_share_what_is_stored_of_them(small):
    twin = small / "models" / "toys"
    twin.mkdir()
    (twin / "twin.yaml").write_text((small / "models/Qwen/Qwen3-8B.yaml").read_text())
    sizes = {facts.id: facts.size for facts in catalog.load(base=small).models.facts}
    assert sizes["toys/twin"] is sizes["Qwen/Qwen3-8B"]
