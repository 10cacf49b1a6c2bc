"""`extra` of a situation: rare statements under whatever key somebody chose, read as fields of the Situation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.licensing.situation import slug

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

YES_NO: tuple[tuple[tuple[str, ...], str, bool | str], ...] = (
    (("text_only",), "multimodal", False),
    (("multimodal", "vision"), "multimodal", True),
    (("nonprofit", "non_profit", "charity"), "licensee_type", "non-profit"),
    (("certified",), "certified_partner", True),
    (("equivalent_guardrail", "guardrails_kept", "keeps_guardrail", "guardrails_intact"), "guardrails_removed", False),
    (("guardrail",), "guardrails_removed", True),
    (("student_is_llm", "student_llm"), "student_is_language_model", True),
    (("regulatory_authori",), "has_regulatory_authorisation", True),
)
"""Words in a key -> field, and what the field is when the statement is true. The first that fits counts."""
RENAMED = {
    "output_tokens_per_month": "monthly_output_tokens",
    "use": "domain",
    "use_case": "domain",
    "purpose": "domain",
    "field_of_use": "domain",
}
BY_VALUE: dict[str, tuple[tuple[str, ...], str, bool]] = {
    **dict.fromkeys(
        ("modality", "modalities", "model_modality"),
        (("multimodal", "vision", "image", "audio", "video"), "multimodal", True),
    ),
    **dict.fromkeys(
        ("student", "student_kind", "student_type"),
        (("encoder", "classifier", "embedding", "regression"), "student_is_language_model", False),
    ),
    "publishes": (("adapter", "weights", "merged", "checkpoint", "model", "gguf"), "distributes_weights", True),
}
"""Key -> words in the value that say what the field is; other values say nothing."""


def read_extra(extra: Mapping[str, Any], known: Collection[str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The statements as fields (`known` names them all), and the keys of those that no license asks about."""
    stated: dict[str, Any] = {}
    ignored = []
    for key, value in extra.items():
        found = None if value is None else read_one(slug(key), value, known)
        stated |= found or {}
        if value is not None and found is None:
            ignored.append(str(key))
    return stated, tuple(sorted(ignored))


def read_one(key: str, value: Any, known: Collection[str]) -> dict[str, Any] | None:
    """What one statement says; None where its key means nothing here."""
    if key in known:
        return {key: value}
    if key in RENAMED:
        return {RENAMED[key]: value}
    if key in BY_VALUE:
        words, field, meaning = BY_VALUE[key]
        return {field: meaning} if any(word in slug(value) for word in words) else {}
    for words, field, truth in YES_NO:
        said = {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else value
        if isinstance(said, bool) and any(word in key for word in words):
            return yes_no(field, truth, said)
    return None


def yes_no(field: str, truth: bool | str, value: bool) -> dict[str, Any]:
    """The field when the statement is true, or its opposite; the opposite of a word is not known."""
    if value:
        return {field: truth}
    return {field: not truth} if isinstance(truth, bool) else {}
