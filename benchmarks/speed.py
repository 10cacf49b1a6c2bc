"""How fast llmpick answers, beside what any program of its kind costs and beside its peers; prints the README's table.

    python benchmarks/speed.py [--runs 10] [--peers DIR] [--sizes 10000,100000]
    python benchmarks/speed.py --counts
    python benchmarks/speed.py --profiles 1000

Every figure is the median of `--runs` runs taken in turns with its floor, a one-command typer app that prints one rich
table, so that a machine that slows down slows both. `--peers DIR` holds a virtual environment for each peer
(DIR/llmfit/bin/llmfit, DIR/whichllm/bin/whichllm, DIR/canifinetune/bin/canifinetune); one that is not there is left
out. `--sizes` loads, searches and ranks catalogs of that many models, made by copying real entries under new names.

`--profiles` asks from Python, about one loaded catalog, that many questions in turn: each of WAYS of asking for every
task, no two of them with the same number of examples, each answered once. Milliseconds of processor time a question.

`--counts` measures what no busy machine changes: the modules that a command imports, and the instructions it executes
(by valgrind, else by perf; left out where neither works). It exits 1 when they are more than MOST times the floor's.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from figures import save, write

from llmpick import load, recommend, request

ROOT = Path(__file__).parents[1]
FLOOR = '''
import typer
app = typer.Typer(add_completion=False)
@app.command()
def main(name: str = "model") -> None:
    """Print one table."""
    from rich.console import Console
    from rich.table import Table
    table = Table("name", "score")
    table.add_row(name, "1.0")
    Console().print(table)
app()
'''
ASKED = ("recommend", "--task", "classification", "--gpu", "24GB", "--examples", "5000")
PEERS = {
    "llmfit": ("--memory", "24G", "recommend"),
    "canifinetune": ("--version",),
    "whichllm": ("--help",),
}
"""Peer -> its nearest command: its recommendation where that works without the network, else the least it does."""

MOST = {
    "llmpick recommend, the full catalog": (1.3, 2.0),
    "llmpick --help": (0.7, 0.7),
    "llmpick --version": (0.8, 0.8),
}
"""Command -> how many times the floor's modules and its instructions it may take."""


WAYS = {
    "a card's size": {"gpu": "24GB"},
    "language, use": {"gpu": "16GB", "language": "de,en", "commercial": True, "region": "DE"},
    "domain, license, no card": {"domain": "legal", "license": "permissive"},
    "no GPU": {"gpu": "none"},
    "length": {"gpu": "24GB", "seq_len": 700},
    "length and batch": {"gpu": "80GB", "seq_len": 1500, "batch_size": 6},
    "several cards": {"gpu": "4x24GB", "domain": "biomedical"},
    "budget": {"gpu": "RTX 4090", "budget": 5},
    "card to serve from": {"gpu": "48GB", "serve_gpu": "8GB"},
    "latency": {"gpu": "A100-80GB", "latency": 50},
    "weights of criteria": {"gpu": "8GB", "language": "ko", "priority": "quality,economy"},
    "vendors too": {"weights": "any", "budget": 100},
}
"""Ways of asking -> fields of the Profile beside task and examples."""


class Figure(NamedTuple):
    """Medians of one command."""

    wall: float
    cpu: float
    mib: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--sizes", default="")
    parser.add_argument("--counts", action="store_true")
    parser.add_argument("--profiles", type=int, default=0)
    given = parser.parse_args()
    if given.profiles:
        profiles(given.profiles)
        return
    with tempfile.TemporaryDirectory() as folder:
        floor = Path(folder, "floor.py")
        floor.write_text(FLOOR)
        us, plain = [sys.executable, "-m", "llmpick"], [sys.executable, str(floor)]
        rows = [
            ("python -c pass", [sys.executable, "-c", "pass"], plain),
            ("llmpick recommend, the full catalog", [*us, *ASKED], plain),
            ("llmpick --help", [*us, "--help"], [*plain, "--help"]),
            ("llmpick --version", [*us, "--version"], [*plain, "--help"]),
        ]
        if given.counts:
            counts(rows[1:], Path(folder))
            return
        for peer, arguments in PEERS.items():
            program = given.peers / peer / "bin" / peer if given.peers else None
            if program and program.exists():
                rows.append((f"{peer} {' '.join(arguments)}", [str(program), *arguments], plain))
        print("| command | median wall | CPU | peak memory | wall, beside the floor |")
        print("|---|---:|---:|---:|---:|")
        measured = {}
        for name, command, beside in rows:
            ours, floor, ratio = paired(command, beside, given.runs)
            print(row(name, ours, floor, ratio), flush=True)
            measured[name] = [ours.wall * 1e3, ours.cpu * 1e3, ours.mib, floor.wall * 1e3, ratio]
        keep({name: row for name, row in measured.items() if name.split()[0] not in PEERS}, "commands")
        keep({name: row for name, row in measured.items() if name.split()[0] in PEERS}, "peers")
        sizes = [scaled(int(models), Path(folder)) for models in filter(None, given.sizes.split(","))]
        if sizes:
            save("speed", "grown catalogs", COLUMNS, {name: row for rows in sizes for name, row in rows.items()})
    write()


