"""What drivers say, in their own words, and what the Profile makes of it."""

from __future__ import annotations

import json
import os
import sys
import types

import pytest

from llmpick import machine
from llmpick.errors import LlmpickError
from llmpick.machine import Card
from llmpick.units import GIB, MIB, UNIFIED_SHARE, parse_gpu

NVIDIA = "NVIDIA GeForce RTX 4090, 24564, 24010\nNVIDIA GeForce RTX 4090, 24564, 500\n"
ROCM = json.dumps(
    {
        "card0": {
            "VRAM Total Memory (B)": "21458059264",
            "VRAM Total Used Memory (B)": "27856896",
            "Card Series": "Radeon RX 7900 XT",
        },
        "card1": {
            "VRAM Total Memory (B)": "67108864",
            "VRAM Total Used Memory (B)": "26079232",
            "Card Series": "Raphael",
        },
        "system": "x",
    }
)
AMD = [{"gpu": 0, "asic": {"market_name": "AMD Instinct MI300X"}, "vram": {"size": {"value": 196592, "unit": "MB"}}}]
USED = [{"gpu": 0, "mem_usage": {"used_vram": {"value": 283, "unit": "MB"}}}]


@pytest.fixture(autouse=True)
def without_drivers(monkeypatch):
    """A machine with nothing but what a test puts there."""
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setattr(machine.shutil, "which", lambda _: None)
    monkeypatch.setattr(machine.platform, "system", lambda: "Linux")


@pytest.fixture
def tools(monkeypatch, tmp_path):
    """Programs that print what they are told."""

    def put(name, text, *, code=0):
        path = tmp_path / name
        (tmp_path / f"{name}.txt").write_text(text)
        path.write_text(f"#!/bin/sh\ncat '{path}.txt'\nexit {code}\n")
        path.chmod(0o755)
        monkeypatch.setattr(
            machine.shutil, "which", lambda one: str(tmp_path / one) if (tmp_path / one).exists() else None
        )

    if os.name == "nt":
        pytest.skip("needs a shell")
    return put


def test_no_driver_no_card():
    assert machine.cards() == ()


def test_nvidia_smi_is_read(tools):
    tools("nvidia-smi", NVIDIA)
    assert machine.cards() == (
        Card(name="NVIDIA GeForce RTX 4090", total_bytes=24564 * MIB, free_bytes=24010 * MIB),
        Card(name="NVIDIA GeForce RTX 4090", total_bytes=24564 * MIB, free_bytes=500 * MIB),
    )


def test_nvml_goes_first(tools, monkeypatch):
    tools("nvidia-smi", NVIDIA)
    fake = types.ModuleType("pynvml")
    fake.nvmlInit = fake.nvmlShutdown = lambda: None
    fake.nvmlDeviceGetCount = lambda: 1
    fake.nvmlDeviceGetHandleByIndex = lambda index: index
    fake.nvmlDeviceGetName = lambda _: b"NVIDIA H100 80GB HBM3"
    fake.nvmlDeviceGetMemoryInfo = lambda _: types.SimpleNamespace(total=81559 * MIB, free=81000 * MIB)
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    expected = Card(name="NVIDIA H100 80GB HBM3", total_bytes=81559 * MIB, free_bytes=81000 * MIB)
    assert machine.cards() == (expected,)


@pytest.mark.parametrize("text", ["", "garbage", "a,b,c", "Orin, [N/A], [N/A]", "x, ²,³", "{", "[1,2]", '{"card0": 3}'])
def test_what_no_driver_says_is_no_card(tools, text):
    for name in ("nvidia-smi", "amd-smi", "rocm-smi"):
        tools(name, text)
    assert machine.cards() == ()


def test_a_tool_that_fails_or_hangs_is_no_card(tools, monkeypatch, tmp_path):
    tools("nvidia-smi", NVIDIA, code=9)
    assert machine.cards() == ()
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\nexec sleep 20\n")
    monkeypatch.setattr(machine, "PATIENCE_S", 0.2)
    assert machine.cards() == ()


