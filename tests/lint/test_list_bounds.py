"""How long lists can get, held against what goes over them and what pays for it."""

import pytest

from agentflow.contracts.keywords import Schema
from agentflow.plan.schemas import longest_list
from tests.lint.linting import findings_of, lines


def test_the_calls_that_a_budget_should_have_are_those_of_the_worst_case() -> None:
    text = """\
agentflow: 1
name: letters
inputs: {type: object, required: [all], properties: {all: {type: array, items: {type: string}}}}
budget: {calls: 50}
agents:
  sorter: {kind: command, argv: [./sort], effects: none, input: {type: object}, output: {type: string}}
steps:
  sort:
    for_each: {over: "${{ inputs.all }}", max: 100}
    agent: sorter
    with: {text: "${{ item }}"}
    retry: {max_attempts: 3}
outputs: {kinds: "${{ steps.sort.output }}"}
"""
    (found,) = (each for each in findings_of(text) if each.rule == "list-beyond-budget")
    assert found.help == (
        "write 'calls: 300' there, which is enough if everything is tried as often as it may be,"
        " or a smaller 'max' here"
    )
    few = text.replace("{type: array,", "{type: array, maxItems: 20,")
    assert not [each for each in findings_of(few) if each.rule == "list-beyond-budget"]


@pytest.mark.parametrize(
    ("schema", "most"),
    [
        ({"type": "array"}, float("inf")),
        ({"type": "array", "maxItems": 3}, 3),
        ({"allOf": [{"type": "array", "maxItems": 9}, {"maxItems": 4}]}, 4),
        ({"anyOf": [{"type": "array", "maxItems": 9}, {"type": "null"}]}, 9),
        ({"anyOf": [{"type": "array", "maxItems": 9}, {"type": "array"}]}, float("inf")),
        ({"$ref": "#/$defs/few", "$defs": {"few": {"type": "array", "maxItems": 2}}}, 2),
        ({"type": "array", "prefixItems": [True, True], "items": False}, 2),
        ({"enum": [[1, 2, 3], "none"]}, 3),
        ({"type": "string"}, 0),
        (False, 0),
    ],
    ids=[
        "open",
        "max",
        "all_of",
        "any_of",
        "half_open",
        "reference",
        "tuple",
        "enum",
        "text",
        "no",
    ],
)
def test_the_longest_list_that_keeps_a_schema(schema: Schema, most: float) -> None:
    assert longest_list(schema) == most


SEVERAL_LIMITS = """\
agentflow: 1
name: letters
contracts:
  Few: {type: array, maxItems: 9, items: {type: string}}
inputs:
  type: object
  additionalProperties: false
  required: [letters]
  properties: {letters: {allOf: [{$ref: "#/contracts/Few"}, {minItems: 1}]}}
agents:
  sorter: {kind: command, argv: [./sort], effects: none, input: {type: object}, output: {type: string}}
steps:
  sort:
    for_each: {over: "${{ inputs.letters }}", max: 5}
    agent: sorter
    with: {text: "${{ item }}"}
outputs: {kinds: "${{ steps.sort.output }}", last: "${{ inputs.letters[9] }}"}
"""


def test_a_limit_counts_wherever_the_contract_says_it() -> None:
    assert lines(findings_of(SEVERAL_LIMITS)) == [
        "14:52 the list may have 9 items, and a list of more than 5 fails 'sort'",
        "17:72 there is no item 9: the list has at most 9",
    ]


NESTED = """\
agentflow: 1
name: parent
budget: {tokens: 1000, usd: 0.001, meters: {stamps: 4}}
steps:
  all:
    steps:
      one: {pipeline: child.yaml, with: {}, budget: {meters: {stamps: 3}}}
outputs: {}
--- # child.yaml
agentflow: 1
name: child
models: {small: {model: a/b, max_output_tokens: 900, price: {input: 1, output: 1}}}
agents:
  ask: {kind: llm, model: small, input: {}, output: {type: string}}
  post:
    kind: command
    argv: [./post]
    effects: idempotent
    charges: {stamps: "${{ size(input.text) > 9 ? 5 : 4 }}"}
    input: {type: object, required: [text], properties: {text: {type: string}}}
    output: {}
steps:
  ask: {agent: ask, with: {}}
  post: {agent: "${{ 'post' }}", among: [post], with: {text: word}}
outputs: {}
"""


def test_calls_of_a_pipeline_inside_are_held_against_the_budgets_around_it() -> None:
    found = [
        f"{each.severity}: {each.message}"
        for each in findings_of(NESTED)
        if each.rule == "budget-too-small"
    ]
    # Which agent will be chosen is not known, so there is no saying that this one breaks the run.
    never = "is never started: the budget has"
    assert found == [
        f"error: a call of 'ask' in 'child.yaml' may use 1,468 tokens and {never} 1,000",
        f"error: a call of 'ask' in 'child.yaml' may use 0.001468 dollars and {never} 0.001",
        f"warning: a call of 'post' in 'child.yaml' takes 4 of meter 'stamps' and {never} 3",
    ]
