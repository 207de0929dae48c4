"""What a condition leaves of a contract: fewer values, no null, a smaller range, a shorter list.

Only what a schema states plainly is narrowed: fields with a name, and in them enumerations, types,
numbers and sizes. Everything else stays, so that what is left always allows all that can occur.
"""

from collections.abc import Iterable, Iterator
from math import inf
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentflow.contracts.keywords import Schema
from agentflow.contracts.kinds import DOUBLE, kinds_of, schema_of_kinds
from agentflow.contracts.shape import types_of
from agentflow.plan.limits import Limit, limits
from agentflow.plan.numbers import Range, meet, range_of_contract
from agentflow.plan.schemas import Contract, past_references, values_of
from agentflow.spec.cel.logic import together
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import Binary, Expr, Has, parts
from agentflow.spec.expressions import references

_SIZES = {"array": ("minItems", "maxItems"), "string": ("minLength", "maxLength")}


#: Two conditions, each with what it came to if the other did not.
_Choice: TypeAlias = tuple[tuple[Expr, bool], tuple[Expr, bool]]


class Given(Struct, frozen=True):
    """What conditions have established where something is read: limits, and paths compared.

    Of each of the `choices` one side has come to what stands beside it.
    """

    limits: frozenset[Limit] = frozenset()
    compared: frozenset[tuple[str, Steps]] = frozenset()
    choices: frozenset[_Choice] = frozenset()

    def assuming(self, condition: Expr, truth: bool) -> "Given":
        """The same after one more condition came to `truth`."""
        known = self.limits.union(limits(condition, truth))
        choices = self.choices.union(_choices(condition, truth))
        for one, other in choices:
            for side, rest in ((one, other), (other, one)):
                if _is_ruled_out(side, known):
                    known = known.union(limits(*rest))
        return Given(known, self.compared.union(_compared(condition)), choices)

    def on(self, root: str, way: Steps) -> tuple[Limit, ...]:
        """The limits on the value of a path, and on its parts."""
        return tuple(
            limit
            for limit in self.limits
            if limit.subject.root == root and limit.subject.way[: len(way)] == way
        )

    def compares(self, root: str, way: Steps) -> bool:
        """Does a condition look at what a path leads to, a part of it, or what it is part of?"""
        return any(
            root == one and all(a == b for a, b in zip(way, steps, strict=False))
            for one, steps in self.compared
        )


NOTHING_GIVEN = Given()


def _choices(condition: Expr, truth: bool) -> Iterator[_Choice]:
    for part, holds in together(condition, truth):
        if isinstance(part, Binary) and part.operator in ("&&", "||"):
            yield (part.left, holds), (part.right, holds)


def _is_ruled_out(side: tuple[Expr, bool], known: frozenset[Limit]) -> bool:
    """Is it known that a condition did not come to this? Only where one limit is all that it asks."""
    condition, truth = side
    opposite = list(together(condition, not truth))
    asked = list(limits(condition, not truth))
    return len(opposite) == len(asked) and known.issuperset(asked)


def narrowed(contract: Contract, way: Steps, left: Iterable[Limit]) -> Contract:
    """A contract narrowed by the limits whose paths begin with the `way` to it."""
    schema = contract.schema
    for limit in left:
        schema = _narrow(schema, contract.root, limit.subject.way[len(way) :], limit)
    return contract if schema is contract.schema else replace(contract, schema=schema)


def _narrow(schema: Schema, root: Schema, way: Steps, limit: Limit) -> Schema:
    own = past_references(Contract(schema, root))
    if not isinstance(own, dict):
        return schema
    if way:
        fields, name = own.get("properties", {}), way[0]
        if name not in fields:
            return schema
        inner = _narrow(fields[name], root, way[1:], limit)
        same = inner is fields[name]
        return schema if same else {**own, "properties": {**fields, name: inner}}
    if limit.subject.size:
        return _of_size(own, root, limit.span) or schema
    values = values_of(Contract(own, root))
    if values is not None:
        doubles = schema_of_kinds(DOUBLE) if kinds_of(own, root) == DOUBLE else {}
        few = [value for value in values if limit.fulfilled_by(value)]
        return {"enum": few, **doubles} if 0 < len(few) < len(values) else schema
    if limit.turned and limit.among is not None and None in limit.among:
        return _not_null(own, root)
    return _of_numbers(own, root, limit) or schema


def _of_size(schema: dict[str, Schema], root: Schema, span: Range) -> Schema | None:
    kinds = types_of(schema, root)
    if len(kinds) != 1 or not kinds <= _SIZES.keys():
        return None
    least, most = _SIZES[next(iter(kinds))]
    asked = Range(schema.get(least, 0), schema.get(most, inf), whole=True)
    left = meet(asked, span)
    if left.is_empty or left == asked:
        return None
    more = {least: left.low} if left.low > 0 else {}
    return {**schema, **more, **({most: left.high} if left.high < inf else {})}


def _not_null(schema: dict[str, Schema], root: Schema) -> Schema:
    types = schema.get("type")
    if isinstance(types, list) and "null" in types:
        others = [one for one in types if one != "null"]
        return {**schema, "type": others[0] if len(others) == 1 else others}
    for word in ("anyOf", "oneOf"):
        if word in schema:
            options = [one for one in schema[word] if types_of(one, root) != {"null"}]
            if 0 < len(options) < len(schema[word]):
                return options[0] if schema.keys() == {word} and len(options) == 1 else {
                    **schema, word: options,
                }  # fmt: skip
    return schema


def _of_numbers(schema: dict[str, Schema], root: Schema, limit: Limit) -> Schema | None:
    asked = range_of_contract(Contract(schema, root))
    if asked is None or limit.among is not None:
        return None
    left = meet(asked, limit.span)
    if left.is_empty or left == asked:
        return None
    low = {"exclusiveMinimum" if left.low_open else "minimum": left.low}
    high = {"exclusiveMaximum" if left.high_open else "maximum": left.high}
    more = {**(low if left.low > -inf else {}), **(high if left.high < inf else {})}
    return {**schema, **more}


def _compared(condition: Expr) -> Iterator[tuple[str, Steps]]:
    """The paths of which a condition asks more than whether they exist."""
    if isinstance(condition, Has):
        return
    inside = parts(condition)
    if not inside:
        yield from ((found.root, found.path) for found in references(condition))
    for part in inside:
        yield from _compared(part)
