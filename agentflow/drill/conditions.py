"""What the values of paths have to be so that a condition has the wanted result.

A demand is a schema for the value of a path. A condition has the wanted result if several demands
are met together. There may be several ways, the simplest first. Nothing is demanded of what is not
understood: the run shows whether it has the wanted result.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice, product
from math import inf
from typing import TypeVar

from msgspec import Struct

from agentflow.contracts.keywords import Schema
from agentflow.plan.numbers import sizes
from agentflow.spec.cel.logic import Comparison, compared, together, way_of
from agentflow.spec.cel.references import Steps
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
    Path,
    Select,
)
from agentflow.spec.model import Json

_T = TypeVar("_T")

#: Of more ways the rest is left out.
MOST_WAYS = 8
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
    every = list(together(expr, truth))
    if len(every) > 1:
        return joined(wanted(part, holds) for part, holds in every)
    part, truth = every[0]
    comparison = compared(part, truth)
    if comparison is not None:
        return _compared(comparison)
    match part:
        case Literal(value):
            return _ANYHOW if value is truth else []
        case Binary("&&" | "||", left, right):  # of which one is enough
            return [*wanted(left, truth), *wanted(right, truth)][:MOST_WAYS]
        case Identifier() | Select() | Index() | Default():
            return _of(part, {"const": truth})
        case _:
            return _asked(part, truth)


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
        case Comprehension("all", source, variable, body) if truth:
            every: list[Demands] = [
                (Demand(source, _every(each, variable)),) for each in wanted(body, True)
            ]
            return every or _of(source, _of_size("==", 0))
        case Comprehension("exists", source, variable, body):
            return (
                [(Demand(source, _some(each, variable)),) for each in wanted(body, True)]
                if truth
                else _ANYHOW
            )
        case _:
            return _ANYHOW


def coming_to(expr: Expr, values: Iterable[Json], *, others: bool = False) -> list[Demands]:
    """The ways in which an expression comes to one of some values, or with `others` to none."""
    known = list(values)
    match expr:
        case Literal(value):
            return _ANYHOW if (value in known) != others else []
        case Conditional(condition, then, otherwise):
            first = joined([wanted(condition, True), coming_to(then, known, others=others)])
            second = joined([wanted(condition, False), coming_to(otherwise, known, others=others)])
            return [*first, *second][:MOST_WAYS]
        case _:
            return _of(expr, _unless(not others, {"enum": known}))


def joined(every: Iterable[Sequence[tuple[_T, ...]]]) -> list[tuple[_T, ...]]:
    """The ways in which all come out as wanted."""
    combined = product(*every)
    return [tuple(part for way in ways for part in way) for ways in islice(combined, MOST_WAYS)]


def _compared(comparison: Comparison) -> list[Demands]:
    one, operator, other = comparison.one, comparison.operator, comparison.other
    if isinstance(other, ListLiteral) and not other.items:
        return _of(one, _of_size(operator, 0))
    if not isinstance(other, Literal):
        return _ANYHOW
    if isinstance(one, Call) and one.function == "size":
        return _of(one.args[0], _of_size(operator, other.value))
    if operator in ("==", "!="):
        if isinstance(other.value, bool) and not isinstance(one, Path):
            return wanted(one, other.value is (operator == "=="))
        return _of(one, _unless(operator == "==", {"const": other.value}))
    return _of(one, {_LIMITS[operator]: other.value})


def _of_size(operator: str, count: Json) -> Schema:
    """A list, a text or a map of a size; of those that differ from one, a larger one."""
    if not isinstance(count, int):
        return True
    span = sizes(">" if operator == "!=" else operator, count)
    least: dict[str, Json] = {f"min{what}": span.low for what in _SIZES}
    if span.high == inf:
        return least
    return least | {f"max{what}": max(span.high, 0) for what in _SIZES}


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
    every = _of_item(demands, variable)
    return {"minItems": 1, "contains": {"allOf": every} if every else True}


def _every(demands: Demands, variable: str) -> Schema:
    """A list whose items all keep what is demanded of a variable."""
    every = _of_item(demands, variable)
    return {"items": {"allOf": every}} if every else True


def _of_item(demands: Demands, variable: str) -> list[Schema]:
    ways = [(*way_of(each.path), each.schema) for each in demands]
    return [inside(way, schema) for root, way, schema in ways if root == variable]


def inside(way: Steps, schema: Schema) -> Schema:
    """A schema for a value in which there is something else at the end of a way."""
    for key in reversed(way):
        if isinstance(key, str):
            schema = {"type": "object", "required": [key], "properties": {key: schema}}
        elif isinstance(key, int):
            schema = {"type": "array", "minItems": key + 1, "items": schema}
        else:
            schema = True
    return schema
