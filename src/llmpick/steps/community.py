"""Step 5, community: who uses it, and which trainers know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.verdict import StepVerdict

if TYPE_CHECKING:
    from llmpick.schema import Model, Tooling
    from llmpick.steps.asked import Asked
    from llmpick.verdict import Rating

TRAINERS = ("unsloth", "axolotl", "llama_factory", "ms_swift", "torchtune", "litgpt", "sentence_transformers")
SERVERS = ("vllm", "sglang", "llama_cpp", "mlx")


def judge(model: Model, asked: Asked) -> StepVerdict:
    """Rate `popularity` and `tooling`; nothing here rules a model out."""
    return StepVerdict(step="community", ratings=(rate_popularity(model, asked), rate_tooling(model, asked)))


def rate_popularity(model: Model, asked: Asked) -> Rating:
    """Criterion: downloads in the last 30 days, as the Hub counted them."""
    counted = asked.catalog.popularity.get(model.id)
    if counted is None or counted.downloads is None:
        return asked.unknown("popularity", "downloads are not on record")
    worth = asked.policy.value("popularity")(counted.downloads)
    when = f" ({counted.as_of})" if counted.as_of else ""
    return asked.rating("popularity", worth, worth, f"{counted.downloads:,} downloads in 30 days{when}")


def rate_tooling(model: Model, asked: Asked) -> Rating:
    """Criterion: transformers runs it as it is, PEFT adapts it, trainers and servers list it."""
    tooling = model.tooling
    if tooling is None or tooling.transformers is None:
        return asked.unknown("tooling", "nobody looked which tools know it")
    trainers = _named(tooling, TRAINERS)
    servers = _named(tooling, SERVERS)
    adapts = bool(tooling.peft or tooling.lora_targets)
    native = 0.5 if tooling.transformers and not tooling.remote_code else 0.2
    worth = native + (0.2 if adapts else 0.0) + (0.2 if trainers else 0.0) + (0.1 if servers else 0.0)
    parts = ["transformers" if native == 0.5 else "remote code in transformers"]
    parts += (["PEFT"] if adapts else []) + trainers[:3]
    return asked.rating("tooling", worth, worth, f"runs with {', '.join(parts)}", [s.url for s in tooling.sources])


def _named(tooling: Tooling, names: tuple[str, ...]) -> list[str]:
    return [name.replace("_", "-") for name in names if getattr(tooling, name)]
