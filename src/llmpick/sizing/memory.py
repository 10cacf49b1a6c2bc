"""Bytes one GPU holds at the worst moment of training, part by part.

A step has a few moments that can be the worst: the loss (everything kept, and the logits), the way back through the
top layer and through the bottom one (what is still kept, that layer's working set, the gradients made so far), the
end of the backward pass, and the optimizer's update. The peak is the largest of them, not the sum of every part's own
largest value. docs/sizing.md derives each term.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmpick.record import NamedTuple
from llmpick.sizing.adapters import adapter_parameters, expert_roles
from llmpick.sizing.layers import sparse_layers
from llmpick.sizing.overhead import LOGITS, STILL, context, moving, shed, slack
from llmpick.sizing.parameters import count
from llmpick.sizing.regime import WIDTH, regime_of, stored_width, targets_of, uniform
from llmpick.sizing.sharding import Static, gather, shard, step_copies
from llmpick.sizing.styles import style_of
from llmpick.sizing.working import Layers, Stack, layers_of, lot_of, working
from llmpick.verdict import Breakdown

if TYPE_CHECKING:
    from llmpick.architecture import Architecture
    from llmpick.sizing.job import Job
    from llmpick.sizing.linear import Linear, Parameters
    from llmpick.sizing.sharding import Gathered
    from llmpick.sizing.working import Lot

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
    """The vocabulary head, tied or not."""
    tied: bool
    table: int
    """Token table."""


class Frame(NamedTuple):
    """A network in one way of training: all that the memory of a batch follows from, whatever the batch.

    Working it out costs twenty times what reading a peak off it does, and holds for every rung of a ladder.
    """

    sums: Sums
    layers: Layers
    hidden: int
    vocabulary: int
    decodes: bool
    """It has a decoder of its own, which writes the targets."""
    c: int
    """Bytes of what matrices are multiplied in."""
    r: int
    """Bytes of the residual stream."""
    full: bool
    auto: bool
    quantized: bool
    casts: float
    """16-bit copies autocast makes of fp32 matrices."""
    cast_head: float
    """The same of the fp32 head."""
    loss: float
    """Bytes per logit when the loss turns back."""
    loss_forth: float
    """Bytes per logit when the loss is taken."""
    copies: float
    """Copies of one layer's stacked experts with their adapters folded in, as PEFT makes them on every pass."""
    copied_layers: int
    """Layers that make them."""


def unpacked(row: tuple[Any, ...]) -> Frame:
    """A Frame of the plain tuples that it was stored as."""
    sums, (stacks, bias), *others = row
    return Frame(Sums(*sums), Layers(tuple([Stack(*stack) for stack in stacks]), bias), *others)


def train(architecture: Architecture, job: Job, parameters: Parameters | None = None) -> Breakdown:
    """The peak of one training step on one GPU; `parameters` saves counting them again."""
    return breakdown(frame(architecture, parameters or count(architecture), job), job)


def frame(architecture: Architecture, counted: Parameters, job: Job) -> Frame:
    """The Frame of a Job; the same for all its batches where `regime.any_length` says so."""
    regime = regime_of(architecture, job)
    sums = sums_of(architecture, counted, job)
    copies = 1.0 if regime.style.widened_loss or regime.auto else regime.c / 4
    capped = regime.c if regime.style.softcap else 0
    cast = regime.auto and regime.w == 4
    return Frame(
        sums=sums,
        layers=layers_of(architecture, job, regime),
        hidden=architecture.hidden_size,
        vocabulary=architecture.vocab_size,
        decodes=architecture.num_decoder_layers > 0,
        c=regime.c,
        r=regime.r,
        full=regime.full,
        auto=regime.auto,
        quantized=regime.quantized,
        casts=2.0 * sums.linear if cast and not regime.quantized else 0.0,
        cast_head=2.0 * sums.head if cast else 0.0,
        loss=LOSS * copies + OUTPUTS * regime.c + capped,
        loss_forth=LOSS_FORTH * copies + capped,
        copies=regime.w * _stacked(counted) / (sparse_layers(architecture) or 1) if regime.experts else 0.0,
        copied_layers=sparse_layers(architecture),
    )


