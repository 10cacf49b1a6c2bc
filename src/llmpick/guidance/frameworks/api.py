"""A vendor's tuning API: the request body, and the two commands that upload the data and send it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from llmpick.errors import LlmpickError
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmpick.guidance.answers import Plan

MESSAGES = '{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}'
PREFERENCES = (
    '{"input": {"messages": [{"role": "user", "content": "..."}]}, "preferred_output": [{"role": "assistant", '
    '"content": "the better answer"}], "non_preferred_output": [{"role": "assistant", "content": "the worse one"}]}'
)
CONTENTS = '{"contents": [{"role": "user", "parts": [{"text": "..."}]}, {"role": "model", "parts": [{"text": "..."}]}]}'
CONVERSE = (
    '{"schemaVersion": "bedrock-conversation-2024", "messages": [{"role": "user", "content": [{"text": "..."}]}, '
    '{"role": "assistant", "content": [{"text": "..."}]}]}'
)
COMPLETION = '{"prompt": "...", "completion": "..."}'
FIELDS: dict[str, dict[str, str]] = {
    MESSAGES: {"messages": "list"},
    PREFERENCES: {"input": "object", "preferred_output": "list", "non_preferred_output": "list"},
    CONTENTS: {"contents": "list"},
    CONVERSE: {"schemaVersion": "text", "messages": "list"},
    COMPLETION: {"prompt": "text", "completion": "text"},
}
"""Shape of a row -> the type each of its fields must have."""


@record
class Vendor:
    """How one vendor is asked."""

    body: Callable[[Plan], dict[str, Any]]
    row: Callable[[Plan], str]
    commands: tuple[str, ...]


def request(plan: Plan) -> dict[str, str]:
    """request.json: what starts the job once the data are uploaded; words in capitals are yours to fill in."""
    return {"request.json": json.dumps(vendor(plan).body(plan), indent=2, ensure_ascii=False) + "\n"}


def commands(plan: Plan) -> tuple[str, ...]:
    """Upload, then start the job."""
    return vendor(plan).commands


def vendor(plan: Plan) -> Vendor:
    """The vendor of a plan; LlmpickError where nobody wrote down how it is asked."""
    name = str(plan.values["vendor"])
    if name not in VENDORS:
        raise LlmpickError(
            f"how {name} is asked is not on record here", f"known: {', '.join(VENDORS)}; the plan itself still holds"
        )
    return VENDORS[name]


def _base(plan: Plan) -> str:
    """The model to name; a row of a price list that stands for many leaves the choice to you."""
    name = str(plan.values["base_model"])
    return "BASE_MODEL" if " " in name else name


def _openai(plan: Plan) -> dict[str, Any]:
    values = plan.values
    shape: dict[str, Any] = {"n_epochs": values["epochs"], "batch_size": "auto", "learning_rate_multiplier": "auto"}
    kind = "dpo" if plan.after == "dpo" else "supervised"
    shape |= {"beta": values["dpo_beta"]} if kind == "dpo" else {}
    return {
        "model": _base(plan),
        "training_file": "TRAIN_FILE_ID",
        "validation_file": "DEV_FILE_ID",
        "seed": values["seed"],
        "method": {"type": kind, kind: {"hyperparameters": shape}},
    }


def _together(plan: Plan) -> dict[str, Any]:
    values = plan.values
    method = {"method": "dpo", "dpo_beta": values["dpo_beta"]} if plan.after == "dpo" else {"method": "sft"}
    return {
        "model": _base(plan),
        "training_file": "TRAIN_FILE_ID",
        "validation_file": "DEV_FILE_ID",
        "n_epochs": values["epochs"],
        "n_evals": values["epochs"],
        "batch_size": "max",
        "random_seed": values["seed"],
        "training_method": method,
    }


def _google(plan: Plan) -> dict[str, Any]:
    return {
        "baseModel": _base(plan),
        "supervisedTuningSpec": {
            "trainingDatasetUri": "gs://BUCKET/train.jsonl",
            "validationDatasetUri": "gs://BUCKET/dev.jsonl",
            "hyperParameters": {"epochCount": plan.values["epochs"]},
        },
    }


def _bedrock(plan: Plan) -> dict[str, Any]:
    job: dict[str, Any] = {
        "jobName": "JOB_NAME",
        "customModelName": "MODEL_NAME",
        "roleArn": "arn:aws:iam::ACCOUNT:role/ROLE",
        "baseModelIdentifier": _base(plan),
        "customizationType": "FINE_TUNING",
        "trainingDataConfig": {"s3Uri": "s3://BUCKET/train.jsonl"},
        "outputDataConfig": {"s3Uri": "s3://BUCKET/output"},
        "hyperParameters": {"epochCount": str(plan.values["epochs"])},
    }
    # Nova 2 takes no validation set: https://docs.aws.amazon.com/bedrock/latest/userguide/nova-2-sft-data-prep.md
    if "nova-2" not in job["baseModelIdentifier"]:
        job["validationDataConfig"] = {"validators": [{"s3Uri": "s3://BUCKET/dev.jsonl"}]}
    return job


def _fireworks(plan: Plan) -> dict[str, Any]:
    return {
        "baseModel": "accounts/fireworks/models/BASE_MODEL",
        "dataset": "accounts/ACCOUNT/datasets/TRAIN_DATASET",
        "evaluationDataset": "accounts/ACCOUNT/datasets/DEV_DATASET",
        "epochs": plan.values["epochs"],
        "outputModel": "accounts/ACCOUNT/models/MODEL_NAME",
    }


def _chat_row(plan: Plan) -> str:
    if plan.values["base_model"] in ("babbage-002", "davinci-002"):
        return COMPLETION
    return PREFERENCES if plan.after == "dpo" else MESSAGES


def _bedrock_row(plan: Plan) -> str:
    name = str(plan.values["base_model"])
    if "nova" in name:
        return CONVERSE
    if "llama3-1" in name or "llama3-3" in name:
        return COMPLETION
    raise LlmpickError(f"the rows that Amazon Bedrock wants for {name} are not on record", "see its documentation")


def _post(url: str, *headers: str) -> str:
    given = " ".join(f'-H "{header}"' for header in ("Content-Type: application/json", *headers))
    return f'curl -sS "{url}" {given} -d @request.json'


def _uploads(url: str, header: str) -> tuple[str, ...]:
    """Both files; each answer holds the id that goes into request.json."""
    return tuple(
        f'curl -sS "{url}" -H "{header}" -F purpose=fine-tune -F file=@{name}.jsonl' for name in ("train", "dev")
    )


_OPENAI, _AZURE, _TOGETHER = (
    "Authorization: Bearer $OPENAI_API_KEY",
    "api-key: $AZURE_OPENAI_API_KEY",
    "Authorization: Bearer $TOGETHER_API_KEY",
)
VENDORS: dict[str, Vendor] = {
    "OpenAI": Vendor(
        body=_openai,
        row=_chat_row,
        commands=(
            *_uploads("https://api.openai.com/v1/files", _OPENAI),
            _post("https://api.openai.com/v1/fine_tuning/jobs", _OPENAI),
        ),
    ),
    "Microsoft Azure": Vendor(
        body=_openai,
        row=_chat_row,
        commands=(
            *_uploads("$AZURE_OPENAI_ENDPOINT/openai/v1/files", _AZURE),
            _post("$AZURE_OPENAI_ENDPOINT/openai/v1/fine_tuning/jobs", _AZURE),
        ),
    ),
    "Google Cloud": Vendor(
        body=_google,
        row=lambda plan: CONTENTS,
        commands=(
            "gcloud storage cp train.jsonl dev.jsonl gs://$BUCKET/",
            _post(
                "https://$REGION-aiplatform.googleapis.com/v1/projects/$PROJECT/locations/$REGION/tuningJobs",
                "Authorization: Bearer $(gcloud auth print-access-token)",
            ),
        ),
    ),
    "Amazon Bedrock": Vendor(
        body=_bedrock,
        row=_bedrock_row,
        commands=(
            "aws s3 cp . s3://$BUCKET/ --recursive --exclude '*' --include train.jsonl --include dev.jsonl",
            "aws bedrock create-model-customization-job --cli-input-json file://request.json",
        ),
    ),
    "Together AI": Vendor(
        body=_together,
        row=_chat_row,
        commands=(
            "together files upload train.jsonl && together files upload dev.jsonl",
            _post("https://api.together.ai/v1/fine-tunes", _TOGETHER),
        ),
    ),
    "Fireworks AI": Vendor(
        body=_fireworks,
        row=lambda plan: MESSAGES,
        commands=(
            "firectl dataset create TRAIN_DATASET train.jsonl && firectl dataset create DEV_DATASET dev.jsonl",
            _post(
                "https://api.fireworks.ai/v1/accounts/$ACCOUNT/supervisedFineTuningJobs",
                "Authorization: Bearer $FIREWORKS_API_KEY",
            ),
        ),
    ),
}
