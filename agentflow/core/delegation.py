"""How the tasks of a plan are given out, and what a `delegate` answers."""

from msgspec.structs import replace

from agentflow.core import events
from agentflow.core.events import Decision, Failure, Reason
from agentflow.core.failing import after_failure, complete
from agentflow.core.state import Instance
from agentflow.core.tasks import BadPlan, outputs_of, read_plan
from agentflow.core.values import value_of
from agentflow.plan.steps import DelegatePlan
from agentflow.spec.model import FailureClass, Json


def give_out(instance: Instance) -> Decision:
    """Begin with the tasks, if they can be carried out.

    Raises:
        Unusable: the plan cannot be evaluated.
    """
    delegate = _plan(instance)
    tasks = read_plan(delegate, value_of(delegate.tasks, instance.env, "'delegate.plan'"))
    if isinstance(tasks, BadPlan):
        return after_failure(instance, Failure(FailureClass.INVALID_OUTPUT, str(tasks)))
    given: list[Json] = [
        {"id": task.id, "worker": task.worker, "needs": list(task.needs)} for task in tasks
    ]
    count = "1 task" if len(given) == 1 else f"{len(given)} tasks"
    figures = {"tasks": len(given), "max_tasks": delegate.max_tasks}
    reason = Reason(f"{instance.step.address}.delegate", f"the plan has {count}", figures)
    return events.AssignTasks(instance.address, given, reason)


def conclude(instance: Instance) -> Decision:
    """All tasks have ended."""
    inside = instance.inside
    assert inside is not None
    output = outputs_of(inside)
    figures = {"tasks": len(inside.steps), "succeeded": len(output)}
    text = f"{len(output)} of {len(inside.steps)} tasks succeeded"
    reason = Reason(f"{instance.step.address}.delegate", text, figures)
    decision = complete(instance, output, reason)
    if isinstance(decision, events.CompleteStep):
        return replace(decision, output=None)
    return decision


def _plan(instance: Instance) -> DelegatePlan:
    assert instance.step.delegate is not None
    return instance.step.delegate