def _stacked(counted: Parameters) -> int:
    """Weights in the stacked experts."""
    return sum(linear.size for linear in counted.linears if linear.fused and linear.group == "expert")


def breakdown(known: Frame, job: Job) -> Breakdown:
    """The peak of one training step of `job`, part by part."""
    rung = rung_of(known, job)
    gradients, activations, logits, overhead = worst(rung, lot_of(job))
    return Breakdown(
        weights=rung.weights,
        adapters=rung.adapters,
        gradients=gradients,
        optimizer=rung.optimizer,
        activations=activations,
        logits=logits,
        overhead=overhead,
    )


def peak_bytes(rung: Rung, lot: Lot) -> int:
    """The peak of one training step on a batch."""
    gradients, activations, logits, overhead = worst(rung, lot)
    return rung.weights + rung.adapters + gradients + rung.optimizer + activations + logits + overhead


class Casts(NamedTuple):
    """Bytes of the 16-bit copies that autocast makes of fp32 matrices, by when they are alive."""

    head: float
    """While there are logits."""
    forth: float
    """Until the forward pass is over."""
    kept: float
    """From the way forth until the last layer has turned back."""
    top: float
    """On the way back through the last layer, beside those kept: its own, made again."""
    bottom: float
    """On the way back through the first layer: its own."""


class Gradients(NamedTuple):
    """Bytes of gradients at each moment; FSDP's gathered layers, which come and go with them, are counted here."""

    old: float
    """Left by the steps before."""
    turned: float
    """When the loss has turned back."""
    topmost: float
    """On the way back through the last layer."""
    lowest: float
    """On the way back through the first layer."""
    made: float
    """When all are made."""
    update: float
    """All, and what the update itself allocates."""


class Rung(NamedTuple):
    """A Frame in one Job, whatever its batch: bytes that stay, and what a moment adds to those of the tokens.

    Working it out costs three times what reading a peak off it does, and holds for every length and batch.
    """

    layers: Layers
    checkpointing: bool
    weights: int
    adapters: int
    optimizer: int
    buffers: float
    """Gathered layers and communication buckets, counted among the activations."""
    overhead: float
    """Of all that stays; that of a moment comes on top."""
    moving: float
    """Share of activations that the allocator holds beyond them."""
    gathered: float
    """Weights that FSDP holds whole while it computes."""
    twice: int
    """Copies of the layers' inputs at the end of the backward pass, where FSDP trains adapters."""
    outside: int
    """Per token, outside the layers."""
    beside: int
    """16-bit copies of the adapters."""
    copies: float
    """Of stacked experts, when the last layer has run."""
    above: float
    """The same on the way back through the last layer."""
    back: float
    """A layer's copies and the gradient of its last matrix."""
    casts: Casts
    temporary: float
    """A matrix unpacked to be multiplied."""
    vocabulary: int
    """Logits of one row; 0 where none are held."""
    decodes: bool
    loss: float
    loss_forth: float
    last: int
    """Per token, when all gradients are made."""
    gradients: Gradients


