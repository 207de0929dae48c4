"""What is handed to a `delegate` as its plan can never be one.

A plan is a list of tasks, objects with `id` and `worker`, and with `input` and `needs` where they have
any. Where the contract of the planner lets that never come, every plan is refused; where it does not
demand an `id` and a `worker`, or allows a worker that there is not, plans are refused now and then.

Bad:

    agentflow: 1
    name: questions
    agents:
      planner:
        kind: command
        argv: [./plan]
        effects: none
        repair: 1
        input: {type: object}
        output:
          type: array
          items:
            type: object
            required: [id]
            properties:
              id: {type: string}
              worker: {enum: [search]}
              input: {type: object}
      searcher:
        kind: command
        argv: [./search]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      plan: {agent: planner}
      work:
        delegate: {plan: "${{ steps.plan.output }}", workers: {search: searcher}, max_tasks: 5}
    outputs: {found: "${{ steps.work.output }}"}

Says:

    28:22 a task of 'plan' need not have a 'worker'

Good:

    agentflow: 1
    name: questions
    agents:
      planner:
        kind: command
        argv: [./plan]
        effects: none
        repair: 1
        input: {type: object}
        output:
          type: array
          items:
            type: object
            required: [id, worker]
            properties:
              id: {type: string}
              worker: {enum: [search]}
              input: {type: object}
      searcher:
        kind: command
        argv: [./search]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      plan: {agent: planner}
      work:
        delegate: {plan: "${{ steps.plan.output }}", workers: {search: searcher}, max_tasks: 5}
    outputs: {found: "${{ steps.work.output }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.descent import SOME_ITEM, Descent
from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.plan.handoffs import Effort, breaches
from agentflow.plan.schemas import Contract, part_of, values_of
from agentflow.plan.steps import DelegatePlan, StepPlan
from agentflow.spec.wording import quoted

NAME = "unfit-plan"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING

_TASKS: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "worker": {"type": "string"},
            "needs": {"type": "array", "items": {"type": "string"}},
        },
    },
}
_HELP = "a plan is a list of {id, worker, input, needs}"


def check(context: Context) -> Iterator[Finding]:
    """Each plan whose type is not that of a plan, as far as it is known."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        if step.delegate is not None:
            for message, is_error, advice in _mistakes(context, step.delegate):
                yield Finding(
                    rule=NAME,
                    severity=Severity.ERROR if is_error else SEVERITY,
                    message=message,
                    location=context.document.locate(_place(step)),
                    help=advice,
                )


def _place(step: StepPlan) -> tuple[str | int, ...]:
    return (*step.path, "delegate", "plan")


def _mistakes(context: Context, delegate: DelegatePlan) -> Iterator[tuple[str, bool, str]]:
    given = context.types.of(delegate.tasks, delegate.address)
    never = [
        breach for breach in breaches(given, Contract(_TASKS, _TASKS), Effort()) if breach.always
    ]
    for breach in never:
        yield f"the plan {breach.found}, a plan {breach.wanted}", True, _HELP
    if never:
        return
    task = Contract(Descent().into(given, given, SOME_ITEM), given)
    if types_of(task.schema, task.root) != {"object"}:
        return
    for field in ("id", "worker"):
        part = part_of(task, field)
        if part.lack is not None:
            message = f"a task of 'plan' need not have a {quoted(field)}"
            yield (
                message,
                part.lack == "never",
                f"demand it in the contract of the planner; {_HELP}",
            )
    worker = part_of(task, "worker").inside
    suggestions = Suggestions()
    for name in values_of(worker) or () if worker is not None else ():
        if isinstance(name, str) and name not in delegate.workers:
            message = f"a task of 'plan' may be for {quoted(name)}, which is no worker"
            yield message, False, suggestions.help(name, delegate.workers, "add it to 'workers'")
