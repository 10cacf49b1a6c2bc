"""The interview asks in plain words, only for what is missing, and answers like the flags it prints."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import render_cases as cases
from llmpick import interview
from llmpick import profile as profiles
from llmpick.catalog import Catalog
from llmpick.errors import LlmpickError
from llmpick.files import read_mapping
from llmpick.interview import State, apply, ask, next_question, prompt, to_yaml
from llmpick.profile import Profile
from llmpick.questions import questions
from llmpick.render import question as asked_again
from llmpick.steps.asked import vocabulary

Parse = Callable[..., Profile]
BLANKS = ["\n"] * 10


@pytest.fixture(scope="session")
def parse(facts: Catalog) -> Parse:
    known = vocabulary(facts)
    return lambda raw: profiles.build(raw, known)


def answered(facts: Catalog, parse: Parse, lines: list[str], **given: Any) -> tuple[State, str]:
    """The state and all that was said after `lines`."""
    said: list[str] = []
    rest = iter(lines)
    start = State(questions=questions(facts), given=tuple(given.items()))
    end = ask(start, lambda: next(rest, ""), said.append, parse)
    assert next(rest, None) is None, "not every line was read"
    return end, "".join(said)


def fields(facts: Catalog, **given: Any) -> list[str]:
    """The fields asked for when every answer is Enter."""
    state, found = State(questions=questions(facts), given=tuple(given.items())), []
    while question := next_question(state):
        found.append(question.field)
        state, _ = apply(state, question, "\n", lambda raw: raw)
    return found


def test_six_to_ten_questions_in_the_order_of_the_decision(facts: Catalog) -> None:
    order = ["task", "gpu", "examples", "domain", "languages", "commercial", "weights", "serve_gpu", "priority"]
    assert fields(facts) == order
    assert fields(facts, commercial=True) == [*order[:5], "monthly_users", *order[6:]]
    assert all(question.explains and question.asks.endswith(("?", "next?")) for question in questions(facts))


def test_only_what_is_missing_is_asked(facts: Catalog, parse: Parse) -> None:
    given = {"task": "translation", "gpu": "24GB", "languages": "de,en", "commercial": False, "priority": "quality"}
    state, said = answered(facts, parse, ["\n"] * 4, **given)
    assert state.raw == given
    assert "What should the tuned model do?" not in said and "How many training examples" in said


def test_enter_takes_the_default_and_leaves_the_rest_out(facts: Catalog, parse: Parse) -> None:
    state, _ = answered(facts, parse, ["\n"] * 9)
    assert state.raw == {"task": "classification"}
    assert parse(state.raw) == parse({"task": "classification"})


def test_numbers_words_and_aliases_are_understood(facts: Catalog, parse: Parse) -> None:
    lines = ["7\n", "RTX 4090\n", "20k\n", "law\n", "German, ko\n", "1\n", "3e6\n", "open\n", "8GB\n", "4 > quality\n"]
    state, _ = answered(facts, parse, lines)
    profile = parse(state.raw)
    assert (profile.task, profile.domain, profile.languages) == ("translation", "legal", ("de", "ko"))
    assert (profile.examples, profile.commercial, profile.monthly_users) == (20_000, True, 3_000_000)
    assert profile.priority == ("economy", "quality") and profile.weights == "open"
    assert profile.serve_gpu and profile.serve_gpu.count == 1


def test_a_wrong_answer_is_told_at_once_and_asked_again(facts: Catalog, parse: Parse) -> None:
    lines = ["clasification\n", "99\n", "classification\n", "24XB\n", "24GB\n", "-3\n", *BLANKS[:7]]
    state, said = answered(facts, parse, lines)
    assert state.raw == {"task": "classification", "gpu": "24GB"}
    flat = " ".join(said.split())
    assert "did you mean classification" in flat and "no task called '99'" in flat and "24XB" in flat and "'-3'" in flat


def test_a_question_mark_explains_and_asks_again(facts: Catalog, parse: Parse) -> None:
    first = questions(facts)[0]
    _, said = answered(facts, parse, ["?\n", *BLANKS[:9]])
    assert " ".join(first.explains.split()) in " ".join(said.split())
    assert said.count(first.asks) == 1, "the list is not read out twice"


def test_going_back_takes_the_last_answer_away(facts: Catalog, parse: Parse) -> None:
    lines = ["<\n", "chat\n", "24GB\n", "<\n", "<\n", "summarization\n", "16GB\n", *BLANKS[:7]]
    state, said = answered(facts, parse, lines)
    assert state.raw == {"task": "summarization", "gpu": "16GB"}
    assert "This is the first one." in said


def test_going_back_over_a_condition_forgets_what_hung_on_it(facts: Catalog, parse: Parse) -> None:
    lines = [*BLANKS[:5], "yes\n", "500\n", "<\n", "<\n", "no\n", *BLANKS[:3]]
    state, _ = answered(facts, parse, lines)
    assert state.raw == {"task": "classification", "commercial": "no"}


@pytest.mark.parametrize(("lines", "flag"), [([], "--task"), (["\n"], "--gpu"), (BLANKS[:8], "--priority")])
def test_the_end_of_the_answers_names_the_missing_flag(
    facts: Catalog, parse: Parse, lines: list[str], flag: str
) -> None:
    with pytest.raises(LlmpickError, match=f"the answers end before {flag}"):
        answered(facts, parse, lines)


def test_a_bad_flag_is_told_before_anything_is_asked(facts: Catalog, parse: Parse) -> None:
    with pytest.raises(LlmpickError, match="--domain"):
        answered(facts, parse, [], domain="lgal")


def test_prompts_keep_to_a_plain_terminal(facts: Catalog) -> None:
    for number, question in enumerate(questions(facts), 1):
        text = prompt(question, number)
        assert all(len(line) < 80 for line in text.splitlines())
        assert text.isascii() and "\x1b" not in text


def free(facts: Catalog) -> dict[str, st.SearchStrategy[str]]:
    """For each question some answers that can be read, Enter among them."""
    known = {question.field: question for question in questions(facts)}
    gpu = st.sampled_from(["", "24GB", "2x24GB", "RTX 4090", "none", "2xA100-80GB"])
    criteria = [choice.value for choice in known["priority"].choices]
    return {
        "task": st.sampled_from([choice.value for choice in known["task"].choices]),
        "gpu": gpu,
        "examples": st.sampled_from(["", "0", "20k", "1e6", "5000"]),
        "domain": st.sampled_from(["", *known["domain"].words]),
        "languages": st.sampled_from(["", "no", "no,en", "Korean", "de, en", "zh"]),
        "commercial": st.sampled_from(["", "yes", "no"]),
        "monthly_users": st.sampled_from(["", "700M", "12"]),
        "weights": st.sampled_from(["", "open", "api", "any"]),
        "serve_gpu": gpu,
        "priority": st.lists(st.sampled_from(criteria), max_size=3, unique=True).map(",".join),
    }


@settings(max_examples=40)
@given(data=st.data())
def test_the_saved_profile_and_the_printed_line_ask_the_same(
    facts: Catalog, parse: Parse, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    said = free(facts)
    state = State(questions=questions(facts))
    while question := next_question(state):
        state, error = apply(state, question, data.draw(said[question.field]), parse)
        assert not error
    profile = parse(state.raw)
    saved = tmp_path_factory.mktemp("saved") / "profile.yaml"
    saved.write_text(to_yaml(state.raw), encoding="utf-8")
    assert parse(read_mapping(str(saved))) == profile
    assert parse(flags(asked_again.command(profile))) == profile


def flags(command: str) -> dict[str, Any]:
    """The flags of a printed command line, as the command would hand them on."""
    words = shlex.split(command)
    assert words[:2] == ["llmpick", "recommend"]
    raw: dict[str, Any] = {}
    rest = iter(words[2:])
    for word in rest:
        negative = word.startswith("--non-")
        name = word.removeprefix("--non-").removeprefix("--").replace("-", "_")
        raw[name] = not negative if name == "commercial" else next(rest)
    return raw


# From here on with the real program.

PTY = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
CONTROLLED = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C typed there interrupts this process
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
ASKED = """
import sys
from llmpick import catalog, interview
print(sorted(interview.run({}, catalog.load()).items()))
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src"), "TERM": "dumb", "PYTHONUTF8": "1"}


