"""Hold the requests written for vendors against the vendors' own clients; save what they accept for the tests.

Run it where the clients are installed (openai, together, google-genai, fireworks-ai, botocore): it needs no account and
no network. Writes tests/data/vendor_requests.json and exits 1 when a request is refused.

    python tools/vendor_requests.py
"""

import gzip
import json
import sys
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import get_args, get_type_hints

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from llmpick.errors import LlmpickError  # noqa: E402
from llmpick.guidance.frameworks import write  # noqa: E402
from vendor_cases import form, plans  # noqa: E402

DATA = ROOT / "tests/data/vendor_requests.json"


def main() -> int:
    saved, faults = {}, []
    for plan in plans():
        name = plan.values["vendor"]
        package, judge = CLIENTS[name]
        try:
            text = write(plan, "api")["request.json"]
        except LlmpickError:
            continue
        kept = saved.setdefault(name, {"client": f"{package} {version(package)}", "forms": []})
        shape = form(text, plan.values["base_model"])
        if shape in kept["forms"]:
            continue
        try:
            judge(json.loads(text))
            kept["forms"].append(shape)
        except Exception as error:
            faults.append(f"{plan.model}: {type(error).__name__}: {error}")
    DATA.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")
    print(*(f"{name}: {len(kept['forms'])} forms, {kept['client']}" for name, kept in saved.items()), sep="\n")
    print("\n".join(faults))
    return 1 if faults else 0


def openai(body: dict) -> None:
    from openai.types.fine_tuning.job_create_params import JobCreateParams
    from pydantic import TypeAdapter

    TypeAdapter(JobCreateParams).validate_python(body, strict=True)
    typed(body, JobCreateParams)


def typed(body: dict, shape: type) -> None:
    """No key that the TypedDict, or one within it, lacks; pydantic lets those pass."""
    hints = get_type_hints(shape)
    unknown = set(body) - set(hints)
    if unknown:
        raise ValueError(f"{shape.__name__} has no {sorted(unknown)}")
    for key, value in body.items():
        within = [each for each in (hints[key], *get_args(hints[key])) if hasattr(each, "__required_keys__")]
        if isinstance(value, dict) and within:
            typed(value, within[0])


def together(body: dict) -> None:
    from together.lib.types import fine_tuning as types

    # Its client fills the rest in from defaults of its own before it sends.
    filled = {"learning_rate": 1e-5, "warmup_ratio": 0.0, "max_grad_norm": 1.0, "weight_decay": 0.0}
    unknown = set(body) - set(types.FinetuneRequest.model_fields)
    if unknown:
        raise ValueError(f"FinetuneRequest has no {sorted(unknown)}")
    methods = {"sft": types.TrainingMethodSFT, "dpo": types.TrainingMethodDPO}
    method = methods[body["training_method"]["method"]]
    if set(body["training_method"]) - set(method.model_fields):
        raise ValueError(f"{method.__name__} has no {sorted(set(body['training_method']) - set(method.model_fields))}")
    types.FinetuneRequest(**(filled | body))


def google(body: dict) -> None:
    """Every path of the body is one its converter to the REST form writes, and the values pass its own types."""
    from google.genai import tunings, types

    source = Path(tunings.__file__).read_text(encoding="utf-8")
    for path in paths(body):
        if f"{list(path)}" not in source and f"'{path[-1]}'" not in source:
            raise ValueError(f"the client never writes {path}")
    given = body["supervisedTuningSpec"]
    types.CreateTuningJobConfig(epoch_count=given["hyperParameters"]["epochCount"])
    types.TuningDataset(gcs_uri=given["trainingDatasetUri"])
    types.TuningValidationDataset(gcs_uri=given["validationDatasetUri"])


def paths(body: dict, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in body.items():
        found += paths(value, (*before, key)) if isinstance(value, dict) else [(*before, key)]
    return found


def bedrock(body: dict) -> None:
    from botocore import validate
    from botocore.model import ServiceModel

    folder = Path(import_module("botocore").__file__).parent / "data/bedrock"
    path = next(folder.glob("*/service-2.json*"))
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    shape = ServiceModel(json.loads(text)).operation_model("CreateModelCustomizationJob").input_shape
    # Lengths count too: placeholders stand for names of the right form.
    report = validate.ParamValidator().validate(body, shape)
    if report.has_errors():
        raise ValueError(report.generate_report())
    if body["customizationType"] not in shape.members["customizationType"].enum:
        raise ValueError("no such customizationType")


def fireworks(body: dict) -> None:
    from fireworks.types.supervised_fine_tuning_job_create_params import SupervisedFineTuningJobCreateParams as Params

    hints = get_type_hints(Params, include_extras=True)
    names = {}
    for key, hint in hints.items():
        alias = next((extra.alias for extra in getattr(hint, "__metadata__", ()) if getattr(extra, "alias", None)), key)
        names[alias] = get_args(hint)[0] if hasattr(hint, "__metadata__") else hint
    for key, value in body.items():
        wanted = names[key]
        wanted = get_args(wanted)[0] if get_args(wanted) else wanted
        if not isinstance(value, wanted):
            raise TypeError(f"{key} must be {wanted}")


CLIENTS = {
    "OpenAI": ("openai", openai),
    "Microsoft Azure": ("openai", openai),
    "Google Cloud": ("google-genai", google),
    "Amazon Bedrock": ("botocore", bedrock),
    "Together AI": ("together", together),
    "Fireworks AI": ("fireworks-ai", fireworks),
}


if __name__ == "__main__":
    sys.exit(main())