def rung_of(known: Frame, job: Job) -> Rung:
    """The Rung of a Job; its length and batch do not matter, but that the Frame's layers hold for them."""
    sums, checkpointing = known.sums, job.gradient_checkpointing
    width = _trained_width(job)
    whole = Static(
        weights=_weight_bytes(sums, job),
        adapters=sums.adapters * width,
        gradients=sums.trained * width,
        optimizer=_optimizer_bytes(sums, job, width),
    )
    static = shard(whole, job, sums.trained)
    root = sums.table + (0 if sums.tied else sums.head)
    gathered = gather(job, _layer_bytes(known, known.layers.depth), known.c * root, trained=known.full)
    still = slack(static.weights + static.adapters + static.optimizer + static.buffers, 0, 0)
    # PEFT folds adapters of stacked experts into copies of them (`ParamWrapper`, peft 0.21), which live from a layer's
    # way forth to its way back, where the gradient of its last matrix, a third of it, joins.
    copies = 0.0 if checkpointing else known.copies * known.copied_layers
    return Rung(
        layers=known.layers,
        checkpointing=checkpointing,
        weights=round(static.weights),
        adapters=round(static.adapters),
        optimizer=round(static.optimizer),
        buffers=static.buffers,
        overhead=context(job) + (still + shed(job, known.c * sums.trained if known.full else 0.0)),
        moving=moving(job),
        gathered=gathered.weights,
        # it lets go neither of the inputs of checkpointed layers it does not train nor of their gradients
        twice=2 if gathered.weights and not known.full and checkpointing else 0,
        outside=(4 + known.c) * known.hidden,
        beside=2 * sums.adapters if known.auto else 0,
        copies=copies,
        above=copies - known.copies if copies else 0.0,
        back=known.copies * 4 / 3,
        casts=_casts(known, job),
        temporary=2 * sums.largest if known.quantized else 0,
        vocabulary=known.vocabulary if job.vocabulary_head and not job.chunked_loss else 0,
        decodes=known.decodes,
        loss=known.loss,
        loss_forth=known.loss_forth,
        last=known.r * known.hidden,
        gradients=_gradients(known, job, static.gradients / whole.gradients if whole.gradients else 1.0, gathered),
    )


def _casts(known: Frame, job: Job) -> Casts:
    kept = 0 if job.gradient_checkpointing else known.casts
    each = known.casts / known.layers.depth
    return Casts(
        head=known.cast_head if job.vocabulary_head else 0,
        # autocast remembers the casts of trained weights until the forward pass is over
        forth=known.casts if known.full else kept,
        kept=kept,
        top=each if job.gradient_checkpointing else 0,
        bottom=each,
    )


def _gradients(known: Frame, job: Job, share: float, gathered: Gathered) -> Gradients:
    """`share`: how much of all gradients lies on this GPU."""
    sums, full, writes = known.sums, known.full, job.vocabulary_head
    width = _trained_width(job)
    made = sums.trained * width * share
    old = made if job.accumulation > 1 else 0.0
    head = sums.head * width * share if full and writes else 0.0
    unmade = 0.0 if not full or (sums.tied and writes) else sums.table * width * share
    everything = gathered.root + gathered.layer
    # the table's gradient is made whole before it is added to that of the steps before
    again = sums.table * width * share if old and full else 0
    return Gradients(
        old=old,
        turned=max(old, head) + gathered.root,
        topmost=max(old, head) + everything,
        lowest=max(old, made - unmade - (made / known.layers.depth if full else 0)) + everything,
        made=made + (head if sums.tied else 0) + again + gathered.root,
        update=made + _update_bytes(sums, job, width),
    )


def worst(rung: Rung, lot: Lot) -> tuple[int, int, int, int]:
    """Gradients, activations, logits and overhead at the worst moment of a step on a batch."""
    # with its slack another moment may take more: a longer sequence must not move to a cheaper one
    most = held = 0.0
    activations, logits, gradients = 0.0, 0.0, 0.0
    for moment in moments(rung, lot):
        total = moment[0] + moment[1] + moment[2]
        if total > most:
            most, (activations, logits, gradients) = total, moment
        with_slack = total + (STILL * moment[2] + rung.moving * moment[0] + LOGITS * moment[1])
        held = max(held, with_slack)
    overhead = round(rung.overhead + (held - most))
    return round(gradients), round(activations + rung.buffers), round(logits), overhead


Moment = tuple[float, float, float]
"""Bytes of activations, logits and gradients: what is alive beside weights, adapters and optimizer states."""


