"""The Job: one way of training or serving a model, every choice that its memory, time and cost depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from llmpick.errors import LlmpickError
from llmpick.record import record

if TYPE_CHECKING:
    from llmpick.architecture import Architecture

JobMethod = Literal["full", "lora", "qlora", "inference"]
Dtype = Literal["bf16", "fp16", "fp32", "int8", "int4"]
MixedPrecision = Literal["bf16", "fp16", "no"]
Optimizer = Literal["adamw", "adamw-foreach", "adamw-8bit", "paged-adamw-8bit", "adafactor", "sgd"]
Attention = Literal["flash", "sdpa", "eager"]
Sharding = Literal["none", "ddp", "zero1", "zero2", "zero3", "fsdp"]

ALL_LINEAR = "all-linear"


@record
class Job:
    """How a model is trained or served. The defaults are those of a Hugging Face Trainer + PEFT script."""

    method: JobMethod
    rank: int = 16
    """LoRA rank; ignored by `full` and `inference`."""
    targets: str = ALL_LINEAR
    """`all-linear`, `attention`, or module leaf names joined by commas (`q_proj,v_proj`)."""
    seq_len: int = 512
    """Tokens of every sequence, padding included."""
    target_len: int | None = None
    """Tokens a decoder of an encoder-decoder writes; None = as many as `seq_len`. Serving: tokens generated."""
    batch_size: int = 1
    """Sequences per GPU and step."""
    dtype: Dtype = "bf16"
    """What the weights are kept in (`int8` and `int4` only serve)."""
    mixed_precision: MixedPrecision = "bf16"
    """Autocast over the weights, as Trainer's `bf16=True`; `no` computes in `dtype`, adapters included."""
    optimizer: Optimizer = "adamw"
    """`adamw` is the fused one, Trainer's default."""
    gradient_checkpointing: bool = True
    """Keep only each layer's input and compute the rest again on the way back."""
    attention: Attention = "sdpa"
    sharding: Sharding = "none"
    n_gpus: int = 1
    vocabulary_head: bool = True
    """Training computes logits over the vocabulary; False for classification, tagging, embedding."""
    chunked_loss: bool = False
    """The loss never holds all logits (Liger, cut cross-entropy, chunked cross-entropy)."""
    accumulation: int = 1
    """Steps whose gradients are summed before the optimizer runs; above 1 they live through the forward pass."""
    double_quantized: bool = True
    """QLoRA quantizes the scales of its NF4 weights as well (`bnb_4bit_use_double_quant`)."""
    adapter_dropout: bool = False
    """Whether adapters drop out some of their input (`lora_dropout` above 0; PEFT's default is 0)."""

    @property
    def tokens(self) -> int:
        """Tokens in one GPU's batch."""
        return self.seq_len * self.batch_size

    @property
    def gathers(self) -> bool:
        """Whether FSDP shares the weights of several GPUs, and gathers them layer by layer."""
        return self.sharding == "fsdp" and self.n_gpus > 1


def usual(architecture: Architecture, method: JobMethod, **given: Any) -> Job:
    """The Job most people would run: `given` fields win over what suits the architecture and the method.

    Decoders keep bf16 weights (their checkpoints are stored so) and checkpoint gradients. Encoders and encoder-decoders
    keep fp32 weights, as theirs are stored, and checkpoint nothing; frozen under adapters, a sequence-to-sequence model
    is loaded in bf16. An encoder has no vocabulary head.
    """
    return usual_for(architecture.structure, method, **given)


def usual_for(structure: str, method: JobMethod, **given: Any) -> Job:
    """The same from the structure alone, which is all it depends on."""
    decoder = structure == "decoder"
    half = decoder or method in {"qlora", "inference"} or (method == "lora" and structure != "encoder")
    chosen: dict[str, Any] = {
        "dtype": "bf16" if half else "fp32",
        "gradient_checkpointing": decoder or method == "qlora",
        "vocabulary_head": structure != "encoder",
    }
    return check(Job(method=method, **(chosen | given)))


def check(job: Job) -> Job:
    """`job` itself; raises LlmpickError where a size is not positive or a field contradicts another."""
    for name in ("rank", "seq_len", "batch_size", "n_gpus", "accumulation"):
        if not 0 < getattr(job, name) <= 10**9:
            raise LlmpickError(f"{name.replace('_', '-')} is {getattr(job, name)}", "it must be between 1 and 10^9")
    if job.method != "inference" and job.dtype in {"int8", "int4"}:
        raise LlmpickError(f"{job.method} cannot train weights kept in {job.dtype}", "use bf16, fp16 or fp32, or qlora")
    return job
