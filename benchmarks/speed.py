"""How fast llmpick answers, beside what any program of its kind costs and beside its peers; prints the README's table.

    python benchmarks/speed.py [--runs 10] [--repeat 5 --pause 60] [--peers DIR] [--sizes 10000,100000]
    python benchmarks/speed.py --profiles 1000
    python benchmarks/speed.py --counts
    python benchmarks/speed.py --guard

Every figure is the median of `--runs` runs taken in turns with its floor, a one-command typer app that prints one rich
table, and with its peers, so that a machine that slows down slows all. `--repeat` takes all of that again, `--pause`
seconds apart: figures are medians over the repeats, ratios have their range in brackets. A small process starts each
command: a child's memory, as the system tells it, begins with that of whoever started it. `--peers DIR` holds a virtual
environment for each peer (DIR/llmfit/bin/llmfit, DIR/whichllm/bin/whichllm, DIR/canifinetune/bin/canifinetune); one
that is not there is left out. `--sizes` compiles catalogs of that many models, made by copying real entries under new
names, and puts the commands to them.

`--profiles` asks from Python, about one loaded catalog, that many questions in turn: each of WAYS of asking for every
task, no two of them with the same number of examples, each answered once. Milliseconds of processor time a question.

`--counts` measures what no busy machine changes: the modules that a command imports, and the instructions it executes
(by valgrind, else by perf; left out where neither works). `--guard` counts the same, stores nothing, and exits 1 where
a command takes more than SLACK times what is stored, each beside its floor.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from figures import RESULTS, save, write

from llmpick import load, recommend, request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
LAUNCH = """
import os, sys, time
quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
began = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(child, 0)
taken = time.perf_counter() - began
print(taken, used.ru_utime + used.ru_stime, used.ru_maxrss, os.waitstatus_to_exitcode(status))
"""
"""Starts a command and says what it took."""
OTHER = """
import sys
from pathlib import Path
from llmpick import catalog
from llmpick.__main__ import main
base = Path(sys.argv.pop(1))
catalog.bundled = lambda: base
main()
"""
"""A command about another catalog than the one that came with the package."""
SHIP = """
from llmpick.catalog import bundled, compiled, compiling
compiled.SHIPPED.parent.mkdir()
compiling.ship(bundled(), compiled.SHIPPED)
"""
"""What building a package does."""
US = [sys.executable, "-m", "llmpick"]
BESIDE = "floor"
OWN = {"PYTHONPATH": str(ROOT / "src")}
ASKED = ("recommend", "--task", "classification", "--gpu", "24GB", "--examples", "5000")
COMMANDS = {
    "llmpick recommend, the full catalog": ASKED,
    "llmpick --help": ("--help",),
    "llmpick --version": ("--version",),
}
GROWN = {
    "recommend": ASKED,
    "show": ("catalog", "show", "Qwen/Qwen3-8B"),
    "list one family": ("catalog", "list", "--family", "qwen3"),
    "list all as JSON": ("catalog", "list", "--format", "json"),
}
"""What a large catalog is asked for."""
TOLD = {"wall, ms": ".0f", "CPU, ms": ".0f", "MiB": ".0f", "floor, ms": ".0f", "times the floor": ".2f"}
"""Columns of a table of commands."""
SHARE = {"llmpick's share": ".2f"}
"""One more of a peer: what the first of COMMANDS takes of its time."""
PEERS = {
    "llmfit": ("--memory", "24G", "recommend"),
    "canifinetune": ("--version",),
    "whichllm": ("--help",),
}
"""Peer -> its nearest command: its recommendation where that works without the network, else the least it does."""

SLACK = 1.1
"""How many times what is stored a command may take: both counts vary with the versions of Python and of typer."""

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
    """What one run took, or the medians of several."""

    wall: float
    """Seconds."""
    cpu: float
    mib: float


class Timed(NamedTuple):
    """A command to be timed."""

    name: str
    command: Sequence[str]
    ready: Callable[[], object] = bool
    """What is done before each run."""
    settings: Mapping[str, str] = OWN
    """Of its environment."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--sizes", default="")
    parser.add_argument("--profiles", type=int, default=0)
    parser.add_argument("--counts", action="store_true")
    parser.add_argument("--guard", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "floor.py").write_text(FLOOR)
        plain = [sys.executable, str(folder / "floor.py")]
        if given.profiles:
            profiles(given.profiles)
        elif given.counts or given.guard:
            counts(plain, folder, guard=given.guard)
        else:
            commands(plain, folder, given)
            scaled([int(models) for models in given.sizes.split(",") if models], folder, given.runs)
            write()


