"""What fitting reads of a network: its Size at once, the rest of it where somebody asks for it."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any

from llmpick.record import NamedTuple, bare, replace
from llmpick.sizing import memory
from llmpick.sizing.job import usual
from llmpick.sizing.latency import read_per_pass
from llmpick.sizing.parameters import count
from llmpick.sizing.regime import regime_of
from llmpick.sizing.serving import Served, served_of
from llmpick.sizing.time import Pace, pace_of

if TYPE_CHECKING:
    from array import array
    from typing import Protocol

    from llmpick.architecture import Architecture
    from llmpick.sizing.job import JobMethod
    from llmpick.sizing.linear import Parameters

    class Networks(Protocol):
        """Where the rest of some networks is kept, each under a number of its own."""

        @property
        def count(self) -> int:
            """Their numbers are less."""

        def peaks(self, usual: int) -> tuple[int, array[int]] | None:
            """The peaks on one card of the whole ladder of one of `size.USUAL`: how many places there are for those of
            each network, and all of them, 0 where one is not known. None where none is."""

        def frames(self, number: int) -> tuple[bytes, ...]:
            """As Needs says."""

        def running(self, number: int) -> Any:
            """As Needs says."""

        def shape(self, number: int) -> Architecture | None:
            """As Needs says."""


METHODS: tuple[JobMethod, ...] = ("full", "lora", "qlora")
WAYS = (*METHODS, *(f"{method}, sharded" for method in METHODS))
"""The usual ways of training: by method, and once more for where the weights are sharded."""
FORMAT = 2
"""The last in which `marshal` writes what is equal as the same bytes."""


class Size(NamedTuple):
    """One network, ready to be fitted into any card."""

    structure: str
    total: int
    """Parameters."""
    active: int
    """Parameters a token passes through."""
    number: int
    """Its own among `networks`."""
    networks: Networks
    """Where the rest of it is."""


class Running(NamedTuple):
    """What else a network takes: time to train, memory and time to serve."""

    pace: Pace
    trained: int
    """Parameters that full training changes."""
    served: Served
    read: int
    """Parameters that every pass reads."""


def running(architecture: Architecture, counted: Parameters) -> Running:
    """The Running of a network."""
    return Running(
        pace=pace_of(architecture, counted),
        trained=counted.total - counted.non_text,
        served=served_of(architecture, counted),
        read=read_per_pass(counted),
    )


class Needs(NamedTuple):
    """The rest of a network: all that any question about it follows from."""

    frames: tuple[bytes, ...]
    """The Frame of each of WAYS, as `marshal` writes its plain tuples: few are ever read. Empty where a sharded one is
    that of its method."""
    running: Any
    """The Running as plain tuples."""
    shape: Architecture | None
    """Given where what a token costs depends on the batch: the Frames' layers then hold for none but the smallest."""


def needs_of(architecture: Architecture, counted: Parameters) -> Needs:
    """The Needs of a network."""
    ways = [usual(architecture, method, seq_len=1) for method in METHODS]
    ways += [replace(job, n_gpus=2, sharding="fsdp") for job in ways]
    frames = [marshal.dumps(bare(memory.frame(architecture, counted, job)), FORMAT) for job in ways]
    plain, sharded = frames[: len(METHODS)], frames[len(METHODS) :]
    batchwise = any(not regime_of(architecture, job).any_length for job in ways)
    return Needs(
        frames=(*plain, *(b"" if frame == alone else frame for frame, alone in zip(sharded, plain, strict=True))),
        running=bare(running(architecture, counted)),
        shape=architecture if batchwise else None,
    )


class Alone:
    """One network that no compiled form keeps."""

    count = 1

    def __init__(self, needs: Needs) -> None:
        self.needs = needs

    def peaks(self, usual: int) -> None:
        """Not known."""

    def frames(self, number: int) -> tuple[bytes, ...]:
        """As Needs says."""
        return self.needs.frames

    def running(self, number: int) -> Any:
        """As Needs says."""
        return self.needs.running

    def shape(self, number: int) -> Architecture | None:
        """As Needs says."""
        return self.needs.shape


def size_of(architecture: Architecture) -> Size:
    """The Size of a network; raises LlmpickError where its parameters cannot be counted."""
    counted = count(architecture)
    needs = needs_of(architecture, counted)
    return Size(architecture.structure, counted.total, counted.active, 0, Alone(needs))
