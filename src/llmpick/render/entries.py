"""One entry of the catalog, field by field in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.render.text import count, safe

if TYPE_CHECKING:
    from llmpick.schema import ApiModel, Model


def facts(one: Model | ApiModel) -> list[tuple[str, str]]:
    """(field, what the catalog says) of one entry, in the order of its file; unknown fields left out."""
    from llmpick.schema import ApiModel

    return _api_facts(one) if isinstance(one, ApiModel) else _model_facts(one)


def _model_facts(one: Model) -> list[tuple[str, str]]:
    found: list[tuple[str, object]] = [
        *(("model", one.id), ("family", one.family), ("lineage", one.lineage), ("developer", one.developer)),
        *(("variant", one.variant), ("released", one.released), ("tasks", ", ".join(one.tasks))),
        *(("languages", ", ".join(one.languages) or one.languages_note), ("modalities", ", ".join(one.modalities))),
        ("context", f"{one.context_length:,} tokens" if one.context_length else None),
        ("parameters", f"{one.parameters.total:,}"),
        ("active parameters", f"{one.parameters.active:,}" if one.parameters.active != one.parameters.total else None),
    ]
    if one.architecture:
        shape = one.architecture.shape
        size = f"{shape.num_hidden_layers} layers of {shape.hidden_size:,}, {shape.vocab_size:,} tokens"
        found.append(("architecture", f"{shape.structure} ({shape.model_type}): {size}"))
    if one.license:
        found.append(("license", ", ".join((one.license.id, *one.license.also))))
    if one.pretraining:
        tokens = one.pretraining.tokens
        found += [("pretraining domains", ", ".join(one.pretraining.domains))]
        found += [("pretraining tokens", count(tokens) if tokens else None)]
        found += [("continued from", one.pretraining.initialized_from), ("objective", one.pretraining.objective)]
    found += [(score.benchmark, f"{score.value:g}") for score in one.scores]
    found += [("looked for, not found", ", ".join(one.looked_for))]
    return [(field, safe(value)) for field, value in found if value]


def _api_facts(one: ApiModel) -> list[tuple[str, str]]:
    prices = (one.train_usd_per_million_tokens, one.input_usd_per_million_tokens, one.output_usd_per_million_tokens)
    train, read, write = (f"${price:g} per million tokens" if price is not None else None for price in prices)
    found: list[tuple[str, object]] = [
        *(("model", one.id), ("vendor", one.vendor), ("based on", one.base), ("methods", ", ".join(one.methods))),
        *(("tasks", ", ".join(one.tasks)), ("training", train), ("input", read), ("output", write)),
        *(
            ("price note", one.price_note),
            ("context", f"{one.context_length:,} tokens" if one.context_length else None),
        ),
        *(("status", one.status), ("status note", one.status_note), ("stops on", one.shutdown), ("terms", one.terms)),
        *(("data terms", one.data_terms), ("looked for, not found", ", ".join(one.looked_for))),
    ]
    return [(field, safe(value)) for field, value in found if value]
