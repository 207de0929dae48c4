"""`fail_fast` where nothing is ever at work at the same time.

It stops what is in flight beside a step that fails. Where every step waits for the one before, and no
list and no plan is worked on in parallel, there is nothing beside it: the key does nothing, and whoever
wrote it expects something else of it.

Bad:

    agentflow: 1
    name: letters
    fail_fast: true
    agents:
      reader: {kind: command, argv: [./read], effects: none, input: {type: object}, output: {type: string}}
    steps:
      read: {agent: reader}
      sum: {agent: reader, with: {text: "${{ steps.read.output }}"}}
    outputs: {sum: "${{ steps.sum.output }}"}

Says:

    3:1 'fail_fast' does nothing: no two steps in here are ever at work at the same time

Good:

    agentflow: 1
    name: letters
    fail_fast: true
    agents:
      reader: {kind: command, argv: [./read], effects: none, input: {type: object}, output: {type: string}}
    steps:
      read: {agent: reader}
      count: {agent: reader}
    outputs: {sum: "${{ steps.read.output + steps.count.output }}"}
"""

from collections.abc import Iterator
from itertools import pairwise

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.graph import topological_order
from agentflow.plan.steps import Path, Plan, ScopePlan, StepPlan

NAME = "idle-fail-fast"
FAMILY = Family.GRAPH
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each `fail_fast: true` around nothing that runs in parallel."""
    if context.plan is None:
        return
    for path, parallel in _written(context.plan):
        if not parallel:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message="'fail_fast' does nothing: no two steps in here are ever at work at the"
                " same time",
                location=context.document.locate_key(path),
                help="take it out",
            )


def _written(plan: Plan) -> Iterator[tuple[Path, bool]]:
    """Where it is written, and whether anything is parallel there."""
    if plan.root.fail_fast:
        yield ("fail_fast",), _in_scope(plan.root)
    for step in plan.steps.values():
        for scope in (step.body, *step.cases.values(), step.default):
            if scope is not None and scope.fail_fast:
                yield (*scope.path, "fail_fast"), _in_scope(scope)
        if step.for_each is not None and step.for_each.fail_fast:
            yield (*step.path, "for_each", "fail_fast"), _in_step(step)
        if step.delegate is not None and step.delegate.fail_fast:
            yield (*step.path, "delegate", "fail_fast"), _among_tasks(step)
        if step.nested is not None and step.nested.fail_fast:
            yield (*step.path, "fail_fast"), _in_scope(step.nested.plan.root)


def _in_scope(scope: ScopePlan) -> bool:
    """Are two of its steps at work at a time, or anything inside of one?"""
    steps = {step.id: step for step in scope.steps}
    order = topological_order({name: step.downstream for name, step in steps.items()})
    in_a_row = all(before in steps[after].upstream for before, after in pairwise(order))
    return not in_a_row or any(map(_in_step, scope.steps))


def _in_step(step: StepPlan) -> bool:
    for_each = step.for_each
    if for_each is not None and for_each.max > 1 and for_each.parallel != 1:
        return True
    inside = (step.body, *step.cases.values(), step.default)
    return _among_tasks(step) or any(_in_scope(scope) for scope in inside if scope is not None)


def _among_tasks(step: StepPlan) -> bool:
    delegate = step.delegate
    return delegate is not None and delegate.max_tasks > 1 and delegate.parallel != 1
