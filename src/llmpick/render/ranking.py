"""The ranking in the form that was asked for: text for stdout or a file, one string for stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.record import replace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from llmpick.guidance.answers import Guide
    from llmpick.verdict import Ranking

FORMATS = ("table", "plain", "json", "markdown", "html", "csv")


def pieces(
    answer: Ranking, form: str, *, to_file: bool = False, today: date | None = None, guide: Guide | None = None
) -> Iterable[str]:
    """`answer` as one of FORMATS, piece by piece where it may be long.

    A table takes its width and colors from stdout unless it goes `to_file`; `guide` is what markdown and HTML say on
    training.
    """
    if form == "json":
        from llmpick.render import json

        return json.pieces(json.streamed(answer))
    return (_text(answer, form, to_file=to_file, today=today, guide=guide),)


def _text(answer: Ranking, form: str, *, to_file: bool, today: date | None, guide: Guide | None) -> str:
    if form == "plain":
        from llmpick.render import plain

        return plain.ranking(answer)
    if form == "csv":
        from llmpick.render import csv

        return csv.ranking(answer)
    if form in ("markdown", "html"):
        from llmpick.render import report

        write = report.markdown if form == "markdown" else report.html
        return write(_firm(answer), version=_version(), today=today, guide=guide)
    from llmpick.render import screen, terminal

    return screen.text(terminal.ranking, answer, to_file=to_file, today=today)


def _firm(answer: Ranking) -> Ranking:
    """With the share of all weightings under which the first stays first, which only a document has room for."""
    from llmpick.sensitivity import first_shares
    from llmpick.verdict import rated

    return replace(answer, first_share=next(iter(first_shares(rated(answer.recommended)).values()), None))


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("llmpick")
    except PackageNotFoundError:  # run from a source tree that nobody installed
        return ""


def talk(answer: Ranking, form: str) -> str:
    """What belongs on stderr beside the text: in a pipe, all that the table says around the ranking."""
    if form != "plain":
        return ""
    from llmpick.render import plain

    return plain.context(answer).rstrip()
