"""A check that fails counts as a yes.

An effect waits for the yes of a check, but if the check fails, its answer is replaced by that yes:
by a value of `catch`, or a `default` in the condition. On the day when the check cannot be reached
everything goes through, and the run looks the same as on a good day. Let the replacement say no.

This is reported if the effect depends on the check alone, by a `when` or as a case of a switch that
has another case without effects, and if the check says whether the effect may happen: in a field
such as `approved`, `valid` or `blocked`, by a value such as `ok`, or by its name. What happens
after a no, such as a notice or an undo, may well happen after a failure too. If the effect cannot
be undone, a `when` is also reported whatever the check is called.

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

from collections.abc import Container, Iterator

from msgspec.structs import replace

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.answers import acts, is_final
from agentflow.lint.origins import origins
from agentflow.lint.passages import Passage, passages
from agentflow.lint.rule import Context, Family
from agentflow.lint.stand_ins import answered, comes_to, stand_in
from agentflow.lint.verdicts import can_be_false
from agentflow.lint.words_of_consent import says_yes, yes_of
from agentflow.plan.address import enclosing
from agentflow.plan.approvals import part_with_yes
from agentflow.plan.cases import Case
from agentflow.plan.scopes import step_in_reach
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.logic import every, together
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import Unary
from agentflow.spec.expressions import Reference, references
from agentflow.spec.model import Json
from agentflow.spec.templates import Whole
from agentflow.spec.wording import quoted

NAME = "yes-by-failure"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each effect whose only check lets it happen by failing."""
    plan = context.plan
    if plan is None:
        return
    deeds = [step for step in plan.steps.values() if acts(step)]
    acting = {at for step in deeds for at in enclosing(step.address)}
    seen = set[str]()
    for step in deeds:
        for passage in passages(plan, step.address):
            if _is_among_deeds(passage, acting):
                continue
            gate = _about_steps(passage)
            checked = _only_check(plan, gate)
            if checked is not None and checked.address not in seen:
                found = _opened(context, step, gate, checked)
                if found is not None:
                    seen.add(checked.address)
                    yield found


def _is_among_deeds(passage: Passage, acting: Container[str]) -> bool:
    """Is it a case of a switch that does something to the world in all of its cases?"""
    case = passage.of
    return isinstance(case, Case) and all(scope.address in acting for scope in case.switch.scopes)


def _about_steps(passage: Passage) -> Passage:
    """Of a `when`, only the part of it that is about steps; all of it if there are several."""
    if isinstance(passage.of, Case):
        return passage
    parts = [
        part if truth else Unary("!", part, part.start, part.end)
        for condition in passage.conditions
        for part, truth in together(condition, True)
        if any(found.root != "inputs" for found in references(part))
    ]
    return replace(passage, conditions=tuple(parts)) if len(parts) == 1 else passage


def _read(passage: Passage) -> list[Reference]:
    """What it reads."""
    return [found for condition in passage.conditions for found in references(condition)]


def _only_check(plan: Plan, gate: Passage) -> StepPlan | None:
    """The step that it goes by, if it goes by nothing else; of people `silent-approval` tells."""
    read = _read(gate)
    names = {found.path[:1] if found.root == "steps" else () for found in read}
    if len(names) != 1 or names == {()}:
        return None
    step = step_in_reach(plan, str(read[0].path[0]), gate.place)
    if step is None or step.for_each is not None or step.question is not None:
        return None
    return step


def _opened(context: Context, step: StepPlan, gate: Passage, checked: StepPlan) -> Finding | None:
    """What stands for the answer of a check and opens the gate, the first of them."""
    if not isinstance(gate.of, Case) and not any(
        can_be_false(context, condition, gate.place) for condition in gate.conditions
    ):
        return None
    for key, action in checked.catch.items():
        instead = stand_in(action)
        if instead is None or not _opens(gate, checked, instead):
            continue
        if not _asks_whether(context, step, gate, checked, instead):
            continue
        return Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"if {quoted(checked.id)} fails, that counts as a yes,"
            f" and {quoted(step.id)} goes ahead",
            location=context.document.locate((*checked.path, "catch", key)),
            help="write 'fail', or what says no",
            related=(
                Related("the condition that reads it is here", context.document.locate(gate.path)),
            ),
        )
    return None


def _opens(gate: Passage, checked: StepPlan, instead: dict[str, Json]) -> bool:
    return all(comes_to(condition, checked, instead) is True for condition in gate.conditions)


def _asks_whether(
    context: Context, step: StepPlan, gate: Passage, checked: StepPlan, instead: dict[str, Json]
) -> bool:
    """Is a check about whether an effect may happen, and not about which of several does?"""
    verdicts = [
        (found.path[2:], verdict)
        for found in _read(gate)
        if (verdict := _yes_of(context, gate, checked, found)) is not None
    ]
    if verdicts:
        return not all(_is_for_no(gate, checked, way, verdict) for way, verdict in verdicts)
    if not isinstance(gate.of, Case):
        return is_final(step) and not acts(checked)
    output = instead.get("output")
    said = output.values() if isinstance(output, dict) else (output,)
    return any(isinstance(each, str) and says_yes(each) for each in said)


def _yes_of(context: Context, gate: Passage, checked: StepPlan, found: Reference) -> bool | None:
    """What a part of an answer is for a yes, by its name; of a whole answer, by that of who gives it."""
    if len(found.path) != 2:
        return yes_of(str(found.path[-1]))
    if not checked.scopes:
        says_so = checked.contract is not None and part_with_yes(checked.contract) is True
        return yes_of(checked.id) if says_so else None
    given = checked.body.output if checked.body is not None else None
    turned = isinstance(given, Whole) and any(isinstance(one, Unary) for one in every(given.expr))
    said = {yes_of(str(part.way[-1])) for part in origins(context, gate.path) if part.way}
    return True if True in said and False not in said and not turned else None


def _is_for_no(gate: Passage, checked: StepPlan, way: Steps, verdict: bool) -> bool:
    """Does a gate open for what is no yes, and stay closed for a yes?"""
    return _opens(gate, checked, answered(_nested(way, not verdict))) and not _opens(
        gate, checked, answered(_nested(way, verdict))
    )


def _nested(way: Steps, value: Json) -> Json:
    """A value as a part of an answer."""
    for key in reversed(way):
        value = {str(key): value}
    return value
