"""Rules on checkpoints of one network, and on those that continue from another: their files agree."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from llmpick.lint.remarks import Loc, Remark, file_of
from llmpick.quality import traits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmpick.catalog import Catalog
    from llmpick.licensing.schema import License
    from llmpick.schema import Model

LINEAGE_TOLERANCE = 0.1
"""Share by which checkpoints of one lineage may differ in size: another vocabulary, but the same network."""
ROUNDING = 1.1
"""Context lengths closer than this factor are one length, rounded differently."""
READ = ("domains", "tokens", "objective")
"""Facts of the pre-training that tuning does not change; tuned checkpoints do report later cutoffs than their base."""


def lineage_agreement(catalog: Catalog) -> Iterator[Remark]:
    """Checkpoints of one lineage are one network under one license; a tuned one reads no less than its base.

    Other sizes, other layers, another license, languages of which neither holds the other's, or a shorter context
    after tuning mean that a fact is wrong or that the two are not of one lineage.
    """
    for lineage in _lineages(catalog).values():
        base = _base(lineage)
        for model in lineage:
            for loc, message in _disagreements(model, base):
                yield Remark(file_of(model), loc, f"{message}; correct it, or give it a lineage of its own")


def pretraining_agreement(catalog: Catalog) -> Iterator[Remark]:
    """Checkpoints of one lineage have read the same before anyone tuned them, and their files say so alike.

    Domains, tokens and objective are those of the base; where one file has them, all have.
    """
    for lineage in _lineages(catalog).values():
        for field in READ:
            knowing = next((model for model in (_base(lineage), *lineage) if _read(model, field)), None)
            if knowing is not None:
                yield from _read_otherwise(lineage, field, knowing)


def tokens_with_the_base(catalog: Catalog) -> Iterator[Remark]:
    """Training tokens are those of all phases: what the checkpoint it continues from has read is among them."""
    read = {model.id: _read(model, "tokens") for model in catalog.models}
    for model in catalog.models:
        base = model.pretraining.initialized_from if model.pretraining else None
        here, there = read[model.id], read.get(base) if base else None
        if here and there and here < there:
            message = f"{here:g} tokens, but {base}, which it continues from, has read {there:g}; add those"
            yield Remark(file_of(model), ("pretraining", "tokens"), message)


def terms_of_the_base(catalog: Catalog) -> Iterator[Remark]:
    """Weights made from another maker's carry its license too, unless that asks for notices at most.

    A tag of `mit` on a fine-tune of Gemma or of a share-alike encoder does not free it: `also` names what still binds.
    """
    by_id = {model.id: model for model in catalog.models}
    for model in catalog.models:
        base = by_id.get(model.pretraining.initialized_from or "") if model.pretraining else None
        if base and base.license and model.license and base.developer != model.developer:
            ours = {model.license.id, *model.license.also}
            for id_ in (base.license.id, *base.license.also):
                if id_ not in ours and id_ in catalog.licenses and not _permits(catalog.licenses[id_]):
                    message = f"made from {base.id}, whose license {id_} binds as well; add it to `also`"
                    yield Remark(file_of(model), ("license",), message)


def languages_of_the_base(catalog: Catalog) -> Iterator[Remark]:
    """A network tuned for few languages from a multilingual one says so in `pretraining.languages`.

    Labels and pairs give no capacity back that many languages share, so that its own short list would overrate it; a
    checkpoint that pre-trained on the few (variant `base`) has made it its own. Where no base is named, a vocabulary
    and width that only multilingual networks have tells it.
    """
    by_id = {model.id: model for model in catalog.models}
    bases = [model for model in catalog.models if model.variant == "base" and model.architecture and _shared(model)]
    widths = {_width(model): model for model in bases}
    for model in catalog.models:
        read = model.pretraining
        if model.variant == "base" or _structure(model) == "decoder" or _shared(model) or not model.languages:
            continue
        base = by_id.get(read.initialized_from) if read and read.initialized_from else widths.get(_width(model))
        if base and _shared(base):
            message = f"it knows few languages, its base {base.id} many: name those, or `mul`, here"
            yield Remark(file_of(model), ("pretraining", "languages") if read else (), message)


def one_base_per_lineage(catalog: Catalog) -> Iterator[Remark]:
    """A lineage has one base checkpoint, or one for each casing of its vocabulary."""
    for lineage in _lineages(catalog).values():
        seen: dict[str, str] = {}
        for model in lineage:
            if model.variant != "base":
                continue
            casing = next((word for word in ("uncased", "cased") if word in model.id.casefold()), "")
            if casing in seen:
                message = f"{seen[casing]} is the base of `{model.lineage}` already; give this one another lineage"
                yield Remark(file_of(model), ("lineage",), message)
            seen.setdefault(casing, model.id)


def _lineages(catalog: Catalog) -> dict[str, list[Model]]:
    """Lineages of more than one model."""
    found: dict[str, list[Model]] = defaultdict(list)
    for model in catalog.models:
        found[model.lineage].append(model)
    return {name: models for name, models in found.items() if len(models) > 1}


def _shared(model: Model) -> bool:
    """Whether many languages share the network."""
    return traits(model).shared


def _structure(model: Model) -> str:
    return traits(model).structure


def _width(model: Model) -> tuple[int, int] | None:
    """Rows and columns of the embedding table."""
    shape = model.architecture.shape if model.architecture else None
    return (shape.vocab_size, shape.hidden_size) if shape else None


def _permits(license_: License) -> bool:
    """Whether it lets anyone relicense what is made from it, for notices at most."""
    from llmpick.licensing.classes import classes

    return "permissive" in classes(license_)


def _base(lineage: Sequence[Model]) -> Model:
    """The checkpoint that the others of a lineage were tuned from; the first one where none is a base."""
    return next((model for model in lineage if model.variant == "base"), lineage[0])


def _read_otherwise(lineage: Sequence[Model], field: str, knowing: Model) -> Iterator[Remark]:
    """The checkpoints whose file says otherwise than that of `knowing`, or says nothing."""
    there = _read(knowing, field)
    for model in lineage:
        here = _read(model, field)
        if here != there:
            loc: Loc = ("pretraining", field) if here else ("pretraining",) if model.pretraining else ()
            said = f"{field} is {_said(here)}, {knowing.id} of its lineage has {_said(there)}"
            yield Remark(file_of(model), loc, f"{said}; write what the better source says into both")


def _read(model: Model, field: str) -> Any:
    """A fact of the pre-training; None where nobody knows it."""
    return (getattr(model.pretraining, field) or None) if model.pretraining else None


def _said(value: object) -> str:
    """A fact as a finding writes it."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "missing"
    return "missing" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _disagreements(model: Model, base: Model) -> Iterator[tuple[Loc, str]]:
    """Where `model` cannot be a checkpoint of the same network as `base`."""
    ours, theirs = model.architecture, base.architecture
    if ours and theirs:
        for field in ("structure", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"):
            here, there = getattr(ours.shape, field), getattr(theirs.shape, field)
            if here != there:
                yield ("architecture", "shape", field), f"{field} is {here}, {base.id} of its lineage has {there}"
    size, other = model.parameters.total, base.parameters.total
    if abs(size - other) > LINEAGE_TOLERANCE * other:
        yield ("parameters", "total"), f"{size:,} parameters, {base.id} of its lineage has {other:,}"
    if model.family != base.family:
        yield ("family",), f"family {model.family}, {base.id} of its lineage says {base.family}"
    yield from _terms_disagree(model, base)


def _terms_disagree(model: Model, base: Model) -> Iterator[tuple[Loc, str]]:
    """License, languages and context that do not go together."""
    if model.license and base.license and model.license.id != base.license.id:
        message = f"license {model.license.id}, {base.id} of its lineage has {base.license.id}"
        yield ("license", "id"), message
    ours, theirs = set(model.languages), set(base.languages)
    if ours and theirs and not (ours <= theirs or theirs <= ours):
        yield ("languages",), f"languages {_few(ours - theirs)} here only, {_few(theirs - ours)} only in {base.id}"
    here, there = model.context_length, base.context_length
    if here and there and here != there and (here < there or here < there * ROUNDING):
        yield ("context_length",), f"{here:,} tokens, {base.id} of its lineage reads {there:,}"


def _few(codes: set[str]) -> str:
    return ", ".join(sorted(codes)[:5])
