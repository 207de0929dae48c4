"""Plans for simulated runs: a contract alone hardly ever leads to one that can be carried out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import cycle

from agentflow.contracts.assembly import Assembly, TooLarge
from agentflow.contracts.checker import Checker, compile_schema
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

#: Ids of tasks, in the order in which they are tried; what a contract says of ids may demand others.
_IDS = (("a", "b", "c"), ("1", "2", "3"))
#: How many tasks a plan has at most, and how many if there have to be more.
_USUAL, _MOST_TASKS = 3, 8
#: The input of a task of which nothing is read.
_NOTHING: Schema = {"type": "object", "maxProperties": 0}


def with_plans(
    schema: Mapping[str, Json] | bool, plans: Sequence[PlanCheck], seed: str
) -> Mapping[str, Json] | bool:
    """The contract of an answer, narrowed to one that holds plans which can be carried out.

    A plan has a task for each worker, up to three, and the later ones need the first; if the
    contract does not allow that, it has one task, as many as there have to be, or none. If it allows
    none of these either, the contract stays as it is.
    """
    for check in plans:
        whole = _planned(schema, check)
        task = _part(whole, SOME_ITEM)
        inputs = dict(_inputs(check.delegate, _part(task, "input"), seed))
        possible = filter(_checker(whole).fits, _plans(check.delegate, inputs, task))
        narrowed = (_narrowed(schema, check, plan) for plan in possible)
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


def _plans(
    delegate: DelegatePlan, given: Mapping[str, Json], task: Contract
) -> Iterator[list[Json]]:
    """Plans that could be carried out, the most telling first, by what the workers are given."""
    for ids in _IDS:
        yield from _with_ids(delegate, given, ids, task)
    drawn = _drawn_ids(_part(task, "id"))
    yield from _with_ids(delegate, given, drawn[:_USUAL], task)
    for count in range(2, min(len(drawn), delegate.max_tasks) + 1):
        yield from _with_needs(delegate, given, drawn[:count], task)
    yield []


def _with_ids(
    delegate: DelegatePlan, given: Mapping[str, Json], ids: Sequence[str], task: Contract
) -> Iterator[list[Json]]:
    """Plans with a task for each worker, as far as there are ids, or with one task."""
    most = min(len(ids), len(given), delegate.max_tasks)
    for count in dict.fromkeys((most, min(most, 1))):
        yield from _with_needs(delegate, given, ids[:count], task)


def _with_needs(
    delegate: DelegatePlan, given: Mapping[str, Json], ids: Sequence[str], contract: Contract
) -> Iterator[list[Json]]:
    """Plans with these ids whose workers take turns: the later tasks need the first, or nothing."""
    tasks: list[dict[str, Json]] = [
        {"id": task_id, "worker": worker, "input": taken}
        for task_id, (worker, taken) in zip(ids, cycle(given.items()), strict=False)
    ]
    if not tasks or isinstance(read_plan(delegate, tasks), BadPlan):
        return
    chained = [{**task, "needs": [ids[0]] if number else []} for number, task in enumerate(tasks)]
    free = [{**task, "needs": []} for task in tasks]
    yield chained
    yield tasks
    yield free
    for plan in (chained, free):
        with suppress(NoSample, TooLarge):
            yield [_filled(task, contract) for task in plan]


def _checker(contract: Contract) -> Checker:
    """The checker of a part of a contract; of one that is too large to be taken out, any value fits."""
    try:
        assembly = Assembly()
        return compile_schema(assembly.whole(assembly.take(contract.schema, contract.root)))
    except TooLarge:
        return compile_schema(True)


def _filled(task: Mapping[str, Json], contract: Contract) -> Json:
    """A task with what else its contract demands."""
    assembly = Assembly()
    fixed = {name: {"const": value} for name, value in task.items()}
    whole = assembly.take(contract.schema, contract.root)
    own = {"type": "object", "required": list(fixed), "properties": fixed}
    return sample(assembly.whole({"allOf": [whole, own]}), str(task["id"]))


def _drawn_ids(contract: Contract) -> list[str]:
    """Ids that differ and keep a contract, as far as some are found."""
    ids: dict[str, None] = {}
    with suppress(NoSample, TooLarge):
        assembly = Assembly()
        part = assembly.take(contract.schema, contract.root)
        whole = assembly.whole({"allOf": [part, {"type": "string"}]})
        for number in range(2 * _MOST_TASKS):
            ids[str(sample(whole, number))] = None
    return list(ids)[:_MOST_TASKS]


def _planned(schema: Schema, check: PlanCheck) -> Contract:
    """What the contract of an answer says of the plan in it."""
    part = Contract(schema, schema)
    for name in check.way:
        part = _part(part, name)
    return part


def _part(whole: Contract, name: str | int) -> Contract:
    return Contract(Descent().into(whole.schema, whole.root, name), whole.root)


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
