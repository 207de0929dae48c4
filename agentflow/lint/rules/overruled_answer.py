"""An effect happens, or does not, whatever the person who was asked has answered.

The `when` of the effect reads the answer but also asks for something else, which is always the same
when the question is asked: in `amount > 100 || default(steps.ask.output, false)` the answer counts
for nothing if the question is asked only above 100. Usually `||` should be `&&`, or one of two
bounds is the wrong way round, or on another scale.

It is also a warning if this holds for some of the numbers for which the question is asked, and
nothing else reads the answer.

Bad:

    agentflow: 1
    name: refunds
    inputs:
      type: object
      required: [cents]
      properties: {cents: {type: integer, minimum: 1, maximum: 1000000}}
    budget: {wall: 2d}
    agents:
      payer: {kind: command, argv: [./pay], effects: write, input: {type: object}, output: {type: object}}
    steps:
      approve:
        when: inputs.cents > 5000
        human: {ask: "Refund ${{ inputs.cents }} cents?", answer: {type: boolean}}
        timeout: 4h
        catch: {timeout: {use: false}}
      pay:
        when: inputs.cents > 5000 || default(steps.approve.output, false)
        agent: payer
        with: {cents: "${{ inputs.cents }}"}
    outputs: {paid: "${{ has(steps.pay.output) }}"}

Says:

    17:11 'pay' goes ahead after a no to 'approve' as well: 'inputs.cents > 5000' holds wherever that is asked

Good:

    agentflow: 1
    name: refunds
    inputs:
      type: object
      required: [cents]
      properties: {cents: {type: integer, minimum: 1, maximum: 1000000}}
    budget: {wall: 2d}
    agents:
      payer: {kind: command, argv: [./pay], effects: write, input: {type: object}, output: {type: object}}
    steps:
      approve:
        when: inputs.cents > 5000
        human: {ask: "Refund ${{ inputs.cents }} cents?", answer: {type: boolean}}
        timeout: 4h
        catch: {timeout: {use: false}}
      pay:
        when: inputs.cents <= 5000 || default(steps.approve.output, false)
        agent: payer
        with: {cents: "${{ inputs.cents }}"}
    outputs: {paid: "${{ has(steps.pay.output) }}"}
"""

from collections.abc import Iterator, Mapping
from itertools import product

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.answers import acts
from agentflow.lint.constant_conditions import excluded
from agentflow.lint.foregone import Foregone
from agentflow.lint.rule import Context, Family
from agentflow.lint.stand_ins import answered, comes_to, possible_answers
from agentflow.plan import address
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.logic import leaves, outcome
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.expressions import references
from agentflow.spec.model import Json
from agentflow.spec.wording import quoted

NAME = "overruled-answer"
FAMILY = Family.EFFECT
SEVERITY = Severity.WARNING

#: Of more parts that may come to either not every combination is tried.
_MOST_OPEN = 6


def check(context: Context) -> Iterator[Finding]:
    """Each effect whose `when` reads an answer and comes to the same wherever it is asked for."""
    plan = context.plan
    for step in plan.steps.values() if plan is not None else ():
        if plan is not None and step.when is not None and acts(step):
            for asked in _questions(plan, step, step.when):
                yield from _finding(context, asked, step, step.when)


def _questions(plan: Plan, step: StepPlan, condition: Expr) -> Iterator[StepPlan]:
    """The questions beside a step that its condition reads, each once."""
    scope = address.parent(step.address) or ""
    names = {str(one.path[0]): None for one in references(condition) if one.root == "steps"}
    for name in names:
        asked = plan.steps.get(address.child(scope, name))
        if asked is not None and asked.question is not None and asked.for_each is None:
            yield asked


def _finding(
    context: Context, asked: StepPlan, effect: StepPlan, condition: Expr
) -> Iterator[Finding]:
    answers = [*possible_answers(asked)]
    others = [leaf for leaf in leaves(condition) if not _depends(leaf, asked, answers)]
    if len(others) in (0, len([*leaves(condition)])) or excluded(context, effect):
        return
    foregone = Foregone(context, asked, effect)
    known = {id(leaf): foregone.comes_to(leaf) for leaf in others}
    settled, extent = _settled(condition, asked, answers, known), "wherever that is asked"
    if settled is None and _is_only_reader(context, asked, effect):
        known |= {id(leaf): True for leaf in others if foregone.partly(leaf)}
        settled, extent = (
            _settled(condition, asked, answers, known),
            "for some of what is asked about",
        )
    first = next(
        (
            leaf
            for leaf in others
            if known[id(leaf)] is not None
            and _settled(condition, asked, answers, {**known, id(leaf): None}) is None
        ),
        None,
    )
    if settled is None or first is None:
        return
    text = quoted(effect.when_text[first.start : first.end])
    because = f"{text} {'holds' if known[id(first)] else 'is false'} {extent}"
    if settled:
        said = f"{quoted(effect.id)} goes ahead after a no to {quoted(asked.id)} as well: {because}"
    else:
        said = f"{quoted(effect.id)} never follows a yes to {quoted(asked.id)}: {because}"
    yield Finding(
        rule=NAME,
        severity=SEVERITY,
        message=said,
        location=context.document.in_string((*effect.path, "when"), first.start, first.end),
        help="ask just where the answer is to count, or ask for more than this beside it",
        related=(Related("the person is asked here", context.document.locate_key(asked.path)),),
    )


def _depends(leaf: Expr, asked: StepPlan, answers: list[Json]) -> bool:
    """Does a part of a condition go by what is answered?"""
    return len({comes_to(leaf, asked, answered(one)) for one in answers}) > 1


def _settled(
    condition: Expr, asked: StepPlan, answers: list[Json], known: Mapping[int, bool | None]
) -> bool | None:
    """May a condition hold, if the answer makes no difference to it? None if it does make one.

    `known` are its parts that read no answer; those that are None may come to either.
    """
    open_parts = [part for part, truth in known.items() if truth is None]
    if len(open_parts) > _MOST_OPEN:
        return None
    may_hold = False
    for case in product((False, True), repeat=len(open_parts)):
        parts = {**known, **dict(zip(open_parts, case, strict=True))}
        outcomes = {_outcome(condition, asked, one, parts) for one in answers}
        if len(outcomes) > 1 or None in outcomes:
            return None
        may_hold |= True in outcomes
    return may_hold


def _outcome(
    condition: Expr, asked: StepPlan, answer: Json, known: Mapping[int, bool | None]
) -> bool | None:
    read = answered(answer)
    return outcome(
        condition,
        lambda leaf: known[id(leaf)] if id(leaf) in known else comes_to(leaf, asked, read),
    )


def _is_only_reader(context: Context, asked: StepPlan, effect: StepPlan) -> bool:
    """Does nothing but one `when`, and the outputs, read what is answered?"""
    return all(
        use.path[0] == "outputs" or use.path == (*effect.path, "when")
        for use in context.uses_of.get(asked.address, ())
    )
