"""The one exception a user may see: one line that says what, where, and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class LlmpickError(Exception):
    """A fault the user can mend. `exit_code` follows docs/reference: 2 usage, 4 catalog, 5 network."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class CatalogError(LlmpickError):
    """The catalog is invalid: exit code 4."""

    exit_code = 4


class NetworkError(LlmpickError):
    """The network or the Hub failed: exit code 5."""

    exit_code = 5


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'did you mean a, b?', or '' when nothing known is near `word`."""
    from difflib import get_close_matches

    folded = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), folded, n=3, cutoff=0.6)
    return f"did you mean {', '.join(folded[name] for name in near)}?" if near else ""
