"""Bytes one GPU holds at the worst moment of training, part by part.

A step has a few moments that can be the worst: the loss (everything kept, and the logits), the way back through the
top layer and through the bottom one (what is still kept, that layer's working set, the gradients made so far), the
end of the backward pass, and the optimizer's update. The peak is the largest of them, not the sum of every part's own
largest value. docs/sizing.md derives each term.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from llmpick.sizing.overhead import context, slack
from llmpick.sizing.parameters import count
from llmpick.sizing.regime import WIDTH, regime_of, stored_width, targets_of, uniform
from llmpick.sizing.sharding import Static, shard
from llmpick.sizing.styles import style_of
from llmpick.sizing.working import working
from llmpick.verdict import Breakdown

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job
    from llmpick.sizing.linear import Linear, Parameters
    from llmpick.sizing.regime import Regime

NF4 = 0.5 + 1 / 64 + 4 / (64 * 256)
"""Bytes per parameter: 4 bits, an 8-bit scale per 64 weights, an fp32 scale per 256 scales (QLoRA, section 3)."""
NF4_SINGLE = 0.5 + 4 / 64
"""The same with fp32 scales that are not quantized once more."""
LOSS = 12
"""Bytes per logit when the loss turns back: fp32 log-probabilities, their gradient, the logits' gradient."""
OUTPUTS = 0.6
"""Share of the logits' own copy that is counted beside them. Trainer has let go of the model's outputs by then; a loop
that still names them has not. This errs by at most 10 % of the loss where it is high and 6 % where it is low, which
costs more."""
LOSS_FORTH = 10
"""Bytes per logit when the loss is taken: 16-bit logits, their fp32 copy, fp32 log-probabilities."""
EIGHT_BIT = 2 + 2 * 4 / 256
"""Bytes per parameter of 8-bit Adam: two states, an fp32 scale per block of 256 (bitsandbytes)."""


class Sums(NamedTuple):
    """Parameters of one model that a Job distinguishes."""

    total: int
    trained: int
    adapters: int
    linear: int
    """Weight matrices without the head: what autocast casts."""
    packed: int
    """In matrices that QLoRA quantizes."""
    largest: int
    """The largest such matrix."""
    head: int
    """The vocabulary head, tied or not; 0 where no logits are computed."""
    tied: bool
    table: int
    """Token table."""


class Moment(NamedTuple):
    """What is alive beside weights, adapters and optimizer states."""

    activations: float
    logits: float
    gradients: float


def train(architecture: Architecture, job: Job, parameters: Parameters | None = None) -> Breakdown:
    """The peak of one training step on one GPU; `parameters` saves counting them again."""
    sums = sums_of(architecture, parameters or count(architecture), job)
    regime = regime_of(architecture, job)
    whole = Static(
        weights=_weight_bytes(sums, job),
        adapters=sums.adapters * _trained_width(job),
        gradients=sums.trained * _trained_width(job),
        optimizer=_optimizer_bytes(sums, job),
    )
    layer = regime.c * sums.linear / (architecture.num_hidden_layers + architecture.num_decoder_layers)
    static = shard(whole, job, sums.trained, layer)
    share = static.gradients / whole.gradients if whole.gradients else 1.0
    worst = max(_moments(architecture, job, sums, regime, share), key=sum)
    return _breakdown(static, worst, job)


def trainable(counted: Parameters, job: Job) -> int:
    """Parameters that training changes: none when serving, the adapters under LoRA and QLoRA."""
    if job.method == "inference":
        return 0
    return counted.total - counted.non_text if job.method == "full" else _adapters(counted, job)


def sums_of(architecture: Architecture, counted: Parameters, job: Job) -> Sums:
    """The sums that `job` needs of `counted`."""
    table = architecture.vocab_size * (architecture.embedding_size or architecture.hidden_size)
    linear, packed, largest = 0, counted.non_text, 0  # towers are matrices but for a few norms
    for matrix in counted.linears:
        linear += matrix.size
        if matrix.group != "head" and not matrix.fused:
            packed += matrix.size
            largest = max(largest, matrix.d_in * matrix.d_out)
    adapters = 0 if job.method in {"full", "inference"} else _adapters(counted, job)
    shared = counted.head if style_of(architecture).tied else 0
    return Sums(
        total=counted.total - shared,
        trained=trainable(counted, job) - shared if job.method == "full" else adapters,
        adapters=adapters,
        linear=linear,
        packed=packed,
        largest=largest,
        head=(counted.head or table) if job.vocabulary_head else 0,
        tied=not counted.head or shared > 0,
        table=table,
    )


