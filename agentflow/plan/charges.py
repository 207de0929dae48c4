"""What a call takes from the meters of a budget: a range, by its contract.

A charge is a number from 0 on, computed from the input of the agent. What it reads lies in the
range given by the agent's contract, and by what the step hands over if that is known. Sums,
differences and products of ranges are ranges; any other expression has no known range.
"""

from math import inf

from agentflow.contracts.keywords import Schema
from agentflow.plan.numbers import Range, meet, range_of_expression
from agentflow.plan.schemas import self_contained
from agentflow.plan.steps import CallPlan, Plan
from agentflow.plan.types import Types
from agentflow.spec.cel.syntax import Binary, Conditional, Expr
from agentflow.spec.templates import Constant, Template, Whole

_ANY = Range(0, inf)


def charges_of(plan: Plan, call: CallPlan, passed: Schema | None = None) -> dict[str, Range]:
    """What a call takes, by meter; `passed` is the type of its input, if known."""
    worked_out = [one for one in call.charges.values() if not isinstance(one, Constant)]
    inputs = [call.input.schema, *([passed] if passed is not None else ())] if worked_out else []
    known = [Types(plan, {"input": self_contained(schema)}) for schema in inputs]
    return {name: _charge(template, known) for name, template in call.charges.items()}


def _charge(template: Template, known: list[Types]) -> Range:
    match template:
        case Constant(bool()):
            return _ANY
        case Constant(int() | float() as value):
            return Range(value, value)
        case Whole(expr):
            found = _ANY
            for types in known:
                found = meet(found, _worked_out(types, expr) or _ANY)
            return _ANY if found.is_empty else found
        case _:
            return _ANY


def _worked_out(types: Types, expr: Expr) -> Range | None:
    match expr:
        case Binary("+" | "-" | "*" as operator, left, right):
            one, other = _worked_out(types, left), _worked_out(types, right)
            return _calculated(operator, one, other) if one and other else None
        case Conditional(_, left, right):
            one, other = _worked_out(types, left), _worked_out(types, right)
            if one is None or other is None:
                return None
            return Range(min(one.low, other.low), max(one.high, other.high))
        case _:
            return range_of_expression(expr, lambda path: self_contained(types.of(path, "")))


def _calculated(operator: str, one: Range, other: Range) -> Range | None:
    if operator == "+":
        return Range(one.low + other.low, one.high + other.high)
    if operator == "-":
        return Range(one.low - other.high, one.high - other.low)
    if one.low < 0 or other.low < 0:
        return None
    high = one.high * other.high if one.high and other.high else 0.0
    return Range(one.low * other.low, high)
