"""Amounts people write are read as they mean them; anything unclear is refused in one line."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmpick.errors import LlmpickError
from llmpick.steps.resources import does_not_fit, within
from llmpick.units import GIB, MIB, USABLE_SHARE, GpuSetup, beyond, parse_gpu, parse_number, told_apart


@pytest.mark.parametrize("text", ["24GB", "24 GB", "24GiB", "24 gib", "24g", "24576MiB", "0.0234375TB"])
def test_a_bare_size_is_a_size(text, facts):
    setup = parse_gpu(text, facts.gpus)
    assert (setup.count, setup.name, setup.memory_bytes) == (1, None, 24 * GIB)


@pytest.mark.parametrize(
    ("text", "count", "name"),
    [
        ("2x24GB", 2, None),
        ("4 x 80GB", 4, None),
        ("RTX 4090", 1, "GeForce RTX 4090"),
        ("rtx4090", 1, "GeForce RTX 4090"),
        ("4090", 1, "GeForce RTX 4090"),
        ("2x RTX 3090", 2, "GeForce RTX 3090"),
        ("Tesla T4", 1, "Tesla T4"),
        ("L4", 1, "L4"),
        ("RTX 3080 12GB", 1, "GeForce RTX 3080 12GB"),
        ("RTX 4090 Laptop GPU", 1, "GeForce RTX 4090 Laptop"),
    ],
)
def test_cards_and_counts(text, count, name, facts):
    setup = parse_gpu(text, facts.gpus)
    assert (setup.count, setup.name) == (count, name)


def test_the_variant_is_chosen_by_its_memory(facts):
    setup = parse_gpu("2xA100-80GB", facts.gpus)
    assert setup.count == 2
    assert setup.memory_bytes == 80 * GIB
    assert setup.name and setup.name.startswith("A100")


@pytest.mark.parametrize("text", ["none", "cpu", "None"])
def test_no_gpu(text, facts):
    assert parse_gpu(text, facts.gpus).count == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("A100", "A100 PCIe 40GB"),
        ("H100", "H100 NVL 94GB"),
        ("RTX 4060 Ti", "RTX 4060 Ti 16GB"),
        ("V100", "V100 SXM2 32GB"),
        ("24XB", "no amount of GPU memory"),
        ("-3GB", "no amount of GPU memory"),
        ("0GB", "no amount of GPU memory"),
        ("99999GB", "0.25 to 4096 GB"),
        ("0x24GB", "1 to 1024"),
        ("A100-48GB", "no such variant"),
        ("M4 Max", "several memory sizes"),
        ("RTX 409", "did you mean"),
        ("", "no GPU called"),
        ("24", "no amount of GPU memory"),
    ],
)
def test_what_is_unclear_is_refused(text, says, facts):
    with pytest.raises(LlmpickError, match=says) as caught:
        parse_gpu(text, facts.gpus)
    assert "\n" not in str(caught.value)


def test_what_was_written_parses_back_to_the_same(facts):
    for text in ("24GB", "2x24GB", "RTX 4090", "none"):
        setup = parse_gpu(text, facts.gpus)
        assert parse_gpu(setup.text, facts.gpus) == setup


def test_every_gpu_of_the_catalog_is_found_by_its_name(facts):
    for gpu in facts.gpus:
        if gpu.kind != "integrated":
            assert parse_gpu(gpu.name, facts.gpus).name == gpu.name


def test_usable_share_is_the_least_that_the_catalog_records(facts):
    shares = [gpu.usable_mib * MIB / (gpu.memory_gib * GIB) for gpu in facts.gpus if gpu.usable_mib]
    assert min(shares) == pytest.approx(USABLE_SHARE, abs=0.005)


@pytest.mark.parametrize(("text", "number"), [("20k", 20_000), ("1_000", 1000), ("3M", 3e6), ("$50", 50), (7, 7)])
def test_numbers(text, number):
    assert parse_number(text, "--examples", 0, 1e9) == number


@pytest.mark.parametrize(
    ("text", "wrong"),
    [*((text, "not a number") for text in ("nan", "", "many", True, None)),
     *((text, "out of range") for text in ("inf", "-1", "1e99"))],
)  # fmt: skip
def test_numbers_that_are_none(text, wrong):
    with pytest.raises(LlmpickError, match=wrong):
        parse_number(text, "--examples", 0, 1e9)


@given(one=st.floats(0, 1e4, allow_nan=False), apart=st.floats(1e-6, 1.0, allow_nan=False), places=st.integers(1, 2))
def test_amounts_that_differ_look_different(one: float, apart: float, places: int) -> None:
    less, more = told_apart(one, one + apart, places)
    assert float(less.replace(",", "")) < float(more.replace(",", ""))
    assert told_apart(one, one, places) == (f"{one:,.{places}f}",) * 2


@given(limit=st.floats(0, 1e4), lack=st.floats(1e-4, 1e3), places=st.integers(0, 2))
def test_a_need_is_rounded_up_and_what_there_is_as_elsewhere_or_down(limit: float, lack: float, places: int) -> None:
    need, has = (float(said.replace(",", "")) for said in beyond(limit + lack, limit, places))
    assert has < need
    assert need >= limit + lack - 1e-6
    nearest = round(limit, places)
    assert has == nearest if nearest < need else 0 <= limit - has < 10.0**-places + 1e-6
    assert need - limit - lack < 10.0**-places


def test_a_refusal_never_says_that_what_is_needed_is_there() -> None:
    check = within(cost=5.004, limit=5.0)
    assert (check.outcome, check.because) == ("no", "about $5.01 for one run, the budget is $5.00")
    assert check.remedy == "a budget of $5.01"
    fit = SimpleNamespace(leanest=SimpleNamespace(method="qlora", accumulation=1), reference_peak=14.93 * GIB)
    profile = SimpleNamespace(gpu=SimpleNamespace(usable_bytes=14.91 * GIB), seq_len=512)
    said = does_not_fit(fit, profile)  # type: ignore[arg-type]
    assert said.because == "even qlora needs 15.0 GiB at 512 tokens, the card has 14.9"
    assert said.remedy == "15.0 GiB of usable GPU memory"


def test_a_setup_says_how_many_of_what():
    named = GpuSetup(count=2, memory_bytes=24 * GIB, usable_bytes=22 * GIB, name="RTX 4090")
    assert str(named) == "2 x RTX 4090 (24 GB)"
    assert str(replace(named, count=1, name=None)) == "24 GB"
    assert str(replace(named, count=0)) == "no GPU"
