"""License verdicts: cases from collected situations and from the texts, laws, the step, the command's answer."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from llmpick import catalog as catalogs
from llmpick.catalog.grants import grant_of
from llmpick.catalog.shelf import facts_in, grants_in
from llmpick.errors import LlmpickError
from llmpick.licensing import asking, casefile
from llmpick.licensing.amounts import short
from llmpick.licensing.classes import CLASSES, accepts, classes
from llmpick.licensing.judge import MISSING, binding, decide, judge, judge_all, licensed
from llmpick.licensing.schema import LIFTS, NOTICES, License
from llmpick.licensing.situation import Situation, from_mapping
from llmpick.licensing.wording import DUTIES, duty_text
from llmpick.profile import Profile
from llmpick.schema import LicenseFacts, Model, ParameterFacts, Source
from llmpick.steps import license as step
from llmpick.steps.asked import ask
from llmpick.steps.license import checks
from weighing import weighed

CATALOG = catalogs.load()
LICENSES = CATALOG.licenses
FOLDER = Path(__file__).parent / "cases" / "licenses"
COLLECTED, TEXTS = (
    yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")) for name in ("collected.yaml", "texts.yaml")
)
STRICTNESS = {"allowed": 0, "conditional": 1, "forbidden": 2}
SOURCES = (Source(url="https://example.org/card", checked="2026-01-01"),)


def named(case):
    return case["id"]


def verdict_of(case):
    licenses = [asking.find_licenses(name, CATALOG)[0] for name in (case["license"], *case.get("also_applies", ()))]
    return judge_all(licenses, from_mapping(case["situation"]))


@pytest.mark.parametrize("case", COLLECTED, ids=named)
def test_collected_cases(case):
    verdict = verdict_of(case)
    wanted, found = set(case["duties"]), set(verdict.duties)
    assert verdict.verdict == case["verdict"], verdict.because
    assert found - NOTICES == wanted - NOTICES
    assert found >= wanted


@pytest.mark.parametrize("case", TEXTS, ids=named)
def test_cases_from_the_texts(case):
    verdict = verdict_of(case)
    assert (verdict.verdict, list(verdict.duties)) == (case["verdict"], sorted(case["duties"])), verdict.because


# --- laws

AMOUNTS = [field.name for field in fields(Situation) if str(field.type) == "float | None"]
NEUTRAL = {
    "internal_use_only": False,
    "distributes_weights": False,
    "hosts_api_for_third_parties": False,
    "trains_other_model_on_outputs": False,
    "other_model_distributed": False,
    "region": "ZZ",
    "business": "retail",
    "domain": "general",
    "role": "developer",
    "licensee_type": "company",
    "multimodal": False,
    "clinical_use": False,
    "guardrails_removed": False,
    "certified_partner": False,
    **dict.fromkeys(AMOUNTS, 0.0),
}
# Unstated, the present users stand in for those at the release date, and the domain for clinical use.
STAND_INS = ("monthly_active_users_at_release", "clinical_use")
maybe = st.sampled_from([None, True, False])
amounts = st.none() | st.sampled_from([0.0, 9e5, 1.1e6, 1.2e7, 2.1e7, 6e7, 1.5e8, 8e8, 2e10])
situations = st.builds(
    Situation,
    **dict.fromkeys(AMOUNTS, amounts),
    **{field.name: maybe for field in fields(Situation) if str(field.type) == "bool | None"},
    region=st.sampled_from([None, "US", "EU", "DE", "UK", "KR"]),
    business=st.sampled_from([None, "maas", "retail", "cloud_provider", "ai_work_assistant", "naver_competitor"]),
    domain=st.sampled_from([None, "code", "military", "medical"]),
    role=st.sampled_from([None, "end_user_of_third_party_product"]),
    licensee_type=st.sampled_from([None, "non-profit", "company"]),
    student_base=st.sampled_from([None, "llama2", "apache-2.0"]),
)
some_license = st.sampled_from(sorted(LICENSES.values(), key=lambda license_: license_.id))


@given(some_license, situations, st.sampled_from(sorted(NEUTRAL)))
def test_a_harmless_statement_changes_nothing(license_, situation, field):
    unstated, stated = (judge(license_, replace(situation, **{field: value})) for value in (None, NEUTRAL[field]))
    if field in STAND_INS:
        assert STRICTNESS[stated.verdict] <= STRICTNESS[unstated.verdict]
    else:
        assert (stated.verdict, stated.duties) == (unstated.verdict, unstated.duties)


@given(some_license, situations)
def test_the_harmless_answer_to_commercial_is_never_stricter_than_none(license_, situation):
    no, unstated, yes = (judge(license_, replace(situation, commercial=value)) for value in (False, None, True))
    assert STRICTNESS[no.verdict] <= STRICTNESS[unstated.verdict] <= STRICTNESS[yes.verdict]


@given(some_license, situations, st.sampled_from(AMOUNTS), st.floats(0, 1e12))
def test_more_users_or_revenue_never_makes_it_more_permissive(license_, situation, amount, more):
    before = getattr(situation, amount)
    grown = judge(license_, replace(situation, **{amount: (before or 0.0) + more}))
    shrunk = judge(license_, replace(situation, **{amount: before or 0.0}))
    assert STRICTNESS[grown.verdict] >= STRICTNESS[shrunk.verdict]
    assert grown.verdict == "forbidden" or set(grown.duties) >= set(shrunk.duties)


@given(some_license, some_license, situations)
def test_another_license_never_makes_it_more_permissive(one, other, situation):
    alone, both, turned = judge(one, situation), judge_all((one, other), situation), judge_all((other, one), situation)
    assert STRICTNESS[both.verdict] >= STRICTNESS[alone.verdict]
    assert both.verdict == "forbidden" or set(both.duties) >= set(alone.duties)
    assert (both.verdict, both.duties) == (turned.verdict, turned.duties)


@given(some_license, situations)
def test_the_verdict_says_what_kind_of_duties_there_are(license_, situation):
    verdict = judge(license_, situation)
    lifts, further = set(verdict.duties) & set(LIFTS), set(verdict.duties) - NOTICES
    assert verdict.verdict == ("forbidden" if lifts else "conditional" if further else "allowed")
    assert len(lifts) <= 1
    assert verdict.because
    assert "\n" not in verdict.because


# --- the licenses on record


@pytest.mark.parametrize("license_", LICENSES.values(), ids=lambda license_: license_.id)
def test_every_license_explains_itself(license_):
    for term in license_.terms:
        assert duty_text(term.duty) != term.duty
        assert len((term.quote or "").split()) <= 30
        if term.duty in LIFTS and license_.confidence in ("text-read", "copy-read"):
            assert term.section or term.quote or term.note, f"{term.duty} points nowhere"
    assert len((license_.quote or "").split()) <= 30
    kinds = classes(license_)
    assert not {"permissive", "copyleft", "non-commercial"} <= kinds
    assert ("non-commercial" in kinds) <= ("commercial-use" not in license_.permissions)


def test_no_two_licenses_share_a_spelling():
    spellings = [name for one in LICENSES.values() for name in {asking.fold(name) for name in (one.id, *one.aliases)}]
    assert sorted(set(spellings)) == sorted(spellings)


def test_all_127_are_there():
    assert len(LICENSES) >= 127


@pytest.mark.parametrize(
    ("id_", "kinds"),
    [
        ("apache-2.0", {"open-source", "permissive"}),
        ("wtfpl", {"permissive"}),
        ("gpl-3.0", {"open-source", "copyleft"}),
        ("cc-by-4.0", {"permissive"}),
        ("cc-by-nc-sa-4.0", {"copyleft", "non-commercial"}),
        ("llama3.1", {"custom"}),
        ("mrl", {"non-commercial", "custom"}),
        ("lfm1.0", {"custom"}),
        ("kimi-k2-modified-mit", {"custom"}),
        ("cc-by-nd-4.0", set()),
        ("unknown", {"custom"}),
    ],
)
def test_classes(id_, kinds):
    assert classes(LICENSES[id_]) == kinds
    assert kinds <= set(CLASSES)


def test_an_allow_list_names_licenses_aliases_or_classes():
    mit, llama = LICENSES["mit"], LICENSES["llama3.1"]
    assert accepts(mit, ())
    assert accepts(mit, ("MIT",))
    assert accepts(mit, ("gpl-3.0", "permissive"))
    assert not accepts(mit, ("apache-2.0",))
    assert not accepts(llama, ("open-source", "permissive"))
    assert accepts(LICENSES["llama3"], ("llama-3",))


# --- words


@pytest.mark.parametrize(
    ("value", "text"), [(7e8, "700 million"), (1.5e9, "1.5 billion"), (2e4, "20 thousand"), (12, "12")]
)
def test_amounts_read_as_people_say_them(value, text):
    assert short(value) == text


def test_the_sentence_has_the_numbers():
    verdict = judge(LICENSES["llama3.1"], Situation(commercial=True, monthly_active_users=9e8))
    assert verdict.because == (
        "900 million monthly users exceed the limit of 700 million counted at the release date (section 2): "
        "a separate license from Meta is needed"
    )
    assert "700 million monthly active users" in verdict.clause
    assert verdict.source.startswith("github:meta-llama/llama-models@")


LIMITS = {
    **dict.fromkeys(("llama2", "llama3", "llama3.1", "llama3.2", "llama3.3", "llama4"), "700 million"),
    **dict.fromkeys(("qwen", "tongyi-qianwen"), "100 million"),
}
"""License -> monthly users up to which it holds."""


@pytest.mark.parametrize(("id_", "limit"), LIMITS.items())
def test_too_many_users_forbid_every_model_under_that_license(id_, limit):
    models = [model for model in CATALOG.models if model.license and id_ in (model.license.id, *model.license.also)]
    assert models
    for model in models:
        few, many = (
            judge_all(binding(licensed(model).ids, LICENSES), Situation(monthly_active_users=users))
            for users in (1e6, 8e8)
        )
        assert (few.verdict, many.verdict) != ("forbidden", "forbidden")
        assert many.verdict == "forbidden", model.id
        assert f"800 million monthly users exceed the limit of {limit}" in many.because


@pytest.mark.parametrize("id_", ["llama4", "tencent-hunyuan-community"])
def test_a_region_left_out_forbids_every_model_under_that_license(id_):
    models = [model for model in CATALOG.models if model.license and model.license.id == id_]
    assert models
    for model in models:
        terms = binding(licensed(model).ids, LICENSES)
        assert judge_all(terms, Situation(region="US")).verdict != "forbidden"
        abroad = judge_all(terms, Situation(region="EU"))
        assert abroad.verdict == "forbidden"
        assert "nothing is licensed to licensees in the EU" in abroad.because


def test_limits_that_do_not_bind_yet_are_named():
    verdict = judge(LICENSES["qwen"], Situation(commercial=True, monthly_active_users=5e7))
    assert "above 100 million monthly users a separate license from Alibaba Cloud is needed" in verdict.because
    assert "you have 50 million monthly users" in verdict.because
    assert "in the EU" in judge(LICENSES["llama4"], Situation(commercial=True)).because
    assert "in the EU" not in judge(LICENSES["llama3.2"], Situation(multimodal=False)).because


def test_duties_read_as_sentences():
    assert duty_text("display:Built with Llama").startswith("Show “Built with Llama”")
    assert duty_text("display:model name").startswith("Show the name of the model")
    assert duty_text("share_alike:GPL-3.0-only").startswith("Publish your fine-tuned weights under GPL-3.0-only")
    assert duty_text("never_heard_of") == "never_heard_of"
    assert all(text[0].isupper() and not text.endswith(".") for _, text in DUTIES.values())


# --- situations and the command


def test_regions_know_the_member_states_and_common_names():
    assert Situation(region="de").regions == {"DE", "EU"}
    assert Situation(region="UK").regions == Situation(region="united kingdom").regions == {"GB"}
    assert Situation(region="south_korea").regions == {"KR"}
    assert Situation().regions == frozenset()
    with pytest.raises(LlmpickError, match="ISO 3166"):
        asking.answer("mit", {"region": "Atlantis"}, CATALOG)


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_file_may_hold_a_whole_case_or_the_situation_alone(tmp_path):
    bare = write(tmp_path, "a.yaml", "commercial: true\nmonthly_revenue_usd: 2.5e7\n")
    case = write(
        tmp_path, "b.json", '{"licence_id": "mrl", "situation": {"commercial": false}, "also_applies": ["MIT"]}'
    )
    assert asking.answer("mistral-modified-mit", {"situation": bare}, CATALOG).verdict.verdict == "forbidden"
    answer = asking.answer("mrl", {"situation": case}, CATALOG)
    assert answer.verdict.duties == ("keep_notice",)
    assert answer.name == "Mistral AI Research License 0.1 with MIT License"
    assert casefile.read(Path(case)).license == "mrl"


def test_flags_win_over_the_file(tmp_path):
    path = write(tmp_path, "a.yaml", "commercial: false\nregion: US\n")
    assert asking.answer("mrl", {"situation": path}, CATALOG).verdict.verdict == "allowed"
    assert asking.answer("mrl", {"situation": path, "commercial": True}, CATALOG).verdict.verdict == "forbidden"
    assert asking.answer("llama4", {"situation": path, "region": "FR"}, CATALOG).verdict.verdict == "forbidden"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("comercial: true", "did you mean commercial"),
        ("commercial: yes please", "write true or false"),
        ("monthly_active_users: -3", "write a number from 0"),
        ("monthly_active_users: .nan", "write a number from 0"),
        ("annual_revenue_usd: true", "write a number from 0"),
        ("region: 7", "write text"),
        ("region: Atlantis", "ISO 3166"),
        ("- a list", "1:1: not a mapping"),
        ("a: [", "not valid YAML"),
        ("extra: 3", "`extra` must hold fields"),
        ("situation: 3", "`situation` must hold fields"),
        ("situation: {}\ncolour: red", "unknown field `colour`"),
        ("[" * 100_000, "nested deeper than"),
        ("{" * 100_000, "nested deeper than"),
        ("a: &a [1]\nb: *a", "aliases"),
        ("note: " + "x" * (1 << 20), "larger than 1 MiB"),
    ],
)
def test_a_bad_file_is_one_line_that_says_what_is_right(tmp_path, text, message):
    with pytest.raises(LlmpickError, match=message.replace("[", r"\[")) as error:
        asking.answer("mit", {"situation": write(tmp_path, "bad.yaml", text)}, CATALOG)
    assert "bad.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def test_the_model_a_case_names_says_whether_it_sees(tmp_path):
    text = "model: meta-llama/Llama-3.2-{}-Instruct\nsituation: {{region: EU}}\n"
    verdicts = [
        asking.answer(
            "llama3.2", {"situation": write(tmp_path, f"{size}.yaml", text.format(size))}, CATALOG
        ).verdict.verdict
        for size in ("11B-Vision", "1B")
    ]
    assert verdicts == ["forbidden", "conditional"]


def test_affiliates_and_employers_count_where_the_license_says_so():
    def verdict(license_id, **stated):
        return judge(LICENSES[license_id], Situation(commercial=True, **stated)).verdict

    assert verdict("llama3.1", monthly_active_users=4e8, affiliates_monthly_active_users=4e8) == "forbidden"
    assert verdict("qwen", monthly_active_users=6e7, affiliates_monthly_active_users=6e7) == "allowed"
    assert verdict("mistral-modified-mit", employer_monthly_revenue_usd=2.1e7) == "forbidden"
    assert verdict("lfm1.0", employer_monthly_revenue_usd=2.1e7) == "allowed"


def test_what_was_not_considered_is_said(tmp_path):
    path = write(tmp_path, "a.yaml", "extra: {moon_phase: full}")
    assert asking.answer("mit", {"situation": path}, CATALOG).verdict.because.endswith("not considered: moon_phase")


def test_json_may_be_indented_by_tabs_and_words_are_read_as_meant(tmp_path):
    stated = write(tmp_path, "a.json", '{\n\t"commercial": false,\n\t"region": "US"\n}')
    assert asking.answer("mrl", {"situation": stated}, CATALOG).verdict.verdict == "allowed"
    stated = write(tmp_path, "a.yaml", "commercial: yes")
    assert asking.answer("mrl", {"situation": stated}, CATALOG).verdict.verdict == "forbidden"


def test_a_missing_file_is_an_error():
    with pytest.raises(LlmpickError, match="cannot read"):
        asking.answer("mit", {"situation": "nowhere.yaml"}, CATALOG)


def test_switches_nobody_asks_about_are_kept_apart():
    extra = {"moon_phase": "full", "vision_model": True, "student-kind": "BERT encoder", "Keeps guardrails": True}
    situation = from_mapping({"extra": extra | {"is_nonprofit": False}, "note": "x", "region": False})
    assert situation.ignored == ("moon_phase",)
    assert (situation.multimodal, situation.student_is_language_model) == (True, False)
    assert (situation.guardrails_removed, situation.licensee_type) == (False, None)
    assert situation.regions == {"NO"}


def test_flags_are_read_as_people_write_them():
    assert asking.answer("llama3.1", {"monthly_users": "800M"}, CATALOG).verdict.verdict == "forbidden"
    assert asking.answer("lfm1.0", {"commercial": True, "annual_revenue": "$5,000,000"}, CATALOG).verdict.duties == ()
    with pytest.raises(LlmpickError, match="annual_revenue_usd"):
        asking.answer("lfm1.0", {"annual_revenue": "lots"}, CATALOG)


@pytest.mark.parametrize("query", ["apache-2.0 (Gemma 4)", "license:apache-2.0", "Apache 2.0", "APACHE2"])
def test_spellings(query):
    assert asking.answer(query, {}, CATALOG).verdict.verdict == "allowed"


def test_several_licenses_at_once():
    answer = asking.answer("mit + llama3.1", {"commercial": True, "distribute_weights": True}, CATALOG)
    assert answer.verdict.id == "mit"
    assert "name_prefix:Llama" in answer.verdict.duties


def test_an_unknown_name_gets_the_nearest_ones():
    with pytest.raises(LlmpickError, match=r"llama3\.1"):
        asking.answer("lama3.1", {}, CATALOG)


def model(license_id, also=(), modalities=("text",), id_="acme/probe-1b"):
    facts = LicenseFacts(id=license_id, also=also, sources=SOURCES) if license_id else None
    return Model(
        id=id_,
        family="probe",
        lineage="probe-1b",
        developer="Acme",
        variant="base",
        tasks=("classification",),
        identity=SOURCES,
        parameters=ParameterFacts(total=10**9, active=10**9, sources=SOURCES),
        modalities=modalities,
        license=facts,
    )


def test_a_model_is_asked_about_by_its_name():
    catalog = replace(CATALOG, models=(model("llama3.2", modalities=("text", "image")), model(None, id_="acme/bare")))
    assert asking.answer("Probe-1B", {"region": "EU"}, catalog).verdict.verdict == "forbidden"
    assert asking.answer("acme/probe-1b", {"region": "US"}, catalog).verdict.verdict == "conditional"
    bare = asking.answer("acme/bare", {}, catalog).verdict
    assert (bare.verdict, bare.because) == ("unknown", MISSING)


# --- the step


def profile(**fields_):
    return Profile(task="classification", **fields_)


uses = st.fixed_dictionaries(
    {},
    optional={
        "commercial": st.booleans(),
        "monthly_users": st.sampled_from([0.0, 5e6, 9e8]),
        "annual_revenue": st.sampled_from([0.0, 5e5, 3e7]),
        "region": st.sampled_from(["DE", "KR", "US"]),
        "license": st.sampled_from([("permissive",), ("open-source", "llama3.1"), ("mit",)]),
    },
)
LICENSED = dict.fromkeys(facts.license for facts in facts_in(CATALOG.models))


@settings(max_examples=30)
@given(uses)
def test_every_license_weighs_what_its_sentences_say(use):
    asked = ask(profile(**use), CATALOG)
    for weights in LICENSED:
        words, verdict = step.judge_licensed(weights, asked)
        known = step.decided(weights, asked)
        assert step.weighed(known, asked) == weighed(words, asked)
        assert (known.decision.verdict, set(known.decision.duties)) == (verdict.verdict, set(verdict.duties) - NOTICES)
        assert [one.name for one in known.findings] == [one.name for one in words.checks]


@given(some_license, situations, st.sampled_from([*CLASSES, "mit", "llama3.1", "gemma"]))
def test_what_is_stored_of_a_license_decides_as_its_text_does(license_, situation, allowed):
    part = grants_in(LICENSES)[license_.id]
    whole, stored = decide((license_,), situation), decide((part,), situation)
    assert (stored.verdict, set(stored.duties)) == (whole.verdict, set(whole.duties) - NOTICES)
    assert accepts(part, [allowed]) == accepts(license_, [allowed])
    assert part == grant_of(license_)


def test_commercial_use_rules_a_research_license_out():
    (use,), verdict = checks(model("cc-by-nc-4.0"), LICENSES, profile(commercial=True))
    assert (use.name, use.outcome, verdict.verdict) == ("license use", "no", "forbidden")
    assert "commercial use is not permitted" in use.because
    assert "NonCommercial means" in use.because
    assert use.remedy == "a separate license from the licensor"
    (use,), _ = checks(model("cc-by-nc-4.0"), LICENSES, profile(commercial=False))
    assert use.outcome == "ok"
    (use,), verdict = checks(model("cc-by-nc-4.0"), LICENSES, profile())
    assert (use.outcome, verdict.duties) == ("ok", ("non_commercial_only",))


def test_users_and_region_come_from_the_profile():
    (use,), _ = checks(model("llama3.1"), LICENSES, profile(monthly_users=800_000_000))
    assert use.outcome == "no"
    (use,), _ = checks(model("llama4", modalities=("text", "image")), LICENSES, profile(region="IT"))
    assert use.outcome == "no"
    (use,), _ = checks(model("llama3.2"), LICENSES, profile(region="IT"))
    assert use.outcome == "ok"


@pytest.mark.parametrize("license_id", [None, "never-recorded"])
def test_a_license_that_is_not_on_record_is_to_be_verified(license_id):
    (use, listed), verdict = checks(model(license_id), LICENSES, profile(commercial=True, license=("permissive",)))
    assert (use.outcome, listed.outcome, verdict.verdict) == ("unknown", "unknown", "unknown")
    assert use.because == MISSING


def test_the_license_of_the_base_binds_below_the_tag():
    (use, listed), verdict = checks(
        model("mit", also=("llama3.1",)), LICENSES, profile(commercial=True, license=("permissive",))
    )
    assert (use.outcome, listed.outcome) == ("ok", "no")
    assert verdict.duties == ("comply_aup", "keep_notice")
    assert listed.because == "llama3.1 is not among permissive"


def test_the_allow_list_accepts():
    (_, listed), _ = checks(model("apache-2.0"), LICENSES, profile(license=("open-source",)))
    assert listed.outcome == "ok"


def test_licenses_are_records_with_an_id_of_their_own():
    assert all(isinstance(one, License) and key == one.id for key, one in LICENSES.items())


def test_the_documentation_lists_every_duty():
    page = (Path(__file__).parents[1] / "docs" / "licenses.md").read_text(encoding="utf-8")
    assert [
        f"| `{duty}` | {text} |" for duty, (_, text) in DUTIES.items() if f"| `{duty}` | {text} |" not in page
    ] == []
