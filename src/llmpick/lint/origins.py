"""Rules on where facts and weights come from: sources, days, what was not found, whose model it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from llmpick.catalog.browse import blocks_of
from llmpick.lint.remarks import Loc, Remark, file_of, is_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from llmpick.catalog import Catalog
    from llmpick.schema import Model, Source

COPIES = re.compile(
    r"(?<![a-z0-9])(gguf|ggml|gptq|awq|exl[23]|bnb|nf4|int[48]|fp[48]|nvfp4|mxfp4|w[48]a(8|16)|[2-8](bit|bpw)|q[2-8]_[0k]"
    r"|mlx|quantized|quant|merge|merged|slerp|dare|ties|frankenmerge|abliterated|uncensored)(?![a-z0-9])",
    re.IGNORECASE,
)
COPIERS = frozenset(
    """
    thebloke unsloth bartowski mlx-community lmstudio-community mradermacher quantfactory redhatai neuralmagic
    casperhansen modelcloud ggml-org turboderp solidrust techxgenus second-state
    """.split()
)
"""Organizations on the Hub that publish copies of other people's models."""
COMMIT = re.compile(r"github:[^@]+@[0-9a-f]{7,40}(:\S+)?")
ARXIV = re.compile(r"arxiv:(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v\d+)?")
SOUGHT: dict[str, tuple[str, Callable[[Model], Any]]] = {
    "license": ("license", lambda model: model.license),
    "languages": ("languages", lambda model: model.languages),
    "release month": ("released", lambda model: model.released),
    "context length": ("context_length", lambda model: model.context_length),
    "training tokens": ("pretraining", lambda model: model.pretraining and model.pretraining.tokens),
    "architecture": ("architecture", lambda model: model.architecture),
}
"""What `looked_for` may say was sought in vain -> where the fact would stand, and the fact."""


def openable_sources(catalog: Catalog) -> Iterator[Remark]:
    """A stranger can open every source: GitHub at a commit, arXiv by number; and the day it was opened exists."""
    for path, loc, source in _sources(catalog):
        if source.url.startswith("github:") and not COMMIT.fullmatch(source.url):
            yield Remark(path, (*loc, "url"), f"`{source.url}` names no commit; write github:owner/repo@commit:path")
        elif source.url.startswith("arxiv:") and not ARXIV.fullmatch(source.url):
            yield Remark(path, (*loc, "url"), f"`{source.url}` is no arXiv number; write arxiv:2310.06825")
        if not is_day(source.checked):
            yield Remark(path, (*loc, "checked"), f"{source.checked} is no day of the calendar; correct it")


def dates_in_order(catalog: Catalog) -> Iterator[Remark]:
    """A model comes out after its knowledge ends and after what it continues from, and before its sources are read."""
    released = {model.id: model.released for model in catalog.models}
    for model in catalog.models:
        if model.released is None:
            continue
        for loc, earlier, what in _earlier_than_release(model, released):
            if earlier > model.released:
                yield Remark(
                    file_of(model), loc, f"{what} {earlier}, after the release {model.released}; correct either"
                )
        read = max(source.checked for source in model.identity)
        if model.released > read:
            message = f"released {model.released}, but its sources were read on {read}; correct either"
            yield Remark(file_of(model), ("released",), message)


def gaps_explained(catalog: Catalog) -> Iterator[Remark]:
    """A missing architecture, license, release month, language list or context length stands under `looked_for`.

    And what stands there is indeed missing: a fact that was found is taken off the list. What was tried may follow in
    parentheses: "license (no tag on its page)".
    """
    for model in catalog.models:
        sought = [entry.partition(" (")[0] for entry in model.looked_for]
        for what, (field, fact) in SOUGHT.items():
            listed = what in sought
            if fact(model) and listed:
                position = sought.index(what)
                yield Remark(file_of(model), ("looked_for", position), f"`{what}` was found; take it off the list")
            elif not fact(model) and not listed and what not in ("training tokens", "languages"):
                yield Remark(file_of(model), (), f"`{field}` is missing; add it, or add `{what}` to `looked_for`")


def originals_only(catalog: Catalog) -> Iterator[Remark]:
    """No re-uploads, quantized copies, merges or uncensored variants: they stand for somebody else's model."""
    for model in catalog.models:
        organization, _, name = model.id.partition("/")
        copy = COPIES.search(name)
        if copy:
            yield Remark(file_of(model), (), f"`{copy[0]}` marks a copy, a merge or a quantization; list the original")
        elif organization.casefold() in COPIERS:
            yield Remark(file_of(model), (), f"{organization} publishes copies of others' models; list the original")


def _sources(catalog: Catalog) -> Iterator[tuple[str, Loc, Source]]:
    """Every source with its place."""
    for model in catalog.models:
        for block, sources in blocks_of(model):
            for position, source in enumerate(sources):
                yield file_of(model), _source_loc(block, position), source
    listed: list[tuple[str, Loc, tuple[Source, ...]]] = [(file_of(api), (), api.sources) for api in catalog.apis]
    listed += [(f"licenses/{id_}.yaml", (), license.sources) for id_, license in catalog.licenses.items()]
    listed += [("gpus.yaml", (row,), gpu.sources) for row, gpu in enumerate(catalog.gpus)]
    listed += [("prices.yaml", (row,), price.sources) for row, price in enumerate(catalog.prices)]
    for path, loc, sources in listed:
        for position, source in enumerate(sources):
            yield path, (*loc, "sources", position), source
    for row, benchmark in enumerate(catalog.benchmarks):
        yield "benchmarks.yaml", (row, "source"), benchmark.source


def _source_loc(block: str, position: int) -> Loc:
    if block == "identity":
        return ("identity", position)
    score = re.fullmatch(r"scores\[(\d+)\]", block)
    return ("scores", int(score[1]), "source") if score else (block, "sources", position)


def _earlier_than_release(model: Model, released: Mapping[str, str | None]) -> Iterator[tuple[Loc, str, str]]:
    known = model.pretraining
    if known and known.knowledge_cutoff:
        yield ("pretraining", "knowledge_cutoff"), known.knowledge_cutoff, "its knowledge ends"
    parent = released.get(known.initialized_from) if known and known.initialized_from else None
    if parent:
        yield ("pretraining", "initialized_from"), parent, "the checkpoint it continues from is of"
