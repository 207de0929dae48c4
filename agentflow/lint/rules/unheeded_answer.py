"""A person is asked, and the answer changes nothing.

A step that only has the question in its `needs` waits for an answer, whatever it is: after a *no* it goes on
as after a yes. Only whoever looks at the answer can do otherwise.

Bad:

    agentflow: 1
    name: letters
    budget: {wall: 2d}
    agents:
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object}
        output: {type: string}
    steps:
      approve:
        human: {ask: "Send the letters?", answer: {type: boolean}}
        timeout: 4h
        catch: {timeout: fail}
      send: {agent: sender, needs: [approve]}
    outputs: {sent: "${{ steps.send.output }}"}

Says:

    12:3 nobody reads what is answered to 'approve', so a no is followed by the same as a yes

Good:

    agentflow: 1
    name: letters
    budget: {wall: 2d}
    agents:
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object}
        output: {type: string}
    steps:
      approve:
        human: {ask: "Send the letters?", answer: {type: boolean}}
        timeout: 4h
        catch: {timeout: fail}
      send: {agent: sender, when: steps.approve.output}
    outputs: {sent: '${{ default(steps.send.output, "nothing") }}'}
"""

from collections.abc import Iterator

from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.checkpoints import has_choice
from agentflow.lint.rule import Context, Family
from agentflow.plan import address
from agentflow.plan.schemas import Contract
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.wording import quoted

NAME = "unheeded-answer"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each question with a choice whose answer neither a step, a condition nor an output reads."""
    plan = context.plan
    if plan is None or not context.reads_all_known:
        return
    read = {use.target for use in plan.uses if use.reference.path[1:2] != ("status",)}
    for at, step in plan.steps.items():
        if step.question is None or at in read or step.asserts:
            continue
        answer = step.question.answer.schema
        if has_choice(Contract(answer, answer)):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"nobody reads what is answered to {quoted(step.id)}, "
                "so a no is followed by the same as a yes",
                location=context.document.locate_key(step.path),
                help=_help(step, Contract(answer, answer)),
                related=tuple(
                    Related("waits for it", context.document.locate_key(after.path))
                    for after in _after(plan, step)
                ),
            )


def _help(step: StepPlan, answer: Contract) -> str:
    output = f"steps.{step.id}.output"
    if types_of(answer.schema, answer.root) == {"boolean"}:
        return f"write 'when: {output}' on what may only follow a yes"
    return f"look at '{output}' in the 'when' of what follows"


def _after(plan: Plan, step: StepPlan) -> list[StepPlan]:
    scope = address.parent(step.address) or ""
    return [plan.steps[address.child(scope, name)] for name in step.downstream]
