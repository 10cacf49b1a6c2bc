"""The README beside a written plan: two commands, the data, every setting with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.guidance.frameworks.render import render
from llmpick.record import NamedTuple

if TYPE_CHECKING:
    from llmpick.guidance.answers import Plan


PREFIX = {"dpo": "pairs", "kto": "ratings"}
"""What the files of judged answers are called, by the stage that reads them."""


class Rows(NamedTuple):
    """What one line of the data holds."""

    row: str
    judged: str | None = None
    """Of the preference stage's files; None where this framework does not write that stage."""


def readme(plan: Plan, framework: str, install: str, commands: tuple[str, ...], rows: Rows) -> str:
    """Markdown that reads well raw. Strings from data stand in code spans and cannot leave them."""
    return render(
        "readme.md.jinja",
        model=code(plan.model),
        task=plan.task,
        method=plan.method,
        framework=framework,
        install=install,
        commands=commands,
        row=rows.row,
        judged=rows.judged,
        after=plan.after,
        kind=plan.kind,
        prefix=PREFIX.get(plan.after, ""),
        seeds=plan.values.get("seeds", ()),
        settings=[
            (setting.name, code(shown(setting.value)), setting.because, setting.source) for setting in plan.settings
        ],
        watch=plan.watch,
        plan=plan,
    )


def shown(value: Any) -> str:
    """A setting's value on one line."""
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def code(text: str) -> str:
    """A markdown code span that the text cannot close, on one line and safe in a table."""
    plain = "".join(character for character in text if character.isprintable())
    return f"`{plain.replace('`', chr(39)).replace('|', '/')}`"