def driven(arguments: list[str], sent: list[str], cwd: Path | None = None) -> tuple[int, str, str]:
    """(exit code, stdout, what the terminal showed): each of `sent` is typed when the next prompt stands there."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", CONTROLLED, *arguments],
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        env=environment(),
        cwd=cwd,
        start_new_session=True,
    )
    os.close(theirs)
    with process:
        screen = ""
        for keys in sent:
            screen += "".join(until_prompt(ours))
            os.write(ours, keys.encode())
        screen += "".join(rest_of(ours))
        out = process.stdout.read().decode() if process.stdout else ""
    os.close(ours)
    return process.returncode, out, screen


def until_prompt(terminal: int) -> Iterator[str]:
    shown = ""
    deadline = time.monotonic() + 60
    while not shown.endswith("] ") and time.monotonic() < deadline:
        try:
            new = os.read(terminal, 65536).decode(errors="replace")
        except OSError:
            return
        shown += new
        yield new


def rest_of(terminal: int) -> Iterator[str]:
    while True:
        try:
            new = os.read(terminal, 65536)
        except OSError:
            return
        if not new:
            return
        yield new.decode(errors="replace")


@PTY
@pytest.mark.parametrize(
    "lines",
    [
        ["", "24GB", "5000", "", "", "yes", "100", "", "", ""],
        ["ner", "2x24GB", "?", "800", "biomedical", "en", "no", "open", "", "quality"],
        ["7", "RTX 4090", "1e6", "", "de,en", "", "", "8GB", "1,3"],
        ["chat", "24XB", "none", "<", "80GB", "", "finance", "ja", "", "", "", ""],
    ],
)
def test_on_a_terminal_the_answers_are_those_of_the_flags(facts: Catalog, parse: Parse, lines: list[str]) -> None:
    code, out, screen = driven(["-c", ASKED], [f"{line}\n" for line in lines])
    state, _ = answered(facts, parse, [f"{line}\n" for line in lines])
    assert (code, out) == (0, f"{sorted(state.raw.items())}\n"), screen
    assert "\x1b" not in screen


@PTY
def test_control_c_leaves_with_130_and_writes_nothing(tmp_path: Path) -> None:
    saved = ["--save", "p.yaml"]
    code, out, screen = driven(["-m", "llmpick", "interview", *saved], ["chat\n", "\x03"], tmp_path)
    assert (code, out) == (130, "")
    assert "Traceback" not in screen and screen.rstrip().splitlines()[-1] == "llmpick: interrupted"
    assert list(tmp_path.iterdir()) == []


@PTY
def test_control_d_leaves_with_2_and_names_the_flag(tmp_path: Path) -> None:
    code, out, screen = driven(["-m", "llmpick", "interview", "--save", "p.yaml"], ["chat\n", "\x04"], tmp_path)
    assert (code, out) == (2, "")
    assert "the answers end before --gpu" in screen.rstrip().splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def piped(text: bytes, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "llmpick", "interview", *arguments],
        input=text,
        capture_output=True,
        env=environment(),
        cwd=cwd,
        check=False,
    )


def test_a_pipe_of_answers_is_enough_and_stdout_holds_the_answer_alone(tmp_path: Path) -> None:
    done = piped(b"\n24GB\n" + b"\n" * 7, "--format", "plain", "--save", "p.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert all(line.count("\t") for line in done.stdout.decode().splitlines())
    assert (tmp_path / "p.yaml").read_text() == "task: classification\ngpu: 24GB\n"


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00\n", b"chat\n\x00\n"])
def test_a_closed_pipe_or_bytes_that_are_no_text_end_in_one_line(text: bytes) -> None:
    done = piped(text)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Traceback" not in done.stderr
    assert done.stderr.decode().rstrip().splitlines()[-1].startswith("llmpick: the answers end before --")


def test_a_file_that_exists_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("task: chat\n")
    done = piped(b"\n" * 9, "--save", "p.yaml", cwd=tmp_path)
    assert done.returncode == 2 and b"What should" not in done.stderr and b"--force" in done.stderr
    assert (tmp_path / "p.yaml").read_text() == "task: chat\n"


def test_the_end_tells_the_command_and_writes_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "there.md").write_text("mine")
    names = [tmp_path / "no folder" / "x.md", tmp_path / "there.md", tmp_path / "r.html"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{name}\n" for name in names)))
    interview.finish(cases.ranking())
    said = capsys.readouterr()
    assert said.out == "" and "llmpick recommend --task classification" in said.err
    assert "cannot write" in said.err and "--force" in said.err
    assert (tmp_path / "there.md").read_text() == "mine"
    assert (tmp_path / "r.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_end_asks_for_nothing_when_the_answers_are_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    interview.finish(cases.ranking())
    assert "[none]" in capsys.readouterr().err


def test_nobody_is_asked_who_cannot_see_the_question(facts: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    with pytest.raises(LlmpickError, match="say --task"):
        interview.run({}, facts)
