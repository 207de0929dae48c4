"""Schemas in which an answer is likelier to be found that is as its step asserts, or ends its loop.

What an assertion reads besides the answer is known, so that it is written into it as a constant:
`output.end <= steps.hear.output.seconds` says `output.end <= 600`, which is a bound like any other.
Whether the whole of it holds then, whoever draws an answer has to ask.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from agentflow.contracts.keywords import Schema
from agentflow.core.assertions import read_besides
from agentflow.core.state import Instance, Scope
from agentflow.drill.conditions import inside, wanted
from agentflow.engines.memberships import named_by
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.logic import way_of
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Comprehension,
    Conditional,
    Expr,
    Literal,
    Unary,
)
from agentflow.spec.model import Json


class Around(Struct, frozen=True):
    """The loop that a step is directly in: what ends it, and the iteration."""

    until: Expr | None
    scope: Scope
    is_last: bool


def loop_around(instance: Instance) -> Around | None:
    """The loop that a step, or the list of which it is an item, is directly in."""
    whole = instance.scope.owner if instance.is_item else instance
    scope = whole.scope if whole is not None else None
    owner = scope.owner if scope is not None else None
    if scope is None or owner is None or owner.step.loop is None or owner.expands:
        return None
    loop = owner.step.loop
    return Around(loop.until, scope, scope.env["loop"]["index"] + 1 == loop.max)


def narrowings(instance: Instance, around: Around | None, ends: bool | None) -> list[Schema]:
    """Such schemas for an answer of a step, the narrowest first.

    The loop `around` it is to end, or not to; None if either will do.
    """
    step, known = instance.step, read_besides(instance)
    named = named_by(step, known) if step.asserts else []
    bounds = [one for each in step.asserts for one in _bounds(each.that, True, known, ("output",))]
    until: list[Schema] = []
    if (
        around is not None
        and around.until is not None
        and ends is not None
        and not instance.is_item
    ):
        place = ("steps", step.id, "output")
        until = _bounds(around.until, ends, around.scope.env, place)
    every = ([*named, *bounds, *until], [*named, *bounds], bounds, named, until)
    distinct = [schemas for n, schemas in enumerate(every) if schemas and schemas not in every[:n]]
    return [{"allOf": schemas} for schemas in distinct]


def _bounds(
    condition: Expr, truth: bool, known: Mapping[str, Json], place: tuple[str, ...]
) -> list[Schema]:
    """What a condition demands of what is at a place, in the simplest way that demands anything."""
    for demands in wanted(_written_in(condition, known), truth):
        ways = [
            ((root, *way), each.schema) for each in demands for root, way in [way_of(each.path)]
        ]
        found = [
            inside(way[len(place) :], schema) for way, schema in ways if way[: len(place)] == place
        ]
        if found:
            return found
    return []


def _written_in(expr: Expr, known: Mapping[str, Json]) -> Expr:
    """An expression with constants in the place of what comes to one whatever the output is."""
    try:
        value = evaluate(expr, known)
    except EvaluationError:
        return _parts_written_in(expr, known)
    if value is None or isinstance(value, bool | int | float | str):
        return Literal(value, expr.start, expr.end)
    return expr


def _parts_written_in(expr: Expr, known: Mapping[str, Json]) -> Expr:
    match expr:
        case Unary(_, operand):
            return replace(expr, operand=_written_in(operand, known))
        case Binary(_, left, right):
            return replace(expr, left=_written_in(left, known), right=_written_in(right, known))
        case Conditional(condition, then, otherwise):
            condition = _written_in(condition, known)
            if isinstance(condition, Literal):
                return _written_in(then if condition.value else otherwise, known)
            return expr
        case Call("double", (number,)):
            return number  # compared with a number it is the same
        case Call(_, args):
            return replace(expr, args=tuple(_written_in(arg, known) for arg in args))
        case Comprehension(_, _, variable, body):
            others = {name: value for name, value in known.items() if name != variable}
            return replace(expr, body=_written_in(body, others))
        case _:
            return expr