def commands(plain: list[str], folder: Path, given: argparse.Namespace) -> None:
    """Print and store what commands and peers take, each group in turns with its floor."""
    own = [Timed(name, [*US, *words]) for name, words in COMMANDS.items()]
    first = own.pop(0)
    drawn = first._replace(name=f"{first.name}, drawn as a table", command=[*first.command, "--format", "table"])
    floors = Timed(BESIDE, plain), Timed(BESIDE, [*plain, "--help"])
    groups = {
        "commands": [floors[0], Timed("python -c pass", [sys.executable, "-c", "pass"]), first, drawn],
        "help": [floors[1], *own],
        "first runs": [floors[0], *firsts(folder)],
    }
    if others := peers(given.peers):
        groups["peers"] = [floors[0], first, *others]
    found: dict[str, list[dict[str, list[float]]]] = {table: [] for table in groups}
    for number in range(given.repeat):
        time.sleep(given.pause if number else 0)
        for table, group in groups.items():
            found[table].append(rows(table, together(group, given.runs)))
    found["commands"] = [one | other for one, other in zip(found["commands"], found.pop("help"), strict=True)]
    for table, repeats in found.items():
        save("speed", table, TOLD | SHARE if table == "peers" else TOLD, spread(repeats))


def peers(folder: Path | None) -> list[Timed]:
    """Those that are there."""
    programs = {peer: folder / peer / "bin" / peer for peer in PEERS} if folder else {}
    return [
        Timed(f"{peer} {' '.join(PEERS[peer])}", [str(program), *PEERS[peer]], settings={})
        for peer, program in programs.items()
        if program.exists()
    ]


def firsts(folder: Path) -> list[Timed]:
    """First answers: of a fresh installation with and without a compiled form, and after the catalog was edited."""
    name, words = next(iter(COMMANDS.items()))
    cache, made = folder / "cache", []
    for kind in ("bare", "installed", "edited"):
        package = folder / kind / "llmpick"
        shutil.copytree(ROOT / "src" / "llmpick", package, ignore=shutil.ignore_patterns("_compiled"))
        shutil.copytree(ROOT / "catalog", package / "_catalog", ignore=shutil.ignore_patterns("schema", "evidence"))
        settings = {"PYTHONPATH": str(package.parent), "XDG_CACHE_HOME": str(cache / kind)}
        if kind != "bare":
            run([sys.executable, "-c", SHIP], **settings)
        made.append(Timed(f"{name}, {kind}", [*US, *words], partial(FIRSTS[kind], package, cache / kind), settings))
    return made


def unpacked(package: Path, cache: Path) -> None:
    """The package as an installer leaves it: files of today, nothing kept for the user."""
    shutil.rmtree(cache, ignore_errors=True)
    for file in (package / "_catalog").rglob("*"):
        os.utime(file)


def edited(package: Path, _: Path) -> None:
    """Another line in the file of one model."""
    with sorted((package / "_catalog" / "models").glob("*/*.yaml"))[7].open("a", encoding="utf-8") as file:
        file.write("# edited\n")


FIRSTS = {"bare": unpacked, "installed": unpacked, "edited": edited}
"""What to do before each first run."""


def together(group: Sequence[Timed], runs: int) -> dict[str, list[Figure]]:
    """Runs of all commands in turns, by name; one more of each, to warm up, does not count."""
    found: dict[str, list[Figure]] = {one.name: [] for one in group}
    for _ in range(runs + 1):
        for one in group:
            found[one.name].append(once(one))
    return {name: figures[1:] for name, figures in found.items()}


def once(one: Timed) -> Figure:
    """One run, its output thrown away; what the kernel says of it."""
    one.ready()
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCH, *one.command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        env=environment(one.settings),
    ).stdout.split()
    wall, cpu, size, code = map(float, told)
    if code:
        sys.exit(f"{one.name}: exit code {code:.0f}")
    return Figure(wall, cpu, size / (1024 if sys.platform == "darwin" else 1) / 1024)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a command: that of this process, `settings` over it; compiled Python is kept as usual."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | dict(settings)


def rows(table: str, runs: Mapping[str, Sequence[Figure]]) -> dict[str, list[float]]:
    """Print and give what each command took, beside its floor; of a peer also llmpick's share of its time."""
    floor, first = runs[BESIDE], next(iter(COMMANDS))
    found: dict[str, list[float]] = {}
    for name in runs:
        if name == BESIDE or (table == "peers" and name == first):
            continue
        wall, cpu, mib = medians(runs[name])
        found[name] = [wall * 1e3, cpu * 1e3, mib, medians(floor).wall * 1e3, ratio(runs[name], floor)]
        if table == "peers":
            found[name].append(ratio(runs[first], runs[name]))
        said = " | ".join(format(cell, form) for cell, form in zip(found[name], (TOLD | SHARE).values(), strict=False))
        print(f"| {name} | {said} |", flush=True)
    return found


