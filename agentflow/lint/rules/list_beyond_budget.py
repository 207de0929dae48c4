"""A list may be longer than the budget allows for.

`max` says that so many items are fine, but the budget does not allow for them, since each item
takes a call, or what its agent charges to a meter. A run with a full list stops in the middle,
although nothing went wrong and what it has done is paid for. Lower `max`, or raise the budget. If
stopping is intended, `catch: {budget_exceeded: skip}` says so.

Bad:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [letters], properties: {letters: {type: array, items: {type: string}}}}
    budget: {calls: 50}
    agents:
      sorter: {kind: command, argv: [./sort], effects: none, input: {type: object}, output: {type: string}}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 100}
        agent: sorter
        with: {text: "${{ item }}"}
    outputs: {kinds: "${{ steps.sort.output }}"}

Says:

    9:52 with full lists a run makes at least 100 calls, and its budget has 50

Good:

    agentflow: 1
    name: letters
    inputs: {type: object, required: [letters], properties: {letters: {type: array, items: {type: string}}}}
    budget: {calls: 150}
    agents:
      sorter: {kind: command, argv: [./sort], effects: none, input: {type: object}, output: {type: string}}
    steps:
      sort:
        for_each: {over: "${{ inputs.letters }}", max: 100}
        agent: sorter
        with: {text: "${{ item }}"}
    outputs: {kinds: "${{ steps.sort.output }}"}
"""

from collections.abc import Iterable, Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.budgets import amount_of, figure, path_of, summed
from agentflow.lint.rule import Context, Family
from agentflow.plan.bounds import Part, worst_case
from agentflow.plan.lower_bounds import Least, least_of_run, least_of_step
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "list-beyond-budget"
FAMILY = Family.BOUND
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each budget of calls that full lists go beyond, if empty ones do not."""
    plan = context.plan
    if plan is None:
        return
    for what in summed(plan.budget.bounds):
        full, empty = (least_of_run(plan, what, full=each) for each in (True, False))
        yield from _beyond(context, plan, None, what, full, empty)
    for step in plan.steps.values():
        for what in summed(step.budget or {}):
            full, empty = (least_of_step(plan, step, what, full=each) for each in (True, False))
            yield from _beyond(context, plan, step, what, full, empty)


def _beyond(
    context: Context, plan: Plan, step: StepPlan | None, what: str, full: Least, empty: Least
) -> Iterator[Finding]:
    path: Path = ()
    who, bounds = "a run", plan.budget.bounds
    if step is not None:
        who, bounds, path = quoted(step.id), step.budget or {}, step.path
    there = bounds[what]
    if full.step is None or full.amount <= there or empty.amount > there:
        return
    budget = path_of((*path, "budget"), what)
    written = context.document.node(budget) is not None
    longest = full.step.for_each is not None
    yield Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"with full lists {who} {'makes' if what == 'calls' else 'takes'} at least"
        f" {amount_of(what, full.amount)}, and its budget has {figure(there)}{'' if written else ' if it does not say more'}",
        location=context.document.locate((*full.step.path, "for_each", "max"))
        if longest
        else context.document.locate_key(full.step.path),
        help=f"write 'calls: {_most(plan, step)}' there, which is enough if everything is tried as"
        " often as it may be, or a smaller 'max' here"
        if what == "calls"
        else f"write at least '{budget[-1]}: {full.amount:.12g}' there, or a smaller 'max' here",
        related=(Related("the budget is set here", context.document.locate(budget)),)
        if written
        else (),
    )


def _most(plan: Plan, step: StepPlan | None) -> int:
    """The calls that a run or a step comes to in the worst case, if no budget stops it."""
    worst = worst_case(plan)
    if step is None:
        return int(worst.needed.calls.amount)
    return next(int(part.needed.calls.amount) for part in _parts(worst.parts) if part.step is step)


def _parts(parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        yield from _parts(part.inside)
