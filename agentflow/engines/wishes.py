"""What is wished of answers that are made up, besides their contracts.

A simulated run should come to its end as a real one does. So of the answers that could be made up,
one is taken of which all that the step asserts is true and which ends the loop that it is in, in the
last iteration that there may be; the ones before show how the loop goes round. Only what follows from
the answer itself, from what the agent was given and from the inputs of the run can be wished for: what
else a condition reads is not known here, and then nothing is wished.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from agentflow.contracts.assembly import Assembly, TooLarge
from agentflow.plan import address
from agentflow.plan.steps import CallPlan, Plan, StepPlan
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.expressions import references
from agentflow.spec.model import Json

Wish: TypeAlias = Callable[[Json], bool]
#: What expressions can read before there is an answer, by the names of roots.
Known: TypeAlias = Mapping[str, Json]

#: The number of the iteration that a step is directly in.
_ITERATION = re.compile(r"\[#([0-9]+)\]/[^/\[]+(\[[0-9]+\])?$")


def known_before(plan: Plan, within: Plan, given: Json, inputs: Mapping[str, Json]) -> Known:
    """What is known before an answer: what the agent was `given`, or the person was shown, and, to the
    steps of the run's own pipeline, its `inputs`.
    """
    known: dict[str, Json] = {"input": given}
    return {**known, "inputs": dict(inputs)} if within is plan else known


def wish_for(plan: Plan, step: StepPlan, at: str, known: Known) -> Wish:
    """Is an answer of a step of this plan, at an address of the run, one to be taken?"""
    end = _end_of_loop(plan, step, at)

    def fits(answer: Json) -> bool:
        seen = {**known, "output": answer}
        if not all(_may_hold(each.that, seen) for each in step.asserts):
            return False
        if end is None:
            return True
        until, index = end
        so_far = {step.id: {"status": "succeeded", "output": answer}}
        return _may_hold(until, {"steps": so_far, "loop": {"index": index}})

    return fits


def kept_by(step: StepPlan, call: CallPlan) -> Mapping[str, Json]:
    """What an answer to a call keeps: the contract of its agent, and that which all agents of the
    step share.
    """
    shared = step.call
    if shared is None or shared.output is call.output:
        return call.output.schema
    assembly = Assembly()
    try:
        both = [
            assembly.take(contract.schema, contract.schema)
            for contract in (call.output, shared.output)
        ]
        return assembly.whole({"allOf": both})
    except TooLarge:
        return call.output.schema


def ends_loop(plan: Plan, step: StepPlan, at: str, answer: Json) -> bool:
    """Does an answer end the loop that its step is directly in, as far as that can be told?"""
    loop = _loop_around(plan, step, at)
    if loop is None:
        return False
    until, index, _ = loop
    so_far = {step.id: {"status": "succeeded", "output": answer}}
    try:
        return evaluate(until, {"steps": so_far, "loop": {"index": index}}) is True
    except EvaluationError:
        return False


def _end_of_loop(plan: Plan, step: StepPlan, at: str) -> tuple[Expr, int] | None:
    """The condition that ends the loop around a step, if this is its last iteration."""
    loop = _loop_around(plan, step, at)
    if loop is None:
        return None
    until, index, most = loop
    return (until, index) if index + 1 == most else None


def _loop_around(plan: Plan, step: StepPlan, at: str) -> tuple[Expr, int, int] | None:
    """The condition of the loop that a step is directly in, the iteration, and how many there may be."""
    inside = address.parent(step.address) or ""
    around = plan.steps.get(address.parent(inside) or "") if inside.endswith("[#]") else None
    found = _ITERATION.search(at)
    if around is None or around.loop is None or around.loop.until is None or found is None:
        return None
    return around.loop.until, int(found[1]), around.loop.max


def _may_hold(condition: Expr, seen: Mapping[str, Json]) -> bool:
    """Is it true, or not to be told from what is seen?"""
    try:
        return evaluate(condition, seen) is not False
    except EvaluationError:
        return not all(
            _is_seen(reference.root, reference.path, seen) for reference in references(condition)
        )


def _is_seen(root: str, path: tuple[str | int | None, ...], seen: Mapping[str, Json]) -> bool:
    """Is what a reference is about among it? Of `steps` and `loop`, some of it may be."""
    if root not in seen:
        return False
    return root not in ("steps", "loop") or path[:1] == () or path[0] in seen[root]
