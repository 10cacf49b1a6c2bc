"""Which kind of training a task, a technique and a network make together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from llmpick.errors import LlmpickError
from llmpick.guidance.decision import work_of
from llmpick.guidance.technique import chosen
from llmpick.record import record

if TYPE_CHECKING:
    from llmpick.profile import Profile

Kind = Literal["classifier", "tagger", "reader", "embedder", "setfit", "seq2seq", "writer"]
Stage = Literal["none", "dpo", "kto"]
Structure = Literal["encoder", "decoder", "encoder-decoder"]

HEADS: tuple[Kind, ...] = ("classifier", "tagger", "reader")
"""A small new layer on top decides; no vocabulary head."""
PAIRED: tuple[Kind, ...] = ("embedder", "setfit")
"""Each example is two texts, so a batch of n holds 2n sequences."""


@record
class Recipe:
    """What is trained, and the preference stage after it."""

    kind: Kind
    after: Stage = "none"

    @property
    def vocabulary_head(self) -> bool:
        """Whether training computes logits over the vocabulary."""
        return self.kind in ("seq2seq", "writer")

    @property
    def sequences(self) -> int:
        """Sequences one example puts into the batch."""
        return 2 if self.kind in PAIRED else 1


def recipe(profile: Profile, structure: Structure) -> Recipe:
    """The recipe for this profile's task on a network of this structure; LlmpickError where it cannot do the task."""
    work = work_of(profile.task)
    if work == "text":
        if structure == "encoder":
            raise LlmpickError(
                f"an encoder cannot write text, which {profile.task} asks for", "take a decoder or an encoder-decoder"
            )
        if structure == "encoder-decoder":
            return Recipe(kind="seq2seq")
        return Recipe(kind="writer", after=_after(profile))
    if work == "vectors":
        return Recipe(kind="embedder")
    if work == "spans":
        return Recipe(kind="reader" if profile.task == "extractive-qa" else "tagger")
    # SetFit trains all weights: whoever asks for adapters gets an ordinary classifier.
    few_shot = chosen(profile).id == "setfit" and structure == "encoder" and profile.method in ("auto", "full")
    return Recipe(kind="setfit" if few_shot else "classifier")


def _after(profile: Profile) -> Stage:
    technique = chosen(profile).id
    if technique == "dpo":
        return "dpo"
    return "kto" if technique == "kto" else "none"
