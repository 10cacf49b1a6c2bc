"""Rules on what trains and serves a checkpoint."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from llmpick.lint.remarks import Remark, file_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmpick.catalog import Catalog
    from llmpick.schema import Model

BY_ARCHITECTURE = ("transformers", "peft", "vllm", "sglang", "llama_cpp", "mlx", "liger")
"""Tools that list architectures, not checkpoints: what they know of one they know of all that are built alike."""
Kind = tuple[str, str]
"""Model type and structure."""


def tools_by_architecture(catalog: Catalog) -> Iterator[Remark]:
    """Checkpoints of one architecture have the same transformers, PEFT, vLLM, SGLang, llama.cpp, MLX and Liger.

    Those list architectures, not names; one that needs code of its own is another network and is left out.
    """
    alike = _alike(catalog)
    for tool in BY_ARCHITECTURE:
        for (type_, _), models in alike.items():
            said = Counter(value for model in models if (value := getattr(model.tooling, tool)) is not None)
            usual = said.most_common(1)[0][0] if said else None
            for model in models:
                value = getattr(model.tooling, tool)
                if value is not None and value != usual:
                    message = (
                        f"{tool} is {str(value).lower()} here and {str(usual).lower()} for {said[usual]:,} others of "
                        f"model type {type_}; look it up in the tool's list and correct either"
                    )
                    yield Remark(file_of(model), ("tooling", tool), message)


def loaded_by_something(catalog: Catalog) -> Iterator[Remark]:
    """What transformers does not know needs code of its own: `transformers: false` goes with `remote_code: true`."""
    for model in catalog.models:
        tooling = model.tooling
        if tooling and tooling.transformers is False and not tooling.remote_code:
            message = "neither transformers nor code of its own loads it; correct either, or leave both out if unknown"
            yield Remark(file_of(model), ("tooling", "transformers"), message)


def _alike(catalog: Catalog) -> dict[Kind, list[Model]]:
    """Models by architecture, without those that bring their own code."""
    alike: dict[Kind, list[Model]] = defaultdict(list)
    for model in catalog.models:
        if model.architecture and model.tooling and not model.tooling.remote_code:
            shape = model.architecture.shape
            alike[shape.model_type, shape.structure].append(model)
    return alike
