"""`with` does not provide a field that the agent's input contract requires.

An agent gets the fields that `with` names and nothing else. The call is refused before it starts,
in every run.

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
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.receivers import Receiver, receivers
from agentflow.lint.rule import Context, Family
from agentflow.spec.nearest import nearest
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping

NAME = "missing-argument"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR

_ARTICLE = {"agent": "an agent", "pipeline": "a pipeline"}


def check(context: Context) -> Iterator[Finding]:
    """Each call without a required argument, at its `with`, or where its receiver is named.

    Whoever takes over in `catch` is named there.
    """
    if context.plan is None:
        return
    for receiver in receivers(context.document, context.plan):
        given = context.document.node(receiver.given)
        names = given.entries if isinstance(given, Mapping) else {}
        missing = [name for name in receiver.required if name not in names]
        if receiver.contract.get("additionalProperties") is False:
            # What is given under a misspelt name is named there.
            taken = receiver.contract.get("properties", {})
            meant = {nearest(name, missing) for name in names if name not in taken}
            missing = [name for name in missing if name not in meant]
        if missing:
            stands_in = "catch" in receiver.named[len(receiver.step.path) :]
            place = receiver.named if stands_in or given is None else receiver.given
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{receiver.what} {quoted(receiver.name)} is not given "
                f"{listed(map(quoted, missing), 'and')}",
                location=context.document.locate_key(place),
                help=f"{_ARTICLE[receiver.what]} sees only what 'with' names",
                related=(_with(context, receiver),) if stands_in and given else (),
            )


def _with(context: Context, receiver: Receiver) -> Related:
    place = context.document.locate_key(receiver.given)
    return Related("whoever takes over in 'catch' is given the same", place)
