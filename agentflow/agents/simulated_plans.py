"""Plans for simulated runs: a contract alone hardly ever makes one that can be carried out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from agentflow.contracts.assembly import Assembly, TooLarge
from agentflow.contracts.descent import SOME_ITEM, Descent
from agentflow.contracts.keywords import Schema
from agentflow.contracts.sample import NoSample, sample
from agentflow.core.tasks import BadPlan, read_plan
from agentflow.plan.schemas import Contract
from agentflow.plan.steps import DelegatePlan, PlanCheck
from agentflow.plan.worker_inputs import KnownField
from agentflow.spec.cel.references import known_steps
from agentflow.spec.cel.syntax import Identifier, spine
from agentflow.spec.model import Json
from agentflow.spec.templates import Whole

#: Ids of tasks: as many as a made-up plan has tasks at most, in the order in which they are tried.
_IDS = (("a", "b", "c"), ("1", "2", "3"))
#: The input of a task of which nothing is read.
_NOTHING: Schema = {"type": "object", "maxProperties": 0}


def with_plans(
    schema: Mapping[str, Json] | bool, plans: Sequence[PlanCheck], seed: str
) -> Mapping[str, Json] | bool:
    """The contract of an answer, narrowed to one that holds plans which can be carried out.

    A plan has a task for each worker, up to three, and the later ones need the first; if the
    contract does not allow that, it has one task, or none. If it allows none of these either, the
    contract stays as it is.
    """
    for check in plans:
        inputs = dict(_inputs(check.delegate, _planned(schema, check), seed))
        narrowed = (_narrowed(schema, check, plan) for plan in _plans(check.delegate, inputs))
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


def _plans(delegate: DelegatePlan, given: Mapping[str, Json]) -> Iterator[list[Json]]:
    """Plans that could be carried out, the most telling first, by what the workers are given."""
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


def _planned(schema: Schema, check: PlanCheck) -> Contract:
    """What the contract of an answer says of the `input` of a task in it."""
    way: tuple[str | int, ...] = (*check.way, SOME_ITEM, "input")
    descent, part = Descent(), schema
    for name in way:
        part = descent.into(part, schema, name)
    return Contract(part, schema)


def _inputs(delegate: DelegatePlan, planned: Contract, seed: str) -> Iterator[tuple[str, Json]]:
    """Something that each worker takes and a plan may hold, where that can be made up."""
    for name, worker in delegate.workers.items():
        wanted = [_wanted(each) for each in delegate.known_fields.get(name, ())]
        if delegate.whole and worker.call is not None:
            wanted = [worker.call.input.schema]
        for plain in ([_NOTHING], []):
            with suppress(NoSample, TooLarge):
                assembly = Assembly()
                every = [assembly.take(schema, schema) for schema in (*wanted, *plain)]
                every.append(assembly.take(planned.schema, planned.root))
                yield name, sample(assembly.whole({"allOf": every}), f"{seed}/{name}")
                break


def _wanted(argument: KnownField) -> Schema:
    """What the input of a task is to be so that a worker can be given a part of it as a field."""
    value = argument.value
    nodes = spine(value.expr) if isinstance(value, Whole) else ()
    way = known_steps(nodes)
    names = [name for name in way if isinstance(name, str)]
    if not names or len(names) < len(way) or names[0] != "input":
        return {}
    if not isinstance(nodes[-1], Identifier):
        return {}  # a part of what is computed from it
    schema = argument.schema
    for name in reversed(names[1:]):
        schema = {"type": "object", "required": [name], "properties": {name: schema}}
    return schema