def test_rocm_smi_is_read_without_the_processors_own_graphics(tools):
    tools("rocm-smi", f"WARNING: low power state\n{ROCM}")
    expected = Card(name="Radeon RX 7900 XT", total_bytes=21458059264, free_bytes=21458059264 - 27856896)
    assert machine.cards() == (expected,)


@pytest.mark.parametrize("rows", [AMD, {"gpu_data": AMD}], ids=["list", "gpu_data"])
def test_amd_smi_is_read(tools, tmp_path, rows):
    tools("amd-smi", json.dumps(rows))
    (tmp_path / "amd-smi.used").write_text(json.dumps(USED))
    script = '#!/bin/sh\ncase "$1" in metric) cat "$0.used";; *) cat "$0.txt";; esac\n'
    (tmp_path / "amd-smi").write_text(script)
    expected = Card(name="AMD Instinct MI300X", total_bytes=196592 * MIB, free_bytes=(196592 - 283) * MIB)
    assert machine.cards() == (expected,)


def test_a_macs_memory_is_shared(monkeypatch, facts):
    said = {"hw.memsize": f"{32 * GIB}\n", "machdep.cpu.brand_string": "Apple M2 Max\n"}
    monkeypatch.setattr(machine.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(machine, "_run", lambda command: said.get(command[-1], ""))
    (card,) = machine.cards()
    assert card == Card(name="Apple M2 Max", total_bytes=32 * GIB, free_bytes=int(32 * GIB * UNIFIED_SHARE))
    setup = parse_gpu(machine.resolve({"gpu": "auto"}, facts.gpus)["gpu"], facts.gpus)
    assert (setup.name, setup.memory_bytes) == ("Apple M2 Max 32GB", 32 * GIB)
    assert setup.usable_bytes <= card.free_bytes


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([("NVIDIA GeForce RTX 4090", 24564)] * 2, "2xNVIDIA GeForce RTX 4090"),
        ([("NVIDIA H100 80GB HBM3", 81559)], "NVIDIA H100 80GB"),
        ([("NVIDIA A100-SXM4-80GB", 81920)], "NVIDIA A100-SXM4-80GB"),
        ([("Tesla T4", 15360)], "Tesla T4"),
        ([("Made-Up 9000", 24000)], "24GB"),
        ([("NVIDIA GeForce RTX 4090", 24564), ("Tesla T4", 15360)], "2x15GB"),
        ([("NVIDIA GeForce RTX 4090", 10000)], "10GB"),
    ],
)
def test_auto_names_the_cards_that_are_known(monkeypatch, facts, found, text):
    listed = tuple(Card(name=name, total_bytes=size * MIB, free_bytes=0) for name, size in found)
    monkeypatch.setattr(machine, "cards", lambda: listed)
    assert machine.resolve({"gpu": "auto", "task": "chat"}, facts.gpus) == {"gpu": text, "task": "chat"}
    setup = parse_gpu(text, facts.gpus)
    assert setup.count == len(found)
    assert setup.usable_bytes <= min(card.total_bytes for card in listed)


def test_auto_without_the_catalog_is_a_size(monkeypatch):
    monkeypatch.setattr(machine, "cards", lambda: (Card(name="Tesla T4", total_bytes=15360 * MIB, free_bytes=0),))
    assert machine.resolve({"serve_gpu": " AUTO "}) == {"serve_gpu": "15GB"}


def test_auto_without_a_gpu_says_what_to_write():
    with pytest.raises(LlmpickError, match="--gpu none"):
        machine.resolve({"gpu": "auto"})


def test_what_is_no_auto_stays():
    assert machine.resolve({"gpu": "24GB", "task": "auto"}) == {"gpu": "24GB", "task": "auto"}