def moments(rung: Rung, lot: Lot) -> tuple[Moment, ...]:
    """Every moment of a step on a batch that can be the worst."""
    inputs, top, bottom = working(rung.layers, lot, checkpointing=rung.checkpointing)
    cast_head, cast_forth, cast_kept, cast_top, cast_bottom = rung.casts
    old, turned, topmost, lowest, made, update = rung.gradients
    tokens = lot.length * lot.size
    outside = tokens * rung.outside + rung.beside
    logits = lot.size * (lot.target if rung.decodes else lot.length) * rung.vocabulary
    back = rung.gathered
    kept = inputs + rung.copies + outside + cast_head + back
    turning = kept + cast_kept
    top = top + rung.above + rung.back + outside + cast_kept + cast_top + rung.temporary
    bottom = bottom + rung.back + cast_bottom + rung.temporary + rung.twice * inputs
    return (
        (kept + cast_forth, rung.loss_forth * logits, old),
        (turning, rung.loss * logits, old),
        (turning, 2 * logits, turned),
        (top + back, 0, topmost),
        (bottom + back, 0, lowest),
        (tokens * rung.last + back, 0, made),
        (0, 0, update),
    )


def trainable(architecture: Architecture, counted: Parameters, job: Job) -> int:
    """Parameters that training changes: none when serving, the adapters under LoRA and QLoRA."""
    if job.method == "inference":
        return 0
    return counted.total - counted.non_text if job.method == "full" else _adapters(architecture, counted, job)


def sums_of(architecture: Architecture, counted: Parameters, job: Job) -> Sums:
    """The sums that `job` needs of `counted`."""
    table = architecture.vocab_size * (architecture.embedding_size or architecture.hidden_size)
    linear, packed, largest = 0, counted.non_text, 0  # towers are matrices but for a few norms
    for matrix in counted.linears:
        linear += matrix.size
        if matrix.group != "head" and not matrix.fused:
            packed += matrix.size
            largest = max(largest, matrix.d_in * matrix.d_out)
    adapters = 0 if job.method in {"full", "inference"} else _adapters(architecture, counted, job)
    shared = counted.head if style_of(architecture).tied else 0
    return Sums(
        total=counted.total - shared,
        trained=counted.total - counted.non_text - shared if job.method == "full" else adapters,
        adapters=adapters,
        linear=linear,
        packed=packed,
        largest=largest,
        head=counted.head or table,
        tied=not counted.head or shared > 0,
        table=table,
    )


def _layer_bytes(known: Frame, layers: int) -> float:
    """Bytes of one layer's matrices as FSDP gathers them: QLoRA's stay packed."""
    packed = NF4 * known.sums.packed if known.quantized else 0.0
    return (packed + known.c * (known.sums.linear - (known.sums.packed if known.quantized else 0))) / layers


def _weight_bytes(sums: Sums, job: Job) -> float:
    """QLoRA packs matrices; `stored_width` says what becomes of the rest."""
    if job.method == "qlora":
        packed = NF4 if job.double_quantized else NF4_SINGLE
        return sums.packed * packed + (sums.total - sums.packed) * stored_width(job)
    return sums.total * WIDTH[job.dtype]


def _trained_width(job: Job) -> int:
    """Bytes of one trained number; PEFT keeps adapters in fp32 under autocast."""
    return WIDTH[job.dtype] if job.method == "full" or job.mixed_precision == "no" or uniform(job) else 4


def _optimizer_bytes(sums: Sums, job: Job, width: int) -> float:
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
            return 2.0 * sums.trained * width


def _update_bytes(sums: Sums, job: Job, width: int) -> float:
    """What the update itself allocates: nothing where it is fused."""
    if job.sharding.startswith("zero"):
        return step_copies(sums.trained, job)
    if job.optimizer == "adamw-foreach":  # of the shard that FSDP updates
        return sums.trained * width / (job.n_gpus if job.gathers else 1)
    if job.optimizer == "adafactor":  # fp32 copies of one matrix, its gradient, its update and the factors' product
        return 16.0 * (sums.table if job.method == "full" else 0)
    return 0.0


def _adapters(architecture: Architecture, counted: Parameters, job: Job) -> int:
    if expert_roles(architecture.model_type, job.targets):
        return adapter_parameters(architecture, job.rank, job.targets, counted)
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
