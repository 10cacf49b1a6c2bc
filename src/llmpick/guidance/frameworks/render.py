"""jinja2 over the package's own templates; every value enters as a Python or JSON literal."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: Any) -> str:
    """The text of `template` (a file of guidance/templates) with `values`."""
    text: str = _environment().get_template(template).render(**values)
    return re.sub(r"\n{4,}", "\n\n\n", text)


def yaml_text(values: dict[str, Any], indent: int = 0) -> str:
    """`values` as YAML whose scalars are JSON literals, so that no string from data can be read as anything else."""
    lines = []
    for key, value in values.items():
        lines += _yaml_lines(key, value, " " * indent)
    return "\n".join(lines) + ("\n" if indent == 0 else "")


def _yaml_lines(key: str, value: Any, pad: str) -> list[str]:
    if isinstance(value, dict):
        return [f"{pad}{key}:", yaml_text(value, len(pad) + 2)]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        lines = [f"{pad}{key}:"]
        for item in value:
            body = yaml_text(item, len(pad) + 4)
            lines.append(f"{pad}  - {body.lstrip()}")
        return lines
    return [f"{pad}{key}: {_scalar(value)}"]


def _scalar(value: Any) -> str:
    # YAML 1.1 reads 2e-05 as a string: floats are written with a point.
    if isinstance(value, float):
        text = repr(value)
        return text.replace("e", ".0e") if "e" in text and "." not in text else text
    return "".join(_printable(character) for character in json.dumps(value, ensure_ascii=False))


def _printable(character: str) -> str:
    """YAML takes printable characters only; the others in its own escapes, which JSON's are too few for."""
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    # Python source and plain text, not HTML: nothing is escaped, strings only enter through the `py` filter.
    environment = Environment(
        loader=PackageLoader("llmpick.guidance", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["py"] = _literal
    return environment


def _literal(value: Any) -> str:
    """`value` as Python source; a dict one key a line. JSON's strings are Python's, whatever they hold."""
    if isinstance(value, dict):
        rows = [f"    {_literal(key)}: {_literal(item)}," for key, item in value.items()]
        return "\n".join(["{", *rows, "}"])
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
