"""A step that has no agent, person or pipeline uses an escalation.

An escalation replaces the answer of a model, an agent or a person with another one. The new answer
is checked against a contract, which a group, a switch or a loop does not have. Put the escalation
on the step inside that can fail.

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
      work:
        steps: {write: {agent: writer}}
        output: "${{ steps.write.output }}"
        catch: {any: {escalate: desk}}
    outputs: {letter: "${{ steps.work.output }}"}

Says:

    13:29 'work' has no contract that an answer of 'desk' could be held against

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
      work:
        steps: {write: {agent: writer, catch: {any: {escalate: desk}}}}
        output: "${{ steps.write.output }}"
    outputs: {letter: "${{ steps.work.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.escalations import turns
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "misplaced-escalation"
FAMILY = Family.ESCALATION
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each `escalate` on a step that is neither an agent's nor a person's, nor runs a pipeline."""
    if context.plan is None:
        return
    for turn in turns(context.plan):
        if turn.step.kind not in ("agent", "human", "pipeline"):
            name, escalation = quoted(turn.step.id), quoted(turn.plan.name)
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{name} has no contract that an answer of {escalation} could be held against",
                location=context.document.locate(turn.path),
                help="let the step inside turn to it that fails",
            )
