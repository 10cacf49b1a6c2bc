"""The interview asks in plain words, only for what is missing, and answers like the flags it prints."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import render_cases as cases
from llmpick import cli, interview
from llmpick import profile as profiles
from llmpick.catalog import Catalog
from llmpick.errors import LlmpickError
from llmpick.files import read_mapping
from llmpick.interview import State, apply, ask, next_question, prompt, to_yaml
from llmpick.policy import criteria
from llmpick.profile import Profile
from llmpick.questions import questions
from llmpick.render import question as asked_again
from llmpick.steps.asked import vocabulary

pytestmark = pytest.mark.usefixtures("loaded")

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

    def read(prompt: str, offered: Sequence[str]) -> str:
        said.append(prompt)
        return next(rest, "")

    end = ask(start, read, said.append, parse)
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


def test_every_criterion_says_what_its_swing_would_change(facts: Catalog) -> None:
    offered = next(one for one in questions(facts) if one.field == "priority").choices
    assert [one.value for one in offered] == list(criteria(facts.policy))
    assert all(one.says for one in offered)


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
PROMPT = "] "


def environment(term: str = "dumb") -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "src"), "TERM": term, "PYTHONUTF8": "1"}


def terminal(arguments: list[str], term: str = "dumb", cwd: Path | None = None) -> pexpect.spawn:
    """The program on a pseudo-terminal of 100 columns; what is typed is sent when the next prompt stands there."""
    child = pexpect.spawn(
        sys.executable,
        arguments,
        env=environment(term),  # type: ignore[arg-type]
        cwd=cwd and str(cwd),
        dimensions=(50, 100),
        encoding="utf-8",
        timeout=60,
    )
    child.delaybeforesend = None
    return child


def typed(child: pexpect.spawn, lines: Iterable[str]) -> str:
    """What the terminal showed while `lines` were typed, each at its prompt."""
    shown = ""
    for line in lines:
        child.expect_exact(PROMPT)
        shown += child.before + PROMPT
        child.send(line)
    return shown


def left(child: pexpect.spawn) -> tuple[int | None, str]:
    """(exit code, what was still shown)."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, child.before


PROFILES: tuple[dict[str, str], ...] = (
    {"task": "classification", "gpu": "24GB", "examples": "5000", "commercial": "yes", "monthly_users": "100"},
    {"task": "token-classification", "gpu": "2x24GB", "examples": "800", "domain": "biomedical", "commercial": "no"},
    {"task": "translation", "gpu": "RTX 4090", "examples": "1e6", "languages": "de,en", "serve_gpu": "8GB"},
    {"task": "chat", "gpu": "80GB", "domain": "finance", "languages": "ja"},
    {"task": "summarization", "gpu": "8GB", "examples": "2500", "weights": "open", "serve_gpu": "8GB"},
    {"task": "similarity", "gpu": "T4", "languages": "ko"},
    {"task": "retrieval", "gpu": "A10G", "examples": "9000", "domain": "scientific", "priority": "quality,economy"},
    {"task": "extractive-qa", "gpu": "none", "examples": "300"},
    {"task": "generation", "weights": "api", "examples": "1400"},
    {"task": "question-answering", "gpu": "48GB", "commercial": "yes", "monthly_users": "800M"},
    {"task": "information-extraction", "gpu": "16GB", "domain": "legal", "examples": "20k", "weights": "any"},
    {"task": "code-generation", "gpu": "2xA100-80GB", "domain": "code", "examples": "9000"},
    {"task": "code-understanding", "gpu": "L4"},
    {"task": "text-to-sql", "gpu": "24GB", "examples": "350", "commercial": "yes"},
    {"task": "function-calling", "gpu": "40GB", "languages": "en,fr", "priority": "license,quality"},
    {"task": "math-reasoning", "gpu": "8xH100 80GB", "examples": "100000"},
    {"task": "classification", "gpu": "12GB", "languages": "sw", "domain": "social-media"},
    {"task": "chat", "gpu": "24GB", "languages": "de,fr,it", "examples": "6000", "commercial": "yes"},
    {"task": "translation", "gpu": "8GB", "languages": "yo,en", "commercial": "no"},
    {"task": "chat", "gpu": "4GB", "languages": "is", "domain": "clinical", "weights": "open"},  # nothing qualifies
)


def answers_to(facts: Catalog, wanted: dict[str, str]) -> list[str]:
    """What to type for `wanted`, Enter for the rest."""
    asked = fields(facts, **({"commercial": True} if wanted.get("commercial") == "yes" else {}))
    order = ["commercial" if field == "monthly_users" else field for field in asked]
    found = [wanted.get(field, "") for field in asked]
    if "monthly_users" in asked:
        place = order.index("commercial")
        found.insert(place, "yes")
    return [f"{answer}\n" for answer in found]


def flags_of(wanted: dict[str, str]) -> list[str]:
    """The same as flags of `recommend`."""
    words = []
    for field, value in wanted.items():
        if field == "commercial":
            words.append("--commercial" if value == "yes" else "--non-commercial")
        else:
            words += ["--language" if field == "languages" else f"--{field.replace('_', '-')}", value]
    return words


AGAIN = f"from llmpick import cli; [cli.run(['interview', '--format', 'plain']) for _ in range({len(PROFILES) // 2})]"


