"""Parameters of an Architecture, group by group: the closed forms behind every size llmpick prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.sizing.linear import Group, Linear, Parameters
from llmpick.sizing.stacks import single_stack, two_stacks

if TYPE_CHECKING:
    from llmpick.architecture import Architecture

__all__ = ["Group", "Linear", "Parameters", "count"]


def count(architecture: Architecture) -> Parameters:
    """The parameters of `architecture` as its transformers class holds them (an encoder as AutoModel does)."""
    if architecture.structure == "encoder-decoder":
        return two_stacks(architecture)
    return single_stack(architecture)
