"""What is wished of answers that are made up, besides their contracts.

A simulated run should come to its end as a real one does. So of the answers that could be made up,
one is taken of which all that the step asserts is true and, where there is such a one, which ends
the loop that it is in, in the last iteration that there may be; the ones before show how the loop
goes round. What such conditions read besides is taken from the run as it stands.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec.structs import replace

from agentflow.agents.simulated import ANYTHING, Wanted
from agentflow.contracts.assembly import Assembly, TooLarge
from agentflow.core.assertions import read_besides
from agentflow.core.state import ENDED, Instance
from agentflow.engines.equalities import equalizer
from agentflow.engines.narrowing import loop_around, narrowings
from agentflow.plan.steps import CallPlan, StepPlan
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.expressions import references
from agentflow.spec.model import Json

Wish: TypeAlias = Callable[[Json], bool]


def wished_for(instance: Instance, wanted: Wanted = ANYTHING, *, lingers: bool = False) -> Wanted:
    """What is wanted of an answer of a step, with all that is wished of it.

    It ends the loop that the step is directly in only in the last iteration; if it `lingers`, in none.
    """
    around = loop_around(instance)
    ends = None if around is None or not (lingers or around.is_last) else not lingers
    return replace(
        wanted,
        fits=_asserted(instance),
        liked=lambda answer: ends is None or _outcome(instance, answer) is not (not ends),
        narrower=narrowings(instance, around, ends),
        mended=equalizer(instance),
    )


def _asserted(instance: Instance) -> Wish:
    """Is all that a step asserts true of an answer?"""
    known = read_besides(instance)

    def holds(answer: Json) -> bool:
        env = {**known, "output": answer}
        try:
            return all(evaluate(each.that, env) is True for each in instance.step.asserts)
        except EvaluationError:
            return False

    return holds


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


def _outcome(instance: Instance, answer: Json) -> bool | None:
    """What `until` comes to with an answer; None if it is not known yet, or there is none.

    That of an item stands for those of all.
    """
    around = loop_around(instance)
    if around is None or around.until is None:
        return None
    until, scope, step_id = around.until, around.scope, instance.step.id
    answered = {"status": "succeeded", "output": [answer] if instance.is_item else answer}
    steps = ChainMap({step_id: answered}, scope.env["steps"])
    try:
        return evaluate(until, {**scope.env, "steps": steps}) is True
    except EvaluationError:
        others = (read.path[0] for read in references(until) if read.root == "steps" and read.path)
        open_ones = (one for one in others if one != step_id and one in scope.steps)
        return False if all(scope.steps[str(one)].status in ENDED for one in open_ones) else None
