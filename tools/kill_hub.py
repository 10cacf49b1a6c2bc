"""Add 50 models and refresh 1,000 from a Hub on this machine, killed at random moments, and compare the bytes.

    python tools/kill_hub.py [--kills 20] [--seed 1]

Each command runs in a terminal of its own, as a person would run it, once undisturbed and then over and over until it
was killed so many times (every other time by Ctrl-C); a run that ends before begins anew. Prints a table; exits 1 where
no progress was shown, a kill tore anything, or the ends differ. Takes minutes; the tests have a small version of it.
"""

from __future__ import annotations

import argparse
import os
import pty
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from fake_hub import Hub, serving  # noqa: E402
from llmpick import catalog  # noqa: E402

STATE = (".refresh.json", ".refresh.lock", ".hub.lock")
DELAY_S = 0.03
"""Seconds the Hub takes over each answer."""


class Terminal:
    """A command in a pseudo terminal, and what it shows there."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        outer, inner = pty.openpty()
        command = [sys.executable, "-m", "llmpick", *arguments]
        env = os.environ | environment | {"TERM": "xterm", "COLUMNS": "100"}
        self.running = subprocess.Popen(
            command, stdin=inner, stdout=inner, stderr=inner, env=env, start_new_session=True
        )
        os.close(inner)
        self.shown = b""
        self.reader = threading.Thread(target=self._read, args=(outer,), daemon=True)
        self.reader.start()

    def _read(self, outer: int) -> None:
        try:
            while data := os.read(outer, 65536):
                self.shown += data
        except OSError:  # the other end is closed
            pass
        os.close(outer)

    def ends_within(self, seconds: float | None) -> bool:
        """Wait so long; whether it came to its end."""
        try:
            self.running.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self.reader.join(5)
        return True


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file that a catalog is read from."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in STATE)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def undisturbed(arguments: list[str], environment: dict[str, str]) -> tuple[float, bytes]:
    """Seconds it takes, and what it shows."""
    began = time.monotonic()
    terminal = Terminal(arguments, environment)
    terminal.ends_within(None)
    assert terminal.running.returncode == 0, terminal.shown.decode(errors="replace")[-2000:]
    return time.monotonic() - began, terminal.shown


def disturbed(arguments: list[str], environment: dict[str, str], kills: int, span: Any, check: Any) -> int:
    """Runs it took to be killed `kills` times while at work; `check` is called after each."""
    killed = runs = 0  # each run goes on where the last one was killed, so that short ones come everywhere
    while killed < kills:
        terminal = Terminal(arguments, environment)
        ended = terminal.ends_within(span())
        if not ended:
            terminal.running.send_signal((signal.SIGKILL, signal.SIGINT)[killed % 2])
            terminal.ends_within(None)
        killed, runs = killed + (not ended), runs + 1
        check(ended)
    undisturbed(arguments, environment)
    return runs + 1


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    dice, sound = random.Random(asked.seed), True
    facts = catalog.load()
    names = [f"acme/Nano-{size}B" for size in range(1, 51)]
    print("| job | runs | killed at work | undisturbed | progress shown | torn or lost | same bytes |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place, serving(Hub()) as hub:
        for position, name in enumerate([*names, *(model.id for model in facts.models)]):
            hub.add(name, downloads=position, likes=position % 97, tags=["conversational"])
        hub.faults["*"], hub.delay = ["slow"], DELAY_S
        environment = {
            "HF_ENDPOINT": hub.url,
            "HF_HOME": f"{place}/hf",
            "XDG_DATA_HOME": place,
            "XDG_CACHE_HOME": f"{place}/c",
        }
        for job, words in (("add 50", ["add", *names]), (f"refresh {len(facts.models):,}", ["refresh"])):
            folders = [Path(place, f"{words[0]}-{which}") for which in ("whole", "killed")]
            for folder in folders:
                folder.mkdir()
            whole, broken = (["catalog", *words, "--catalog", str(folder)] for folder in folders)
            took, shown = undisturbed(whole, environment)
            expected, torn = snapshot(folders[0]), []

            def check(
                ended: bool, killed: Path = folders[1], expected: Any = expected, torn: Any = torn, job: str = job
            ) -> None:
                now = snapshot(killed)
                late = {"hub.json"} if "add" in job else set()  # it grows model by model
                torn += [
                    path for path in now.keys() - late if "/." not in f"/{path}" and expected.get(path) != now[path]
                ]
                torn += ["not the same at the end"] if ended and now != expected else []
                if ended:  # begin anew
                    shutil.rmtree(killed)
                    killed.mkdir()

            runs = disturbed(broken, environment, asked.kills, lambda most=took: dice.uniform(0, most / 4), check)
            same = snapshot(folders[1]) == expected
            bar = b"1/" in shown or b"/50" in shown
            print(f"| {job} | {runs} | {asked.kills} | {took:.1f} s | {bar} | {len(torn)} | {same} |", flush=True)
            sound = sound and same and bar and not torn
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
