"""A guest on somebody's machine: streams that close, disks that fill, files that exist, folders that are not ours."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llmpick import cli, machine
from llmpick.errors import LlmpickError
from llmpick.files import write

pytestmark = pytest.mark.usefixtures("loaded")

SRC = str(Path(__file__).parents[1] / "src")
LIST = "catalog list --family qwen3"
ASK = "recommend --task classification --gpu 24GB --top 1"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A cache with the compiled catalog, made once: compiling takes longer than a hundred answers."""
    folder = tmp_path_factory.mktemp("compiled")
    arguments = [sys.executable, "-m", "llmpick", "license", "mit"]
    subprocess.run(arguments, env=os.environ | {"XDG_CACHE_HOME": str(folder), "PYTHONPATH": SRC}, check=True)
    return folder


@pytest.fixture
def shell(tmp_path, compiled):
    """Run one command line through sh in a home of its own: (exit code, stdout, stderr)."""
    if os.name == "nt":
        pytest.skip("needs a shell")
    shutil.copytree(compiled, tmp_path / "home" / ".cache")

    def run(line, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        home = {"HOME": str(tmp_path / "home"), "PYTHONPATH": SRC, "PYTHONDONTWRITEBYTECODE": "1"}
        command = line.replace("llmpick", f"'{sys.executable}' -m llmpick")
        done = subprocess.run(
            ["sh", "-c", command], capture_output=True, env=clean | home | environment, cwd=tmp_path, check=False
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


@pytest.mark.parametrize(
    "line", [f"llmpick {LIST} >&-", f"llmpick {ASK} 2>&-", f"llmpick {LIST} >&- 2>&-", "llmpick x >&-"]
)
def test_nobody_listening_is_no_fault(shell, line):
    code, _, err = shell(line)
    assert code == (2 if " x " in line else 0)
    assert "Traceback" not in err


def test_a_reader_that_leaves_is_no_fault(shell):
    code, out, err = shell(f"llmpick {LIST} | head -n 1; llmpick {LIST} 2>&1 >/dev/null | head -c 0")
    assert (code, out.count("\n"), err) == (0, 1, "")


@pytest.mark.parametrize("line", [LIST, ASK, "--help", "recommend --help"])
def test_nor_is_one_that_never_came(shell, line):
    _, _, err = shell(f"{{ llmpick {line}; echo $? >&2; }} | head -c 0")
    assert err.splitlines()[-1] == "0"
    assert "Traceback" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("line", [LIST, f"{ASK} --format json", "--help", "recommend --help", "--version"])
def test_a_full_disk_behind_stdout_is_one_line(shell, line):
    code, _, err = shell(f"llmpick {line} > /dev/full")
    assert code == 2
    assert err.splitlines()[-1] == "llmpick: cannot write the answer: No space left on device; send it somewhere else"
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_an_old_code_page_or_a_dumb_terminal_shows_the_same_words(shell):
    plain = shell(f"llmpick {ASK} --format table")
    assert plain[0] == 0
    for environment in (
        {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0", "LC_ALL": "C"},
        {"TERM": "dumb"},
        {"NO_COLOR": "1"},
    ):
        assert shell(f"llmpick {ASK} --format table", **environment) == plain
    assert "\x1b" not in plain[1]


def test_an_answer_writes_nothing_but_its_cache(shell, tmp_path):
    over = tmp_path / "over"
    over.mkdir()
    (over / "hide.yaml").write_text("models: [Qwen/Qwen3-8B]\n")
    for line in (
        ASK,
        LIST,
        "hardware",
        "estimate Qwen/Qwen3-4B --gpu auto",
        f"{ASK} --catalog over",
        "plan qwen3-4b --task chat",
    ):
        shell(f"llmpick {line}")
    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert all(path.startswith("home/.cache/llmpick/") for path in made - {"over/hide.yaml"}), made
    shell(f"llmpick {ASK} --catalog over", XDG_CACHE_HOME=str(tmp_path / "elsewhere"))
    later = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert all(path.startswith("elsewhere/llmpick/") for path in later - made)


def test_a_home_that_cannot_be_written_costs_nothing_but_time(shell, tmp_path):
    (tmp_path / "file").write_text("")
    assert shell(f"llmpick {LIST}", HOME=str(tmp_path / "file"))[0] == 0


OUTPUTS = [
    [*ASK.split(), "--output"],
    ["report", "--task", "classification", "--gpu", "24GB", "--output"],
    ["explain", "Qwen/Qwen3-8B", "--task", "chat", "--output"],
    ["compare", "Qwen/Qwen3-8B", "Qwen/Qwen3-4B", "--task", "chat", "--output"],
    ["estimate", "Qwen/Qwen3-8B", "--output"],
    ["advise", "--task", "chat", "--output"],
    ["license", "mit", "--output"],
    ["tree", "--output"],
    ["hardware", "--gpus", "--output"],
    [*LIST.split(), "--output"],
    ["catalog", "show", "Qwen/Qwen3-8B", "--output"],
    ["catalog", "stats", "--output"],
]


@pytest.mark.parametrize("arguments", OUTPUTS, ids=lambda arguments: " ".join(arguments[:2]))
def test_no_command_overwrites_a_file_without_force(tmp_path, capsys, arguments):
    path = tmp_path / "mine"
    path.write_text("mine")
    assert cli.run([*arguments, str(path)]) == 2
    assert "--force" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert cli.run([*arguments, str(path), "--force"]) == 0
    assert path.read_text() != "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_every_command_that_writes_a_file_is_tried_here():
    writing = {tuple(name.split()) for name, command in cli.COMMANDS.items() if "output" in command.flags}
    tried = {
        tuple(word for word in arguments[:2] if word in ("catalog", "show", "stats", "list")) or (arguments[0],)
        for arguments in OUTPUTS
    }
    assert writing - tried == {("plan",), ("catalog", "schema")}


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["plan", "Qwen/Qwen3-4B", "--task", "chat", "--gpu", "24GB", "--framework", "axolotl", "--output"], None),
        (["catalog", "schema", "--output"], "model.json"),
    ],
    ids=["plan", "schema"],
)
def test_no_command_overwrites_a_folder_without_force_or_touches_what_is_not_its_own(tmp_path, capsys, arguments, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "package.json").write_text("mine")
    assert cli.run([*arguments, str(folder)]) == 0
    made = sorted(path.name for path in folder.iterdir() if path.name != "package.json")
    chosen = folder / (name or made[0])
    chosen.write_text("mine")
    assert cli.run([*arguments, str(folder)]) == 2
    assert "--force" in capsys.readouterr().err
    assert chosen.read_text() == (folder / "package.json").read_text() == "mine"
    assert cli.run([*arguments, str(folder), "--force"]) == 0
    assert chosen.read_text() != "mine"
    assert (folder / "package.json").read_text() == "mine"