@PTY
@pytest.mark.parametrize("term", ["dumb", "xterm-256color"])
def test_ten_profiles_on_each_terminal_answer_like_their_flags(
    facts: Catalog, parse: Parse, capsys: pytest.CaptureFixture[str], term: str
) -> None:
    """Half with plain lines, half through the line editor: the ranking, and the command line printed after it."""
    child = terminal(["-c", AGAIN], term)
    for wanted in PROFILES[: len(PROFILES) // 2] if term == "dumb" else PROFILES[len(PROFILES) // 2 :]:
        typed(child, answers_to(facts, wanted))
        child.expect_exact("[none] ")
        shown = child.before.replace("\r\n", "\n")
        said = {"yes": True, "no": False}.get(wanted.get("commercial", ""))
        cli.run(["recommend", *flags_of(wanted), "--format", "plain"])
        expected = capsys.readouterr()
        assert expected.out in shown and expected.err in shown
        again = re.search(r"The same again: (llmpick recommend .*)\n", shown)
        assert again and parse(flags(again[1])) == parse(wanted if said is None else {**wanted, "commercial": said})
        child.send("\n")
    assert left(child)[0] == 0


@PTY
def test_wrong_answers_explanations_and_steps_back_on_a_terminal(tmp_path: Path) -> None:
    child = terminal(["-m", "llmpick", "interview", "--save", "p.yaml"], cwd=tmp_path)
    lines = ["clasification", "?", "chat", "24XB", "none", "<", "80GB", "", "finance", "<", "", "ja", "", "", "", ""]
    shown = typed(child, [f"{line}\n" for line in (*lines, "")])
    code, rest = left(child)
    assert code == 0 and "Traceback" not in shown + rest and "\x1b" not in shown
    assert "did you mean" in shown and "24XB" in shown and "decides which models" in shown
    assert (tmp_path / "p.yaml").read_text() == "task: chat\ngpu: 80GB\nlanguage:\n- ja\n"


@PTY
def test_arrow_keys_and_tab_on_a_capable_terminal(tmp_path: Path) -> None:
    """Up takes the answer that stands lowest above the prompt; Tab completes; Left mends a slip of the finger."""
    child = terminal(["-m", "llmpick", "interview", "--save", "p.yaml"], "xterm-256color", tmp_path)
    shown = typed(child, ["tran\t\n", "4GB\x1b[D\x1b[D\x1b[D2\n", "\n", "leg\t\n", "\n", "\x1b[A\n", "\n", "\n", "\n"])
    typed(child, ["\n"])
    assert left(child)[0] == 0 and "arrow keys" in shown
    saved = "task: translation\ngpu: 24GB\ndomain: legal\ncommercial: false\n"
    assert (tmp_path / "p.yaml").read_text() == saved


@PTY
@pytest.mark.parametrize("term", ["dumb", "xterm-256color"])
def test_control_c_leaves_with_130_and_writes_nothing(tmp_path: Path, term: str) -> None:
    child = terminal(["-m", "llmpick", "interview", "--save", "p.yaml"], term, tmp_path)
    typed(child, ["chat\n", "\x03"])
    code, shown = left(child)
    assert code == 130 and "Traceback" not in shown and shown.rstrip().splitlines()[-1] == "llmpick: interrupted"
    assert list(tmp_path.iterdir()) == []


@PTY
@pytest.mark.parametrize("term", ["dumb", "xterm-256color"])
def test_control_d_leaves_with_2_and_names_the_flag(tmp_path: Path, term: str) -> None:
    child = terminal(["-m", "llmpick", "interview", "--save", "p.yaml"], term, tmp_path)
    typed(child, ["chat\n", "\x04"])
    code, shown = left(child)
    assert code == 2 and "the answers end before --gpu" in shown.rstrip().splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@PTY
@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_leaving_at_the_offer_of_the_report_keeps_the_answer(tmp_path: Path, key: str) -> None:
    child = terminal(["-m", "llmpick", "interview", "--task", "chat"], cwd=tmp_path)
    typed(child, ["\n"] * 8 + [key])
    assert left(child)[0] == 0
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
    assert "[memory does not matter] 24GB\n" in done.stderr.decode(), "the transcript shows what was answered"
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
    interview.finish(cases.ranking(), lambda form: f"the report as {form}")
    said = capsys.readouterr()
    assert said.out == "" and "llmpick recommend --task classification" in said.err
    assert "cannot write" in said.err and "--force" in said.err
    assert (tmp_path / "there.md").read_text() == "mine"
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == "the report as html\n"


def test_the_end_asks_for_nothing_when_the_answers_are_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    interview.finish(cases.ranking(), lambda form: form)
    assert "[none]" in capsys.readouterr().err


def test_nobody_is_asked_who_cannot_see_the_question(facts: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda self: True})())
    with pytest.raises(LlmpickError, match="say --task"):
        interview.run({}, facts)


@pytest.mark.parametrize("name", ["r.md", "r.html"])
def test_the_report_that_is_offered_is_the_one_of_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO("chat\n24GB\n" + "\n" * 7 + f"{name}\n"))
    assert cli.run(["interview", "--format", "plain"]) == 0
    form = "html" if name.endswith("html") else "markdown"
    assert cli.run(["report", "--task", "chat", "--gpu", "24GB", "--format", form, "--output", "own"]) == 0
    assert Path(name).read_text("utf-8") == Path("own").read_text("utf-8")
