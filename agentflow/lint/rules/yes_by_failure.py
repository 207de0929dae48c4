"""A check that fails counts as a yes.

An effect waits for the yes of a check, and what stands for its answer when it fails is that yes: a
value of `catch`, or a `default` in the condition. On the day when the check cannot be reached
everything goes through, and nothing in the run looks other than on a good day.

It is said where the effect goes by nothing but the check, by a `when` or as a case of a switch that
has another one without effects, and the check says whether it may happen, in a field such as
`approved`, `valid` or `blocked` or by a value such as `ok`. Of a `when` it is also said if the
effect cannot be undone.

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
from collections.abc import Container, Iterator

from msgspec import Struct

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.answers import acts, is_final
from agentflow.lint.rule import Context, Family
from agentflow.lint.stand_ins import stand_in
from agentflow.lint.traces import label_of
from agentflow.lint.verdicts import can_be_false
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.scopes import step_in_reach
from agentflow.plan.steps import Path, Plan, StepPlan
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.logic import together
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.expressions import references
from agentflow.spec.model import Json
from agentflow.spec.templates import Whole
from agentflow.spec.wording import quoted

NAME = "yes-by-failure"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

#: Fields that say whether something may happen.
_VERDICT = re.compile(
    r"(?:^|_)(?:accept|allow|approv|authori[sz]|block|clean|clear|confirm|den|eligib|flag|forbid|fraud|grant"
    r"|ok$|okay|pass|permit|refus|reject|safe|unsafe|valid|invalid|verif)"
)
#: Values that say that it may.
_YES = re.compile(
    r"(?:accept|agree|allow|approv|authori[sz]|clean$|clear$|confirm|eligible$|go$|go_ahead|grant|ok$|okay$"
    r"|pass(?:ed)?$|permit|proceed|safe$|valid$|verified$|yes(?:$|_))",
    re.IGNORECASE,
)


class _Gate(Struct, frozen=True):
    """What an effect goes by: a condition, or the value of a switch and the label of its case.

    `label` is None for a condition, which has to come to `truth`, and empty for the `default`,
    which is for none of `others`.
    """

    expr: Expr
    place: str
    path: Path
    label: str | None = None
    others: frozenset[str] = frozenset()
    truth: bool = True


def check(context: Context) -> Iterator[Finding]:
    """Each effect whose only check lets it happen by failing."""
    plan = context.plan
    if plan is None:
        return
    deeds = [step for step in plan.steps.values() if acts(step)]
    acting = {at for step in deeds for at in enclosing(step.address)}
    seen = set[str]()
    for step in deeds:
        for gate in _gates(plan, step, acting):
            checked = _only_check(plan, gate)
            if checked is not None and checked.address not in seen:
                found = _opened(context, step, gate, checked)
                if found is not None:
                    seen.add(checked.address)
                    yield found


def _gates(plan: Plan, step: StepPlan, acting: Container[str]) -> Iterator[_Gate]:
    """What a step goes by, from the inside out; of a condition, what it says of other steps.

    What is done to the world is in `acting`. A switch all of whose cases are chooses among deeds.
    """
    for at in enclosing(step.address):
        around = plan.steps.get(at)
        if around is not None:
            if around.when is not None:
                part, truth = _of_steps(around.when)
                path = (*around.path, "when")
                yield _Gate(part, address.parent(at) or "", path, truth=truth)
            continue
        switch = plan.steps.get(address.parent(at) or "")
        if switch is None or not isinstance(switch.switch, Whole):
            continue
        if all(scope.address in acting for scope in switch.scopes):
            continue
        path = (*switch.path, "switch")
        is_default = at == address.default_case(switch.address)
        label = "" if is_default else address.name(at)
        others = frozenset(switch.cases) - {label}
        yield _Gate(switch.switch.expr, switch.address, path, label, others)


def _of_steps(condition: Expr) -> tuple[Expr, bool]:
    """The part of a condition that is about steps, and what it has to come to; all of it if there
    are several.
    """
    sides = [
        (part, truth)
        for part, truth in together(condition, True)
        if any(found.root != "inputs" for found in references(part))
    ]
    return sides[0] if len(sides) == 1 else (condition, True)


def _only_check(plan: Plan, gate: _Gate) -> StepPlan | None:
    """The step that it goes by, if it goes by nothing else; of people `silent-approval` tells."""
    read = references(gate.expr)
    names = {found.path[:1] if found.root == "steps" else () for found in read}
    if len(names) != 1 or names == {()}:
        return None
    step = step_in_reach(plan, str(read[0].path[0]), gate.place)
    if step is None or step.for_each is not None or step.question is not None:
        return None
    return step


def _opened(context: Context, step: StepPlan, gate: _Gate, checked: StepPlan) -> Finding | None:
    """What stands for the answer of a check and opens the gate, the first of them."""
    if gate.label is None and gate.truth and not can_be_false(context, gate.expr, gate.place):
        return None
    for key, action in checked.catch.items():
        instead = stand_in(action)
        if instead is None or not _opens(gate, checked, instead):
            continue
        if not _is_verdict(step, gate, instead):
            continue
        return Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"if {quoted(checked.id)} fails, that counts as a yes,"
            f" and {quoted(step.id)} goes ahead",
            location=context.document.locate((*checked.path, "catch", key)),
            help="write 'fail', or what says no",
            related=(Related("goes by it", context.document.locate(gate.path)),),
        )
    return None


def _is_verdict(step: StepPlan, gate: _Gate, instead: dict[str, Json]) -> bool:
    """Is a check about whether an effect may happen, and not about which of several does?"""
    if any(_VERDICT.search(str(each.path[-1])) for each in references(gate.expr)):
        return True
    if gate.label is None:
        return is_final(step)
    output = instead.get("output")
    said = output.values() if isinstance(output, dict) else (output,)
    return any(isinstance(each, str) and _YES.match(each) for each in said)


def _opens(gate: _Gate, checked: StepPlan, instead: dict[str, Json]) -> bool:
    try:
        value = evaluate(gate.expr, {"steps": {checked.id: instead}})
    except EvaluationError:
        return False
    if gate.label is None:
        return value is gate.truth
    if not isinstance(value, str | int):
        return False
    label = label_of(value)
    return label == gate.label if gate.label else label not in gate.others
