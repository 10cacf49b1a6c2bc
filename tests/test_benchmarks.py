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
