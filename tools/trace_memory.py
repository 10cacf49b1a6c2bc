"""Count every byte of a real training step without a GPU: transformers, PEFT and autograd on fake CUDA tensors.

    python tools/trace_memory.py tests/data/trace_memory.json [NAME...]

Dev-only: needs torch (a CPU build), transformers, peft, accelerate and g++.

FakeTensorMode runs the shapes of every CUDA operator and allocates nothing; a dispatch mode sees each result and a
finalizer on its storage sees it die, so the sum of live storages is what `torch.cuda.max_memory_allocated` would say
but for the work space inside kernels (added for flash attention's backward) and cuBLAS. Two steps are run and the
second is measured, when the optimizer's state exists. The step is Trainer's: accelerate's autocast wrapper around
`forward`, its fp32 copy of the outputs, and only the loss alive when the backward pass starts.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import subprocess
import sys
import tempfile
import weakref
from collections import Counter
from pathlib import Path
from typing import Any

GUARD = r"""
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
// A CUDA device that does nothing: enough for autograd's engine and autocast to run over fake tensors.
namespace {
using namespace c10;
struct Guard final : public impl::DeviceGuardImplInterface {
  Stream only() const { return Stream(Stream::DEFAULT, Device(type(), 0)); }
  DeviceType type() const override { return DeviceType::CUDA; }
  Device exchangeDevice(Device) const override { return {type(), 0}; }
  Device getDevice() const override { return {type(), 0}; }
  void setDevice(Device) const override {}
  void uncheckedSetDevice(Device) const noexcept override {}
  Stream getStream(Device) const override { return only(); }
  Stream getNewStream(Device, int) const override { return only(); }
  Stream exchangeStream(Stream) const override { return only(); }
  DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const Stream&, const DeviceIndex, const EventFlag) const override {}
  void block(void*, const Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const DeviceIndex) const noexcept override {}
  bool queryStream(const Stream&) const override { return true; }
  void synchronizeStream(const Stream&) const override {}
};
struct CUDAHooks final : public at::CUDAHooksInterface {
  explicit CUDAHooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasCUDA() const override { return true; }
  bool hasPrimaryContext(DeviceIndex) const override { return true; }
  DeviceIndex deviceCount() const override { return 1; }
  int getNumGPUs() const override { return 1; }
  DeviceIndex current_device() const override { return 0; }
  DeviceIndex getCurrentDevice() const override { return 0; }
  void setCurrentDevice(DeviceIndex) const override {}
  DeviceIndex exchangeDevice(DeviceIndex) const override { return 0; }
  DeviceIndex maybeExchangeDevice(DeviceIndex) const override { return 0; }
};
}
C10_REGISTER_GUARD_IMPL(CUDA, Guard)
namespace at { using ::CUDAHooks; REGISTER_CUDA_HOOKS(CUDAHooks) }
"""


def pretend_cuda() -> None:
    """Compile and load the do-nothing CUDA device; must run before torch is imported."""
    torch_dir = Path(importlib.util.find_spec("torch").origin).parent
    built = Path(tempfile.gettempdir()) / "llmpick-fake-cuda.so"
    if not built.exists():
        flags = ["-shared", "-fPIC", "-std=c++20", f"-I{torch_dir}/include", f"-L{torch_dir}/lib"]
        link = ["-lc10", "-ltorch_cpu", f"-Wl,-rpath,{torch_dir}/lib"]
        command = ["g++", *flags, "-x", "c++", "-", "-o", str(built), *link]
        subprocess.run(command, input=GUARD, text=True, check=True)
    ctypes.CDLL(str(built), mode=ctypes.RTLD_GLOBAL)


pretend_cuda()

import torch  # noqa: E402
from torch._subclasses.fake_tensor import FakeTensorMode  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
BF16 = torch.bfloat16
BLOCK = 512
"""The CUDA caching allocator rounds every request up to this many bytes."""


class Ledger(TorchDispatchMode):
    """Live bytes by kind, and the worst moment so far."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.live: dict[int, tuple[int, str, tuple[int, ...], str]] = {}
        self.totals: Counter[str] = Counter()
        self.phase = "build"
        self.weights: set[int] = set()
        self.shapes: set[tuple[int, ...]] = set()
        self.reset()

    def reset(self) -> None:
        """Forget the peaks, not what is alive."""
        self.peak = 0
        self.moment: dict[str, Any] = {}
        self.phases: dict[str, int] = {}
        self.alive_at_peak: list[tuple[int, str, tuple[int, ...], str]] = []
        self.keep_alive = False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor) and tensor.device.type == "cuda":
                self.note(tensor, str(func))
        # Autograd adds two gradients of one tensor in place, but not where they are fakes: do not count the sum beside
        # its terms.
        if self.phase != "backward" or func is not torch.ops.aten.add.Tensor:
            self.look(str(func), workspace(func, args))
        return out

    def note(self, tensor: torch.Tensor, op: str) -> None:
        """Enter a storage seen for the first time."""
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self.live:
            return
        size = -(-storage.nbytes() // BLOCK) * BLOCK
        kind = self.kind(tensor)
        self.live[key] = (size, kind, tuple(tensor.shape), op)
        self.totals[kind] += size
        weakref.finalize(storage, self.free, key)

    def kind(self, tensor: torch.Tensor) -> str:
        if self.phase in {"build", "step"}:
            return "weights" if self.phase == "build" else "optimizer"
        if self.phase == "backward" and tuple(tensor.shape) in self.shapes:
            return "gradients"
        last = tensor.shape[-1] if tensor.dim() else 0
        return "logits" if last == self.vocabulary and tensor.numel() > last else "activations"

    def free(self, key: int) -> None:
        size, kind, _, _ = self.live.pop(key)
        self.totals[kind] -= size

    def look(self, op: str, extra: int = 0) -> None:
        total = sum(self.totals.values()) + extra
        self.phases[self.phase] = max(self.phases.get(self.phase, 0), total)
        if total > self.peak:
            self.peak = total
            self.moment = {"phase": self.phase, "op": op, "workspace": extra, **self.totals}
            if self.keep_alive:
                self.alive_at_peak = list(self.live.values())


def workspace(func: Any, args: Any) -> int:
    """Bytes a CUDA kernel asks for itself.

    Flash attention's backward sums dq in fp32 and expands grouped dk and dv; softmax's multiplies gradient and result.
    """
    name = str(func)
    if "_softmax_backward_data" in name and "log" not in name:
        return args[0].numel() * args[0].element_size()
    if "_flash_attention_backward" not in name and "_efficient_attention_backward" not in name:
        return 0
    query, key = args[1], args[2]
    grouped = "flash" in name and key.shape[1] != query.shape[1]
    return query.numel() * (4 + (4 if grouped else 0))


def cuda_sdpa(query, key, value, attn_mask=None, *, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
    """The choice CUDA makes: flash without a mask in 16 bits, else the memory-efficient kernel."""
    if torch.is_autocast_enabled("cuda"):
        low = torch.get_autocast_dtype("cuda")
        query, key, value = (tensor.to(low) for tensor in (query, key, value))
        if attn_mask is not None and attn_mask.is_floating_point():
            attn_mask = attn_mask.to(low)
    alike = query.shape[-1] == value.shape[-1]  # flash has no values narrower than its keys
    if attn_mask is None and query.dtype != torch.float32 and query.shape[-1] <= 256 and alike:
        return torch.ops.aten._scaled_dot_product_flash_attention(
            query, key, value, dropout_p, is_causal, False, scale=scale
        )[0]
    if enable_gqa and key.shape[1] != query.shape[1]:
        key = key.repeat_interleave(query.shape[1] // key.shape[1], 1)
        value = value.repeat_interleave(query.shape[1] // value.shape[1], 1)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        attn_mask = torch.zeros_like(attn_mask, dtype=query.dtype).masked_fill_(attn_mask.logical_not(), -1e9)
    if attn_mask is not None:
        attn_mask = attn_mask.expand(query.shape[0], query.shape[1], query.shape[2], key.shape[2])
    grad = torch.is_grad_enabled() and (query.requires_grad or key.requires_grad or value.requires_grad)
    return torch.ops.aten._scaled_dot_product_efficient_attention(
        query, key, value, attn_mask, grad, dropout_p, is_causal, scale=scale
    )[0]


def move_adapter(self: Any, adapter_name: str, device: Any = None) -> None:
    """PEFT's own, which gives an adapter its base layer's dtype, without swapping fake tensors in place."""
    base = self.get_param() if hasattr(self, "get_param") else self.get_base_layer().weight
    dtype = base.dtype if base.is_floating_point() else torch.float32
    for name in self.adapter_layer_names:
        layers = getattr(self, name, {})
        if adapter_name in layers and isinstance(layers[adapter_name], torch.nn.Module):
            for owner in layers[adapter_name].modules():
                for key, weight in list(owner.named_parameters(recurse=False)):
                    made = torch.empty_like(weight, dtype=dtype, device="cuda")
                    setattr(owner, key, torch.nn.Parameter(made))


FUSED = torch.library.Library("aten", "IMPL", "CUDA")


def without_padding(rule: Any) -> Any:
    """`rule`, which may leave a mask out, told that no token is padding (it would have to read the mask's values)."""
    return lambda padding_mask=None, *args, **kwargs: rule(None, *args, **kwargs)


def patch() -> None:
    """Keep torch from asking a driver that is not there, and from filling tensors that do not exist."""
    from peft.tuners.lora.layer import ParamWrapper
    from peft.tuners.tuners_utils import BaseTunerLayer
    from transformers import masking_utils

    # A CPU build of torch would split the one fused operator it has no CUDA kernel for into smaller ones.
    FUSED.impl("silu_backward", lambda grad, value: torch.empty_like(value))
    torch.utils.swap_tensors = lambda *_: None  # moving a module to the device it is on
    for layer in (BaseTunerLayer, ParamWrapper):
        layer._move_adapter_to_device_of_base_layer = move_adapter

    torch.cuda.is_bf16_supported = lambda *_, **__: True
    torch.cuda.current_device = lambda: 0
    torch.cuda.get_device_capability = lambda *_: (9, 0)
    torch.cuda.amp.common.amp_definitely_not_available = lambda: False
    torch.nn.functional.scaled_dot_product_attention = cuda_sdpa
    # Whether sequences are packed or padded is read from values, which fakes do not have: they are neither.
    masking_utils.find_packed_sequence_indices = lambda *_, **__: None
    for name in ("_ignore_causal_mask_sdpa", "_ignore_bidirectional_mask_sdpa"):
        setattr(masking_utils, name, without_padding(getattr(masking_utils, name)))
    for name in dir(torch.nn.init):
        if name.endswith("_") and not name.startswith("_"):
            setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)


def build(case: dict[str, Any]) -> tuple[Any, str]:
    """The model of `case` on the fake device, and the class it was made with."""
    import transformers
    from transformers import AutoConfig

    job = case["job"]
    config = AutoConfig.for_model(**case["config"])
    kind = auto_class(config, job)
    if job.get("vocabulary_head", True) is False:
        config.num_labels, config.problem_type = 2, "single_label_classification"
        config.pad_token_id = 0
    config.use_cache = False  # as Trainer sets it
    config._attn_implementation = {"flash": "sdpa"}.get(job["attention"], job["attention"])
    transformers.PreTrainedModel.init_weights = lambda self: self.tie_weights()
    with torch.device("cuda"):
        model = getattr(transformers, kind).from_config(
            config, dtype=DTYPES[job["dtype"]], attn_implementation=config._attn_implementation
        )
    if job["method"] == "qlora":
        quantize(model)
    if job["gradient_checkpointing"]:
        model.gradient_checkpointing_enable({"use_reentrant": False, "preserve_rng_state": False})
    return (model if job["method"] == "full" else adapt(model, job)), kind


def quantize(model: Any) -> None:
    """transformers' NF4 loading and PEFT's `prepare_model_for_kbit_training`: pack the layers, widen all else."""
    import bitsandbytes

    class Packed(bitsandbytes.nn.Linear4bit):
        """bitsandbytes' layer over a fake packed weight; the kernel's unpacked copy is made where it would be."""

        def __init__(self, plain: torch.nn.Linear) -> None:
            torch.nn.Module.__init__(self)
            self.in_features, self.out_features, self.compute_dtype = plain.in_features, plain.out_features, BF16
            size = plain.weight.numel()
            data = torch.empty(size // 2, dtype=torch.uint8, device="cuda")
            self.weight = torch.nn.Parameter(data, requires_grad=False)
            self.weight.compress_statistics, self.weight.quant_type = True, "nf4"
            self.register_buffer("absmax", torch.empty(size // 64, dtype=torch.uint8, device="cuda"))
            self.register_buffer("nested", torch.empty(size // 64 // 256 + 1, device="cuda"))
            self.bias = plain.bias

        def forward(self, value: torch.Tensor) -> torch.Tensor:
            bias = None if self.bias is None else self.bias.to(BF16)
            out = Unpack.apply(value.to(BF16), bias, self.in_features, self.out_features)
            return out.to(value.dtype)

    for name, module in list(model.named_modules()):
        if isinstance(module, torch.nn.Linear) and "lm_head" not in name and "score" not in name:
            owner, _, leaf = name.rpartition(".")
            setattr(model.get_submodule(owner), leaf, Packed(module))
    model.is_loaded_in_4bit = True
    for weight in model.parameters():
        weight.requires_grad = False
        if weight.dtype == BF16:
            weight.data = weight.data.to(torch.float32)


class Unpack(torch.autograd.Function):
    """bitsandbytes' MatMul4Bit: both ways unpack the weight, nothing but the packed weight is saved."""

    @staticmethod
    def forward(ctx: Any, value: torch.Tensor, bias: Any, d_in: int, d_out: int) -> torch.Tensor:
        ctx.shape = (d_out, d_in)
        return torch.nn.functional.linear(value, torch.empty(ctx.shape, dtype=value.dtype, device="cuda"), bias)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> Any:
        return torch.matmul(grad, torch.empty(ctx.shape, dtype=grad.dtype, device="cuda")), None, None, None


def auto_class(config: Any, job: dict[str, Any]) -> str:
    if not job.get("vocabulary_head", True):
        return "AutoModelForSequenceClassification"
    if config.is_encoder_decoder:
        return "AutoModelForSeq2SeqLM"
    return "AutoModelForMaskedLM" if job.get("masked") else "AutoModelForCausalLM"


def adapt(model: Any, job: dict[str, Any]) -> Any:
    from peft import LoraConfig, get_peft_model

    targets = job.get("targets", "all-linear")
    head = "SEQ_CLS" if not job.get("vocabulary_head", True) else None
    config = LoraConfig(
        r=job["rank"],
        target_modules=targets if targets == "all-linear" else targets.split(","),
        task_type=head,
        lora_dropout=0.05 if job.get("adapter_dropout") else 0.0,
    )
    return get_peft_model(model, config, autocast_adapter_dtype=job["mixed_precision"] != "no")


def batch(case: dict[str, Any], config: Any) -> dict[str, torch.Tensor]:
    job = case["job"]
    ids = torch.zeros(job["batch_size"], job["seq_len"], dtype=torch.long, device="cuda")
    if not job.get("vocabulary_head", True):
        return {"input_ids": ids, "labels": torch.zeros(job["batch_size"], dtype=torch.long, device="cuda")}
    if config.is_encoder_decoder:
        length = job.get("target_len") or job["seq_len"]
        return {"input_ids": ids, "labels": torch.zeros(job["batch_size"], length, dtype=torch.long, device="cuda")}
    return {"input_ids": ids, "labels": ids}


def optimizer_of(job: dict[str, Any], weights: list[torch.Tensor]) -> torch.optim.Optimizer:
    if job["optimizer"] == "sgd":
        return torch.optim.SGD(weights, lr=1e-3)
    if job["optimizer"] == "adafactor":
        from transformers.optimization import Adafactor

        return Adafactor(weights, lr=1e-3, scale_parameter=False, relative_step=False)  # as Trainer makes it
    return torch.optim.AdamW(weights, lr=1e-3, fused=job["optimizer"] == "adamw", foreach=job["optimizer"] != "adamw")


def loss_of(model: Any, inputs: dict[str, torch.Tensor], mixed: str) -> torch.Tensor:
    """accelerate's `prepare_model` and Trainer's `compute_loss`: the outputs die when this returns."""
    from accelerate.utils import convert_outputs_to_fp32

    if mixed == "no":
        return model(**inputs)["loss"]
    forward = convert_outputs_to_fp32(torch.autocast("cuda", dtype=DTYPES[mixed])(lambda: model(**inputs)))
    return forward()["loss"]


def trace(case: dict[str, Any], keep_alive: bool = False) -> tuple[dict[str, Any], Ledger]:
    """The measured second step of `case`."""
    job = case["job"]
    with FakeTensorMode(allow_non_fake_inputs=True):
        ledger = Ledger(case["config"].get("vocab_size", -1))
        with ledger:
            model, kind = build(case)
            model.train()
            weights = [weight for weight in model.parameters() if weight.requires_grad]
            ledger.shapes = {tuple(weight.shape) for weight in weights}
            optimizer = optimizer_of(job, weights)
            inputs = batch(case, model.config)
            for step in range(2):
                ledger.reset()
                ledger.keep_alive = keep_alive and step == 1
                for _ in range(min(job.get("accumulation", 1), 2)):  # the third pass finds what the second found
                    ledger.phase = "forward"
                    loss = loss_of(model, inputs, job["mixed_precision"])
                    ledger.phase = "backward"
                    loss.backward()
                    loss = loss.detach()
                ledger.phase = "step"
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            return {
                "class": kind,
                "peak": ledger.peak,
                "phase": ledger.moment.pop("phase"),
                "op": ledger.moment.pop("op"),
                "parts": {name: size for name, size in ledger.moment.items() if size},
                "trainable": sum(weight.numel() for weight in weights),
            }, ledger


def main() -> None:
    """Trace the cases named on the command line (those still missing without a name) and merge them into OUT.json."""
    import trace_families
    from trace_cases import cases

    patch()
    out, names = Path(sys.argv[1]), sys.argv[2:]
    saved = json.loads(out.read_text())["cases"] if out.exists() else []
    rows = {identity(row): row for row in saved}
    wanted = cases() + trace_families.cases()
    for case in wanted:
        if (names and case["name"] not in names) or (not names and identity(case) in rows):
            continue
        try:
            rows[identity(case)] = {"name": case["name"], "job": case["job"], **trace(case)[0]}
        except Exception as error:
            print(case["name"], case["job"], "failed:", repr(error)[:300], file=sys.stderr, flush=True)
        write(out, [rows[identity(case)] for case in wanted if identity(case) in rows])


def identity(case: dict[str, Any]) -> str:
    return json.dumps([case["name"], case["job"]], sort_keys=True)


def write(out: Path, rows: list[dict[str, Any]]) -> None:
    """Save after every case, so that a long run may be cut off and go on."""
    import peft
    import transformers
    from trace_cases import DECODERS, ENCODERS, SEQUENCES
    from trace_families import NETWORKS

    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
    configs = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(config)}"
        for name, config in {**DECODERS, **ENCODERS, **SEQUENCES, **NETWORKS}.items()
    )
    cases = ",\n".join(json.dumps(row) for row in rows)
    out.write_text(f'{{"versions": {json.dumps(versions)},\n"configs": {{\n{configs}\n}},\n"cases": [\n{cases}\n]}}\n')


if __name__ == "__main__":
    main()
