"""Plans for simulated runs: a contract alone hardly ever makes one that can be carried out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from agentflow.contracts.sample import NoSample, sample
from agentflow.core.tasks import BadPlan, read_plan
from agentflow.plan.steps import DelegatePlan, PlanCheck
from agentflow.spec.model import Json

#: Ids of tasks: as many as a made-up plan has tasks at most, in the order in which they are tried.
_IDS = (("a", "b", "c"), ("1", "2", "3"))


def with_plans(
    schema: Mapping[str, Json] | bool, plans: Sequence[PlanCheck], seed: str
) -> Mapping[str, Json] | bool:
    """The contract of an answer, narrowed to one that holds plans which can be carried out.

    A plan has a task for each worker, up to three, and the later ones need the first; if the
    contract does not allow that, it has one task, or none. If it allows none of these either, the
    contract stays as it is.
    """
    for check in plans:
        narrowed = (_narrowed(schema, check, plan) for plan in _plans(check.delegate, seed))
        schema = next((one for one in narrowed if _allows_any(one, seed)), schema)
    return schema


def _narrowed(
    schema: Mapping[str, Json] | bool, check: PlanCheck, tasks: Sequence[Json]
) -> Mapping[str, Json]:
    """The contract with these tasks where the plan stands."""
    holds: dict[str, Json] = {"const": list(tasks)}
    for name in reversed(check.way):
        holds = {"required": [name], "properties": {name: holds}}
    given = dict(schema) if isinstance(schema, Mapping) else {}
    return {**given, "allOf": [*given.get("allOf", ()), holds]}


def _allows_any(schema: Mapping[str, Json], seed: str) -> bool:
    try:
        sample(schema, seed)
    except NoSample:
        return False
    return True


def _plans(delegate: DelegatePlan, seed: str) -> Iterator[list[Json]]:
    """Plans that can be carried out, from the most to the least telling."""
    given = dict(_inputs(delegate, seed))
    for ids in _IDS:
        most = min(len(ids), len(given), delegate.max_tasks)
        for count in dict.fromkeys((most, min(most, 1))):
            tasks = [
                {"id": task_id, "worker": worker, "input": given[worker]}
                for task_id, worker in zip(ids[:count], given, strict=False)
            ]
            if not tasks or isinstance(read_plan(delegate, tasks), BadPlan):
                continue
            yield [{**task, "needs": [ids[0]] if n else []} for n, task in enumerate(tasks)]
            yield tasks
    yield []


def _inputs(delegate: DelegatePlan, seed: str) -> Iterator[tuple[str, Json]]:
    """Something that each worker takes, where that can be made up."""
    for name, worker in delegate.workers.items():
        schema: Mapping[str, Json] = {"type": "object", "maxProperties": 0}
        if delegate.whole and worker.call is not None:
            schema = worker.call.input.schema
        with suppress(NoSample):
            yield name, sample(schema, f"{seed}/{name}")
