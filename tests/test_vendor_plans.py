"""Plans for models that a vendor tunes: costs, terms and dates are said, and requests are such as its client takes."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from llmpick import engine, planning
from llmpick.catalog import load
from llmpick.errors import LlmpickError
from llmpick.guidance.frameworks import write
from llmpick.guidance.frameworks.api import FIELDS, VENDORS
from llmpick.guidance.vendor import PARAMETERS, vendor_plan
from llmpick.schema import ApiModel
from llmpick.sizing.cost import vendor_dollars
from llmpick.steps import vendor
from llmpick.steps.asked import ask as ask_of
from vendor_cases import ASKED, form, plans

APIS = load().apis
OPEN = [replace(api, status="open") for api in APIS]
SAVED = json.loads((Path(__file__).parent / "data/vendor_requests.json").read_text(encoding="utf-8"))


def of(vendor: str):
    return next(api for api in OPEN if api.vendor == vendor and "chat" in api.tasks)


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.id)
def test_every_vendors_model_is_planned_with_sources_or_refused_in_one_line(api) -> None:
    try:
        answer = vendor_plan(api, replace(ASKED, task=api.tasks[0]))
    except LlmpickError as error:
        assert api.status == "closed"
        assert "\n" not in str(error)
        return
    assert answer.method == "api"
    assert answer.memory is None
    assert answer.cost_usd == vendor_dollars(api, ASKED.examples, ASKED.seq_len, answer.values["epochs"])
    assert all(setting.because and setting.source.startswith(("https://", "pypi:")) for setting in answer.settings)
    assert all(line and "\n" not in line for line in answer.watch)
    assert any("prices per million tokens" in line for line in answer.watch)
    assert any(line.startswith("your data: ") for line in answer.watch)
    assert (api.status == "closing") is ("is closing it" in answer.watch[0])
    if api.shutdown:
        assert any(api.shutdown in line for line in answer.watch)
    if api.terms:
        assert any(line.startswith("the tuned model: ") for line in answer.watch)


def test_every_request_is_one_that_the_vendors_own_client_takes() -> None:
    """`tools/vendor_requests.py` asked the clients; a new form means: run it again."""
    assert set(VENDORS) == set(PARAMETERS) == set(SAVED)
    tried = set()
    for answer in plans():
        try:
            texts = write(answer, "api")
        except LlmpickError as error:
            assert "not on record" in str(error)
            continue
        tried.add(answer.values["vendor"])
        shape = form(texts["request.json"], answer.values["base_model"])
        assert shape in SAVED[answer.values["vendor"]]["forms"], answer.model
    assert tried == set(VENDORS)


def test_a_vendor_that_closed_is_refused_with_its_date() -> None:
    closed = next(api for api in APIS if api.status == "closed" and api.shutdown)
    with pytest.raises(LlmpickError, match=f"no longer tunes .* it closed on {closed.shutdown}"):
        vendor_plan(closed, replace(ASKED, task=closed.tasks[0]))


def test_what_the_vendor_does_not_take_is_refused() -> None:
    api = of("OpenAI")
    with pytest.raises(LlmpickError, match="takes at least 10 examples, there are 9"):
        vendor_plan(api, replace(ASKED, examples=9))
    with pytest.raises(LlmpickError, match=r"does not tune .* for retrieval"):
        vendor_plan(api, replace(ASKED, task="retrieval"))
    with pytest.raises(LlmpickError, match="takes at most 1,000,000 examples"):
        vendor_plan(of("Google Cloud"), replace(ASKED, examples=1_000_001))


def test_epochs_asked_for_reach_request_and_cost() -> None:
    api = next(api for api in OPEN if api.model == "gpt-4.1-mini-2025-04-14")
    three, six = (vendor_plan(api, replace(ASKED, epochs=epochs)) for epochs in (3.0, 6.0))
    assert six.cost_usd.expected == pytest.approx(2 * three.cost_usd.expected)
    body = json.loads(write(six, "api")["request.json"])
    assert body["method"]["supervised"]["hyperparameters"]["n_epochs"] == 6


def test_nova_trains_for_five_epochs_at_most() -> None:
    nova = next(api for api in OPEN if "amazon.nova-lite" in api.model)
    answer = vendor_plan(nova, replace(ASKED, epochs=9.0))
    assert answer.values["epochs"] == 5
    assert json.loads(write(answer, "api")["request.json"])["hyperParameters"] == {"epochCount": "5"}


def test_pairs_make_a_preference_job_where_the_request_for_one_is_known() -> None:
    api = next(api for api in OPEN if api.model == "gpt-4.1-mini-2025-04-14")
    body = json.loads(write(vendor_plan(api, replace(ASKED, feedback="pairs")), "api")["request.json"])
    assert body["method"]["dpo"]["hyperparameters"]["beta"] == 0.1


def test_an_unwritten_vendor_and_a_trainer_of_ones_own_are_refused() -> None:
    with pytest.raises(LlmpickError, match=r"how Thinking Machines .* is asked is not on record"):
        write(vendor_plan(of("Thinking Machines (Tinker)"), ASKED), "api")
    with pytest.raises(LlmpickError, match="for a vendor take --framework api"):
        write(vendor_plan(of("OpenAI"), ASKED), "trl")


def test_plan_finds_a_vendors_model_by_its_name(facts, ask) -> None:
    api = next(api for api in APIS if api.status != "closed" and api.vendor in VENDORS)
    assert planning.answer(api.id, facts, ask(task=api.tasks[0])).method == "api"


@pytest.mark.parametrize("row", FIELDS, ids=lambda row: next(iter(json.loads(row))))
def test_data_check_takes_the_row_of_the_readme_and_names_what_is_wrong(row: str, tmp_path: Path) -> None:
    texts = next(files for files in _written() if f"\n{row}\n" in files["README.md"])
    good = json.loads(row)
    field = next(reversed(good))
    bad = [good | {field: 7}, {key: value for key, value in good.items() if key != field}, "{"]
    (tmp_path / "check_data.py").write_text(texts["check_data.py"], encoding="utf-8")
    for name, rows in (("train", [good]), ("dev", []), ("test", [])):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    command = [sys.executable, "check_data.py"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    lines = [each if isinstance(each, str) else json.dumps(each) for each in bad]
    (tmp_path / "dev.jsonl").write_text("\n".join(lines), encoding="utf-8")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert not done.stderr
    assert [line.split(" ")[0] for line in done.stdout.splitlines() if line.startswith("dev")] == [
        f"dev.jsonl:{number}:" for number in (1, 2, 3)
    ]


def _written() -> list[dict[str, str]]:
    found = []
    for answer in plans():
        try:
            found.append(write(answer, "api"))
        except LlmpickError:
            continue
    return found


def test_a_conversation_that_ends_with_the_user_teaches_nothing(tmp_path: Path) -> None:
    google = write(vendor_plan(of("Google Cloud"), ASKED), "api")
    row = {"contents": [{"role": "user", "parts": [{"text": "?"}]}]}
    (tmp_path / "check_data.py").write_text(google["check_data.py"], encoding="utf-8")
    for name in ("train", "dev", "test"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n" if name == "train" else "", encoding="utf-8")
    done = subprocess.run([sys.executable, "check_data.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "train.jsonl:1: the last message must be the answer" in done.stdout


def test_the_ranking_says_where_a_vendor_keeps_the_data(facts, ask) -> None:
    answer = engine.rank(facts, ask(task="chat", weights="api", examples=5000, top=100))
    seen = [verdict for verdict in answer.recommended if isinstance(verdict.model, ApiModel)]
    assert seen
    for verdict in seen:
        said = [check.because for check in verdict.checks if check.name == "residency"]
        assert bool(said) is (verdict.model.data_terms is not None)
        assert all(line.startswith("your data: ") and "\n" not in line for line in said)
    assert any(verdict.model.data_terms for verdict in seen)


def test_a_budget_under_the_vendors_minimum_rules_it_out_though_its_price_is_unknown(facts, ask) -> None:
    api = next(api for api in APIS if api.min_usd_per_job and api.train_usd_per_million_tokens is None)
    assert api.min_usd_per_job is not None
    for budget, outcome in ((api.min_usd_per_job / 2, "no"), (api.min_usd_per_job, "unknown")):
        asked = ask_of(ask(task=api.tasks[0], budget=budget), facts)
        checks = vendor.judge_resources(api, None, None, asked).checks
        assert [check.outcome for check in checks if check.name == "budget"] == [outcome]
