"""A check that fails counts as a yes.

An effect waits for the yes of a check, and what stands for its answer when it fails is that yes: a value of `catch`, or a
`default` in the condition. On the day when the check cannot be reached everything goes through, and nothing
in the run looks other than on a good day.

It is said where the effect goes by nothing but the check, and either cannot be undone or the check says in a
field whether it may happen, such as `approved`, `valid` or `blocked`.

Bad:

    agentflow: 1
    name: invoices
    inputs: {type: object, required: [invoice], properties: {invoice: {type: string, maxLength: 40}}}
    agents:
      checker:
        kind: command
        argv: [./check]
        effects: read
        input: {type: object, required: [invoice], properties: {invoice: {type: string}}}
        output: {type: object, required: [approved], properties: {approved: {type: boolean}}}
      payer:
        kind: command
        argv: [./pay]
        effects: write
        input: {type: object, required: [invoice], properties: {invoice: {type: string}}}
        output: {type: object, required: [id], properties: {id: {type: string}}}
    steps:
      check:
        agent: checker
        with: {invoice: "${{ inputs.invoice }}"}
        catch: {any: {use: {approved: true}}}
      pay: {when: steps.check.output.approved, agent: payer, with: {invoice: "${{ inputs.invoice }}"}}
    outputs: {id: '${{ default(steps.pay.output.id, "none") }}'}

Says:

    21:18 if 'check' fails, that counts as a yes, and 'pay' goes ahead

Good:

    agentflow: 1
    name: invoices
    inputs: {type: object, required: [invoice], properties: {invoice: {type: string, maxLength: 40}}}
    agents:
      checker:
        kind: command
        argv: [./check]
        effects: read
        input: {type: object, required: [invoice], properties: {invoice: {type: string}}}
        output: {type: object, required: [approved], properties: {approved: {type: boolean}}}
      payer:
        kind: command
        argv: [./pay]
        effects: write
        input: {type: object, required: [invoice], properties: {invoice: {type: string}}}
        output: {type: object, required: [id], properties: {id: {type: string}}}
    steps:
      check:
        agent: checker
        with: {invoice: "${{ inputs.invoice }}"}
        catch: {any: {use: {approved: false}}}
      pay: {when: steps.check.output.approved, agent: payer, with: {invoice: "${{ inputs.invoice }}"}}
    outputs: {id: '${{ default(steps.pay.output.id, "none") }}'}
"""

import re
from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.answers import OUTER
from agentflow.lint.rule import Context, Family
from agentflow.lint.stand_ins import stand_in
from agentflow.lint.verdicts import can_be_false
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.calls import calls_of
from agentflow.plan.scopes import step_in_reach
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.expressions import references
from agentflow.spec.model import Effects, Json
from agentflow.spec.wording import quoted

NAME = "yes-by-failure"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

#: Fields that say whether something may happen.
_VERDICT = re.compile(
    r"(?:^|_)(?:accept|allow|approv|authori[sz]|block|clean|clear|confirm|den|eligib|flag|forbid|fraud|grant"
    r"|ok$|okay|pass|permit|refus|reject|safe|unsafe|valid|invalid|verif)"
)


def check(context: Context) -> Iterator[Finding]:
    """Each effect whose only check lets it happen by failing."""
    plan = context.plan
    seen = set[str]()
    for step in plan.steps.values() if plan is not None else ():
        if plan is None or not any(call.effects in OUTER for call in calls_of(step)):
            continue
        for at in enclosing(step.address):
            gate = plan.steps.get(at)
            if gate is None or gate.when is None:
                continue
            checked = _only_check(plan, gate.when, address.parent(at) or "")
            if checked is not None and checked.address not in seen:
                found = _opened(context, step, gate, checked)
                if found is not None:
                    seen.add(checked.address)
                    yield found


def _only_check(plan: Plan, when: Expr, place: str) -> StepPlan | None:
    """The agent's step that a condition goes by, if it goes by nothing else."""
    read = references(when)
    names = {found.path[:1] if found.root == "steps" else () for found in read}
    if len(names) != 1 or names == {()}:
        return None
    step = step_in_reach(plan, str(read[0].path[0]), place)
    return step if step is not None and step.call is not None and step.for_each is None else None


def _opened(context: Context, step: StepPlan, gate: StepPlan, checked: StepPlan) -> Finding | None:
    """What stands for the answer of a check and opens the gate, the first of them."""
    assert gate.when is not None
    place = address.parent(gate.address) or ""
    verdict = any(_VERDICT.search(str(each.path[-1])) for each in references(gate.when))
    final = any(call.effects is Effects.IRREVERSIBLE for call in calls_of(step))
    if not (verdict or final) or not can_be_false(context, gate.when, place):
        return None
    for key, action in checked.catch.items():
        instead = stand_in(action)
        if instead is None or _comes_to(gate.when, checked.id, instead) is not True:
            continue
        return Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"if {quoted(checked.id)} fails, that counts as a yes,"
            f" and {quoted(step.id)} goes ahead",
            location=context.document.locate((*checked.path, "catch", key)),
            help="write 'fail', or what says no",
            related=(Related("goes by it", context.document.locate((*gate.path, "when"))),),
        )
    return None


def _comes_to(condition: Expr, name: str, step: dict[str, Json]) -> object:
    try:
        return evaluate(condition, {"steps": {name: step}})
    except EvaluationError:
        return None
