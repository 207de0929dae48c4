"""The types of expressions and templates, each as the schema that every value of it keeps."""

import json

import pytest

from agentflow.contracts.keywords import Schema
from agentflow.errors import FileProblem
from agentflow.loading import understand
from agentflow.plan.steps import Plan
from agentflow.plan.types import Types
from agentflow.spec.expressions import parse_expression
from agentflow.spec.model import Json
from agentflow.spec.templates import parse_template

SPEC = """\
agentflow: 1
name: typed
inputs:
  type: object
  additionalProperties: false
  required: [name]
  properties: {name: {type: string, description: who}, age: {type: integer, minimum: 0}}
contracts:
  Tree:
    type: object
    required: [label]
    properties: {label: {type: string}, children: {type: array, items: {$ref: "#"}}}
agents:
  work:
    kind: python
    call: work:do
    input: {type: object}
    output:
      type: object
      additionalProperties: {type: number}
      required: [text, list]
      properties:
        text: {type: string, maxLength: 9}
        list: {type: array, items: {type: object, properties: {id: {type: integer}}}}
        pair: {prefixItems: [{type: string}, {type: boolean}], items: {type: "null"}, type: array}
        kind: {enum: [a, b]}
        either: {anyOf: [{type: object, properties: {x: {const: 1}}}, {type: object, properties: {x: {type: string}}}]}
        merged: {allOf: [{properties: {x: {type: string}}}, {properties: {x: {minLength: 2}}}]}
        nullable: {oneOf: [{type: object, properties: {x: {type: string}}}, {type: "null"}]}
        fixed: {const: {x: [1, 2]}}
        coded: {type: object, patternProperties: {"^n_": {type: integer}}, additionalProperties: false}
        free: {}
  gardener: {kind: python, call: work:do, input: {type: object}, output: Tree}
steps:
  one: {agent: work}
  tree: {agent: gardener}
  each:
    for_each: {over: "${{ steps.one.output.list }}", max: 5, as: entry}
    agent: work
  some:
    for_each: {over: "${{ steps.one.output.list }}", max: 5, min_success: 0.5, key: "k ${{ index }}"}
    agent: work
  act:
    switch: "${{ steps.one.output.kind }}"
    catch: {timeout: {use: {done: never}}}
    cases:
      a: {output: {done: 1, more: "${{ steps.one.output.text }}"}}
      b: {output: {done: "${{ inputs.name }}"}}
  group:
    steps: {inner: {agent: work}}
    output: ["${{ steps.inner.output.text }}", 7]
"""

STRING = {"type": "string"}
NAME = STRING
POINT = {"$comment": "a number with a point is a double, also where it is whole"}
TEXT = {"type": "string", "maxLength": 9}
ID = {"type": "integer"}
ENTRY = {"type": "object", "properties": {"id": ID}}
TREE = {
    "type": "object",
    "required": ["label"],
    "properties": {
        "label": STRING,
        "children": {"type": "array", "items": {"$ref": "#/$defs/schema"}},
    },
}


def closed(**fields: Schema) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(fields),
        "properties": fields,
    }


def any_of(*options: Schema) -> Schema:
    return {"anyOf": list(options)}


def a_list(items: Schema, **counts: int) -> Schema:
    return {"type": "array", "items": items, **counts}


