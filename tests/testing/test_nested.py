"""Tests of a pipeline that runs another one: what is inside has its address there."""

from pathlib import Path

from agentflow.loading import load, runnable

from .rehearsing import of, told

PARENT = """\
agentflow: 1
name: parent
inputs:
  type: object
  required: [orders]
  properties: {orders: {type: array, maxItems: 5, items: {type: string}}}
steps:
  each:
    for_each: {over: "${{ inputs.orders }}", max: 5}
    pipeline: child.yaml
    with: {order: "${{ item }}"}
outputs: {done: "${{ steps.each.output }}"}
tests:
  two_orders:
    inputs: {orders: ["1", "22"]}
    answers: {"each[*]/look": {value: {n: "${{ size(input.text) }}"}}}
    people:
      each[0]/ask: {says: approve}
      each[1]/ask: {value: false}
    expect:
      outputs: {done: [{ok: true, n: 1}, {ok: false, n: 2}]}
      path: ["each[0]/look", "each[1]/look", "each[0]/ask", "each[1]/ask"]
      steps: {"each[*]": succeeded, "each[*]/look": succeeded}
      given: {"each[1]/ask": {n: 2}}
  made_up: {inputs: {orders: ["1"]}, unscripted: simulate}
"""
CHILD = """\
agentflow: 1
name: child
inputs: {type: object, required: [order], properties: {order: {type: string}}}
agents:
  reader:
    kind: command
    argv: [cat]
    effects: read
    input: {type: object, required: [text], properties: {text: {type: string}}}
    output: {type: object, required: [n], properties: {n: {type: integer}}}
steps:
  look: {agent: reader, with: {text: "${{ inputs.order }}"}}
  ask:
    human: {ask: "Order ${{ inputs.order }}?", answer: {type: boolean}}
    with: {n: "${{ steps.look.output.n }}"}
    timeout: 2h
    catch: {timeout: fail}
outputs: {ok: "${{ steps.ask.output }}", n: "${{ steps.look.output.n }}"}
"""


def test_calls_and_questions_of_a_child_are_scripted_by_address(tmp_path: Path) -> None:
    (tmp_path / "agentflow.toml").touch()
    (tmp_path / "child.yaml").write_text(CHILD)
    parent = tmp_path / "parent.yaml"
    parent.write_text(PARENT)
    plan = runnable(load(parent))
    for name in plan.scripts:
        assert told(of(plan, name)) == [], name
