"""The plan that a `delegate` is given can never be a valid plan.

A plan is a list of tasks, objects with `id` and `worker`, and with `input` and `needs` if they have
any. If the contract of the planner makes that impossible, every plan is refused. If the contract
does not require an `id` and a `worker`, allows a worker that does not exist, or does not describe
the `input` that the workers need, plans are refused now and then.

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
from agentflow.contracts.describe import listed
from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Severity
from agentflow.lint.handoffs import way_text
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.plan.fields import part_of
from agentflow.plan.handoff_words import Breach
from agentflow.plan.handoffs import Effort, breaches
from agentflow.plan.schemas import ANNOTATIONS, Contract, past_references, values_of
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
    if given is not None and delegate.whole:
        yield from _about_inputs(given, delegate)


def _about_inputs(given: Contract, delegate: DelegatePlan) -> Iterator[tuple[Severity, str, str]]:
    """What workers ask for, and the contract of the planner does not promise.

    Which task is for which worker is not looked at. So what only some values break counts where
    there is one worker.
    """
    advice = "let the contract of the planner say what the workers take"
    for name, step in delegate.workers.items():
        wanted = step.call.input.schema if step.call is not None else True
        for breach in _breaches(given, wanted):
            if breach.always or len(delegate.workers) == 1:
                what = way_text(("input", *breach.way))
                yield (
                    Severity.ERROR if breach.always else SEVERITY,
                    f"the {quoted(what)} of a task {breach.found}, {quoted(name)} {breach.wanted}",
                    advice,
                )
        required = wanted.get("required", []) if isinstance(wanted, dict) else []
        if required and _says_nothing(given):
            names = listed(map(quoted, required), "and")
            message = f"a task's 'input' may be anything, and {quoted(name)} needs {names} in it"
            yield SEVERITY, message, advice


def _says_nothing(given: Contract) -> bool:
    """Is it an object, of which no field is named anywhere?"""
    schema = past_references(given)
    return isinstance(schema, dict) and not schema.keys() - ANNOTATIONS - {"type"}


def _never(given: Contract, wanted: Schema) -> Iterator[Breach]:
    """Where no value of one type keeps another."""
    return (breach for breach in _breaches(given, wanted) if breach.always)


def _breaches(given: Contract, wanted: Schema) -> Iterator[Breach]:
    """Where values of one type need not keep another."""
    with suppress(TooLarge):
        alone = self_contained(given.schema, given.root)
        yield from breaches(alone, Contract(wanted, wanted), Effort())