def _moments(a: Architecture, job: Job, sums: Sums, regime: Regime, share: float) -> list[Moment]:
    """Every moment of a step that can be the worst; `share` of the gradients lies on this GPU."""
    layers = working(a, job, regime)
    width = _trained_width(job)
    made = sums.trained * width * share
    old = made if job.accumulation > 1 else 0.0
    outside = job.tokens * (4 + regime.c) * a.hidden_size + (2 * sums.adapters if regime.auto else 0)
    head = sums.head * width * share if regime.full else 0.0
    casts, cast_head = _casts(sums, regime)
    kept_casts = 0 if job.gradient_checkpointing else casts
    # autocast remembers the casts of trained weights until the forward pass is over
    forth_casts = casts if regime.full else kept_casts
    layer_casts = casts / layers.layers if job.gradient_checkpointing else 0
    temporary = 2 * sums.largest if regime.quantized else 0
    logits = 0 if job.chunked_loss else _rows(a, job) * a.vocab_size * (1 if job.vocabulary_head else 0)
    kept = layers.kept + outside + cast_head
    loss, loss_forth = _loss_bytes(regime)
    unmade = 0.0 if not regime.full or (sums.tied and sums.head) else sums.table * width * share
    lowest = made - unmade - (made / layers.layers if regime.full else 0)
    return [
        Moment(kept + forth_casts, loss_forth * logits, old),
        Moment(kept + kept_casts, loss * logits, old),
        Moment(kept + kept_casts, 2 * logits, max(old, head)),
        Moment(layers.top + outside + kept_casts + layer_casts + temporary, 0, max(old, head)),
        Moment(layers.bottom + casts / layers.layers + temporary, 0, max(old, lowest)),
        Moment(job.tokens * regime.r * a.hidden_size, 0, made + (head if sums.tied else 0)),
        Moment(0, 0, made + _update_bytes(sums, job)),
    ]


def _loss_bytes(regime: Regime) -> tuple[float, float]:
    """Bytes per logit when the loss turns back, and when it is taken."""
    copies = 1.0 if regime.style.widened_loss or regime.auto else regime.c / 4
    capped = regime.c if regime.style.softcap else 0
    return LOSS * copies + OUTPUTS * regime.c + capped, LOSS_FORTH * copies + capped


def _casts(sums: Sums, regime: Regime) -> tuple[float, float]:
    """16-bit copies autocast makes of fp32 matrices and of the fp32 head."""
    if not (regime.auto and regime.w == 4):
        return 0.0, 0.0
    return (0.0 if regime.quantized else 2.0 * sums.linear), 2.0 * sums.head


def _rows(a: Architecture, job: Job) -> int:
    """Rows of logits."""
    return job.batch_size * (job.target_len if a.num_decoder_layers and job.target_len else job.seq_len)


def _weight_bytes(sums: Sums, job: Job) -> float:
    """QLoRA packs matrices; `stored_width` says what becomes of the rest."""
    if job.method == "qlora":
        packed = NF4 if job.double_quantized else NF4_SINGLE
        return sums.packed * packed + (sums.total - sums.packed) * stored_width(job)
    return sums.total * WIDTH[job.dtype]


def _trained_width(job: Job) -> int:
    """Bytes of one trained number; PEFT keeps adapters in fp32 under autocast."""
    return WIDTH[job.dtype] if job.method == "full" or job.mixed_precision == "no" or uniform(job) else 4


def _optimizer_bytes(sums: Sums, job: Job) -> float:
    """The optimizer's states. Trainer keeps those of embedding tables in 32 bits under 8-bit Adam."""
    match job.optimizer:
        case "adamw-8bit":
            table = sums.table if job.method == "full" else 0
            return (sums.trained - table) * EIGHT_BIT + table * 8
        case "paged-adamw-8bit" | "sgd":
            return 0.0
        case "adafactor":
            return 0.01 * sums.trained
        case _:
            return 2.0 * sums.trained * _trained_width(job)


def _update_bytes(sums: Sums, job: Job) -> float:
    """What the update itself allocates: nothing where it is fused."""
    if job.optimizer == "adamw-foreach":
        return sums.trained * _trained_width(job)
    if job.optimizer == "adafactor":  # fp32 copies of one matrix, its gradient, its update and the factors' product
        return 16.0 * (sums.table if job.method == "full" else 0)
    return 0.0


def _adapters(counted: Parameters, job: Job) -> int:
    targets = targets_of_linears(counted.linears, job.targets)
    return sum(linear.count * job.rank * (linear.d_in + linear.d_out) for linear in targets)


def targets_of_linears(linears: tuple[Linear, ...], targets: str) -> tuple[Linear, ...]:
    """The matrices that `targets` gives an adapter; heads, routers and stacked experts never get one."""
    able = (linear for linear in linears if linear.group not in {"head", "router"} and not linear.fused)
    if targets == "all-linear":
        return tuple(able)
    if targets == "attention":
        return tuple(linear for linear in able if linear.group in {"attention", "cross-attention"})
    names = targets_of("", targets) or frozenset()
    return tuple(linear for linear in able if linear.name in names)


def _breakdown(static: Static, moment: Moment, job: Job) -> Breakdown:
    moving = moment.activations + moment.logits
    still = static.weights + static.adapters + static.optimizer + static.buffers + moment.gradients
    return Breakdown(
        weights=round(static.weights),
        adapters=round(static.adapters),
        gradients=round(moment.gradients),
        optimizer=round(static.optimizer),
        activations=round(moment.activations + static.buffers),
        logits=round(moment.logits),
        overhead=round(context(job) + slack(still, moving)),
    )
