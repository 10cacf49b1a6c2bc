"""The Job of a plan: the method the ranking would take, then precision, rank and the largest batch that fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from llmpick.errors import LlmpickError
from llmpick.guidance.recipe import PAIRED
from llmpick.sizing.adapters import adapts_experts
from llmpick.sizing.estimate import peak
from llmpick.sizing.methods import ROOM, held, ladder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmpick.architecture import Architecture
    from llmpick.guidance.recipe import Recipe
    from llmpick.profile import Profile
    from llmpick.sizing.job import Job
    from llmpick.sizing.parameters import Parameters

T5_TYPES = ("t5", "mt5", "umt5", "longt5", "switch_transformers")
LARGEST_PAIRS = 128
"""Pairs per card beyond which a plan does not go: larger batches still help, but the gain is no longer certain."""


def job_for(
    architecture: Architecture, profile: Profile, recipe: Recipe, counted: Parameters, *, bf16: bool = True
) -> Job:
    """The Job this plan trains; LlmpickError when no method asked for fits the card.

    `bf16` says whether the card computes in bfloat16; fp16 is taken where it does not, fp32 without a GPU.
    """
    job = _fitting(architecture, profile, recipe, counted, bf16=bf16)
    if job is None:
        how = "whatever the method" if profile.method == "auto" else f"by {profile.method}"
        raise LlmpickError(
            f"{profile.gpu} cannot train this model at {profile.seq_len:,} tokens, {how}",
            "shorten --seq-len, take a larger card, or see `llmpick estimate` for the parts"
            + (", --chunked-loss for TRL 1.16 and Unsloth" if recipe.kind == "writer" else ""),
        )
    return _roomy(_batches(_ranked(job, profile), profile, recipe), architecture, profile, recipe, counted) or job


def effective_batch(profile: Profile, job: Job, recipe: Recipe) -> int:
    """Examples between two steps of the optimizer that published recipes of this kind use."""
    if recipe.kind in PAIRED:
        return LARGEST_PAIRS if recipe.kind == "embedder" else 16
    if recipe.kind == "writer" and job.method == "full" and (profile.examples or 0) >= 10_000:
        return 128
    return 16


def rank_for(examples: int | None) -> int:
    """LoRA rank by the amount of data: what an adapter can hold grows with it."""
    if examples is None or examples < 10_000:
        return 16
    return 64 if examples < 100_000 else 256


def heaviest(job: Job, recipe: Recipe) -> Job:
    """The stage of the plan that needs the most: judged answers come at least two sequences at a time."""
    return job if recipe.after == "none" else replace(job, batch_size=max(job.batch_size, 2))


def _fitting(
    architecture: Architecture, profile: Profile, recipe: Recipe, counted: Parameters, *, bf16: bool
) -> Job | None:
    """The first Job of the ranking's ladder that fits as this plan runs it; with a batch of one where none does."""
    shapes = [profile, replace(profile, batch_size=1)] if "batch_size" in profile.assumed else [profile]
    for shape in shapes:
        rungs = ladder(
            architecture.structure,
            counted.total,
            shape,
            seq_len=shape.seq_len,
            vocabulary_head=recipe.vocabulary_head,
            splits=recipe.kind not in PAIRED,
        )
        ways = [_precise(rung, profile, recipe, architecture.model_type, bf16=bf16) for rung in rungs]
        ways = [job for job in ways if _possible(job, recipe)]
        if profile.gpu is None or profile.gpu.count == 0:
            return ways[0] if ways else None
        needs = [peak(architecture, heaviest(job, recipe), counted).peak for job in ways]
        for place in held([job.method for job in ways], needs.__getitem__, profile.gpu.usable_bytes):
            return ways[place]
    return None


def _possible(job: Job, recipe: Recipe) -> bool:
    """Whether the trainer can do it: SetFit trains all weights, by plain AdamW and without checkpointing."""
    plain = job.method == "full" and not job.gradient_checkpointing and job.optimizer == "adamw"
    return recipe.kind != "setfit" or (plain and job.sharding != "fsdp")


def _precise(job: Job, profile: Profile, recipe: Recipe, model_type: str, *, bf16: bool) -> Job:
    """A rung of the ladder as this recipe runs it: pairs for sequences, dropout, and the precision of the card."""
    # Adapters drop out some of their input here, and the copies that takes are kept for the way back.
    dropped = job.method in ("lora", "qlora") and not adapts_experts(model_type, job.targets)
    job = replace(job, adapter_dropout=dropped, batch_size=job.batch_size * recipe.sequences)
    if profile.gpu is not None and profile.gpu.count == 0:
        return replace(job, dtype="fp32", mixed_precision="no")
    if bf16 and recipe.kind != "setfit":
        return job
    # T5 was trained in bf16 and overflows in fp16 (transformers issue 5651).
    if model_type in T5_TYPES:
        return replace(job, dtype="fp32", mixed_precision="no")
    # fp16 gradients cannot be unscaled into fp16 weights, so weights that train are kept in fp32.
    return replace(job, mixed_precision="fp16", dtype="fp32" if job.method == "full" else "fp16")


def _ranked(job: Job, profile: Profile) -> tuple[Job, ...]:
    """`job` with the rank its data asks for, then with smaller ones."""
    if job.method == "full":
        return (job,)
    return tuple(replace(job, rank=rank) for rank in (256, 64, 16) if rank <= rank_for(profile.examples))


def _batches(jobs: tuple[Job, ...], profile: Profile, recipe: Recipe) -> Iterator[Job]:
    """The same training with the batch split ever finer into accumulated parts, best first."""
    for job in jobs:
        share = max(-(-effective_batch(profile, job, recipe) // job.n_gpus), 1)
        for size in _sizes(share, profile):
            steps = 1 if recipe.kind in PAIRED else -(-share // size)
            yield replace(job, batch_size=size * recipe.sequences, accumulation=steps)


def _sizes(share: int, profile: Profile) -> list[int]:
    if "batch_size" not in profile.assumed:
        return [profile.batch_size]
    if profile.gpu is None or profile.gpu.count == 0:
        return [min(profile.batch_size, share)]
    return [1 << power for power in reversed(range(share.bit_length())) if 1 << power <= share]


def _roomy(
    jobs: Iterator[Job], architecture: Architecture, profile: Profile, recipe: Recipe, counted: Parameters
) -> Job | None:
    """The first of `jobs` that fits, or the same in smaller parts where only that leaves some of the card free."""
    first: Job | None = None
    for job in jobs:
        if profile.gpu is None or profile.gpu.count == 0:
            return job
        if first and job.rank != first.rank:
            break
        share = peak(architecture, heaviest(job, recipe), counted).peak / profile.gpu.usable_bytes
        if share <= ROOM:
            return job
        first = first or (job if share <= 1 else None)
    return first
