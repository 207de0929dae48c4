"""Definitions of tools: their hashes, their files, and what is known to the plan by them."""

import hashlib
import json
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.loading import understand
from agentflow.plan.definitions import (
    Definition,
    NoDefinitions,
    changes,
    read_definitions,
    render_definitions,
)
from tests.formats.test_run import valid
from tests.lint.linting import findings_of, lines

SEARCH = Definition(
    "search", "Finds orders.", {"type": "object", "properties": {}}, None, ("reads",)
)


def test_a_pin_is_the_hash_of_what_a_tool_is() -> None:
    text = (
        '{"description":"Finds orders.","inputSchema":{"properties":{},"type":"object"},'
        '"name":"search","outputSchema":null}'
    )
    assert SEARCH.pin == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


@pytest.mark.parametrize(
    ("now", "parts"),
    [
        (Definition("search", "Finds orders.", {"properties": {}, "type": "object"}), ()),
        (Definition("search", "Finds them.", {"properties": {}, "type": "object"}), ("description",)),
        (Definition("search", "Finds orders.", {"type": "object", "properties": {}, "x": 1}), ("input schema",)),
        (Definition("search", None, {}, {}), ("description", "input schema", "output schema")),
    ],
    ids=range(4),
)  # fmt: skip
def test_what_has_changed(now: Definition, parts: tuple[str, ...]) -> None:
    assert changes(SEARCH, now) == parts
    assert (SEARCH.pin == now.pin) is not bool(parts)


def test_true_is_not_one() -> None:
    one = Definition("a", None, {"const": 1})
    assert changes(one, Definition("a", None, {"const": True})) == ("input schema",)


def test_a_file_reads_back() -> None:
    tools = {"search": SEARCH, "b": Definition("b", None, {}, {"type": "string"})}
    text = render_definitions(tools)
    assert read_definitions(text) == {**tools, "search": replace(SEARCH, hints=())}
    assert list(json.loads(text)["tools"]) == ["b", "search"]
    valid(text, "definitions.v1.schema.json")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "not JSON: a value is expected, but the text ends"),
        ("[]", "expected an object with 'format' and 'tools'"),
        ('{"tools": {}}', "expected 'format' 1, found null"),
        ('{"format": 2, "tools": {}}', "expected 'format' 1, found 2"),
        ('{"format": 1, "tools": {"a": 1}}', "tool 'a': expected an object"),
        ('{"format": 1, "tools": {"a": {"pin": 1}}}', "tool 'a': unknown key 'pin'"),
        ('{"format": 1, "tools": {"a": {}}}', "tool 'a': 'inputSchema' has to be an object"),
        ('{"format": 1, "tools": {"a": {"inputSchema": {}, "outputSchema": 1}}}', "tool 'a': 'outputSchema' has to be an object"),
        ('{"format": 1, "tools": {"a": {"inputSchema": {}, "description": 1}}}', "tool 'a': 'description' has to be a text"),
    ],
    ids=range(9),
)  # fmt: skip
def test_a_text_without_definitions(text: str, why: str) -> None:
    with pytest.raises(NoDefinitions) as caught:
        read_definitions(text)
    assert str(caught.value) == why


SPEC = """
agentflow: 1
name: desk
servers: {{orders: {{command: ./orders, definitions: orders.json}}}}
agents: {{finder: {{kind: mcp, server: orders, tool: search}}}}
steps:
  find: {{agent: finder, with: {{text: red shoes}}}}
outputs: {{found: "${{{{ steps.find.output.{field} }}}}"}}
"""


def files(tool: Any) -> str:
    return "--- # orders.json\n" + json.dumps({"format": 1, "tools": {"search": tool}})


OBJECT = {"type": "object", "required": ["ids"], "properties": {"ids": {"type": "array"}}}
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}


def test_the_linter_knows_the_contracts_of_a_tool() -> None:
    beside = files({"inputSchema": TEXT, "outputSchema": OBJECT | {"additionalProperties": False}})
    assert lines(findings_of(SPEC.format(field="ids") + beside)) == []
    assert lines(findings_of(SPEC.format(field="id") + beside)) == [
        "8:23 'steps.find.output' has no field 'id'"
    ]


def test_a_tool_that_does_not_say_what_it_answers() -> None:
    assert lines(findings_of(SPEC.format(field="ids") + files({"inputSchema": TEXT}))) == [
        "5:10 agent 'finder' has no output contract"
    ]


def test_schemas_of_draft_7_are_read_where_they_mean_the_same() -> None:
    old = {"$schema": "http://json-schema.org/draft-07/schema#"}
    beside = files({"inputSchema": old | TEXT, "outputSchema": old | OBJECT})
    assert lines(findings_of(SPEC.format(field="ids") + beside)) == []
    other = {"type": "object", "properties": {"ids": {"type": "array", "items": [{}]}}}
    beside = files({"inputSchema": TEXT, "outputSchema": old | other})
    assert lines(findings_of(SPEC.format(field="ids") + beside)) == [
        "5:52 the output schema of the tool cannot be used: 'items' must be a schema, found list of 1 item"
    ]


def test_a_file_that_is_none_is_said_once() -> None:
    assert lines(findings_of(SPEC.format(field="ids") + "--- # orders.json\n{}")) == [
        "4:52 'orders.json' holds no definitions of tools: expected an object with 'format' and 'tools'"
    ]


def test_a_file_in_a_folder_is_read_from_there() -> None:
    asked: list[str] = []

    def read(path: str) -> str:
        asked.append(path)
        return '{"format": 1, "tools": {}}'

    understand(SPEC.format(field="ids"), "spec.yaml", read)
    assert asked == ["orders.json"]
