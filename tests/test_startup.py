"""What is imported decides how fast an answer comes: modules are counted, not milliseconds."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pydantic", "pydantic_core", "yaml", "jinja2", "huggingface_hub", "httpx", "numpy", "torch", "rich.table")
PROBE = """
import sys
from llmpick import cli
cli.run(sys.argv[1:])
print(" ".join(sorted(sys.modules)), file=sys.stderr)
"""


def loaded(*arguments: str) -> set[str]:
    """Modules in memory after one command."""
    done = subprocess.run([sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("recommend", "--task", "classification", "--gpu", "24GB"),
        ("recommend", "--task", "chat", "--gpu", "24GB", "--format", "json"),
        ("estimate", "Qwen/Qwen3-8B", "--format", "json"),
        ("explain", "Qwen/Qwen3-8B", "--task", "chat", "--format", "json"),
        ("catalog", "list", "--family", "qwen3"),
        ("--version",),
    ],
    ids=" ".join,
)
def test_an_answer_loads_nothing_heavy(arguments):
    assert not loaded(*arguments) & set(HEAVY)


def test_help_loads_neither_engine_nor_catalog():
    assert not {name for name in loaded("--help") if name.startswith(("llmpick.engine", "llmpick.catalog"))}
