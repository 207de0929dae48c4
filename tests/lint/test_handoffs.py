"""Promises about every handoff, judged by a second validator."""

import json
from typing import Any

from hypothesis import given, settings

from agentflow.contracts.compat import Kind, compare
from agentflow.contracts.sample import NoSample, sample
from agentflow.findings import Finding, Severity
from agentflow.lint.rules import incompatible_argument
from tests.contracts.judging import judge
from tests.contracts.schemas import pairs
from tests.lint.linting import findings_of

SPEC = """\
agentflow: 1
name: handoff
contracts: {{Given: {producer}, Taken: {consumer}}}
agents:
  giver: {{kind: python, call: work:give, input: {{type: object}}, output: Given}}
  taker:
    kind: python
    call: work:take
    input: {{type: object, properties: {{x: {{$ref: "#/contracts/Taken"}}}}}}
    output: {{type: string}}
steps:
  give: {{agent: giver}}
  take: {{agent: taker, with: {{x: "${{{{ steps.give.output }}}}"}}}}
outputs: {{text: "${{{{ steps.take.output }}}}"}}
"""


def found_in(producer: Any, consumer: Any) -> list[Finding]:
    text = SPEC.format(producer=_contract(producer), consumer=_contract(consumer))
    return [found for found in findings_of(text) if found.rule == incompatible_argument.NAME]


def _contract(schema: Any) -> str:
    if isinstance(schema, bool):
        schema = {} if schema else {"not": {}}
    return json.dumps(schema)


@settings(max_examples=100, deadline=None)
@given(pairs())
def test_silence_about_a_proof_and_errors_hold_for_every_sample(pair: tuple[Any, Any]) -> None:
    producer, consumer = pair
    found = found_in(producer, consumer)
    proved = compare(producer, consumer).kind == Kind.COMPATIBLE
    refused = any(finding.severity is Severity.ERROR for finding in found)
    for seed in range(5):
        try:
            value = sample(producer, seed)
        except NoSample:
            return  # nothing is ever handed on
        fits = judge(consumer).is_valid(value)
        if proved:
            assert found == []
            assert fits
        if refused:
            assert not fits


def test_a_contract_that_is_its_own_part_is_judged_once() -> None:
    tree = {
        "$ref": "#/$defs/Tree",
        "$defs": {
            "Tree": {
                "type": "object",
                "required": ["label"],
                "properties": {
                    "label": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
                },
            }
        },
    }
    assert found_in(tree, tree) == []
    strict = json.loads(json.dumps(tree).replace('"string"', '"string", "minLength": 1'))
    assert [found.message for found in found_in(tree, strict)] == [
        (
            "'steps.give.output.label' may be \"\" (no 'minLength'), 'taker.input.x.label' wants "
            "at least 1 character"
        )
    ]
