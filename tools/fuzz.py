"""Feed every parser bytes that a coverage-guided fuzzer (atheris, libFuzzer) makes up, for as long as you like.

    pip install atheris && python tools/fuzz.py --runs 1000000            # all targets, the runs shared among them
    python tools/fuzz.py --target units --runs 50000 --corpus DIR         # one of them, what it found is kept in DIR

A run ends badly on any exception but the ones a user may see, on an input that takes more than 2 s, or when the process
holds more than 300 MB over what it held before the first input. Prints one line a target: executions, crashes, the
slowest input and the most memory. Inputs that end badly are left in the corpus folder as `crash-*`, `timeout-*` or
`oom-*`; `--replay FILE` runs one of them without the fuzzer. Not part of the tests: what it finds becomes one.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SLOWEST_S, MOST_MB = 2, 300
LONGEST = {"catalog": 1 << 18, "cli": 4096, "units": 200}
SMALL = ROOT / "tests" / "data" / "catalog_small"
TOKENS = """
task: gpu: ? [ ] { } - : , | > & * ! # % @ ` " ' --- ... <<: &a *a !!python/object:os.system !!binary 0x10 1e999 .inf
.nan NaN Infinity -Infinity null true false yes no ~ 2024-01-31 99999999999999999999 1e308 -0 0.1 \\u202e
\\x00 \\ufeff %YAML {"a": [[ ]] }} "id": "sha": "model_type": "llama" "hidden_size": "num_hidden_layers": "layer_types"
"rope_scaling"
"text_config": "quantization_config": "cardData": "tags": "siblings": "rfilename" "safetensors": "BF16":
"base_model": "gated": "auto" "license": "downloads": 24GB 2x24GB RTX A100-80GB 1e9GB GiB x × ½ ٣ ² auto none cpu
"license:apache-2.0" "base_model:quantized:a/b" models/ .. / ../../etc/passwd mixtral deepseek_v3 bert t5 mamba2
num_local_experts num_experts_per_tok kv_lora_rank q_lora_rank head_dim vision_config hybrid_override_pattern M* attn
""".split()


def catalog_target() -> Any:
    from llmpick.catalog.kinds import KINDS
    from llmpick.catalog.parsing import parse

    paths = [kind.folder.replace("*", "x") for kind in KINDS]
    kinds = dict(zip(paths, KINDS, strict=True))

    def one(data: bytes) -> None:
        path = paths[data[0] % len(paths)] if data else paths[0]
        value, faults = parse(data[1:], kinds[path], path)
        assert (value is None) == bool(faults), "a value with faults, or neither"
        assert all("\n" not in str(fault) and fault.line > 0 and fault.column > 0 for fault in faults)

    return one


def profile_target() -> Any:
    from llmpick import catalog, profile, reading
    from llmpick.licensing.casefile import from_case
    from llmpick.steps.asked import vocabulary

    known = vocabulary(catalog.load(base=SMALL))

    def one(data: bytes) -> None:
        fields = reading.mapping(data, "given", "")
        for use in (
            lambda: from_case(fields),
            lambda: profile.build({"task": "chat", **profile.merge(fields, {})}, known),
        ):
            said(use)

    return one


def config_target() -> Any:
    from llmpick.config_json import parse_config, read_config
    from llmpick.sizing.estimate import estimate
    from llmpick.sizing.job import usual
    from llmpick.sizing.parameters import count

    def one(data: bytes) -> None:
        shape = read_config(parse_config(data, "given")).architecture
        counted = count(shape)
        assert 0 < counted.active <= counted.total
        for method in ("full", "qlora", "inference"):
            memory = estimate("given", shape, usual(shape, method), None)
            assert memory.breakdown.peak > 0

    return one


def units_target() -> Any:
    from llmpick import catalog, units
    from llmpick.machine import Card, written

    gpus = catalog.load(base=SMALL).gpus

    def one(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        said(lambda: units.parse_memory(text))
        said(lambda: units.parse_number(text, "--x", 0, 1e15))
        if text.isprintable() and text:
            assert written([Card(name=text, total_bytes=24 << 30, free_bytes=1)], gpus)
        setup = units.parse_gpu(text, gpus)
        assert units.parse_gpu(setup.text, gpus) == setup

    return one


def hub_target() -> Any:
    from llmpick import catalog
    from llmpick.hub import adding
    from llmpick.hub.copies import refuse_copies
    from llmpick.hub.draft import draft
    from llmpick.hub.local import front_matter
    from llmpick.hub.repository import from_api, parse_json

    facts = catalog.load(base=SMALL)

    def one(data: bytes) -> None:
        reply, _, rest = data.partition(b"\0")
        config, _, card = rest.partition(b"\0")
        text = card.decode("utf-8", "replace")
        front_matter(text)
        found = from_api({"id": "a/b", **parse_json(reply, "the reply")}, "a/b")
        parsed = parse_json(config or b'{"model_type": "llama"}', "config.json")
        refuse_copies(found, parsed, text, [model.id for model in facts.models])
        drafted = draft(found, parsed, "", facts, "2026-11-21")
        path = f"models/{found.id}.yaml"
        adding._hold(adding.to_yaml(drafted, path, found), path, found.id, facts)

    return one


def state_target() -> Any:
    from llmpick.catalog import compiled
    from llmpick.hub import local
    from llmpick.hub.state import State

    folder = Path(tempfile.mkdtemp())

    def one(data: bytes) -> None:
        (folder / ".refresh.json").write_bytes(data)
        state = State.dry(folder)
        for id_ in list(state._said):
            assert state.facts(id_).id
        (folder / "x.safetensors").write_bytes(data)
        said(lambda: local._tensors(folder, ("x.safetensors",)))
        compiled.read(folder / ".refresh.json", bool)

    return one


def machine_target() -> Any:
    from llmpick import machine

    def one(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        machine._run = lambda *_: text
        for probe in (machine._nvidia_smi, machine._amd_smi, machine._rocm_smi):
            assert all(card.total_bytes > 0 and card.free_bytes >= 0 for card in probe())

    return one


TARGETS = {
    "catalog": catalog_target,
    "profile": profile_target,
    "config": config_target,
    "units": units_target,
    "hub": hub_target,
    "state": state_target,
    "machine": machine_target,
}


def said(call: Any) -> None:
    """Call, and let pass what a user may see, if it is one line."""
    from llmpick.errors import LlmpickError

    try:
        call()
    except LlmpickError as error:
        from llmpick.render.text import safe

        assert "\n" not in safe(str(error))


def seeds(target: str) -> list[bytes]:
    """Sound inputs to begin with."""
    config = json.dumps(llama()).encode()
    reply = {
        "sha": "0" * 40,
        "downloads": 1,
        "cardData": {"license": "mit"},
        "safetensors": {"parameters": {"BF16": 7}},
    }
    header = json.dumps({"a": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]}}).encode()
    rows = {"a/b": {"id": "a/b", "sha": "0" * 40, "downloads": 1, "etag": "x", "fresh": True}}
    vram = {"gpu": 0, "asic": {"market_name": "MI300X"}, "vram": {"size": {"value": 196592, "unit": "MB"}}}
    rocm = {"card0": {"VRAM Total Memory (B)": "17163091968", "VRAM Total Used Memory (B)": "1", "Card Series": "x"}}
    amounts = "24GB|2x24GB|RTX 4090|2xA100-80GB|$1_000,000|20k|none|4x 24576 MiB"
    return {
        "catalog": catalog_seeds,
        "profile": lambda: [file.read_bytes() for file in (ROOT / "examples").glob("*.yaml")],
        "config": lambda: [config.replace(b'"llama"', f'"{kind}"'.encode()) for kind in model_types()],
        "units": lambda: amounts.encode().split(b"|"),
        "hub": lambda: [json.dumps(reply).encode() + b"\0" + config + b"\0---\nlicense: mit\n---\n"],
        "state": lambda: [
            len(header).to_bytes(8, "little") + header,
            json.dumps({"unfinished": "2026-11-21", "models": rows}).encode(),
        ],
        "machine": lambda: [b"NVIDIA L4, 23034, 22000\n", json.dumps([vram]).encode(), json.dumps(rocm).encode()],
    }[target]()


def llama() -> dict[str, Any]:
    """A small config.json."""
    sys.path.insert(0, str(ROOT / "tests"))
    from fake_hub import LLAMA

    return LLAMA


def catalog_seeds() -> list[bytes]:
    """Small files of every kind, each behind the byte that names its kind."""
    from llmpick.catalog.kinds import KINDS

    found = []
    for at, kind in enumerate(KINDS):
        files = sorted(
            (*SMALL.glob(kind.folder), *(ROOT / "catalog").glob(kind.folder)), key=lambda file: file.stat().st_size
        )
        found += [bytes([at]) + file.read_bytes()[:20_000] for file in files[:12]]
    return found


def model_types() -> list[str]:
    from llmpick.config_json.classes import DECODERS
    from llmpick.config_json.encoders import ENCODERS

    return sorted({*DECODERS, *ENCODERS})


def fuzz(target: str, arguments: list[str]) -> None:
    """Run one target in this process; never returns."""
    import atheris

    with atheris.instrument_imports(include=["llmpick"], enable_loader_override=False):
        import llmpick

        for module in pkgutil.walk_packages(llmpick.__path__, "llmpick."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    one = TARGETS[target]()
    atheris.Setup([sys.argv[0], *arguments], lambda data: said(lambda: one(bytes(data))))
    atheris.Fuzz()


def drive(target: str, runs: int, seconds: int, corpus: Path) -> tuple[str, bool]:
    """Run one target in a process of its own; a row of the table, and whether all went well."""
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    for at, data in enumerate(seeds(target)):
        (folder / f"seed-{at}").write_bytes(data)
    tokens = corpus / "tokens"
    tokens.write_text("".join(f'"{quoted(word)}"\n' for word in TOKENS))
    command = [
        sys.executable,
        __file__,
        "--one",
        target,
        "--",
        f"-runs={runs}",
        f"-timeout={SLOWEST_S}",
        f"-dict={tokens}",
    ]
    command += [
        f"-rss_limit_mb={held(target) + MOST_MB}",
        f"-max_len={LONGEST.get(target, 1 << 16)}",
        "-print_final_stats=1",
    ]
    command += [f"-artifact_prefix={folder}/", *([f"-max_total_time={seconds}"] if seconds else []), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    (corpus / f"{target}.log").write_text(done.stdout + done.stderr)
    stats = dict(re.findall(r"stat::(\w+):\s+(\d+)", done.stderr))
    bad = len([*folder.glob("crash-*"), *folder.glob("timeout-*"), *folder.glob("oom-*")])
    number = int(stats.get("number_of_executed_units", 0))
    slowest, peak = stats.get("slowest_unit_time_sec", "?"), stats.get("peak_rss_mb", "?")
    coverage = (re.findall(r"cov: (\d+)", done.stderr) or ["?"])[-1]
    most = f"< {int(slowest) + 1} s" if slowest != "?" else "?"
    row = f"| {target} | {number:,} | {coverage} | {bad} | {most} | {peak} MB |"
    return row, done.returncode == 0 and not bad


def quoted(word: str) -> str:
    """A word as libFuzzer's dictionaries write it."""
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


