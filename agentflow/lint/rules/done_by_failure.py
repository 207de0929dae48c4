"""A write that failed is reported as done.

A `catch` replaces the missing answer of an agent by a value, and the value says that something was
sent, paid or saved. Whoever reads it goes on from there, and the outputs of the run say so, too.
Let the value say that it was not done. Nothing is reported where a refusal means that it had been
done before; what follows if nobody knows is another matter, too.

Bad:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [text], properties: {text: {type: string}}}
    agents:
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object, required: [sent], properties: {sent: {type: boolean}}}
    steps:
      send:
        agent: sender
        with: {text: "${{ inputs.text }}"}
        catch: {unknown_effect: fail, any: {use: {sent: true}}}
    outputs: {sent: "${{ steps.send.output.sent }}"}

Says:

    15:53 if 'send' fails, it answers that 'sent' is true

Good:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [text], properties: {text: {type: string}}}
    agents:
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object, required: [sent], properties: {sent: {type: boolean}}}
    steps:
      send:
        agent: sender
        with: {text: "${{ inputs.text }}"}
        catch: {unknown_effect: fail, any: {use: {sent: false}}}
    outputs: {sent: "${{ steps.send.output.sent }}"}
"""

import re
from collections.abc import Iterator

from agentflow.contracts.descent import Descent
from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import calls_of
from agentflow.plan.schemas import Contract, values_of
from agentflow.plan.steps import CatchPlan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.model import Effects, FailureClass
from agentflow.spec.templates import Constant
from agentflow.spec.wording import quoted

NAME = "done-by-failure"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

#: Fields that say that something has been done.
_DONE = re.compile(
    r"(?:^|_)(?:added|archived|booked|cancell?ed|charged|closed|created|deleted|delivered|deployed|done|ok|paid"
    r"|posted|published|refunded|registered|saved|sent|shipped|stored|submitted|succeeded|success|successful"
    r"|updated|uploaded|written)$"
)
_HARMLESS = (Effects.NONE, Effects.READ)
#: What is refused may have been done before, and what nobody knows may have been done.
_OPEN = (FailureClass.REJECTED, FailureClass.UNKNOWN_EFFECT)


def check(context: Context) -> Iterator[Finding]:
    """Each value in the place of an effect's answer that says that it has happened."""
    for step in context.plan.steps.values() if context.plan is not None else ():
        if not any(call.effects not in _HARMLESS for call in calls_of(step)):
            continue
        for key, action in step.catch.items():
            path, last = _place(step, key, action), action.last
            if key in _OPEN or last.action != "use" or not isinstance(last.value, Constant):
                continue
            for field in _claimed(step, last.value):
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"if {quoted(step.id)} fails, it answers that {quoted(field)} is true",
                    location=context.document.locate((*path, "use", field)),
                    help="write 'false', or let it fail",
                )


def _place(step: StepPlan, key: str, action: CatchPlan) -> Path:
    """Where it stands what is done in the end if a step fails."""
    if action.escalation is None:
        return (*step.path, "catch", key)
    return ("escalations", action.escalation.name, "on_exhausted")


def _claimed(step: StepPlan, instead: Constant) -> Iterator[str]:
    """The fields of a value that say it has been done, though the contract allows otherwise."""
    if step.contract is None or not isinstance(instead.value, dict):
        return
    root, descent = dict(step.contract.schema), Descent()
    for field, value in instead.value.items():
        may_be = values_of(Contract(descent.into(root, root, field), root)) or ()
        if value is True and False in may_be and _DONE.search(field):
            yield field
