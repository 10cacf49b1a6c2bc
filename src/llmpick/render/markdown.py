"""Text and tables as GitHub markdown that reads well raw. Foreign text is escaped, so that it stays text."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from llmpick.render.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ALWAYS = re.compile(r"[\\`*\[\]<>|~]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|\$(?!\d)|!(?=\[)|(?<!\S)#")
"""What could begin markup anywhere in a line; an underscore within a word (`gpt_neo`) and `$5` cannot."""
_MARK = re.compile(r"^(?=[-+](\s|$)|[-:=][-:=\s]*$|:)")
_NUMBER = re.compile(r"^(\d{1,9})(?=[.)](\s|$))")
"""What could begin a list, a heading or a rule at the start of a line."""


_URL_CHARACTERS = "%/:=&?~#+!$,;'@-._"
"""Left as they are in a link; brackets and pipes are not, they would end it."""


class Raw(str):
    """Markdown that is ours: not escaped again."""

    __slots__ = ()


def escape(text: object) -> Raw:
    """Foreign text as one line of markdown that shows exactly that text."""
    if isinstance(text, Raw):
        return text
    plain = _ALWAYS.sub(lambda found: "\\" + found[0], safe(text))
    return Raw(_NUMBER.sub(r"\1\\", _MARK.sub(r"\\", plain)))


def code(text: object) -> Raw:
    """Foreign text as a code span."""
    plain = safe(text) or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    gap = " " if plain[0] == "`" or plain[-1] == "`" else ""
    return Raw(f"{fence}{gap}{plain}{gap}{fence}")


def anchor(text: Raw, url: str | None) -> Raw:
    """A link where `url` is an https page, else the text alone."""
    if url is None or urlsplit(url).scheme != "https":
        return text
    return Raw(f"[{text}]({target(url)})")


def target(url: str) -> Raw:
    """An address as a link or a definition takes it: nothing in it ends the link."""
    return Raw(quote(url, safe=_URL_CHARACTERS))


def table(header: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[int] = ()) -> Raw:
    """A table whose columns line up when read raw; columns numbered in `right` are aligned right."""
    # GitHub splits cells even at a pipe inside a code span, unless it is escaped there too.
    cells = [[re.sub(r"(?<!\\)\|", r"\|", escape(cell)) for cell in row] for row in (header, *rows)]
    widths = [max(3, *(_width(row[i]) for row in cells)) for i in range(len(header))]
    aligned = set(right)
    ruler: Sequence[str] = ["-" * (w - 1) + ":" if i in aligned else "-" * w for i, w in enumerate(widths)]
    lines = [_line(row, widths, aligned) for row in [cells[0], ruler, *cells[1:]]]
    return Raw("\n".join(lines))


def _line(cells: Sequence[str], widths: Sequence[int], right: set[int]) -> str:
    padded = []
    for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        gap = " " * (width - _width(cell))
        padded.append(gap + cell if i in right else cell + gap)
    return f"| {' | '.join(padded)} |"


def _width(text: str) -> int:
    """Columns of a monospaced font: wide East Asian characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
