"""`llmpick mcp`: the same answers for an agent, as tools of the Model Context Protocol over stdio.

The SDK is an extra (`pip install 'llmpick[mcp]'`) and is imported when the server starts, never by another command.
Tools read the catalog and nothing else: none takes a file name, none writes, none reaches the network.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

from llmpick import request
from llmpick.errors import LlmpickError, did_you_mean
from llmpick.flags import JOB, PROFILE, SEARCH, USE
from llmpick.record import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import mcp_types
    from mcp.server.lowlevel import Server

    from llmpick.catalog import Catalog
    from llmpick.flags import Flag
    from llmpick.profile import Profile

Arguments = dict[str, Any]
NEAREST = 10
"""Models ruled out or undecided that `recommend` lists unless asked for all: an agent reads every byte."""
FILES = ("profile", "situation")
"""Flags that name a file; an agent has no business naming one."""

MODEL = {"type": "string", "description": "Hub id, or an unambiguous short name: qwen3-8b."}


@record
class Tool:
    """One question an agent can ask."""

    says: str
    answer: Callable[[Catalog, Arguments], Any]
    """The object that `--format json` prints."""
    flags: Mapping[str, Flag]
    """Those of the command of the same name."""
    own: Mapping[str, Any]
    """JSON Schemas of its further arguments."""
    required: tuple[str, ...] = ()


def recommend(facts: Catalog, given: Arguments) -> Any:
    """The ranking; of the models ruled out or undecided the nearest, or all."""
    from llmpick import engine
    from llmpick.render import json

    every = given.pop("all", False)
    answer = json.ranking(engine.rank(facts, _profile(facts, given)))
    out, open_ = answer["ruled_out"], answer["undecided"]
    if not every and (len(out) > NEAREST or len(open_) > NEAREST):
        answer["notes"].append(
            f"of {len(out):,} models ruled out and {len(open_):,} undecided the first {NEAREST} are listed; "
            "`all` lists every one"
        )
        answer["ruled_out"], answer["undecided"] = out[:NEAREST], open_[:NEAREST]
    return answer


def explain(facts: Catalog, given: Arguments) -> Any:
    """Why one model stands where it does."""
    from llmpick import explain
    from llmpick.catalog import browse
    from llmpick.render import json

    model = browse.find(facts, given.pop("model"))
    profile = _profile(facts, given)
    return json.explain(profile, explain.explain(model, facts, profile))


def compare(facts: Catalog, given: Arguments) -> Any:
    """Models side by side."""
    from llmpick import explain
    from llmpick.catalog import browse
    from llmpick.render import json

    models = [browse.find(facts, name) for name in given.pop("models")]
    profile = _profile(facts, given)
    return json.compare(profile, explain.compare(models, facts, profile))


def estimate(facts: Catalog, given: Arguments) -> Any:
    """Memory, time and cost."""
    from llmpick import estimating
    from llmpick.render import json

    return json.estimate(estimating.answer(given, given.pop("model"), None, facts))


def advise(facts: Catalog, given: Arguments) -> Any:
    """Whether to fine-tune at all."""
    from llmpick.guidance.advise import advise
    from llmpick.render import json

    return json.advise(advise(_profile(facts, given), facts.apis))


def plan(facts: Catalog, given: Arguments) -> Any:
    """Hyperparameters with reasons."""
    from llmpick import planning
    from llmpick.render import json

    return json.plan(planning.answer(given.pop("model"), facts, _profile(facts, given)))


def license(facts: Catalog, given: Arguments) -> Any:
    """What a license allows."""
    from llmpick.licensing import asking
    from llmpick.render import json

    return json.license(asking.answer(given.pop("name"), given, facts))


def catalog_list(facts: Catalog, given: Arguments) -> Any:
    """Models that match."""
    from llmpick.catalog import browse
    from llmpick.render import json
    from llmpick.searching import wanted

    found = browse.select(facts, wanted(given))
    return list(json.models(found, browse.laid(facts, found)))


def catalog_show(facts: Catalog, given: Arguments) -> Any:
    """One entry with its sources."""
    from llmpick.catalog import browse
    from llmpick.render import json

    return json.entry(facts, browse.find_any(facts, given["model"]))


TOOLS = {
    "recommend": Tool(
        says="Rank base models to fine-tune for a task, with the method, what it takes, its license and why.",
        answer=recommend,
        flags=PROFILE,
        own={
            "top": {"type": "integer", "description": "How many models (5)."},
            "all": {"type": "boolean", "description": "List every model ruled out or undecided too (long)."},
        },
        required=("task",),
    ),
    "explain": Tool(
        says="Why a model is ranked where it is, or ruled out, and what would have to change for it to win.",
        answer=explain,
        flags=PROFILE,
        own={"model": MODEL},
        required=("model", "task"),
    ),
    "compare": Tool(
        says="Models side by side for a profile, whether they fit or not.",
        answer=compare,
        flags=PROFILE,
        own={"models": {"type": "array", "items": MODEL, "minItems": 1, "description": "Hub ids or short names."}},
        required=("models", "task"),
    ),
    "estimate": Tool(
        says="Memory (bytes, part by part), hours, dollars, serving speed of a model; a vendor's: dollars, limits.",
        answer=estimate,
        flags=JOB,
        own={"model": MODEL},
        required=("model",),
    ),
    "advise": Tool(
        says="Whether to fine-tune at all, with which technique, how much data, which metrics.",
        answer=advise,
        flags=PROFILE,
        own={},
        required=("task",),
    ),
    "plan": Tool(
        says="Hyperparameters for fine-tuning one model, each with its reason and source.",
        answer=plan,
        flags=PROFILE,
        own={"model": MODEL},
        required=("model", "task"),
    ),
    "license": Tool(
        says="What a license, or a model's license, allows in a situation: verdict, duties, clause. Not legal advice.",
        answer=license,
        flags=USE,
        own={"name": {"type": "string", "description": "A license id or a model."}},
        required=("name",),
    ),
    "catalog_list": Tool(
        says="Models of the catalog by family, task, license, size, language or domain.",
        answer=catalog_list,
        flags=SEARCH,
        own={},
    ),
    "catalog_show": Tool(
        says="One model's whole entry with its sources.",
        answer=catalog_show,
        flags={},
        own={"model": MODEL},
        required=("model",),
    ),
}


def _profile(facts: Catalog, given: Arguments) -> Profile:
    return request.build(request.given(given), facts)


def schema(tool: Tool) -> dict[str, Any]:
    """The JSON Schema of a tool's arguments, from the flags of the command."""
    flags = {spelled(flag): _argument(flag) for name, flag in tool.flags.items() if name not in FILES}
    return {
        "type": "object",
        "properties": {**tool.own, **flags},
        "required": list(tool.required),
        "additionalProperties": False,
    }


