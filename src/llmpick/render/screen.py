"""The means of every terminal view. Rich is imported inside; strings from data are `Text`, never markup."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, TypeVar

from llmpick.render.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console
    from rich.text import Text

T = TypeVar("T")
WIDEST = 110
"""Columns beyond which lines of prose get hard to read."""
INDENT = 5
"""Columns before what belongs to the line above."""
LABEL = 11
"""Columns of the words that stand before a fact."""


def console(file: IO[str] | None = None, width: int | None = None) -> Console:
    """A console that prints what it is given: no markup, no emoji codes, no highlighting; at most WIDEST columns."""
    from rich.console import Console, ConsoleDimensions

    made = Console(file=file, width=width, markup=False, emoji=False, highlight=False)
    # Once for all: a console without a height asks the system for its size whenever it prints.
    made.size = ConsoleDimensions(min(made.width, WIDEST), made.height)
    return made


def text(view: Callable[..., None], *values: Any, to_file: bool = False, **options: Any) -> str:
    """What `view(*values, out)` prints, as one string: with stdout's width and colors, or `to_file` at 100 columns."""
    from io import StringIO

    out = console(StringIO(), 100) if to_file else console()
    with out.capture() as printed:
        view(*values, out, **options)
    return printed.get()


def styled(text: object, style: str = "") -> Text:
    """Foreign text as rich Text: safe, never markup."""
    from rich.text import Text

    return Text(safe(text), style=style)


def fact(
    out: Console, label: str, text: Text | str, style: str = "bold", *, indent: int = 0, column: int = LABEL
) -> None:
    """A label, filled up to `column`, and its text, wrapped with a hanging indent."""
    wide = indent + max(column, len(label)) + 1
    prose(out, styled(text) if isinstance(text, str) else text, wide, lead(label, wide, indent, style))


def lead(label: str, wide: int, indent: int, style: str) -> Text:
    """A label, indented and filled up to `wide` columns."""
    from rich.text import Text

    return Text(f"{' ' * indent}{safe(label)}".ljust(wide), style=style)


def prose(out: Console, text: Text, indent: int = INDENT, first: Text | None = None) -> None:
    """A paragraph, indented, its first line behind `first`. Words (ids) are never broken, even when they overflow."""
    from rich.text import Text

    head = Text(" " * indent) if first is None else first
    width = max(20, out.width - indent)
    for line in text.divide(breaks(text.plain, width, max(20, out.width - head.cell_len))):
        line.rstrip()
        out.print(Text.assemble(head, line), soft_wrap=True)
        head = Text(" " * indent)


def breaks(text: str, width: int, first: int | None = None) -> list[int]:
    """Offsets at which `text` is to be broken between words so that lines keep to `width` columns.

    The first line has `first` columns. Rich would cut a long word to pieces; here it overflows, so that an id can
    be copied.
    """
    from rich.cells import cell_len

    found, used, room = [], 0, width if first is None else first
    for word in re.finditer(r"\S+\s*", text):
        if used and used + cell_len(word[0].rstrip()) > room:
            found.append(word.start())
            used, room = 0, width
        used += cell_len(word[0])
    return found


def id_line(out: Console, left: Text, right: Text | None = None) -> None:
    """A line that starts with a model's id and ends with a figure at the right edge; a long id gets the line alone."""
    from rich.text import Text

    room = out.width - left.cell_len - (right.cell_len if right else 0)
    if right is None or room < 2:
        out.print(left, soft_wrap=True)
        left, room = Text(), out.width - (right.cell_len if right else 0)
    if right is not None:
        out.print(Text.assemble(left, " " * max(0, room), right), soft_wrap=True)


def bar(share: float, cells: int, out: Console, *, limit: bool = True) -> Text:
    """`share` of one card as a bar; where it is a `limit`, close to 1 is yellow and over 1 full and red."""
    from rich.text import Text

    full, empty = ("#", ".") if out.options.ascii_only else ("█", "░")
    filled = min(cells, max(1, round(share * cells))) if share > 0 else 0
    color = "green" if not limit or share <= 0.9 else "yellow" if share <= 1 else "red"
    return Text.assemble((full * filled, color), (empty * (cells - filled), "dim"))


def first_of(words: Sequence[str], limit: int, joint: str = ", ") -> str:
    """The first `limit` of `words`, and how many more there are."""
    more = len(words) - limit
    return joint.join(map(safe, words[:limit])) + (f" and {more:,} more" if more > 0 else "")


def labeled(label: str, items: Iterable[T]) -> Iterable[tuple[str, T]]:
    """`items`, the first beside `label`, the others beside nothing."""
    return ((label if first == 0 else "", item) for first, item in enumerate(items))
