"""`fail_fast` is set where only one step is ever running at a time.

It stops the steps that are running beside one that fails. If every step waits for the one before,
and no list and no plan is worked on in parallel, nothing runs beside it: the key has no effect, and
whoever wrote it expects something else. Take it out, or let steps run in parallel.

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

from agentflow.findings import Finding, Severity
from agentflow.lint.concurrency import fans_out, side_by_side
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import Plan, ScopePlan, StepPlan
from agentflow.spec.document import Path

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
        for scope in step.scopes:
            if scope.fail_fast:
                yield (*scope.path, "fail_fast"), _in_scope(scope)
        if step.for_each is not None and step.for_each.fail_fast:
            yield (*step.path, "for_each", "fail_fast"), _in_step(step)
        if step.delegate is not None and step.delegate.fail_fast:
            yield (*step.path, "delegate", "fail_fast"), _among_tasks(step)
        if step.nested is not None and step.nested.fail_fast:
            yield (*step.path, "fail_fast"), _in_scope(step.nested.plan.root)


def _in_scope(scope: ScopePlan) -> bool:
    """Are two of its steps at work at a time, or anything inside of one?"""
    return side_by_side(scope) is not None or any(map(_in_step, scope.steps))


def _in_step(step: StepPlan) -> bool:
    return fans_out(step) or _among_tasks(step) or any(map(_in_scope, step.scopes))


def _among_tasks(step: StepPlan) -> bool:
    delegate = step.delegate
    return delegate is not None and delegate.max_tasks > 1 and delegate.parallel != 1
