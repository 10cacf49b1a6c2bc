"""The MCP server gives a real client the objects that `--format json` prints."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import anyio
import jsonschema
import pytest
from mcp import Client, StdioServerParameters

from llmpick import cli, mcp_server

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILE = {"task": "ner", "gpu": "24GB", "domain": "biomedical", "language": ["en"], "examples": 5000}
FLAGS = ["--task", "ner", "--gpu", "24GB", "--domain", "biomedical", "--language", "en", "--examples", "5000"]
SAME = [
    ("recommend", {**PROFILE, "all": True, "top": 7}, ["recommend", *FLAGS, "--top", "7"]),
    ("explain", {**PROFILE, "model": "qwen3-8b"}, ["explain", "qwen3-8b", *FLAGS]),
    (
        "compare",
        {**PROFILE, "models": ["qwen3-8b", "bert-base-uncased"]},
        ["compare", "qwen3-8b", "bert-base-uncased", *FLAGS],
    ),
    ("estimate", {"model": "qwen3-8b", "seq_len": 2048}, ["estimate", "qwen3-8b", "--seq-len", "2048"]),
    ("advise", {"task": "chat", "weights": "api"}, ["advise", "--task", "chat", "--weights", "api"]),
    ("plan", {**PROFILE, "model": "bert-base-uncased"}, ["plan", "bert-base-uncased", *FLAGS]),
    ("license", {"name": "llama3.1", "commercial": True}, ["license", "llama3.1", "--commercial"]),
    ("catalog_list", {"family": "qwen3"}, ["catalog", "list", "--family", "qwen3"]),
    ("catalog_show", {"model": "qwen3-8b"}, ["catalog", "show", "qwen3-8b"]),
]


def ask(server: Any, question: Callable[[Client], Any]) -> Any:
    """What `question` returns for a client connected to `server`."""

    async def session() -> Any:
        async with Client(server) as client:
            return await question(client)

    return anyio.run(session)


@pytest.fixture(scope="module")
def server(facts):
    return mcp_server.build(facts)


@pytest.mark.parametrize(("tool", "arguments", "command"), SAME, ids=[name for name, _, _ in SAME])
def test_a_tool_answers_what_the_command_prints(tool, arguments, command, server, capsys):
    answer = ask(server, lambda client: client.call_tool(tool, arguments))
    assert cli.run([*command, "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert not answer.is_error
    assert json.loads(answer.content[0].text) == printed
    assert answer.structured_content == (printed if isinstance(printed, dict) else {"result": printed})


def test_every_tool_has_a_case_and_a_valid_schema(server):
    listed = ask(server, lambda client: client.list_tools()).tools
    assert {tool.name for tool in listed} == {name for name, _, _ in SAME}
    for tool in listed:
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        assert not {"profile", "situation", "config", "output"} & set(tool.input_schema["properties"])


def test_arguments_are_spelled_like_the_flags(server):
    shape = {"model": "Qwen/Qwen3-0.6B", "method": "qlora", "task": "chat"}
    plain, summed = (
        ask(server, lambda client, more=more: client.call_tool("estimate", shape | more)).structured_content
        for more in ({}, {"gradient_accumulation": 4, "double_quantization": False})
    )
    assert summed["breakdown_bytes"]["gradients"] >= plain["breakdown_bytes"]["gradients"]
    assert summed["breakdown_bytes"]["weights"] > plain["breakdown_bytes"]["weights"]
    assert "gradients summed over 4 steps" in summed["assumptions"]


def test_a_ranking_is_short_unless_all_is_asked_for(server):
    answer = ask(server, lambda client: client.call_tool("recommend", PROFILE)).structured_content
    assert len(answer["ruled_out"]) == mcp_server.NEAREST
    assert "`all` lists every one" in answer["notes"][-1]


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("recomend", {}, "did you mean recommend"),
        ("recommend", {}, "'task' is a required property"),
        ("recommend", {"task": "ner", "card": "24GB"}, "'card'"),
        ("recommend", {"task": "ner", "gpu": "24 bananas"}, "24 bananas"),
        ("recommend", {"task": "ner", "profile": "/etc/passwd"}, "'profile'"),
        ("explain", {"task": "ner", "model": "no/such-model"}, "no/such-model"),
        ("compare", {"task": "ner", "models": []}, "compare.models"),
    ],
)
def test_a_bad_question_is_one_line_and_an_error(tool, arguments, says, server):
    answer = ask(server, lambda client: client.call_tool(tool, arguments))
    assert answer.is_error
    assert says in answer.content[0].text
    assert "\n" not in answer.content[0].text


def test_a_client_over_stdio():
    command = StdioServerParameters(command=sys.executable, args=["-m", "llmpick", "mcp"], env=dict(os.environ))
    answer = ask(command, lambda client: client.call_tool("license", {"name": "apache-2.0", "commercial": True}))
    assert answer.structured_content["verdict"] == "allowed"


def test_without_the_extra_the_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mcp.server.stdio", None)
    assert cli.run(["mcp"]) == 2
    assert "llmpick[mcp]" in capsys.readouterr().err
