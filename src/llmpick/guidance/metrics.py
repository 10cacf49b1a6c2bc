"""What to judge the trained model by, and what it has to beat, task by task."""

from __future__ import annotations

from llmpick.guidance import sources
from llmpick.guidance.answers import Metric
from llmpick.record import record


@record
class Judging:
    """The metrics of one task, the first one deciding, and the baseline."""

    metrics: tuple[Metric, ...]
    baseline: str
    baseline_source: str


def _metric(name: str, because: str, source: str) -> Metric:
    return Metric(name=name, because=because, source=source)


_MACRO_F1 = _metric(
    "macro-F1", "every class counts alike, so a rare class cannot hide behind a common one", sources.F1_CARD
)
_ACCURACY = _metric(
    "accuracy",
    "the share answered right; it flatters where one class is much more common than the others",
    sources.BALANCED,
)
_EXACT = _metric("exact match", "the whole answer must be right; nothing for almost", sources.EXACT_MATCH_CARD)
_JUDGE = _metric(
    "side-by-side judgment",
    "people, or a strong model that agreed with people in over 80 % of cases, say which of two answers is better; swap "
    "the order and watch for a taste for length",
    sources.LLM_JUDGE,
)
_PASS_1 = _metric(
    "pass@1", "generated code counts only if it passes the tests; run it in a sandbox", sources.CODE_EVAL_CARD
)
_ROUGE = _metric("ROUGE-L", "overlap with a reference text: cheap, good for watching training", sources.ROUGE_CARD)
_PROMPTED = "a large instruction model with your best prompt and a few examples in it"

_FREE_TEXT = Judging(
    metrics=(_JUDGE, _ROUGE),
    baseline=_PROMPTED,
    baseline_source=sources.HF_COURSE_SFT,
)

JUDGING: dict[str, Judging] = {
    "classification": Judging(
        metrics=(_MACRO_F1, _ACCURACY),
        baseline=f"TF-IDF with logistic regression, and {_PROMPTED}",
        baseline_source=sources.SPARSE_TEXT,
    ),
    "code-understanding": Judging(
        metrics=(_MACRO_F1, _ACCURACY),
        baseline=f"TF-IDF with logistic regression, and {_PROMPTED}",
        baseline_source=sources.SPARSE_TEXT,
    ),
    "token-classification": Judging(
        metrics=(
            _metric(
                "entity F1 (seqeval, strict)",
                "an entity counts only with the right borders and type; per type as well",
                sources.SEQEVAL_CARD,
            ),
        ),
        baseline="a zero-shot extractor such as GLiNER, and a list of known names",
        baseline_source=sources.GLINER,
    ),
    "extractive-qa": Judging(
        metrics=(
            _metric("exact match", "the marked answer is exactly one of the right ones", sources.SQUAD_CARD),
            _metric(
                "token F1", "how much of the answer was marked, for answers that are nearly right", sources.SQUAD_CARD
            ),
        ),
        baseline="a reader already tuned on SQuAD, unchanged",
        baseline_source=sources.SQUAD_CARD,
    ),
    "similarity": Judging(
        metrics=(
            _metric(
                "Spearman correlation of the cosine",
                "only the order of similarities matters, not their size",
                sources.MTEB,
            ),
        ),
        baseline="a ready-made embedding model, unchanged",
        baseline_source=sources.MTEB,
    ),
    "retrieval": Judging(
        metrics=(
            _metric("nDCG@10", "right passages among the first ten, the higher the better", sources.BEIR),
            _metric("recall@k", "what a later reranker can still find", sources.BEIR),
        ),
        baseline="BM25, and a ready-made embedding model, unchanged",
        baseline_source=sources.BEIR,
    ),
    "summarization": Judging(
        metrics=(
            _ROUGE,
            _metric(
                "faithfulness",
                "does every statement follow from the text? overlap scores do not notice invented ones; have people "
                "check a sample",
                sources.FAITHFULNESS,
            ),
        ),
        baseline=f"the first three sentences, and {_PROMPTED}",
        baseline_source=sources.LEAD_3,
    ),
    "translation": Judging(
        metrics=(
            _metric(
                "COMET",
                "follows human judgment more closely than overlap does, for the languages it covers",
                sources.COMET_CARD,
            ),
            _metric("chrF++", "character and word overlap: works for any language", sources.CHRF_CARD),
        ),
        baseline="a ready-made translation model, and a large instruction model",
        baseline_source=sources.COMET_CARD,
    ),
    "generation": _FREE_TEXT,
    "chat": _FREE_TEXT,
    "question-answering": Judging(
        metrics=(_EXACT, _JUDGE),
        baseline=f"the same model with retrieved passages in its prompt, and {_PROMPTED}",
        baseline_source=sources.FACTS_OVADIA,
    ),
    "information-extraction": Judging(
        metrics=(
            _metric("field F1", "each field is right, wrong or missing; per field as well", sources.F1_CARD),
            _EXACT,
        ),
        baseline=_PROMPTED,
        baseline_source=sources.HF_COURSE_SFT,
    ),
    "code-generation": Judging(metrics=(_PASS_1,), baseline=_PROMPTED, baseline_source=sources.HF_COURSE_SFT),
    "text-to-sql": Judging(
        metrics=(
            _metric(
                "execution accuracy",
                "the query returns the right rows, on more than one database, since wrong queries often agree on one",
                sources.TEST_SUITES,
            ),
        ),
        baseline=f"{_PROMPTED}, with the schema",
        baseline_source=sources.TEST_SUITES,
    ),
    "function-calling": Judging(
        metrics=(
            _metric(
                "call accuracy",
                "the right function with the right arguments, and none where none is wanted",
                sources.BFCL,
            ),
        ),
        baseline="the same model's own tool calling, untuned",
        baseline_source=sources.BFCL,
    ),
    "math-reasoning": Judging(
        metrics=(_metric("final-answer accuracy", "the number after the reasoning is what counts", sources.GSM8K),),
        baseline=f"{_PROMPTED}, asked to reason step by step",
        baseline_source=sources.GSM8K,
    ),
}


def judging(task: str) -> Judging:
    """How `task` is judged; free text for a task of the user's own catalog."""
    return JUDGING.get(task, _FREE_TEXT)