def profiles(number: int) -> None:
    """Print and store what a question costs that is asked from Python, by the way of asking."""
    facts = load()
    ways = [(name, task.id, fields) for task in facts.tasks for name, fields in WAYS.items()]
    taken: dict[str, list[float]] = {name: [] for name in WAYS}
    recommend({"task": "chat"}, facts)  # what is imported once
    for place in range(number):
        name, task, fields = ways[place % len(ways)]
        profile = request.build({**fields, "task": task, "examples": 200 + 7 * place}, facts)
        began = time.process_time()
        recommend(profile, facts)
        taken[name].append(1e3 * (time.process_time() - began))
    rows = {"all": [one for some in taken.values() for one in some], **taken}
    found = {name: [len(some), statistics.mean(some), statistics.median(some)] for name, some in rows.items() if some}
    for name, row in found.items():
        print(name, *(f"{one:.4g}" for one in row))
    save("speed", "profiles", {"profiles": ".0f", "ms": ".1f", "median, ms": ".1f"}, found)
    write()


def counts(rows: list[tuple[str, list[str], list[str]]], folder: Path) -> None:
    """Print and store what each command takes beside its floor; exits 1 where it is too much."""
    found: dict[str, list[float]] = {}
    for name, command, beside in rows:
        once(command), once(beside)
        (ours, executed), (floor, usual) = ((modules(one), instructions(one, folder)) for one in (command, beside))
        found[name] = [ours, floor, ours / floor, *((executed / 1e6, executed / usual) if executed else ())]
        print(name, *(f"{number:.4g}" for number in found[name]), flush=True)
    columns = {"modules": ".0f", "floor's": ".0f", "times the floor's": ".2f"}
    more = {"million instructions": ".0f", "times its instructions": ".2f"}
    save("speed", "counts", columns | (more if executed else {}), found)
    write()
    over = [name for name, row in found.items() if row[2] > MOST[name][0] or (row[4:] and row[4] > MOST[name][1])]
    sys.exit(f"more than it may take: {', '.join(over)}" if over else 0)


def modules(command: list[str]) -> int:
    """How many modules a Python command imports."""
    told = run([command[0], "-X", "importtime", *command[1:]], stderr=subprocess.PIPE).stderr
    return sum(line.startswith("import time:") for line in told.splitlines()) - 1


def instructions(command: list[str], folder: Path) -> int:
    """Instructions that a command executes outside the kernel; 0 where nothing here can count them."""
    if shutil.which("valgrind"):
        out = f"--callgrind-out-file={folder / 'callgrind'}"
        told = run(["valgrind", "--tool=callgrind", out, *command], stderr=subprocess.PIPE).stderr
    elif shutil.which("perf"):
        told = run(["perf", "stat", "-e", "instructions:u", *command], stderr=subprocess.PIPE).stderr
    else:
        return 0
    line = next((line for line in told.splitlines() if "I   refs" in line or "instructions:u" in line), "")
    return int("".join(filter(str.isdigit, line.rpartition("==")[2].partition("instructions")[0])) or 0)


def run(command: list[str], **kept: int) -> subprocess.CompletedProcess[str]:
    """One run of our own code, with the same hashes each time; its answer is thrown away."""
    ours = {"PYTHONPATH": str(ROOT / "src"), "PYTHONHASHSEED": "0"}
    return subprocess.run(command, stdout=subprocess.DEVNULL, text=True, check=True, env={**os.environ, **ours}, **kept)


