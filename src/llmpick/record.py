"""`record`: the frozen dataclass every fact and every answer is, and a constraint its text fields may carry.

Records are plain stdlib dataclasses, so that answering a question never imports pydantic. Pydantic reads the same
definitions (strict, unknown keys refused) when catalog files are validated and when JSON Schemas are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

T = TypeVar("T")

# Read by pydantic from every record; plain data, so that nothing imports pydantic for it.
PYDANTIC_CONFIG = {"extra": "forbid", "strict": True, "use_attribute_docstrings": True}


@dataclass_transform(frozen_default=True, kw_only_default=True)
def record(cls: type[T]) -> type[T]:
    """Make `cls` a frozen, slotted, keyword-only dataclass that pydantic reads strictly."""
    made: Any = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    made.__pydantic_config__ = PYDANTIC_CONFIG
    return made  # type: ignore[no-any-return]


class Pattern:
    """Metadata for `Annotated[str, Pattern(...)]`: the whole text must match `regex`."""

    def __init__(self, regex: str) -> None:
        self.regex = regex

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.str_schema(pattern=f"^(?:{self.regex})$", strict=True)
