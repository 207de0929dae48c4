"""What paths have to lead to so that a condition comes out as wanted.

A demand is a schema for what a path leads to; what is wanted of a condition are some demands, all of
which have to be kept. There are several ways, the simplest first. Of what is not understood nothing is
demanded: whether it comes out as wanted is seen in the run.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice, product
from typing import TypeVar

from msgspec import Struct

from agentflow.contracts.keywords import Schema
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Has,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    Select,
    Unary,
)
from agentflow.spec.model import Json

_T = TypeVar("_T")

#: Of more ways the rest is left out.
MOST_WAYS = 8
_OPPOSITES = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_LIMITS = {"<": "exclusiveMaximum", "<=": "maximum", ">": "exclusiveMinimum", ">=": "minimum"}
#: What the size of a list, a text and a map is bounded by.
_SIZES = ("Items", "Length", "Properties")
_TEXTS = {"contains": "{}", "startsWith": "^{}", "endsWith": "{}$"}


class Demand(Struct, frozen=True):
    """What a path has to lead to."""

    path: Expr
    schema: Schema


Demands = tuple[Demand, ...]
#: Nothing that could be demanded would help, or is known to.
_ANYHOW: list[Demands] = [()]


def wanted(expr: Expr, truth: bool) -> list[Demands]:
    """The ways in which a condition comes out true, or false; none if it never does."""
    match expr:
        case Literal(value):
            return _ANYHOW if value is truth else []
        case Unary("!", operand):
            return wanted(operand, not truth)
        case Binary("&&" | "||" as operator, left, right):
            sides = wanted(left, truth), wanted(right, truth)
            if (operator == "&&") == truth:
                return together(sides)
            return [*sides[0], *sides[1]][:MOST_WAYS]
        case Binary(operator, left, right) if operator in _OPPOSITES:
            return _compared(operator if truth else _OPPOSITES[operator], left, right)
        case Identifier() | Select() | Index() | Default():
            return _of(expr, {"const": truth})
        case _:
            return _asked(expr, truth)


def _asked(expr: Expr, truth: bool) -> list[Demands]:
    """The same for what asks something of one value."""
    match expr:
        case Binary("in", Literal(value), right):
            return _of(right, _unless(truth, {"contains": {"const": value}, "minItems": 1}))
        case Binary("in", left, ListLiteral(items)) if all(isinstance(i, Literal) for i in items):
            values = [item.value for item in items if isinstance(item, Literal)]
            return _of(left, _unless(truth, {"enum": values}))
        case Call(function, (text, Literal(str() as part))) if function in _TEXTS:
            pattern = _TEXTS[function].format(re.escape(part))
            return _of(text, _unless(truth, {"pattern": pattern}))
        case Call("matches", (text, Literal(str() as pattern))):
            return _of(text, _unless(truth, {"pattern": pattern}))
        case Has(path):
            return _of(path, True) if truth else _ANYHOW
        case Comprehension("exists", source, variable, body):
            return (
                [(Demand(source, _some(each, variable)),) for each in wanted(body, True)]
                if truth
                else _ANYHOW
            )
        case _:
            return _ANYHOW


def coming_to(expr: Expr, values: Iterable[Json], *, others: bool = False) -> list[Demands]:
    """The ways in which an expression comes to one of some values, or with `others` to none of them."""
    known = list(values)
    match expr:
        case Literal(value):
            return _ANYHOW if (value in known) != others else []
        case Conditional(condition, then, otherwise):
            first = together([wanted(condition, True), coming_to(then, known, others=others)])
            second = together(
                [wanted(condition, False), coming_to(otherwise, known, others=others)]
            )
            return [*first, *second][:MOST_WAYS]
        case _:
            return _of(expr, _unless(not others, {"enum": known}))


def together(every: Iterable[Sequence[tuple[_T, ...]]]) -> list[tuple[_T, ...]]:
    """The ways in which all come out as wanted."""
    combined = product(*every)
    return [tuple(part for way in ways for part in way) for ways in islice(combined, MOST_WAYS)]


def _compared(operator: str, left: Expr, right: Expr) -> list[Demands]:
    if isinstance(left, Literal):
        operator, left, right = _MIRRORED[operator], right, left
    if not isinstance(right, Literal):
        return _ANYHOW
    if isinstance(left, Call) and left.function == "size":
        return _of(left.args[0], _sized(operator, right.value))
    if operator in ("==", "!="):
        return _of(left, _unless(operator == "==", {"const": right.value}))
    return _of(left, {_LIMITS[operator]: right.value})


def _sized(operator: str, count: Json) -> Schema:
    """A list, a text or a map of a size."""
    if not isinstance(count, int):
        return True
    least = {">": count + 1, ">=": count, "==": count, "!=": count + 1}.get(operator, 0)
    most = {"<": count - 1, "<=": count, "==": count}.get(operator)
    schema: dict[str, Json] = {f"min{what}": least for what in _SIZES}
    if most is not None:
        schema |= {f"max{what}": max(most, 0) for what in _SIZES}
    return schema


def sized(least: int) -> Schema:
    """A list of so many items at least."""
    return {"minItems": least}


def _of(path: Expr, schema: Schema) -> list[Demands]:
    if isinstance(path, Default):
        path = path.path
    if isinstance(path, Identifier | Select | Index):
        return [(Demand(path, schema),)]
    return _ANYHOW


def _unless(truth: bool, schema: Schema) -> Schema:
    return schema if truth else {"not": schema}


def _some(demands: Demands, variable: str) -> Schema:
    """A list that has an item which keeps what is demanded of a variable."""
    every = [
        inside(names_of(each.path), each.schema) for each in demands if _root(each.path) == variable
    ]
    return {"minItems": 1, "contains": {"allOf": every} if every else True}


def inside(way: Iterable[str | int | None], schema: Schema) -> Schema:
    """A schema for a value in which there is something else at the end of a way."""
    for key in reversed(list(way)):
        if isinstance(key, str):
            schema = {"type": "object", "required": [key], "properties": {key: schema}}
        elif isinstance(key, int):
            schema = {"type": "array", "minItems": key + 1, "items": schema}
        else:
            schema = True
    return schema


def names_of(path: Expr) -> tuple[str | int | None, ...]:
    """The keys of a path after its root; None for one that is computed."""
    keys: list[str | int | None] = []
    while isinstance(path, Select | Index):
        if isinstance(path, Select):
            keys.append(path.field)
        else:
            known = path.key.value if isinstance(path.key, Literal) else None
            keys.append(known if isinstance(known, str | int) else None)
        path = path.operand
    return tuple(reversed(keys))


def _root(path: Expr) -> str:
    return root_of(path) or ""


def root_of(path: Expr) -> str | None:
    """The name that a path begins with."""
    while isinstance(path, Select | Index):
        path = path.operand
    return path.name if isinstance(path, Identifier) else None
