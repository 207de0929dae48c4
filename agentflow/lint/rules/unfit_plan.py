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
from contextlib import suppress

from agentflow.contracts.assembly import TooLarge, self_contained
from agentflow.contracts.descent import SOME_ITEM, Descent
from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Severity
from agentflow.lint.handoffs import way_text
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.plan.fields import part_of
from agentflow.plan.handoffs import Breach, Effort, breaches
from agentflow.plan.schemas import Contract, values_of
from agentflow.plan.steps import DelegatePlan
from agentflow.spec.wording import quoted

NAME = "unfit-plan"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING

_TASK: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "worker": {"type": "string"},
        "needs": {"type": "array", "items": {"type": "string"}},
    },
}
_FORM = "a plan is a list of {id, worker, input, needs}"


def check(context: Context) -> Iterator[Finding]:
    """Each plan whose type is not that of a plan, as far as it is known."""
    if context.plan is None:
        return
    for step in context.plan.steps.values():
        if step.delegate is None:
            continue
        given = context.types.of(step.delegate.tasks, step.address)
        for severity, message, advice in _mistakes(given, step.delegate):
            location = context.document.locate((*step.path, "delegate", "plan"))
            yield Finding(NAME, severity, message, location, advice)


def _mistakes(
    given: dict[str, Schema], delegate: DelegatePlan
) -> Iterator[tuple[Severity, str, str]]:
    for breach in _never(Contract(given, given), {"type": "array"}):
        yield Severity.ERROR, f"the plan {breach.found}, a plan {breach.wanted}", _FORM
        return
    task = Contract(Descent().into(given, given, SOME_ITEM), given)
    for breach in _never(task, _TASK):
        what = f"the {quoted(way_text(breach.way))} of a task" if breach.way else "a task of 'plan'"
        yield Severity.ERROR, f"{what} {breach.found}, a plan {breach.wanted}", _FORM
    if types_of(task.schema, task.root) != {"object"}:
        return  # it is not known, or said already
    for field in ("id", "worker"):
        if (lack := part_of(task, field).lack) is not None:
            severity = Severity.ERROR if lack == "never" else SEVERITY
            message = f"a task of 'plan' need not have a {quoted(field)}"
            yield severity, message, f"demand it in the contract of the planner; {_FORM}"
    yield from _about_workers(task, delegate)


def _about_workers(task: Contract, delegate: DelegatePlan) -> Iterator[tuple[Severity, str, str]]:
    worker = part_of(task, "worker").inside
    suggestions = Suggestions()
    for name in (values_of(worker) or ()) if worker is not None else ():
        if isinstance(name, str) and name not in delegate.workers:
            message = f"a task of 'plan' may be for {quoted(name)}, which is no worker"
            yield SEVERITY, message, suggestions.help(name, delegate.workers, "add it to 'workers'")
    given = part_of(task, "input").inside
    if given is None or not delegate.whole:
        return
    for name, step in delegate.workers.items():
        for breach in _never(given, step.call.input.schema) if step.call is not None else ():
            what = way_text(("input", *breach.way))
            message = f"the {quoted(what)} of a task {breach.found}, {quoted(name)} {breach.wanted}"
            advice = "let the contract of the planner say what the workers take"
            yield Severity.ERROR, message, advice


def _never(given: Contract, wanted: Schema) -> Iterator[Breach]:
    """Where no value of one type keeps another."""
    with suppress(TooLarge):
        alone = self_contained(given.schema, given.root)
        found = breaches(alone, Contract(wanted, wanted), Effort())
        yield from (breach for breach in found if breach.always)
