"""`catch` names an escalation that the pipeline does not define.

Nobody would be asked when the step fails. Correct the name, or define it under `escalations`.

Bad:

    agentflow: 1
    name: letters
    escalations:
      desk:
        levels: [{human: {ask: "What now?"}, within: 2h}]
        on_exhausted: fail
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {timeout: {escalate: dsk}}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    10:54 unknown escalation 'dsk'

Good:

    agentflow: 1
    name: letters
    escalations:
      desk:
        levels: [{human: {ask: "What now?"}, within: 2h}]
        on_exhausted: fail
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
    steps:
      write: {agent: writer, catch: {timeout: {escalate: desk}}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.escalations import named_escalations
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.spec.wording import quoted

NAME = "unknown-escalation"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each `escalate` that is an unknown name."""
    if context.plan is None:
        return
    known = context.plan.pipeline.escalations
    suggestions = Suggestions()
    for path, name in named_escalations(context.document, context.plan):
        if name not in known:
            place = context.document.locate(path)
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"unknown escalation {quoted(name)}",
                location=place,
                help=suggestions.help(name, known, "define it under 'escalations'"),
                fix=suggestions.fix(context.document, place, name, known),
            )