def held(target: str) -> int:
    """MB that a process holds before it reads its first input."""
    command = [sys.executable, __file__, "--one", target, "--", "-runs=1", "-print_final_stats=1"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    return int((re.findall(r"peak_rss_mb:\s+(\d+)", done.stderr) or ["200"])[0])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--target", choices=TARGETS, action="append")
    options.add_argument("--runs", type=int, default=1_000_000, help="executions, over all targets")
    options.add_argument("--seconds", type=int, default=0, help="at most, for each target")
    options.add_argument("--corpus", type=Path, default=Path("fuzz-corpus"))
    options.add_argument("--replay", type=Path)
    options.add_argument("--one", choices=TARGETS, help=argparse.SUPPRESS)
    asked, rest = options.parse_known_args()
    if asked.one:
        fuzz(asked.one, [part for part in rest if part != "--"])
    targets = asked.target or list(TARGETS)
    if asked.replay:
        said(lambda: TARGETS[targets[0]]()(asked.replay.read_bytes()))
        print(f"ends well, with {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB held")
        return 0
    print("| target | executions | edges covered | ended badly | slowest | most memory |\n|---|---|---|---|---|---|")
    sound = True
    for target in targets:
        row, well = drive(target, asked.runs // len(targets), asked.seconds, asked.corpus)
        print(row, flush=True)
        sound = sound and well
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
