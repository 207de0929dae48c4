"""Escalations in tests: models and people answer under the address of the step that failed."""

import pytest

from tests.core.world import plan_of

from .rehearsing import of, told

SPEC = """\
agentflow: 1
name: letters
inputs: {type: object, required: [letters], properties: {letters: {type: array, maxItems: 5, items: {type: string}}}}
models:
  small: {model: openai/gpt-5-mini, max_output_tokens: 100}
  strong: {model: anthropic/claude-sonnet-4-5, max_output_tokens: 100}
escalations:
  desk:
    levels:
      - {model: strong}
      - {notify: {text: "A letter is not sorted (${{ failure.kind }})", who: shop}}
      - {human: {ask: "What kind of letter is this?", who: shop}, within: 4h}
    on_exhausted: {use: {kind: question, sure: 0}}
budget: {escalations: 20, wall: 2d}
contracts:
  Kind:
    type: object
    required: [kind, sure]
    properties: {kind: {enum: [question, praise]}, sure: {type: number, minimum: 0, maximum: 1}}
agents:
  sorter:
    kind: llm
    model: small
    instructions: You sort letters to a toy shop, and say in `sure` how sure you are, from 0 to 1.
    timeout: 30s
    confidence: {field: sure, min: 0.7}
    input: {type: object, required: [text], properties: {text: {type: string}}}
    output: Kind
steps:
  sort:
    for_each: {over: "${{ inputs.letters }}", max: 5, as: letter}
    agent: sorter
    with: {text: "${{ letter }}"}
    catch: {low_confidence: {escalate: desk}, invalid_output: {escalate: desk}}
outputs: {kinds: "${{ steps.sort.output.map(k, k.kind) }}"}
"""
TESTS = """\
tests:
  sure_at_once:
    inputs: {letters: [a]}
    answers: {"sort[0]": {value: {kind: praise, sure: 0.9}}}
    expect: {outputs: {kinds: [praise]}, calls: {"sort[*]": 1}}
  the_strong_one_is_sure:
    inputs: {letters: [a]}
    answers: {"sort[0]": [{value: {kind: praise, sure: 0.1}}, {value: {kind: question, sure: 0.9}, usage: {tokens_in: 3}}]}
    expect: {outputs: {kinds: [question]}, calls: {"sort[*]": 2}}
  a_person_says:
    inputs: {letters: [a]}
    answers: {"sort[0]": {value: {kind: praise, sure: 0.1}}}
    people: {"sort[0]": {value: {kind: question, sure: 1}}}
    expect: {outputs: {kinds: [question]}, path: ["sort[0]", "sort[0]", "sort[0]"]}
  approved:
    inputs: {letters: [a]}
    answers: {"sort[0]": {value: {kind: praise, sure: 0.1}}}
    people: {"sort[0]": {says: approve}}
    expect: {outputs: {kinds: [praise]}}
  again:
    inputs: {letters: [a]}
    answers: {"sort[0]": [{value: {kind: praise, sure: 0.1}}, {value: {kind: praise, sure: 0.1}}, {value: {kind: praise, sure: 0.8}}]}
    people: {"sort[0]": {says: retry}}
    expect: {outputs: {kinds: [praise]}}
  nobody:
    inputs: {letters: [a]}
    answers: {"sort[0]": {value: {kind: praise, sure: 0.1}}}
    people: {"sort[0]": {says: nothing}}
    expect: {outputs: {kinds: [question]}, that: [seconds > 14400.0]}
"""
PLAN = plan_of(SPEC + TESTS)


@pytest.mark.parametrize("name", PLAN.scripts)
def test_what_follows_is_as_the_test_says(name: str) -> None:
    assert told(of(PLAN, name)) == []