def keep(measured: dict[str, list[float]], table: str) -> None:
    """Store what was measured now."""
    if measured:
        columns = {"wall, ms": ".0f", "CPU, ms": ".0f", "MiB": ".0f", "floor, ms": ".0f", "times the floor": ".1f"}
        save("speed", table, columns, measured)


def row(name: str, ours: Figure, floor: Figure, ratio: float) -> str:
    """One line of the table."""
    return (
        f"| {name} | {ours.wall * 1e3:.0f} ms | {ours.cpu * 1e3:.0f} ms | {ours.mib:.0f} MiB "
        f"| {ratio:.2f} × {floor.wall * 1e3:.0f} ms |"
    )


def paired(command: list[str], beside: list[str], runs: int) -> tuple[Figure, Figure, float]:
    """Medians of both commands run in turns, and the median of the ratios of their wall times."""
    once(command), once(beside)
    pairs = [(once(command), once(beside)) for _ in range(runs)]
    ratio = statistics.median(ours.wall / floor.wall for ours, floor in pairs)
    ours, floor = ([pair[place] for pair in pairs] for place in (0, 1))
    return medians(ours), medians(floor), ratio


def medians(runs: list[Figure]) -> Figure:
    return Figure(*(statistics.median(column) for column in zip(*runs, strict=True)))


def once(command: list[str]) -> Figure:
    """One run, its output thrown away; what the kernel says of the child."""
    began = time.perf_counter()
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")} if command[0] == sys.executable else None,
    )
    _, _, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    kib = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Figure(wall, used.ru_utime + used.ru_stime, kib / 1024)


ASKING = """
import sys, time, resource
from pathlib import Path
from llmpick import catalog, recommend
from llmpick.catalog import browse
def timed(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
def rank():
    recommend({"task": "classification", "gpu": "24GB", "examples": 5000}, facts).recommended[0]
began = time.perf_counter()
facts = catalog.load(base=Path(sys.argv[1]))
taken = [time.perf_counter() - began]
taken += [timed(lambda: browse.find_any(facts, "qwen3 8b"))]
taken += [timed(lambda: browse.select(facts, browse.Wanted(task="ner")))]
small = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
taken += [timed(rank)]
print(*taken, small, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
COLUMNS = {"load, s": ".2f", "show, s": ".2f", "list, s": ".2f", "rank, s": ".2f", "MiB to list": ".0f", "MiB": ".0f"}


def scaled(models: int, folder: Path) -> dict[str, list[float]]:
    """Compile a catalog of `models` models, then load it, show and list models of it and rank them."""
    rows = {}
    base = grown(models, folder / f"catalog-{models}")
    for what in ("compiled now", "from the compiled form", "again"):
        done = subprocess.run(
            [sys.executable, "-c", ASKING, str(base)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "XDG_CACHE_HOME": str(folder / "cache")},
        )
        rows[f"{models:,} models, {what}"] = found = [float(one) for one in done.stdout.split()]
        said = ", ".join(f"{name} {one:{form}}" for (name, form), one in zip(COLUMNS.items(), found, strict=True))
        print(f"{what}: {models:,} models: {said}", flush=True)
    return rows


def grown(models: int, base: Path) -> Path:
    """A catalog of that many models, copies of real ones under other names.

    Every other copy has a vocabulary, and so a network, of its own: of the real models 55 in 100 have.
    """
    shutil.copytree(ROOT / "catalog", base, ignore=shutil.ignore_patterns("schema", "evidence"))
    real = [(file, file.read_text("utf-8")) for file in sorted((base / "models").glob("*/*.yaml"))]
    for number in range(models - len(real)):
        source, text = real[number % len(real)]
        text = text.replace("\nlineage: ", f"\nlineage: copy{number}-", 1)
        if number % 2:
            text = widened(text, number)
        source.with_name(f"{source.stem}-copy{number}.yaml").write_text(text, "utf-8")
    return base


def widened(text: str, by: int) -> str:
    """A model's file with that many more words in its vocabulary."""
    return re.sub(r"\bvocab_size: (\d+)", lambda found: f"vocab_size: {int(found[1]) + by}", text, count=1)


if __name__ == "__main__":
    main()
