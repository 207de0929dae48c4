"""Specs for the tests of `validate`, and what it says about them in short."""

import json
from typing import Any

from .inprocess import agentflow

GOOD = """\
agentflow: 1
name: letters
agents:
  writer:
    kind: command
    argv: [./write]
    effects: none
    input: {type: object}
    output: {type: string}
steps:
  write: {agent: writer}
outputs: {letter: "${{ steps.write.output }}"}
"""
#: An error that leaves nothing to run, one that does not, a warning and a piece of advice:
#: unknown-agent, irreversible-without-gate, unused-definition, whole-output.
UNKNOWN_AGENT = GOOD.replace("agent: writer}", "agent: wrter}")
UNGATED = GOOD.replace("effects: none", "effects: irreversible")
UNUSED = GOOD.replace("agents:", "retries:\n  transient: {max_attempts: 3}\nagents:")
ADVISED = """\
agentflow: 1
name: letters
agents:
  reader:
    kind: command
    argv: [./read]
    effects: read
    input: {type: object}
    output:
      type: object
      required: [text, sender]
      properties: {text: {type: string}, sender: {type: string}}
  answerer:
    kind: llm
    model: openai/gpt-5-mini
    input:
      type: object
      required: [letter]
      properties:
        letter: {type: object, required: [text], properties: {text: {type: string}}}
    output: {type: string}
steps:
  read: {agent: reader}
  answer: {agent: answerer, with: {letter: "${{ steps.read.output }}"}}
outputs: {answer: "${{ steps.answer.output }}", to: "${{ steps.read.output.sender }}"}
"""


def found(*arguments: str) -> tuple[int, list[str]]:
    """The exit code of `validate`, and its findings as `file severity rule`."""
    done = agentflow("validate", "--format", "json", *arguments)
    return done.code, [
        f"{each['location']['file']} {each['severity']} {each['rule']}"
        for each in json.loads(done.out)["findings"]
    ]


def summary(*arguments: str) -> Any:
    """The figures at the end of what `validate` prints as JSON."""
    return json.loads(agentflow("validate", "--format", "json", *arguments).out)["summary"]
