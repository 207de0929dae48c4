"""The plan that an agent made for a `delegate`, as data: once checked, a graph like any other.

A plan is a list of tasks, objects with

    id       text of 1 to 100 printable characters, different for each task
    worker   one of the names under `workers`
    input    what the task is about; by default {}
    needs    the ids of the tasks whose results it works with; by default none

What else an author's contract lets a task hold means nothing here.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from agentflow.contracts.describe import excerpt
from agentflow.core.state import Instance, Scope, open_unplanned
from agentflow.core.values import Unusable, value_of
from agentflow.plan import address
from agentflow.plan.graph import cycles
from agentflow.plan.steps import DelegatePlan, StepPlan
from agentflow.spec.model import Json
from agentflow.spec.wording import did_you_mean, quoted

LONGEST_ID = 100
#: More mistakes than this are counted and not told.
_MOST_TOLD = 10


class Task(Struct, frozen=True):
    """A task whose form is right; whether it can be carried out is another matter."""

    id: str
    worker: str
    input: Json
    needs: tuple[str, ...]


class BadPlan(Struct, frozen=True):
    """What is wrong with a plan, each in a line; at least one."""

    wrong: tuple[str, ...]

    def __str__(self) -> str:
        more = f"; {len(self.wrong) - 1} more" if len(self.wrong) > 1 else ""
        return f"the plan cannot be carried out: {self.wrong[0]}{more}"


def read_plan(delegate: DelegatePlan, tasks: Json) -> tuple[Task, ...] | BadPlan:
    """The tasks of a plan that can be carried out, in the order of the plan."""
    if not isinstance(tasks, list):
        return BadPlan((f"expected a list of tasks, found {excerpt(tasks)}",))
    wrong: list[str] = []
    if len(tasks) > delegate.max_tasks:
        wrong.append(f"{len(tasks)} tasks are more than 'max_tasks: {delegate.max_tasks}'")
    read = [_read(number, task, wrong) for number, task in enumerate(tasks[: delegate.max_tasks])]
    known = [task for task in read if task is not None]
    wrong += _disagreements(known)
    for number, task in enumerate(read):
        if task is not None:
            wrong += _about_worker(delegate, number, task)
    if len(wrong) > _MOST_TOLD:
        wrong = [*wrong[:_MOST_TOLD], f"{len(wrong) - _MOST_TOLD} more"]
    return BadPlan(tuple(wrong)) if wrong else tuple(known)


def wrong_plan(step: StepPlan, output: Json) -> tuple[str, BadPlan] | None:
    """A plan in an output that cannot be carried out, and the address of who should have.

    An output without a plan where one was expected is for whoever reads it to complain about.
    """
    for check in step.plans if step.for_each is None else ():
        tasks = output
        for name in check.way:
            if not isinstance(tasks, Mapping) or name not in tasks:
                break
            tasks = tasks[name]
        else:
            found = read_plan(check.delegate, tasks)
            if isinstance(found, BadPlan):
                return check.delegate.address, found
    return None


def _read(number: int, task: Json, wrong: list[str]) -> Task | None:
    if not isinstance(task, dict):
        wrong.append(f"[{number}]: expected a task with 'id' and 'worker', found {excerpt(task)}")
        return None
    before = len(wrong)
    task_id, worker, needs = task.get("id"), task.get("worker"), task.get("needs", [])
    if (
        not isinstance(task_id, str)
        or not 0 < len(task_id) <= LONGEST_ID
        or not task_id.isprintable()
    ):
        expected = f"text of 1 to {LONGEST_ID} printable characters"
        wrong.append(f"[{number}].id: expected {expected}, found {_found(task, 'id')}")
    if not isinstance(worker, str):
        wrong.append(
            f"[{number}].worker: expected the name of a worker, found {_found(task, 'worker')}"
        )
    if not isinstance(needs, list) or not all(isinstance(one, str) for one in needs):
        wrong.append(f"[{number}].needs: expected a list of ids of tasks, found {excerpt(needs)}")
    if len(wrong) > before:
        return None
    return Task(str(task_id), str(worker), task.get("input", {}), tuple(dict.fromkeys(needs)))


def _found(task: dict[str, Json], field: str) -> str:
    return excerpt(task[field]) if field in task else "nothing"


def _disagreements(tasks: Sequence[Task]) -> Iterator[str]:
    """What is wrong among the tasks: ids that are there twice or not at all, and circles."""
    graph: dict[str, tuple[str, ...]] = {}
    for task in tasks:
        if task.id in graph:
            yield f"two tasks have the id {quoted(task.id)}"
        graph[task.id] = task.needs
    for task in tasks:
        for needed in task.needs:
            if needed not in graph:
                near = did_you_mean(needed, graph)
                yield f"task {quoted(task.id)} needs {quoted(needed)}, which is no task{near}"
    for cycle in cycles(graph):
        named = [quoted(task_id) for task_id in (*cycle, cycle[0])]
        yield f"task {named[0]} needs {', which needs '.join(named[1:])}"


def _about_worker(delegate: DelegatePlan, number: int, task: Task) -> Iterator[str]:
    worker = delegate.workers.get(task.worker)
    if worker is None:
        near = did_you_mean(task.worker, delegate.workers)
        there = near or f"; there is: {', '.join(delegate.workers)}"
        yield f"[{number}].worker: unknown worker {quoted(task.worker)}{there}"
    elif delegate.whole and worker.call is not None:
        for violation in worker.call.input.checker.check(task.input):
            at = f".{violation.path}" if violation.path else ""
            yield f"[{number}].input{at}: {violation.message} (for worker {quoted(task.worker)})"
    else:
        yield from _about_arguments(delegate, number, task)


def _about_arguments(delegate: DelegatePlan, number: int, task: Task) -> Iterator[str]:
    """What is wrong with what `with` makes of a task's id and input, before there are results."""
    env: dict[str, Json] = {"task": {"id": task.id, "input": task.input}}
    for argument in delegate.known_fields.get(task.worker, ()):
        what = f"[{number}].input: {quoted(argument.field)} of worker {quoted(task.worker)}"
        try:
            value = value_of(argument.value, env, what)
        except Unusable as error:
            yield error.failure.message
            continue
        for violation in argument.checker.check(value):
            at = f" at {quoted(violation.path)}" if violation.path else ""
            yield f"{what}{at}: {violation.message}"


def open_tasks(owner: Instance, tasks: Sequence[Task], limit: int) -> Scope:
    """The scope of a delegate with all tasks pending, of which `limit` are in work at a time."""
    delegate = owner.step.delegate
    assert delegate is not None
    scope = open_unplanned(owner, delegate.fail_fast, limit)
    scope.remaining = len(tasks)
    waiting: dict[str, list[str]] = {task.id: [] for task in tasks}
    for task in tasks:
        for needed in task.needs:
            waiting[needed].append(task.id)
    for task in tasks:
        worker = delegate.workers[task.worker]
        scope.steps[task.id] = Instance(
            address=address.task(owner.address, task.worker, task.id),
            step=replace(
                worker, id=task.id, upstream=task.needs, downstream=tuple(waiting[task.id])
            ),
            scope=scope,
            env={**scope.env, "task": {"id": task.id, "input": task.input}},
            waits_for=len(task.needs),
        )
    return scope


def outputs_of(scope: Scope) -> dict[str, Json]:
    """What the tasks came to, by id; those that were skipped are left out."""
    return {
        task.step.id: task.output for task in scope.steps.values() if task.status == "succeeded"
    }
