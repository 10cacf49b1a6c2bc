"""The benchmarks run on the measurements that are here: a change of what they measure must not break them unseen."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def tables(monkeypatch, tmp_path):
    """Run one benchmark without the measurements that are elsewhere: the tables it would store, by name."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import figures

    found = {}
    monkeypatch.setattr(figures, "save", lambda _, table, columns, rows: found.update({table: (columns, rows)}))
    monkeypatch.setattr(figures, "write", lambda: None)

    def run(name):
        monkeypatch.setattr(sys, "argv", [name, "--truth", str(tmp_path)])
        try:
            runpy.run_path(str(BENCHMARKS / f"{name}.py"), run_name="__main__")
        except SystemExit as end:
            assert "name its directory with --truth" in str(end)
        return found

    return run


@pytest.mark.parametrize(
    ("benchmark", "table"),
    [
        ("memory", "traced steps"),
        ("throughput", "collected after the fit"),
        ("latency", "serving speeds, all in the fit"),
    ],
)
def test_a_benchmark_measures_what_is_here(benchmark, table, tables):
    columns, rows = tables(benchmark)[table]
    assert len(rows) > 5
    assert all(len(cells) == len(columns) and cells[0] > 0 for cells in rows.values())


@pytest.fixture
def speed(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import speed

    return speed


def test_the_guard_of_speed_tells_more_from_as_much(speed):
    stored = {"a": [200, 100, 2.0, 600, 1.5], "b": [100, 100, 1.0, 300, 1.0]}
    more = {"a": [200, 100, 2.0, 700, 1.5 * speed.SLACK + 0.01], "b": [140, 100, 1.0 * speed.SLACK + 0.01]}
    assert speed.excess(stored, stored) == []
    assert speed.excess(more, stored) == ["a", "b"]


def test_a_command_is_timed_beside_its_floor(speed, tmp_path):
    heavy = speed.Timed("heavy", [sys.executable, "-I", "-S", "-c", "held = bytearray(99_000_000)"])
    light = speed.Timed(speed.BESIDE, [sys.executable, "-I", "-S", "-c", "pass"])
    wall, _, mib, floor, ratio = speed.rows("commands", speed.together([light, heavy], 1))["heavy"]
    assert 95 < mib < 130
    assert wall / floor == pytest.approx(ratio)
    assert speed.once(light).mib < 20, "what measures counts for nothing"
    with pytest.raises(SystemExit, match="light: exit code 3"):
        speed.once(light._replace(name="light", command=[sys.executable, "-I", "-S", "-c", "raise SystemExit(3)"]))
    assert speed.peers(tmp_path) == []


def test_several_repeats_give_ratios_a_range(speed):
    repeats = [{"a": [10.0, 9.0, 20.0, 10.0, ratio]} for ratio in (1.3, 1.1, 1.2)]
    assert speed.spread(repeats) == {"a": [10.0, 9.0, 20.0, 10.0, [1.2, 1.1, 1.3]]}
    assert speed.spread(repeats[:1]) == {"a": [10.0, 9.0, 20.0, 10.0, 1.3]}
