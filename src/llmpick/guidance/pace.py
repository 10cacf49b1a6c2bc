"""How fast and how long: learning rate, schedule, warm-up, epochs, batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmpick.guidance import sources
from llmpick.guidance.fit import T5_TYPES
from llmpick.guidance.recipe import HEADS, PAIRED
from llmpick.guidance.setup import PAIRS_PER_EXAMPLE, Rule, first, given, setting

if TYPE_CHECKING:
    from llmpick.guidance.answers import Setting
    from llmpick.guidance.setup import Setup

LARGE_ENCODER = 300_000_000
"""Parameters between base encoders (110M; 280M where the vocabulary is large) and large ones (335M and more)."""
LARGE_DECODER = 14_000_000_000
"""QLoRA trains its 7B and 13B models at 2e-4 and the larger ones at 1e-4."""

FULL_RATES: tuple[Rule, ...] = (
    Rule(
        holds=lambda setup: setup.recipe.kind == "setfit",
        value=2e-5,
        because="SetFit's own default for the sentence encoder",
        source=sources.SETFIT_ARGUMENTS,
    ),
    Rule(
        holds=lambda setup: setup.recipe.kind == "embedder",
        value=2e-5,
        because="what the published retrieval run took for its embedding model",
        source=sources.SCHMID_EMBEDDING,
    ),
    Rule(
        holds=lambda setup: setup.recipe.kind == "seq2seq" and setup.architecture.model_type in T5_TYPES,
        value=1e-4,
        because="T5 wants more than other models under AdamW: 1e-4 to 3e-4 work for most tasks",
        source=sources.T5_DOCS,
    ),
    Rule(
        holds=lambda setup: setup.recipe.kind == "seq2seq",
        value=3e-5,
        because="what BART was tuned with on CNN/DailyMail",
        source=sources.BART_RECIPE,
    ),
    Rule(
        holds=lambda setup: setup.recipe.kind == "writer" and setup.parameters < LARGE_DECODER,
        value=2e-5,
        because="what Alpaca and Zephyr were tuned with, all weights training",
        source=sources.ZEPHYR_FULL,
    ),
    Rule(
        holds=lambda setup: setup.recipe.kind == "writer",
        value=1e-5,
        because="what the 65B model of LIMA was tuned with; large networks want smaller steps",
        source=sources.LIMA,
    ),
    Rule(
        holds=lambda setup: setup.parameters < LARGE_ENCODER,
        value=2e-5,
        because="small steps keep encoders from failing to start; 2e-5 lies in BERT's and RoBERTa's grids too",
        source=sources.MOSBACH,
    ),
    Rule(
        holds=lambda setup: True,
        value=1e-5,
        because="large encoders collapse at larger rates; 1e-5 lies in RoBERTa's and DeBERTa's grids",
        source=sources.DEBERTA,
    ),
)

EPOCHS: tuple[Rule, ...] = (
    Rule(
        holds=lambda setup: given(setup, "epochs"),
        value=0,
        because="as you asked",
        source=sources.TRAINER,
    ),
    Rule(
        holds=lambda setup: setup.recipe.kind == "setfit",
        value=1,
        because="SetFit's own default: every example already appears in many pairs",
        source=sources.SETFIT_ARGUMENTS,
    ),
    Rule(
        holds=lambda setup: setup.recipe.kind == "embedder" and _fewer(setup, 10_000),
        value=4,
        because="the published run on 6,300 pairs made four passes, keeping the best",
        source=sources.SCHMID_EMBEDDING,
    ),
    Rule(
        holds=lambda setup: setup.recipe.kind == "embedder",
        value=1,
        because="as the library's own example on 100,000 pairs; every pair stands against its whole batch",
        source=sources.SBERT_TRAINING,
    ),
    Rule(
        holds=lambda setup: setup.recipe.kind in HEADS and _fewer(setup, 1_000),
        value=20,
        because="so few examples need many passes; the training loss may go to zero without harm",
        source=sources.MOSBACH,
    ),
    Rule(
        holds=lambda setup: setup.recipe.kind in HEADS and _fewer(setup, 10_000),
        value=10,
        because="RoBERTa's limit on GLUE, with early stopping to end it sooner",
        source=sources.ROBERTA,
    ),
    Rule(
        holds=lambda setup: setup.recipe.kind in HEADS,
        value=3,
        because="BERT's range is 2 to 4",
        source=sources.BERT,
    ),
    Rule(
        holds=lambda setup: _fewer(setup, 2_001),
        value=5,
        because="LIMA's best checkpoints on 1,000 examples lay between the 5th and the 10th pass",
        source=sources.LIMA,
    ),
    Rule(
        holds=lambda setup: setup.profile.examples is None or setup.profile.examples < 100_000,
        value=3,
        because="as Alpaca did on 52,000 examples",
        source=sources.ALPACA,
    ),
    Rule(
        holds=lambda setup: True,
        value=1,
        because="with this much data one pass is enough: Zephyr made one over 200,000",
        source=sources.ZEPHYR_FULL,
    ),
)


def _fewer(setup: Setup, limit: int) -> bool:
    return setup.profile.examples is not None and setup.profile.examples < limit


def pace(setup: Setup) -> tuple[Setting, ...]:
    """Learning rate, schedule, warm-up, epochs, batch size, accumulation."""
    epochs = first(EPOCHS, setup)
    return (
        _learning_rate(setup),
        _schedule(setup),
        _warmup(setup),
        setting("epochs", epochs_of(setup), epochs.because, epochs.source),
        _batch_size(setup),
        _accumulation(setup),
        *_pairs(setup),
    )


def epochs_of(setup: Setup) -> float:
    """Passes over the data this plan makes."""
    return setup.profile.epochs if given(setup, "epochs") else first(EPOCHS, setup).value


def _learning_rate(setup: Setup) -> Setting:
    full = first(FULL_RATES, setup)
    if not setup.adapters or setup.recipe.kind == "setfit":
        return setting("learning_rate", full.value, full.because, full.source)
    if setup.recipe.kind == "writer":
        rate = 2e-4 if setup.parameters < LARGE_DECODER else 1e-4
        side = "up to 13B" if setup.parameters < LARGE_DECODER else "above 13B"
        return setting("learning_rate", rate, f"{rate:g} is what QLoRA trains models of {side} with", sources.QLORA)
    because = f"10 times the {full.value:g} of full tuning, the ratio at which LoRA was found to learn best"
    return setting("learning_rate", round(full.value * 10, 10), because, sources.LORA_REGRET)


def _schedule(setup: Setup) -> Setting:
    if setup.recipe.kind == "writer":
        return setting("lr_schedule", "cosine", "as in the Zephyr recipes, full and QLoRA alike", sources.ZEPHYR_QLORA)
    if setup.recipe.kind == "embedder":
        return setting("lr_schedule", "cosine", "as in the published retrieval run", sources.SCHMID_EMBEDDING)
    return setting("lr_schedule", "linear", "down to zero: the baseline that is hard to beat", sources.MOSBACH)


def _warmup(setup: Setup) -> Setting:
    why, source = "the first tenth of all steps, so that early gradients do not break what was learned", sources.MOSBACH
    if setup.recipe.kind == "writer":
        why, source = "the first tenth of all steps, as in the Zephyr recipes", sources.ZEPHYR_QLORA
    return setting("warmup_ratio", 0.1, why, source)


def _pairs(setup: Setup) -> tuple[Setting, ...]:
    if setup.recipe.kind != "setfit":
        return ()
    why = "pairs of equal and as many of unequal labels per example, SetFit's older default; all pairs would be n x n"
    return (setting("pairs_per_example", PAIRS_PER_EXAMPLE, why, sources.SETFIT_PAIRS),)


def _batch_size(setup: Setup) -> Setting:
    size = setup.per_card
    unit = "pairs" if setup.recipe.kind in PAIRED else "sequences"
    if given(setup, "batch_size"):
        return setting("batch_size", size, f"{unit} per card and step, as you asked", sources.TRAINER)
    if setup.recipe.kind == "embedder":
        why = (
            f"{unit} per card: every other passage in the batch is a wrong answer to learn from, so the more the better"
        )
        return setting("batch_size", size, why, sources.MNRL)
    if setup.profile.gpu is None:
        why = f"{unit} per card and step; name your card with --gpu and this is the most that fits"
        return setting("batch_size", size, why, sources.TRAINER)
    if setup.on_cpu:
        why = f"{unit} per step, what is assumed unless you say: without a GPU no memory limit is checked"
        return setting("batch_size", size, why, sources.TRAINER)
    why = f"{unit} per card and step: the most that fits with some room, at most what is wanted"
    return setting("batch_size", size, why, sources.TRAINER)


def _accumulation(setup: Setup) -> Setting:
    steps, total = setup.job.accumulation, setup.effective_batch
    if setup.recipe.kind in PAIRED:
        return setting("accumulation", 1, "summing gradients adds no wrong answers to a batch of pairs", sources.MNRL)
    cards = f" x {setup.job.n_gpus} cards" if setup.job.n_gpus > 1 else ""
    sum_up = f"{setup.per_card} x {steps}{cards} = {total} sequences per step of the optimizer"
    if setup.recipe.kind in HEADS:
        return setting("accumulation", steps, f"{sum_up}; BERT was tuned with 16 or 32", sources.BERT)
    if setup.adapters:
        return setting(
            "accumulation", steps, f"{sum_up}; LoRA loses more than full tuning above 32", sources.LORA_REGRET
        )
    return setting("accumulation", steps, f"{sum_up}; Alpaca took 128 for 52,000 examples", sources.ALPACA)
