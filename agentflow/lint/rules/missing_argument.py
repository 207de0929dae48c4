"""`with` lacks a field that the agent's input contract requires.

An agent sees the fields that `with` names and nothing else. The call is refused before it starts, in
every run.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input:
          type: object
          additionalProperties: false
          required: [topic]
          properties: {topic: {type: string}, tone: {type: string}}
        output: {type: string}
    steps:
      write: {agent: writer, with: {tone: light}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    15:26 agent 'writer' is not given 'topic'

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input:
          type: object
          additionalProperties: false
          required: [topic]
          properties: {topic: {type: string}, tone: {type: string}}
        output: {type: string}
    steps:
      write: {agent: writer, with: {topic: spring, tone: light}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.describe import listed
from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping

NAME = "missing-argument"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each call without a required argument, at its `with` or its `agent`."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        required = step.call.input.schema.get("required", ()) if step.call else ()
        if step.call is None or not required:
            continue
        given = context.document.node((*step.path, "with"))
        names = given.entries if isinstance(given, Mapping) else {}
        missing = [name for name in required if name not in names]
        if missing:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"agent {quoted(step.call.agent)} is not given "
                f"{listed(map(quoted, missing), 'and')}",
                location=context.document.locate_key((*step.path, "with" if given else "agent")),
                help="an agent sees only what 'with' names",
            )