EXPRESSIONS: dict[str, Schema] = {
    # What contracts say.
    "inputs.name": NAME,
    "inputs.age": {"type": "integer", "minimum": 0},
    "inputs.unknown": {"not": {}},
    "steps.one.output.text": TEXT,
    "steps.one.output.list": a_list(ENTRY),
    "steps.one.output.list[3].id": ID,
    "steps.one.output.text.more": {"not": {}},
    "steps.one.output.other": {"type": "number"},
    "steps.one.output.pair[0]": STRING,
    "steps.one.output.pair[1]": {"type": "boolean"},
    "steps.one.output.pair[2]": {"type": "null"},
    "steps.one.output.kind": {"enum": ["a", "b"]},
    "steps.one.output.either.x": any_of({"const": 1}, STRING),
    "steps.one.output.merged.x": {"allOf": [STRING, {"minLength": 2}]},
    "steps.one.output.nullable.x": STRING,
    "steps.one.output.fixed.x": {"enum": [[1, 2]]},
    "steps.one.output.fixed.x[1]": {"enum": [2]},
    "steps.one.output.coded.n_legs": {"type": "integer"},
    "steps.one.output.coded.legs": {"not": {}},
    "steps.one.output.free.x": {},
    "steps.tree.output": {**TREE, "$defs": {"schema": TREE}},
    "steps.tree.output.children[0].children[1].label": STRING,
    # What the plan says.
    "steps.one.status": {"enum": ["succeeded", "skipped"]},
    "steps.each.output.map(found, found.text)": a_list(TEXT, maxItems=5),
    "steps.each.items[0].key": {"type": "integer", "minimum": 0, "maximum": 4},
    "steps.each.items.map(i, i.output.text)": a_list(TEXT, maxItems=5),
    "steps.each.items[0].error": {"not": {}},
    "steps.some.items[0].key": {"type": "string", "minLength": 2},
    "steps.some.items[0].status": any_of(
        {"const": "succeeded"}, {"enum": ["skipped", "failed", "unknown"]}
    ),
    "steps.some.items[0].error.message": STRING,
    "steps.act.output.done": any_of({"const": 1}, NAME, {"enum": ["never"]}),
    "steps.act.output.more": TEXT,
    "steps.group.output": a_list(any_of(TEXT, {"const": 7}), minItems=2, maxItems=2),
    "steps.group.output[0]": any_of(TEXT, {"const": 7}),
    "run.id": {"type": "string", "minLength": 1},
    "steps.gone.output": {},
    "gone": {},
    # What operators, functions and macros make.
    "5": {"const": 5},
    "inputs.age + 1": {"type": "integer"},
    "inputs.age * 2": {"type": "integer"},
    "inputs.name + steps.one.output.text": {"type": "string"},
    "inputs.age > 3 && has(inputs.name)": {"type": "boolean"},
    "!has(inputs.age)": {"type": "boolean"},
    "size(inputs.name)": {"type": "integer", "minimum": 0},
    "inputs.name.split(',')": a_list(STRING),
    "inputs.name.split(',')[0]": STRING,
    "json(steps.one.output)": STRING,
    "int(inputs.name)": {"type": "integer"},
    "2.0": {"const": 2.0, **POINT},
    "2.0 * steps.one.output.other": {"type": "number", **POINT},
    "steps.one.output.other / 2": {"type": "integer"},
    "steps.one.output.other * steps.one.output.other": {},
    "-double(inputs.age)": {"type": "number", **POINT},
    "-inputs.age": {"type": "integer"},
    "double(inputs.age) / double(size(inputs.name))": {"type": "number", **POINT},
    "{'m': 1.0}.m / double(inputs.age)": {"type": "number", **POINT},
    "[1.0, 0.5].map(k, k * k)": a_list({"type": "number", **POINT}, minItems=2, maxItems=2),
    "default(inputs.age, 'none')": any_of({"type": "integer", "minimum": 0}, {"const": "none"}),
    "coalesce(inputs.age, steps.one.output.text, null)": any_of(
        {"type": "integer", "minimum": 0}, TEXT, {"const": None}
    ),
    "has(inputs.age) ? inputs.age : inputs.name": any_of({"type": "integer", "minimum": 0}, NAME),
    "[1, 'a']": a_list(any_of({"const": 1}, {"const": "a"}), minItems=2, maxItems=2),
    '{"n": inputs.name}': closed(n=NAME),
    "{inputs.name: 1}": {"type": "object"},
    "steps.one.output.list.filter(x, x.id > 1)": a_list(ENTRY),
    "steps.one.output.list.filter(x, x.id > 1)[0].id": ID,
    "steps.one.output.list.map(x, {'id': x.id})": a_list(closed(id=ID)),
    "steps.one.output.list.map(x, [1].map(y, x.id))": a_list(a_list(ID, minItems=1, maxItems=1)),
    "steps.one.output.map(key, key)": a_list(True),
    "{'n': 1, 'm': 2}.map(key, key)": a_list({"enum": ["n", "m"]}),
    "{'n': 1, 'm': 2}.filter(key, true)": a_list({"enum": ["n", "m"]}),
    "steps.one.output.list.exists(x, x.id > 1)": {"type": "boolean"},
    "steps.one.output.list[inputs.age].id": {},
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    _, _, plan, problems = understand(SPEC, "spec.yaml", _no_files)
    assert plan is not None
    assert problems == ()
    return plan


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_type_of_an_expression(plan: Plan, text: str) -> None:
    found = Types(plan).of(parse_expression(text), "")
    assert json.dumps(found) == json.dumps(EXPRESSIONS[text])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("item", ENTRY),
        ("entry.id", ID),
        ("index", {"type": "integer", "minimum": 0, "maximum": 4}),
    ],
)
def test_type_inside_of_a_for_each(plan: Plan, text: str, expected: Schema) -> None:
    assert Types(plan).of(parse_expression(text), "each") == expected


def test_output_of_a_for_each_has_as_many_items_as_it_may_have(plan: Plan) -> None:
    found = Types(plan).of(parse_expression("steps.each.output"), "")
    assert (found["type"], found["maxItems"]) == ("array", 5)
    assert found["items"]["properties"]["text"] == TEXT


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", {"const": "plain"}),
        ({"a": [1]}, {"const": {"a": [1]}}),
        ("${{ inputs.name }}", NAME),
        ("to ${{ inputs.name }}!", {"type": "string", "minLength": 4}),
        ({"a": "${{ inputs.name }}", "b": 2}, closed(a=NAME, b={"const": 2})),
        (["${{ inputs.name }}"], a_list(NAME, minItems=1, maxItems=1)),
    ],
)
def test_type_of_a_template(plan: Plan, value: Json, expected: Schema) -> None:
    assert Types(plan).of(parse_template(value), "") == expected


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("inputs.name", True),
        ("default(inputs.age, 1)", True),
        ("steps.each.output", True),
        ("steps.one.output.list.filter(x, x.id > 1)", False),
        ("size(inputs.name)", False),
        ("inputs.age > 1 ? 'a' : 'b'", False),
        ("[size(inputs.name)]", False),
    ],
)
def test_what_is_computed_need_not_come_to_all_that_its_type_allows(
    plan: Plan, text: str, exact: bool
) -> None:
    assert Types(plan).exact(parse_expression(text), "") is exact


def test_outputs_that_lead_into_each_other_are_not_known() -> None:
    text = """\
agentflow: 1
name: circle
agents:
  work: {kind: python, call: work:do, input: {type: object}, output: {type: object}}
steps:
  a: {steps: {x: {agent: work}}, output: "${{ steps.b.output }}"}
  b: {steps: {x: {agent: work}}, output: "${{ steps.a.output }}"}
"""
    _, _, plan, _ = understand(text, "spec.yaml", _no_files)
    assert plan is not None
    assert Types(plan).of(parse_expression("steps.a.output"), "") == {}


def test_the_same_path_is_looked_at_once_for_all_expressions_of_a_place(plan: Plan) -> None:
    types = Types(plan)
    one, other = (parse_expression("steps.one.output.text") for _ in range(2))
    assert types.of(one, "") is types.of(other, "")


def _no_files(path: str) -> str:
    raise FileProblem(f"there is no file '{path}'")
