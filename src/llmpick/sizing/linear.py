"""The parts a network's parameters are counted in: weight matrices, tables, and the rest."""

from __future__ import annotations

from typing import Literal

from llmpick.record import NamedTuple, record

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
    fused: bool = False
    """Not an `nn.Linear` of its own but a raw parameter (transformers 5 stacks all experts of a layer in one): PEFT's
    `target_modules` does not adapt it and bitsandbytes does not quantize it."""
    splits: bool = False
    """A fused parameter that transformers splits into modules when bitsandbytes quantizes the model (Llama 4)."""
    passes: int = 1
    """How often one token passes through each of them: above 1 where layers share their weights (ALBERT)."""
    modules: int = 0
    """Modules that hold these matrices, each with an adapter of its own; 0 = `count`. More where transformers ties
    copies of a shared block (Zamba2)."""

    @property
    def size(self) -> int:
        """Parameters of all of them, biases included."""
        return self.count * (self.d_in * self.d_out + (self.d_out if self.bias else 0))


def matrix(name: str, group: Group, shape: tuple[int, int], count: int = 1, *, bias: bool = False) -> Linear:
    """A Linear that every token passes through; `shape` is (d_in, d_out)."""
    return Linear(name=name, group=group, d_in=shape[0], d_out=shape[1], count=count, bias=bias)


class Part(NamedTuple):
    """A piece of a network: its matrices, and the parameters in none of them (norms, scalars, convolutions)."""

    linears: tuple[Linear, ...] = ()
    other: int = 0


def join(*parts: Part) -> Part:
    """All of `parts` as one."""
    return Part(tuple(linear for part in parts for linear in part.linears), sum(part.other for part in parts))


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
        """Parameters one text token passes through, tables and head included, vision and audio towers not."""
        idle = sum(round(linear.size * (1 - linear.active_fraction)) for linear in self.linears)
        return self.total - self.non_text - idle
