"""What a step asserts that its answer names from what is known before it, as schemas.

"Whatever is cited is among the passages" is the commonest assertion about what models make up, and
no answer that is made up itself keeps it by chance. So where an assertion compares a place of the
output with values that there are, as in

    output.cited.all(c, input.passages.exists(p, p.id == c))        output.room in input.rooms

that place may be narrowed to these values. Whether the whole assertion holds then, whoever draws an
answer has to ask.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

from agentflow.contracts.keywords import Schema
from agentflow.plan.steps import StepPlan
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.syntax import (
    Binary,
    Comprehension,
    Expr,
    Identifier,
    Index,
    Literal,
    Select,
    parts,
    spine,
)
from agentflow.spec.model import Json

#: The most values that are looked at, of one list or for one place.
_MOST = 200
#: A place in an answer: names of fields, and None for any item of a list.
_Place: TypeAlias = tuple[str | None, ...]
_Places: TypeAlias = Mapping[str, _Place]
#: What names stand for, once for each item that a variable goes through.
_Scopes: TypeAlias = Sequence[Mapping[str, Json]]


def named_by(step: StepPlan, known: Mapping[str, Json]) -> list[Schema]:
    """Schemas that narrow places of an answer to what the assertions of its step compare them with.

    `known` is what they can read besides, by the names of roots.
    """
    found: dict[_Place, dict[str, Json]] = {}
    for each in step.asserts:
        for place, value in _compared(each.that, {"output": ()}, [known]):
            values = found.setdefault(place, {})
            if len(values) < _MOST:
                values[json.dumps(value, sort_keys=True)] = value
    return [_narrowed(place, list(values.values())) for place, values in found.items()]


def _narrowed(place: _Place, values: Json) -> Schema:
    schema: Schema = {"enum": values}
    for key in reversed(place):
        if key is None:
            schema = {"type": "array", "items": schema}
        else:
            schema = {"type": "object", "properties": {key: schema}}
    return schema


def _compared(expr: Expr, places: _Places, scopes: _Scopes) -> Iterator[tuple[_Place, Json]]:
    """Every value that an expression compares a place with, wherever in it that is."""
    match expr:
        case Comprehension(_, source, variable, body):
            yield from _compared(source, places, scopes)
            place = _place(source, places)
            if place is not None:
                yield from _compared(body, {**places, variable: (*place, None)}, scopes)
                return
            others = {name: at for name, at in places.items() if name != variable}
            bound = [{**scope, variable: one} for scope in scopes for one in _items(source, scope)]
            yield from _compared(body, others, bound[:_MOST])
        case Binary("==", left, right):
            for one, other in ((left, right), (right, left)):
                place = _place(one, places)
                if place is not None and not isinstance(other, Literal):
                    yield from ((place, value) for value in _values(other, scopes))
        case Binary("in", left, right):
            place = _place(left, places)
            if place is not None:
                yield from ((place, one) for scope in scopes for one in _items(right, scope))
        case _:
            for part in parts(expr):
                yield from _compared(part, places, scopes)


def _place(expr: Expr, places: _Places) -> _Place | None:
    """The place that a path leads to; None if it is none, or one that is worked out."""
    *way, start = spine(expr)
    if not isinstance(start, Identifier) or start.name not in places:
        return None
    found = places[start.name]
    for node in reversed(way):
        match node:
            case Select(_, field):
                found = (*found, field)
            case Index(_, Literal(str() as field)):
                found = (*found, field)
            case _:
                found = (*found, None)
    return found


def _values(expr: Expr, scopes: _Scopes) -> Iterator[Json]:
    for scope in scopes:
        try:
            yield evaluate(expr, scope)
        except EvaluationError:
            continue


def _items(expr: Expr, scope: Mapping[str, Json]) -> list[Json]:
    """The items of a list, or the keys of a map, which is what `in` and variables are about."""
    found = next(_values(expr, [scope]), None)
    return list(islice(found, _MOST)) if isinstance(found, list | dict) else []
