"""`with` gives an agent a field that its input contract does not have.

The input contract is closed, so every call would be refused before it starts. Correct the name,
take the field out, or add it to the contract.

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
      write: {agent: writer, with: {topic: spring, ton: light}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    15:48 agent 'writer' takes no 'ton'

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

from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.receivers import receivers
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping

NAME = "unknown-argument"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each argument that a closed contract does not name."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    for receiver in receivers(context.document, context.plan):
        schema = receiver.contract
        closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
        known = schema.get("properties", {}) if closed else None
        given = context.document.node(receiver.given)
        entries = given.entries if isinstance(given, Mapping) else {}
        for name in entries:
            if known is None or name in known:
                continue
            place = context.document.locate_key((*receiver.given, name))
            left = [key for key in known if key not in entries]
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{receiver.what} {quoted(receiver.name)} takes no {quoted(name)}",
                location=place,
                help=suggestions.help(
                    name, known, f"add it to the {receiver.what}'s input contract"
                ),
                fix=suggestions.fix(context.document, place, name, left),
            )
