"""Parameters of an Architecture, group by group: the closed forms behind every size llmpick prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from llmpick.record import record

if TYPE_CHECKING:
    from llmpick.architecture import Architecture

Group = Literal["attention", "cross-attention", "mlp", "expert", "shared-expert", "router", "ssm", "head", "other"]


@record
class Linear:
    """`count` equal weight matrices `d_in` x `d_out` under one module name (an adapter may wrap each)."""

    name: str
    """The module's leaf name in transformers, e.g. `q_proj`, `query`, `Wqkv`."""
    group: Group
    d_in: int
    d_out: int
    count: int
    bias: bool = False
    active_fraction: float = 1.0
    """Share of these matrices that one token passes through (experts per token / experts)."""

    @property
    def size(self) -> int:
        """Parameters of all of them, biases included."""
        return self.count * (self.d_in * self.d_out + (self.d_out if self.bias else 0))


@record
class Parameters:
    """A network's parameters. `total` counts a tied table once and leaves `non_text` in."""

    linears: tuple[Linear, ...]
    embedding: int
    """Token, position and type tables."""
    head: int
    """The untied vocabulary head; 0 where it is tied or there is none."""
    other: int
    """Norms, scalars, convolutions, everything that is neither a linear nor a table."""
    non_text: int = 0

    @property
    def total(self) -> int:
        """All parameters."""
        return sum(linear.size for linear in self.linears) + self.embedding + self.head + self.other + self.non_text

    @property
    def active(self) -> int:
        """Parameters one token passes through, tables and head included; equals `total` for a dense network."""
        idle = sum(round(linear.size * (1 - linear.active_fraction)) for linear in self.linears)
        return self.total - idle


def count(architecture: Architecture) -> Parameters:
    """The parameters of `architecture`; raises LlmpickError when its model_type has no closed form here."""
    raise NotImplementedError
