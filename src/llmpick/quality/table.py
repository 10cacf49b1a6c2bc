"""What `catalog/quality.yaml` holds: the numbers fitted to published results. Machine-written, read at run time."""

from __future__ import annotations

from llmpick.record import record


@record
class Term:
    """One coefficient: strength added per unit of a trait."""

    value: float
    sd: float
    """Its standard error."""


@record
class Standing:
    """Where one model stood in one published comparison."""

    suite: str
    """A key of `suites`."""
    tasks: int
    """Tasks it was tried on."""
    place: int
    """1 = best mean standing over the tasks."""
    of: int
    """Models compared."""
    kinds: tuple[str, ...]
    domains: tuple[str, ...]
    languages: tuple[str, ...]
    over: str | None = None
    """Another model of the same comparison: the one that most comparisons share."""
    wins: int = 0
    """Tasks on which it did better than `over`."""
    met: int = 0
    """Tasks on which both were tried."""


@record
class Cited:
    """A published comparison, as cited."""

    title: str
    url: str


@record
class Spread:
    """Standard deviation of a model's strength around its estimate, as seen on comparisons left out."""

    known: float
    """Of models with results in other comparisons."""
    unknown: float
    """Of models without any."""


@record
class QualityTable:
    """The fitted numbers, their spread, and the evidence behind them."""

    version: str
    """The day on which the newest evidence was read."""
    results: int
    tasks: int
    suites: dict[str, Cited]
    terms: dict[str, Term]
    """Trait, or `trait@context` -> coefficient."""
    families: dict[str, float]
    """Family -> shrunken effect."""
    effects: dict[str, dict[str, float]]
    """Model -> context -> shrunken effect on strength: what its published results say beyond its facts."""
    standings: dict[str, tuple[Standing, ...]]
    """Model -> where it stood, for every model with published results. Only what is shown reads them."""
    usual: dict[str, float]
    """What is assumed where nobody knows it."""
    spread: Spread
