"""Step 5, community: who uses it, and which trainers know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.catalog.facts import SERVERS, TRAINERS, tools_of
from llmpick.steps.asked import Weighed
from llmpick.verdict import StepVerdict

if TYPE_CHECKING:
    from llmpick.catalog.facts import Facts, Tools
    from llmpick.schema import Model
    from llmpick.steps.asked import Asked, Range
    from llmpick.verdict import Rating


def judge(model: Model, asked: Asked) -> StepVerdict:
    """Rate `popularity` and `tooling`; nothing here rules a model out."""
    return StepVerdict(step="community", ratings=(rate_popularity(model, asked), rate_tooling(model, asked)))


def weigh(facts: Facts, asked: Asked) -> Weighed:
    """The same in numbers."""
    counted = asked.catalog.popularity.get(facts.id)
    low, high = popularity(counted.downloads if counted else None, asked)
    weight, known = asked.weights.get("popularity", 0.0), _weigh_tooling(facts.tools, asked)
    return Weighed(weight * low + known.low, weight * high + known.high)


def _weigh_tooling(tools: Tools | None, asked: Asked) -> Weighed:
    key = ("tooling", tools)
    if key not in asked.memo:
        asked.memo[key] = asked.adding(("tooling", tooling(tools, asked)))
    known: Weighed = asked.memo[key]
    return known


def popularity(downloads: int | None, asked: Asked) -> Range:
    """Criterion: downloads in the last 30 days, as the Hub counted them."""
    if downloads is None:
        return asked.unknown_range("popularity")
    worth = asked.curves["popularity"](downloads)
    return worth, worth


def rate_popularity(model: Model, asked: Asked) -> Rating:
    """`popularity` with its sentence."""
    counted = asked.catalog.popularity.get(model.id)
    if counted is None or counted.downloads is None:
        return asked.unknown("popularity", "downloads are not on record")
    when = f" ({counted.as_of})" if counted.as_of else ""
    because = f"{counted.downloads:,} downloads in 30 days{when}"
    return asked.rating("popularity", *popularity(counted.downloads, asked), because)


def tooling(tools: Tools | None, asked: Asked) -> Range:
    """Criterion: transformers runs it as it is, PEFT adapts it, trainers and servers list it."""
    if tools is None:
        return asked.unknown_range("tooling")
    worths = asked.constants
    worth = worths["tooling-native" if tools.transformers and not tools.remote_code else "tooling-remote"]
    for name, knows in (("adapted", tools.adapts), ("trained", tools.trainers), ("served", tools.servers)):
        worth += worths[f"tooling-{name}"] if knows else 0.0
    return worth, worth


def rate_tooling(model: Model, asked: Asked) -> Rating:
    """`tooling` with its sentence."""
    tools, listed = tools_of(model.tooling), model.tooling
    if tools is None or listed is None:
        return asked.unknown("tooling", "nobody looked which tools know it")
    native = "transformers" if tools.transformers and not tools.remote_code else "remote code in transformers"
    trainers = [name.replace("_", "-") for name in TRAINERS if getattr(listed, name)]
    parts = [native, *(["PEFT"] if tools.adapts else []), *trainers[:3]]
    served = next((f"; served by {name}" for field, name in SERVERS.items() if getattr(listed, field)), "")
    sources = [source.url for source in listed.sources]
    return asked.rating("tooling", *tooling(tools, asked), f"runs with {', '.join(parts)}{served}", sources)
