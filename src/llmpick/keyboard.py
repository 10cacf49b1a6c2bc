"""One line from whoever answers: with the keys of a line editor on a capable terminal, plainly from anything else."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from llmpick.render.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Read = Callable[[str, Sequence[str]], str]
    """(prompt, answers that are understood) -> the line with its newline, '' at the end of the input."""

BREAKS = ", >"
"""What parts one answer from the next in a list."""
KEYS = "The arrow keys walk through the answers, Tab completes one."


def reader(say: Callable[[str], None]) -> tuple[Read, str]:
    """How to read a line here, and what to say about the keys ('' = nothing).

    readline needs a terminal on both sides: it draws on stdout. A dumb terminal, a pipe and a system without
    readline get prompts by `say` and whole lines; so nothing is ever redrawn that a screen reader would read twice.
    """
    capable = sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    try:
        import readline
    except ImportError:  # Windows: its console edits lines by itself
        capable = False
    return (_edited(readline), KEYS) if capable else (_plain(say), "")


def _plain(say: Callable[[str], None]) -> Read:
    def read(prompt: str, offered: Sequence[str]) -> str:
        say(prompt)
        line = sys.stdin.readline()
        if line and not sys.stdin.isatty():  # a terminal shows what is typed; of a pipe we do
            say(f"{safe(line)}\n")
        return line

    return read


def _edited(readline: Any) -> Read:
    readline.set_auto_history(False)
    readline.set_completer_delims(BREAKS)
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")

    def read(prompt: str, offered: Sequence[str]) -> str:
        readline.clear_history()
        for word in offered:  # as they stand above the prompt, so that Up goes up
            readline.add_history(word)
        readline.set_completer(lambda begun, place: completed(begun, offered, place))
        try:
            return input(prompt) + "\n"
        except EOFError:
            return ""

    return read


def completed(begun: str, offered: Sequence[str], place: int) -> str | None:
    """The answer number `place` of those that `begun` could mean; None when there are no more."""
    folded = re.sub(r"\s", "", begun).casefold()
    return next(iter([word for word in offered if word.casefold().startswith(folded)][place:]), None)
