"""What the tasks of a `delegate` look like to the expressions in it, and what they come to."""

from agentflow.contracts.descent import SOME_ITEM
from agentflow.plan.address import enclosing
from agentflow.plan.loop_states import Shaping
from agentflow.plan.schemas import ANYTHING, FAILURE, Contract
from agentflow.plan.shape_kinds import Entries, Fields, Inside, Shape, Written, either
from agentflow.plan.steps import DelegatePlan, Plan

_ID = Contract({"type": "string", "minLength": 1, "maxLength": 100}, True)


def results_of(shapes: Shaping, delegate: DelegatePlan) -> Shape:
    """The outputs of tasks by id: what the workers answer, or what `catch` puts in its place."""
    options: list[Shape] = []
    for worker in delegate.workers.values():
        if worker.call is None:
            return ANYTHING
        schema = worker.call.output.schema
        options.append(Contract(schema, schema))
    first = next(iter(delegate.workers.values()))
    options += (
        shapes.of(action.value, action.place)
        for action in first.catch.values()
        if action.value is not None
    )
    return Entries(either(options), delegate.max_tasks)


def task_at(shapes: Shaping, plan: Plan, place: str) -> Shape:
    """What `task` is in the expressions of the delegate around a place."""
    around = (plan.steps.get(at) for at in enclosing(place))
    delegate = next((step.delegate for step in around if step and step.delegate), None)
    if delegate is None:
        return ANYTHING
    tasks = shapes.of(delegate.tasks, delegate.address)
    entries: dict[str, Written | Shape] = {
        "id": _ID,
        "input": Inside(tasks, (SOME_ITEM, "input")),
        "results": results_of(shapes, delegate),
        "error": FAILURE,
    }
    return Fields(entries, place)
