"""Every rule of `catalog check`, with a file that breaks it; the small catalog keeps them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from llmpick import catalog, lint
from llmpick.errors import CatalogError
from llmpick.languages import ISO_639_1, ISO_639_3
from llmpick.lint.origins import COPIES

SMALL = Path(__file__).parent / "data" / "catalog_small"
QWEN = "models/Qwen/Qwen3-8B.yaml"
BASE = "models/Qwen/Qwen3-8B-Base.yaml"
BGE = "models/BAAI/bge-base-en-v1.5.yaml"
BERT = "models/google-bert/bert-base-uncased.yaml"
API = "apis/openai/gpt-4.1-mini-2025-04-14.yaml"

# rule, file, text to replace, its replacement, what the line of the finding must hold, what the finding must say
BROKEN = [
    ("parameters-from-architecture", QWEN, "num_hidden_layers: 36", "num_hidden_layers: 40", "total: 8190735360",
     "the architecture gives 8,962,521,088 total parameters, the file says 8,190,735,360"),
    ("parameters-from-architecture", QWEN, "active: 8190735360", "active: 8190735359", "active: 8190735359", "active"),
    ("parameters-from-architecture", QWEN, "model_type: qwen3", "model_type: gemma3n", "gemma3n", "extra.altup_num"),
    ("published-parameters", QWEN, "published: 8190735360", "published: 8190000000000", "published: 8190000000000",
     "`total` is -99.90% off"),
    ("published-parameters", QWEN, "  published: 8190735360\n", "  published_as: tied head\n", "published_as",
     "there is no `published`"),
    ("active-parameters", QWEN, "active: 8190735360", "active: 8190735361", "active: 8190735361", "more active"),
    ("known-tasks", BERT, "[classification, token-classification", "[clasification, token-classification",
     "clasification", "unknown task `clasification`; did you mean classification"),
    ("known-tasks", API, "tasks: [classification", "tasks: [classifying", "classifying", "unknown task"),
    ("known-licenses", BERT, "id: apache-2.0", "id: apache2", "id: apache2", "did you mean apache-2.0?"),
    ("known-licenses", BERT, "id: apache-2.0", "id: apache-2.0\n  also: [mti]", "also", "did you mean mit?"),
    ("known-domains", BERT, "domains: [books, wikipedia]", "domains: [bokks, wikipedia]", "bokks", "books"),
    ("known-domains", "domains.yaml", "near: [web, wikipedia, news, books]", "near: [webb]", "webb", "web"),
    ("known-benchmarks", BERT, "benchmark: glue-dev", "benchmark: glue-test", "glue-test", "glue-dev"),
    ("known-benchmarks", BERT, "value: 79.2", "value: 792", "value: 792", "792 is outside GLUE dev's 0 to 100"),
    ("known-languages", BERT, "languages: [en]", "languages: [eng]", "eng", "`eng` is not a known ISO 639-1 code"),
    ("known-languages", BERT, "languages: [en]", "languages: [en, mul]", "mul", "`languages_note`"),
    ("known-gpus", "prices.yaml", "gpu: A100 SXM4 80GB", "gpu: A100 SXM 80GB", "A100 SXM 80GB", "A100 SXM4 80GB"),
    ("known-hub-models", "hub.json", '"Qwen/Qwen3-8B":', '"qwen/qwen3-8b":', "qwen/qwen3-8b", "Qwen/Qwen3-8B"),
    ("openable-sources", BERT, "github:google-research/bert@eedf5716ce:", "github:google-research/bert@master:",
     "master", "names no commit"),
    ("openable-sources", BERT, "arxiv:1810.04805", "arxiv:bert", "arxiv:bert", "is no arXiv number"),
    ("openable-sources", "gpus.yaml", "checked: 2026-11-20", "checked: 2026-02-31", "2026-02-31", "no day of the"),
    ("openable-sources", "licenses/mit.yaml", "checked: '2026-11-21'", "checked: 2026-11-31", "2026-11-31", "no day"),
    ("openable-sources", "benchmarks.yaml", "arxiv:2304.06364", "arxiv:agieval", "arxiv:agieval", "arXiv number"),
    ("dates-in-order", QWEN, "objective: causal", "objective: causal\n  knowledge_cutoff: 2025-05", "cutoff",
     "its knowledge ends 2025-05, after the release 2025-04"),
    ("dates-in-order", QWEN, "objective: causal", "objective: causal\n  initialized_from: openai/gpt-oss-20b",
     "initialized_from", "the checkpoint it continues from is of 2025-08"),
    ("dates-in-order", QWEN, "released: 2025-04", "released: 2026-12", "released", "its sources were read on"),
    ("lineage-agreement", QWEN, "hidden_size: 4096", "hidden_size: 4095", "hidden_size", "of its lineage has 4096"),
    ("lineage-agreement", QWEN, "total: 8190735360", "total: 9190735360", "total", "Qwen/Qwen3-8B-Base of its lineage"),
    ("lineage-agreement", QWEN, "family: qwen3", "family: qwen", "family", "says qwen3"),
    ("lineage-agreement", QWEN, "id: apache-2.0", "id: mit", "id: mit", "has apache-2.0"),
    ("lineage-agreement", QWEN, "context_length: 40960", "context_length: 4096", "context_length", "reads 32,768"),
    ("lineage-agreement", QWEN, "context_length: 40960", "context_length: 33000", "context_length", "reads 32,768"),
    ("terms-of-the-base", QWEN, "objective: causal", "objective: causal\n  initialized_from: klue/roberta-base",
     "license:", "made from klue/roberta-base, whose license cc-by-sa-4.0 binds as well; add it to `also`"),
    ("tokens-with-the-base", QWEN, "tokens: 3.6e+13", "tokens: 1.0e+11\n  initialized_from: Qwen/Qwen3-8B-Base",
     "tokens: 1.0e+11", "1e+11 tokens, but Qwen/Qwen3-8B-Base, which it continues from, has read 3.6e+13; add those"),
    ("languages-of-the-base", BGE, "scores:", "pretraining:\n  initialized_from: FacebookAI/xlm-roberta-base\n"
     "  sources: [{url: arxiv:2309.07597, checked: '2026-11-20'}]\nscores:", "pretraining:",
     "it knows few languages, its base FacebookAI/xlm-roberta-base many: name those, or `mul`, here"),
    ("languages-of-the-base", BGE, "vocab_size: 30522", "vocab_size: 250002", "schema=",
     "its base FacebookAI/xlm-roberta-base many"),
    ("pretraining-agreement", QWEN, "tokens: 3.6e+13", "tokens: 1.8e+13", "tokens",
     "tokens is 1.8e+13, Qwen/Qwen3-8B-Base of its lineage has 3.6e+13"),
    ("pretraining-agreement", QWEN, "  domains: [web, code, math, scientific]\n", "", "pretraining:",
     "domains is missing, Qwen/Qwen3-8B-Base of its lineage has web, code, math, scientific"),
    ("lineage-agreement", "models/klue/roberta-base.yaml", "lineage: klue-roberta-base", "lineage: roberta-base",
     "languages", "languages ko here only, en only in FacebookAI/roberta-base"),
    ("one-base-per-lineage", "models/klue/roberta-base.yaml", "lineage: klue-roberta-base", "lineage: roberta-base",
     "lineage: roberta-base", "FacebookAI/roberta-base is the base of `roberta-base` already"),
    ("tasks-fit-structure", BERT, "[classification,", "[chat, classification,", "chat", "this is encoder"),
    ("unique-rows", "gpus.yaml", "name: Tesla T4", "name: geforce rtx 4090", "geforce rtx 4090", "row 1 already"),
    ("unique-rows", "tasks.yaml", "id: similarity", "id: classification", "id: classification", "row 1 already"),
    ("sound-gpus", "gpus.yaml", "usable_mib: 24564", "usable_mib: 24577", "usable_mib: 24577", "24,577 MiB usable of"),
    ("sound-gpus", "gpus.yaml", "tflops_fp16: 65\n", "tflops_fp16: 65\n  tflops_bf16: 65\n", "tflops_bf16: 65",
     "Tesla T4 has no bf16"),
    ("sound-prices", "prices.yaml", "spot_low: 0.45", "spot_low: 4.5", "spot_low: 4.5", "more than the typical $0.72"),
    ("sound-prices", "prices.yaml", "as_of: 2026-08-22", "as_of: 2026-12-22", "as_of: 2026-12-22", "later than"),
    ("sound-prices", "prices.yaml", "as_of: 2026-08-22", "as_of: 2026-02-30", "as_of: 2026-02-30", "no day of the"),
    ("dated-shutdowns", API, "status: closing", "status: open", "status: open", "yet it stops on 2027-01-14"),
    ("dated-shutdowns", API, "shutdown: 2027-01-14", "shutdown: 2027-02-30", "shutdown: 2027-02-30", "no day of the"),
    ("dated-shutdowns", "apis/together/open-models-up-to-16b.yaml", "status: open", "status: closed", "status: closed",
     "not since or until when"),
    ("context-within-positions", BERT, "context_length: 512", "context_length: 1024", "context_length: 1024",
     "1,024 tokens, but 512 position rows"),
    ("tools-by-architecture", QWEN, "vllm: true", "vllm: false", "vllm: false",
     "vllm is false here and true for 2 others of model type qwen3"),
    ("several-languages-translate", QWEN, "translation, ", "", "tasks:", "it knows several languages: add translation"),
    ("several-languages-translate", "models/openai/gpt-oss-20b.yaml", "code-generation,",
     "code-generation, translation,", "tasks:", "it knows one language: remove translation"),
    ("loaded-by-something", QWEN, "  transformers: true", "  transformers: false", "transformers: false",
     "neither transformers nor code of its own loads it"),
    ("gaps-explained", BERT, "looked_for: [training tokens]", "looked_for: [license]", "looked_for", "was found"),
    ("gaps-explained", BERT, "looked_for: [training tokens]", "looked_for: [license (no tag)]", "looked_for",
     "was found"),
    ("gaps-explained", BERT, "released: 2018-10\n", "", "", "`released` is missing; add it, or add `release month`"),
    ("policy-adds-up", "policy.yaml", "share: 0.56", "share: 0.57", "tree:", "the shares sum to 1.01"),
    ("policy-complete", "policy.yaml", "name: tie-margin", "name: tie-margins", "constants:", "lacks tie-margin; copy"),
    ("policy-complete", "policy.yaml", "- name: headroom", "- name: head-room", "values:", "lacks headroom; copy"),
    ("policy-complete", "policy.yaml", "{criterion: quality, low: 0.1", "{criterion: fit, low: 0.1", "unknown:",
     "lacks quality; copy"),
    ("policy-complete", "policy.yaml", "criterion: fit\n", "criterion: fitt\n", "criterion: fitt",
     "unknown criterion of task `fitt`; did you mean fit?"),
    ("policy-complete", "policy.yaml", "criterion: fit\n", "criterion: fitt\n", "tree:", "`tree` lacks fit; copy"),
    ("policy-in-order", "policy.yaml", "at: 2.0, worth", "at: 1.2, worth", "points:", "of headroom must rise"),
    ("policy-in-order", "policy.yaml", "at: 10, worth", "at: 0, worth", "points:", "must rise, from above 0"),
    ("policy-in-order", "policy.yaml", "low: 0.7, high: 1.0", "low: 0.7, high: 0.6", "low: 0.7", "above high 0.6"),
    ("modelines", BERT, "../../schema/model.json", "../schema/model.json", "../schema/model.json", "first line"),
]  # fmt: skip
# rule, file to write, its text, what the finding must say
ADDED = [
    ("originals-only", "models/Qwen/Qwen3-8B-AWQ.yaml", "`AWQ` marks a copy"),
    ("originals-only", "models/Qwen/Qwen3-8B-4bit.yaml", "`4bit` marks a copy"),
    ("originals-only", "models/unsloth/Qwen3-8B.yaml", "unsloth publishes copies"),
    ("unique-ids", "models/qwen/qwen3-8b.yaml", "Qwen/Qwen3-8B is the same repository"),
    ("usable-evidence", "evidence/toy.yaml", "unknown key"),
    ("expected-files", "models/Qwen/Qwen3-8B.yml", "nothing reads this file"),
    ("expected-files", "gpu.yaml", "nothing reads this file"),
]


HIDES = """\
# yaml-language-server: $schema=schema/hide.json
models: [Qwen/Qwen3-8B, qwen/*]
prices:
  - H100 XYZ
"""


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def write(folder: Path, path: str, text: str) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_the_small_catalog_keeps_every_rule():
    report = lint.check(base=SMALL)
    assert report.findings == ()
    assert report.text == f"{len(catalog.load(base=SMALL).origins)} files keep all {len(lint.RULES)} rules"


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: f"{case[0]}: {case[3]}")
def test_what_breaks_a_rule_is_found_where_it_stands(tmp_path, case):
    rule, path, old, new, line, says = case
    text = (SMALL / path).read_text()
    assert old in text
    file = write(tmp_path, path, text.replace(old, new, 1))
    found = [finding for finding in lint.check((tmp_path,), base=SMALL).findings if finding.rule == rule]
    mine = [finding for finding in found if finding.path == str(file) and says in finding.message]
    assert mine, found
    assert line in file.read_text().splitlines()[mine[0].line - 1]
    assert str(mine[0]).startswith(f"{file}:{mine[0].line}:{mine[0].column}: {rule}: ")


@pytest.mark.parametrize(("rule", "path", "says"), ADDED)
def test_a_file_that_should_not_be_there_is_found(tmp_path, rule, path, says):
    file = write(tmp_path, path, (SMALL / QWEN).read_text())
    found = [finding for finding in lint.check((tmp_path,), base=SMALL).findings if finding.rule == rule]
    assert [finding for finding in found if says in finding.message], found
    assert file.name in str(found) or rule == "unique-ids"


def test_a_hidden_name_that_hides_nothing_is_found_where_it_stands(tmp_path):
    file = write(tmp_path, "hide.yaml", HIDES)
    found = lint.check((tmp_path,), base=SMALL).findings
    assert [(one.rule, one.path, one.line, one.column) for one in found] == [
        ("hidden-entries", str(file), 2, 25),
        ("hidden-entries", str(file), 4, 5),
    ]
    assert found[0].message == "no catalog beneath has such a name among its models; correct or remove it"
    with pytest.raises(CatalogError, match=r"hide\.yaml:2:25"):
        lint.demand((tmp_path,))


def test_every_rule_is_broken_by_some_case_and_explained():
    broken = {case[0] for case in (*BROKEN, *ADDED)} | {"hidden-entries"}
    assert {lint.rule_id(rule) for rule in lint.RULES} == broken
    assert all(len(text) > 30 for text in lint.explanations().values())


@pytest.mark.parametrize(
    "name",
    ["Llama-3.1-8B", "gpt-oss-20b", "Nemotron-4-340B", "bert-base-uncased", "Phi-3-mini-4k-instruct", "mT5-base",
     "Emerged-7B", "Mixtral-8x7B-v0.1", "w2v-bert-2.0", "Int-8B", "Qwen3-30B-A3B-Instruct-2507"],
)  # fmt: skip
def test_originals_are_not_taken_for_copies(name):
    assert not COPIES.search(name)


@pytest.mark.parametrize(
    "name",
    ["Qwen3-8B-FP8", "Qwen3-8B-GGUF", "llama-7b-4bit", "x-8bpw", "x_Q4_K_M", "Foo-slerp-7B", "Bar-GPTQ-Int4",
     "Baz-abliterated", "Llama-3-8B-merged", "Llama-3.3-70B-Instruct-w4a16", "model-MLX"],
)  # fmt: skip
def test_copies_are_recognized_by_name(name):
    assert COPIES.search(name)


def test_an_exception_silences_its_rule_in_its_file_only(tmp_path):
    text = (SMALL / QWEN).read_text().replace("context_length: 40960", "context_length: 4096")
    assert text.endswith("\n")
    write(tmp_path, QWEN, text + "exceptions: [lineage-agreement]\n")
    assert lint.check((tmp_path,), base=SMALL).findings == ()


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("lineage-agreement", "the file keeps the rule `lineage-agreement`; remove the exception"),
        ("lineage-agrement", "unknown rule `lineage-agrement`; did you mean lineage-agreement, pretraining-agreement?"),
    ],
)
def test_an_exception_that_is_not_needed_is_a_finding(tmp_path, rule, says):
    text = (SMALL / QWEN).read_text() + f"exceptions: [{rule}]\n"
    file = write(tmp_path, QWEN, text)
    (finding,) = lint.check((tmp_path,), base=SMALL).findings
    assert (finding.path, finding.line, finding.rule) == (str(file), len(text.splitlines()), "unneeded-exception")
    assert finding.message == says


def test_files_that_do_not_load_are_findings_beside_the_others(tmp_path):
    broken = write(tmp_path, BERT, (SMALL / BERT).read_text().replace("variant: base", "variant: bass"))
    write(tmp_path, "prices.yaml", (SMALL / "prices.yaml").read_text().replace("spot_low: 0.45", "spot_low: 4.5"))
    report = lint.check((tmp_path,), base=SMALL)
    assert {finding.rule for finding in report.findings} == {"schema", "sound-prices"}
    assert report.text.splitlines()[0].startswith(f"{broken}:5:1: schema: `variant` must be 'base'")


def test_a_catalog_without_its_tables_is_a_finding(tmp_path):
    write(tmp_path, BERT, (SMALL / BERT).read_text())
    (finding,) = lint.check(base=tmp_path).findings
    assert finding.rule == "schema"
    assert "the catalog has no" in finding.message


def test_language_codes():
    assert len(ISO_639_1) == 184
    assert not ISO_639_1 & ISO_639_3
    assert all(re.fullmatch("[a-z]{2}", code) for code in ISO_639_1)
    assert all(re.fullmatch("[a-z]{3}", code) for code in ISO_639_3)
