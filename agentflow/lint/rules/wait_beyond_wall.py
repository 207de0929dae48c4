"""A person has more time to answer than the whole run may take.

The time of the run (`budget.wall`, 24 hours by default) goes on while a question waits, even if no
process works on the run. When it is over the run fails, and what `catch.timeout` says never
happens. Shorten the wait, or raise `budget.wall`. Waits that follow each other add up: in a row of
steps, in a loop, for the items of a list with `parallel: 1`. The same holds for the approval of a
tool's calls.

Bad:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}}
        timeout: 2d
        catch: {timeout: {use: false}}
    outputs: {approved: "${{ steps.approve.output }}"}

Says:

    7:14 'approve' waits 2d for its answer, and the run ends after 24h

Good:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [order], properties: {order: {type: string}}}
    budget: {wall: 3d}
    steps:
      approve:
        human: {ask: "Refund ${{ inputs.order }}?", answer: {type: boolean}}
        timeout: 2d
        catch: {timeout: {use: false}}
    outputs: {approved: "${{ steps.approve.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.address import enclosing
from agentflow.plan.calls import callers, tools_of
from agentflow.plan.graph import topological_order
from agentflow.plan.steps import Plan, ScopePlan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.durations import time_in_words
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Scalar

NAME = "wait-beyond-wall"
FAMILY = Family.ESCALATION
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each human step whose time reaches beyond that of the run, or that of several in a row."""
    if context.plan is None:
        return
    wall = context.plan.budget.wall
    alone = False
    for step in context.plan.steps.values():
        if step.question is not None and step.question.timeout >= wall:
            alone = True
            yield _finding(context, (step,))
    row = _longest(context.plan.root)
    if not alone and _seconds(row) >= wall:
        yield _finding(context, row)
    for step in context.plan.steps.values():
        if step.question is not None and step.question.timeout < wall:
            times = _in_turn(context.plan, step.address)
            if step.question.timeout * times >= wall:
                yield _in_loop(context, step, times)
    yield from _approvals(context, context.plan)


def _approvals(context: Context, plan: Plan) -> Iterator[Finding]:
    """Calls of tools for whose approval a person has longer than the run."""
    seen: set[Path] = set()
    for step in callers(plan):
        for tool in tools_of(step):
            for level in tool.approval.levels if tool.approval is not None else ():
                times = _in_turn(plan, step.address)
                within = level.within or 0.0
                if (
                    level.path in seen
                    or level.path[-1] != "approve"
                    or within * times < plan.budget.wall
                ):
                    continue
                seen.add(level.path)
                place = context.document.locate((*level.path, "within"))
                often = f", up to {times} times" if within < plan.budget.wall else ""
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"the approval of {quoted(tool.id)} waits {time_in_words(within)} for its answer{often},"
                    f" and the run ends after {plan.pipeline.budget.wall}",
                    location=place,
                    help="give the run longer with 'budget: {wall: …}', or the person less",
                )


def _finding(context: Context, row: tuple[StepPlan, ...]) -> Finding:
    """About the last of the steps that wait one after the other."""
    assert context.plan is not None
    *before, last = row
    after = ""
    if before:
        waits = [f"{quoted(step.id)} ({_time(context, step)})" for step in before]
        after = f", after {', '.join(waits)}"
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=(
            f"{quoted(last.id)} waits {_time(context, last)} for its answer{after}, and the run"
            f" ends after {context.plan.pipeline.budget.wall}"
        ),
        location=context.document.locate((*last.path, "timeout")),
        help="give the run longer with 'budget: {wall: …}', or the person less",
        related=tuple(
            Related("this wait comes first", context.document.locate((*step.path, "timeout")))
            for step in before
        ),
    )


def _in_loop(context: Context, step: StepPlan, times: int) -> Finding:
    """A step that asks in each iteration of loops, or for one item of a list after another."""
    assert context.plan is not None
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=(
            f"{quoted(step.id)} waits {_time(context, step)} for its answer, up to {times} times, and"
            f" the run ends after {context.plan.pipeline.budget.wall}"
        ),
        location=context.document.locate((*step.path, "timeout")),
        help="give the run longer with 'budget: {wall: …}', the person less, or ask fewer times in turn",
    )


def _in_turn(plan: Plan, address: str) -> int:
    """How many times in turn something may be asked: by loops, and lists done item by item."""
    times = 1
    for outer in (plan.steps.get(place) for place in enclosing(address)):
        if outer is not None and outer.loop is not None:
            times *= outer.loop.max
        if outer is not None and outer.for_each is not None and outer.for_each.parallel == 1:
            times *= outer.for_each.max
    return times


def _time(context: Context, step: StepPlan) -> str:
    """The time for the answer, as it is written."""
    assert step.question is not None
    written = context.document.node((*step.path, "timeout"))
    return (
        written.text if isinstance(written, Scalar) else f"{time_in_words(step.question.timeout)}"
    )


def _longest(scope: ScopePlan) -> tuple[StepPlan, ...]:
    """The human steps that wait for each other and together take the longest."""
    rows: dict[str, tuple[StepPlan, ...]] = {}
    steps = {step.id: step for step in scope.steps}
    for step_id in topological_order({name: step.downstream for name, step in steps.items()}):
        step = steps[step_id]
        before = max((rows[name] for name in step.upstream), key=_seconds, default=())
        inside = map(_longest, step.scopes)
        own = (step,) if step.question is not None else max(inside, key=_seconds, default=())
        rows[step_id] = (*before, *own)
    return max(rows.values(), key=_seconds, default=())


def _seconds(row: tuple[StepPlan, ...]) -> float:
    return sum(step.question.timeout for step in row if step.question is not None)