@pytest.mark.skipif(os.name == "nt", reason="no links, pipes and modes")
def test_a_link_is_replaced_and_never_followed(tmp_path):
    secret, link = tmp_path / "secret", tmp_path / "link"
    secret.write_text("mine")
    for target in (secret, tmp_path / "nowhere"):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        with pytest.raises(LlmpickError, match="--force"):
            write(link, "text", force=False)
        write(link, "text", force=True)
        assert (link.is_symlink(), link.read_text(), secret.read_text()) == (False, "text\n", "mine")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(os.name == "nt", reason="no links, pipes and modes")
def test_a_device_stays_a_device_and_a_mode_stays_a_mode(tmp_path):
    write(Path(os.devnull), "text", force=True)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    with pytest.raises(LlmpickError, match="is no file"):
        write(tmp_path, "text", force=True)
    private = tmp_path / "private"
    private.write_text("")
    private.chmod(0o600)
    write(private, "text", force=True)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600


def test_a_name_too_long_for_the_disk_is_one_line(tmp_path):
    with pytest.raises(LlmpickError, match="cannot write"):
        write(tmp_path / ("x" * 300), "text", force=False)
    write(tmp_path / ("x" * 250), "text", force=False)


def test_importing_starts_nothing():
    code = """
import os, sys, threading
opened, began = [], set(os.listdir('.'))
def note(event, said):
    if event.split('.')[0] in ('socket', 'subprocess'):
        opened.append((event, said))
sys.addaudithook(note)
import llmpick.cli, llmpick.hub, llmpick.engine, llmpick.machine, llmpick.interview
assert not opened, opened
assert threading.active_count() == 1
assert set(os.listdir('.')) == began
"""
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": SRC})


@pytest.mark.parametrize("line", [ASK, LIST, "hardware", "license mit", "advise --task chat", "catalog check"])
def test_no_answer_opens_a_connection(line):
    code = """
import sys
def refuse(event, said):
    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.sendto'):
        raise RuntimeError(f'{event} {said}')
sys.addaudithook(refuse)
from llmpick import cli
sys.exit(cli.run(sys.argv[1:]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *line.split()],
        capture_output=True,
        env=os.environ | {"PYTHONPATH": SRC},
        check=False,
    )
    assert done.returncode == 0, done.stderr


def alive(pid):
    """Whether a process runs; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc to look into")
def test_a_driver_tool_that_hangs_leaves_no_process_behind(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\nsleep 97 & echo $! > '{tmp_path}/child'\nsleep 98\n")
    tool.chmod(0o755)
    monkeypatch.setattr(machine.shutil, "which", lambda name: str(tool) if name == "nvidia-smi" else None)
    monkeypatch.setattr(machine, "PATIENCE_S", 3)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    began = time.monotonic()
    assert machine.cards() == ()
    assert time.monotonic() - began < 20
    child = int((tmp_path / "child").read_text())
    until = time.monotonic() + 10
    while alive(child) and time.monotonic() < until:
        time.sleep(0.02)  # it takes a moment to die
    assert not alive(child)


def test_json_on_stdout_is_whole_whatever_is_said_besides(shell):
    code, out, err = shell(f"llmpick {ASK} --format json")
    assert code == 0
    assert json.loads(out)["recommended"]
    assert err == ""