def spelled(flag: Flag) -> str:
    """A flag as an argument: `--gradient-accumulation` is `gradient_accumulation`."""
    return flag.names[0].partition("/")[0].lstrip("-").replace("-", "_")


def _argument(flag: Flag) -> dict[str, Any]:
    """The JSON Schema of one flag; what takes text on the command line takes a number here too."""
    inner = [one for one in get_args(flag.kind) if one is not type(None)]
    if inner == [bool]:
        return {"type": "boolean", "description": flag.says}
    if inner == [str]:
        return {"type": ["string", "number"], "description": flag.says}
    return {"type": ["string", "array"], "items": {"type": "string"}, "description": flag.says}


def call(name: str, arguments: Arguments, facts: Catalog) -> Any:
    """The JSON object a tool answers with; raises LlmpickError in one line."""
    tool = TOOLS.get(name)
    if tool is None:
        raise LlmpickError(f"no tool called {name!r}", did_you_mean(name, TOOLS) or f"one of: {', '.join(TOOLS)}")
    _check(name, arguments, schema(tool))
    fields = {spelled(flag): field for field, flag in tool.flags.items()}
    return tool.answer(facts, {fields.get(key, key): value for key, value in arguments.items() if value is not None})


def _check(name: str, arguments: Arguments, wanted: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator

    errors = sorted(Draft202012Validator(wanted).iter_errors(arguments), key=str)
    if errors:
        where = ".".join(str(part) for part in errors[0].absolute_path)
        raise LlmpickError(f"{name}{'.' + where if where else ''}: {errors[0].message}", "see the tool's input schema")


def serve(directories: Any) -> None:
    """Answer over stdin and stdout until the client leaves; raises LlmpickError where the SDK is missing."""
    try:
        import anyio
        from mcp.server.stdio import stdio_server
    except ImportError:
        raise LlmpickError("the MCP server needs its extra", "pip install 'llmpick[mcp]'") from None
    server = build(request.load(directories))

    async def run() -> None:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(run)


def build(facts: Catalog) -> Server:
    """The server with all tools, ready for any transport."""
    import anyio
    import mcp_types as types
    from mcp.server.lowlevel import Server

    from llmpick.render.text import safe

    async def list_tools(_: Any, __: Any) -> mcp_types.ListToolsResult:
        return types.ListToolsResult(tools=[_listed(name, tool) for name, tool in TOOLS.items()])

    async def call_tool(_: Any, asked: mcp_types.CallToolRequestParams) -> mcp_types.CallToolResult:
        try:
            # In a thread: the server keeps answering pings while a question is worked out.
            answer = await anyio.to_thread.run_sync(call, asked.name, dict(asked.arguments or {}), facts)
        except LlmpickError as error:
            return types.CallToolResult(content=[types.TextContent(text=safe(str(error)))], is_error=True)
        text = types.TextContent(text=json.dumps(answer, ensure_ascii=False, allow_nan=False))
        return types.CallToolResult(
            content=[text], structured_content=answer if isinstance(answer, dict) else {"result": answer}
        )

    return Server("llmpick", version=_version(), on_list_tools=list_tools, on_call_tool=call_tool)


def _listed(name: str, tool: Tool) -> mcp_types.Tool:
    import mcp_types as types

    kind = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
    return types.Tool(name=name, description=tool.says, input_schema=schema(tool), annotations=kind)


def _version() -> str:
    from importlib.metadata import version

    return version("llmpick")
