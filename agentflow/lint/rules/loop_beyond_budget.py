"""A loop may iterate more often than the budget allows for.

`max` says how often to try, but the budget stops the loop earlier. The last iterations never
happen, the run fails as `budget_exceeded` in the middle of one, and `catch.exhausted`, which was
meant to take the latest result, is never used. Lower `max`, or raise the budget. If stopping is
intended, `catch: {budget_exceeded: skip}` says so.

Bad:

    agentflow: 1
    name: letters
    budget: {calls: 20}
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
      judge: {kind: command, argv: [./judge], effects: none, input: {type: object}, output: {type: boolean}}
    steps:
      refine:
        loop:
          max: 1000
          state: {text: ""}
          until: steps.check.output
          next: {text: "${{ steps.write.output }}"}
          steps:
            write: {agent: writer, with: {text: "${{ loop.state.text }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ steps.write.output }}"
        catch: {exhausted: {use: no letter}}
    outputs: {letter: "${{ steps.refine.output }}"}

Says:

    10:12 'refine' may go round 1,000 times, and the budget has enough calls for 10

Good:

    agentflow: 1
    name: letters
    budget: {calls: 20}
    agents:
      writer: {kind: command, argv: [./write], effects: none, input: {type: object}, output: {type: string}}
      judge: {kind: command, argv: [./judge], effects: none, input: {type: object}, output: {type: boolean}}
    steps:
      refine:
        loop:
          max: 10
          state: {text: ""}
          until: steps.check.output
          next: {text: "${{ steps.write.output }}"}
          steps:
            write: {agent: writer, with: {text: "${{ loop.state.text }}"}}
            check: {agent: judge, with: {text: "${{ steps.write.output }}"}}
          output: "${{ steps.write.output }}"
        catch: {exhausted: {use: no letter}}
    outputs: {letter: "${{ steps.refine.output }}"}
"""

from collections.abc import Iterator, Mapping

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.budgets import path_of, summed
from agentflow.lint.rule import Context, Family
from agentflow.plan.lower_bounds import copes, least_of_round
from agentflow.plan.steps import Plan, ScopePlan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "loop-beyond-budget"
FAMILY = Family.BOUND
SEVERITY = Severity.WARNING

#: Budgets and where they are written.
_Budgets = tuple[tuple[Mapping[str, float], Path], ...]


def check(context: Context) -> Iterator[Finding]:
    """Each loop whose rounds, one by one, come to more than a budget around it has."""
    plan = context.plan
    if plan is not None:
        yield from _in_scope(context, plan, plan.root, ((plan.budget.bounds, ("budget",)),))


def _in_scope(
    context: Context, plan: Plan, scope: ScopePlan, budgets: _Budgets
) -> Iterator[Finding]:
    for step in scope.steps:
        # What stops a step of which that is caught is no accident.
        around = () if copes(step) else budgets
        if step.budget is not None and not copes(step):
            around = (*around, (step.budget, (*step.path, "budget")))
        if step.loop is not None:
            yield from _loop(context, plan, step, step.loop.max, around)
        for inner in step.scopes:
            yield from _in_scope(context, plan, inner, around)


def _loop(
    context: Context, plan: Plan, step: StepPlan, most: int, budgets: _Budgets
) -> Iterator[Finding]:
    found = [
        (int(bounds[what] // least), what, path_of(path, what))
        for bounds, path in budgets
        for what in summed(bounds)
        if (least := least_of_round(plan, step, what)) > 0
    ]
    rounds, what, budget = min(found, default=(most, "", ()))
    if not 0 < rounds < most:
        return  # without a single one the budget is too small for any run
    written = context.document.node(budget) is not None
    _, _, meter = what.partition(".")
    enough = f"enough of meter {quoted(meter)}" if meter else "enough calls"
    yield Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(step.id)} may go round {most:,} times, and the budget has {enough} for"
        f" {rounds:,}{'' if written else ' if it does not say more'}",
        location=context.document.locate((*step.path, "loop", "max")),
        help=f"write 'max: {rounds}' or less, or a larger budget",
        related=(Related("the budget is set here", context.document.locate(budget)),)
        if written
        else (),
    )
