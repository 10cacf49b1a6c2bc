"""Parameters of an Architecture, group by group: the closed forms behind every size llmpick prints."""

from __future__ import annotations

from llmpick.sizing.adapters import adapted, adapter_parameters
from llmpick.sizing.linear import Group, Linear, Parameters
from llmpick.sizing.stacks import count

__all__ = ["Group", "Linear", "Parameters", "adapted", "adapter_parameters", "count"]
