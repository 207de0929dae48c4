"""What is certain about the last iteration that a loop has room for.

Its index is known, and so is a counter that begins with a known number and changes by one step in
each iteration. If `until` cannot be false there, the loop ends by it, whatever its steps answer.
"""

from collections.abc import Iterator
from math import inf

from agentflow.lint.loops import Round
from agentflow.lint.macro_variables import Variables
from agentflow.lint.ranges import impossible
from agentflow.plan.loop_states import entry
from agentflow.plan.numbers import Range, combined, range_of_contract
from agentflow.plan.schemas import Contract, computed, constant, self_contained
from agentflow.plan.shape_kinds import Fields
from agentflow.plan.steps import Plan
from agentflow.plan.types import Types
from agentflow.spec.cel.logic import way_of
from agentflow.spec.cel.syntax import Binary, Identifier, Literal, Select
from agentflow.spec.templates import Whole


def ends_in_time(plan: Plan, types: Types, each: Round) -> bool:
    """Is `until` certainly true in the last iteration, if it is not before?"""
    until = each.loop.until
    if until is None:
        return False
    state = Fields(dict(_state(types, each)), "")
    loop = Fields({"index": constant(each.loop.max - 1), "state": state}, "")
    scope = Variables(Types(plan, {"loop": loop}), each.body.address)
    return impossible(until, each.loop.until_text, scope, truth=False) is not None


def _state(types: Types, each: Round) -> Iterator[tuple[str, Contract]]:
    """The fields of the state as the last iteration finds them."""
    whole = Select(Identifier("loop", 0, 0), "state", 0, 0)
    for name in sorted(each.known):
        counted = _counted(types, each, name)
        field = Select(whole, name, 0, 0)
        yield name, counted or self_contained(types.of(field, each.body.address))


def _counted(types: Types, each: Round, name: str) -> Contract | None:
    """What a field has come to that `next` adds a written whole number to, or takes it from."""
    first, then = entry(each.loop.state, name), entry(each.loop.next, name)
    if first is None or not isinstance(then, Whole):
        return None
    match then.expr:
        case Binary("+" | "-" as operator, left, Literal(int() as step)) if not isinstance(
            step, bool
        ) and way_of(left) == ("loop", ("state", name)):
            far = step * (each.loop.max - 1)
        case _:
            return None
    start = range_of_contract(self_contained(types.of(first, each.step.address)))
    if start is None or not start.whole:
        return None
    span = combined(operator, start, Range(far, far, whole=True))
    if span is None or inf in (-span.low, span.high):
        return None
    return computed({"type": "integer", "minimum": span.low, "maximum": span.high})
