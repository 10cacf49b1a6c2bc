"""Every answer other than the ranking in the form that was asked for: text for stdout or a file."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMS = ("table", "plain", "json", "csv", "markdown")


def pieces(view: str, values: tuple[Any, ...], form: str, *, to_file: bool = False) -> Iterable[str]:
    """`values` as the function named `view` in `screens`, `rows` or `json` lays them out, piece by piece.

    `form` is one of FORMS; raises LlmpickError for a form that only the ranking has.
    """
    if form not in FORMS:
        raise LlmpickError(f"--format: {form} is for the ranking only", f"one of: {', '.join(FORMS)}")
    if form == "table":
        from llmpick.render import screen

        return (screen.text(_function("screens", view), *values, to_file=to_file),)
    if form == "json":
        from llmpick.render import json

        return json.pieces(_function("json", view)(*values))
    return _written(_function("rows", view)(*values), form)


def _function(module: str, view: str) -> Any:
    return getattr(import_module(f"llmpick.render.{module}"), view)


def _written(found: Any, form: str) -> Iterable[str]:
    """Rows as tab-separated lines without a header, or as CSV or a markdown table with one."""
    if form == "markdown":
        from llmpick.render import markdown

        return (markdown.table(found.header, [["" if c is None else c for c in row] for row in found.rows]),)
    if form == "plain":
        from llmpick.render.plain import line

        lines = (found.title, *found.rows) if found.title else found.rows
        return (line("" if cell is None else cell for cell in row) + "\n" for row in lines)
    from llmpick.render.csv import table

    return (table(found.header, (dict(zip(found.header, row, strict=True)) for row in found.rows)),)