def ratio(some: Sequence[Figure], others: Sequence[Figure]) -> float:
    """Median of the ratios of wall times that were taken one after the other."""
    return statistics.median(one.wall / other.wall for one, other in zip(some, others, strict=True))


def medians(runs: Sequence[Figure]) -> Figure:
    return Figure(*(statistics.median(column) for column in zip(*runs, strict=True)))


def spread(repeats: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, list[Any]]:
    """Each row's medians over the repeats; of several, each ratio's with its range."""
    found: dict[str, list[Any]] = {}
    for name in repeats[0]:
        columns = list(zip(*(one[name] for one in repeats), strict=True))
        found[name] = [statistics.median(column) for column in columns]
        if len(repeats) > 1:
            ratios = [[statistics.median(column), min(column), max(column)] for column in columns[4:]]
            found[name][4:] = ratios
    return found


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


def counts(plain: list[str], folder: Path, *, guard: bool) -> None:
    """Print what each command takes beside its floor, and store it; a guard exits 1 where it is more than stored."""
    found: dict[str, list[float]] = {}
    for name, words in COMMANDS.items():
        command, beside = [*US, *words], plain if name == next(iter(COMMANDS)) else [*plain, "--help"]
        run(command), run(beside)
        (ours, executed), (floor, usual) = ((modules(one), instructions(one, folder)) for one in (command, beside))
        found[name] = [ours, floor, ours / floor, *((executed / 1e6, executed / usual) if executed else ())]
        print(name, *(f"{number:.4g}" for number in found[name]), flush=True)
    if guard:
        over = excess(found, json.loads((RESULTS / "speed.json").read_text("utf-8"))["counts"]["rows"])
        sys.exit(f"more than {SLACK} times what is stored: {', '.join(over)}" if over else 0)
    columns = {"modules": ".0f", "floor's": ".0f", "times the floor's": ".2f"}
    more = {"million instructions": ".0f", "times its instructions": ".2f"}
    save("speed", "counts", columns | (more if executed else {}), found)
    write()


def excess(found: Mapping[str, Sequence[float]], stored: Mapping[str, Sequence[float]]) -> list[str]:
    """The commands whose modules or instructions, beside the floor's, are more than what is stored allows."""
    ratios = {name: zip(cells[2::2], stored[name][2::2], strict=False) for name, cells in found.items()}
    return [name for name, pairs in ratios.items() if any(now > SLACK * then for now, then in pairs)]


def modules(command: list[str]) -> int:
    """How many modules a Python command imports."""
    told = run([command[0], "-X", "importtime", *command[1:]])
    return sum(line.startswith("import time:") for line in told.splitlines()) - 1


def instructions(command: list[str], folder: Path) -> int:
    """Instructions that a command executes outside the kernel; 0 where nothing here can count them."""
    if shutil.which("valgrind"):
        out = f"--callgrind-out-file={folder / 'callgrind'}"
        told = run(["valgrind", "--tool=callgrind", out, *command])
    elif shutil.which("perf"):
        told = run(["perf", "stat", "-e", "instructions:u", *command])
    else:
        return 0
    line = next((line for line in told.splitlines() if "I   refs" in line or "instructions:u" in line), "")
    return int("".join(filter(str.isdigit, line.rpartition("==")[2].partition("instructions")[0])) or 0)


def run(command: Sequence[str], **settings: str) -> str:
    """What one run says on stderr, with the same hashes each time; its answer is thrown away."""
    ours = environment({**OWN, "PYTHONHASHSEED": "0", **settings})
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True, env=ours)
    return done.stderr


def scaled(sizes: Sequence[int], folder: Path, runs: int) -> None:
    """Compile catalogs of so many models, put commands to them, print and store what each takes."""
    rows: dict[str, list[float]] = {}
    for models in sizes:
        base, kept = grown(models, folder / f"catalog-{models}"), folder / f"cache-{models}"
        settings = OWN | {"XDG_CACHE_HOME": str(kept)}
        asked = [
            Timed(f"{models:,} models, {name}", [sys.executable, "-c", OTHER, str(base), *words], settings=settings)
            for name, words in GROWN.items()
        ]
        found = {f"{models:,} models, compiled and ranked": once(asked[0])}
        found |= {one.name: medians(together([one], runs)[one.name]) for one in asked}
        for name, figure in found.items():
            rows[name] = [*figure]
            print(name, *(f"{number:.4g}" for number in figure), flush=True)
    if rows:
        save("speed", "grown catalogs", {"wall, s": ".2f", "CPU, s": ".2f", "MiB": ".0f"}, rows)


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
