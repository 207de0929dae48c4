"""Conditions on numbers that can never come true, or never false, by what the contracts say of these.

Each number lies in a range: that of its contract, or of the length of a text or list. A condition is
split into the comparisons that all have to hold, and each of them narrows the range of what it compares with
a number. Where nothing is left the condition cannot hold. Of all else nothing is said: neither of
arithmetic nor of how two values that are read depend on each other.
"""

from collections.abc import Iterator
from math import ceil, floor, inf

from msgspec import Struct

from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.lint.conditions import shown
from agentflow.plan.looks import Written
from agentflow.plan.schemas import Contract, past_references
from agentflow.plan.types import Types
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Conditional,
    Default,
    Expr,
    Identifier,
    Index,
    Literal,
    Select,
    Unary,
)
from agentflow.spec.wording import quoted

_NUMBERS = frozenset({"number", "integer"})
_NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_TURNED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
#: The keywords that bound the length of a value, by its type.
_SIZES = {"string": "maxLength", "array": "maxItems", "object": "maxProperties"}


class Range(Struct, frozen=True):
    """Numbers from `low` to `high`, the ends among them if they are not `open`."""

    low: float = -inf
    high: float = inf
    low_open: bool = False
    high_open: bool = False
    whole: bool = False

    @property
    def is_empty(self) -> bool:
        """Is there no number in it?"""
        open_end = self.low_open or self.high_open
        return self.low > self.high or (self.low == self.high and open_end)

    def __str__(self) -> str:
        low, high = f"{self.low:,.12g}", f"{self.high:,.12g}"
        if self.low == self.high:
            return f"always {low}"
        above = f"above {low}" if self.low_open else f"at least {low}"
        below = f"below {high}" if self.high_open else f"at most {high}"
        if self.low == -inf:
            return "a whole number" if self.high == inf else below
        if self.high == inf:
            return above
        return f"{above} and {below}" if self.low_open or self.high_open else f"{low} to {high}"


class Impossible(Struct, frozen=True):
    """Why a condition cannot come to what was asked: `part` of it, and in words."""

    part: Expr
    why: str


def impossible(
    types: Types, condition: Expr, text: str, place: str, *, truth: bool
) -> Impossible | None:
    """Why a condition that is read at `place` never comes to `truth`; None if it may.

    `text` is what it was parsed from.
    """
    return _Conditions(types, text, place).impossible(condition, truth)


def range_of(types: Types, written: Written, place: str) -> Range | None:
    """Where the number lies that a template or expression comes to; None if it may be no number."""
    schema = types.of(written, place)
    return _of_schema(schema, schema)


def in_range(label: str, span: Range) -> bool:
    """Can the label of a case be that of a number in a range?"""
    try:
        number = float(label)
    except ValueError:
        return False
    return not _meet(span, Range(number, number)).is_empty


class _Conditions(Struct, frozen=True):
    """The conditions of one text that is read at one place."""

    types: Types
    text: str
    place: str

    def impossible(self, condition: Expr, truth: bool) -> Impossible | None:
        left: dict[str, Range] = {}
        for part, holds in _together(condition, truth):
            match part:
                case Binary("&&" | "||", one, other):  # of which one is enough
                    first = self.impossible(one, holds)
                    if first is not None and self.impossible(other, holds) is not None:
                        return Impossible(part, first.why)
                case Binary(operator, one, other) if operator in _NEGATED:
                    asked = operator if holds else _NEGATED[operator]
                    why = self._outside(one, other, asked)
                    if why is not None:
                        return Impossible(part, why)
                    name = self._used_up(one, other, asked, left)
                    if name is not None:
                        why = f"{'no' if truth else 'every'} {quoted(name)} fulfils this"
                        return Impossible(condition, why)
        return None

    def _outside(self, one: Expr, other: Expr, operator: str) -> str | None:
        """Why a comparison never holds by itself."""
        this, that = self.range(one), self.range(other)
        if this is None or that is None or _can_hold(operator, this, that):
            return None
        read = [
            f"{quoted(self.text[side.start : side.end])} is {span}"
            for side, span in ((one, this), (other, that))
            if _number(side) is None
        ]
        return " and ".join(read) or None

    def _used_up(self, one: Expr, other: Expr, operator: str, left: dict[str, Range]) -> str | None:
        """What is compared, if those comparisons before it have `left` nothing of its range."""
        for side, number, asked in (
            (one, _number(other), operator),
            (other, _number(one), _TURNED[operator]),
        ):
            span = self.range(side)
            if number is None or span is None:
                continue
            name = shown(side, self.text)
            left[name] = _meet(left.get(name, span), _fulfilling(asked, number))
            if left[name].is_empty:
                return self.text[side.start : side.end]
        return None

    def range(self, expr: Expr) -> Range | None:
        number = _number(expr)
        if number is not None:
            return Range(number, number)
        match expr:
            case Identifier() | Select() | Index():
                schema = self.types.of(expr, self.place)
                return _of_schema(schema, schema)
            case Call("size", (measured,)) if isinstance(measured, Identifier | Select | Index):
                return _of_size(self.types.of(measured, self.place))
            case Default(one, other) | Conditional(_, one, other):
                return _around(self.range(one), self.range(other))
        return None


def _together(condition: Expr, truth: bool) -> Iterator[tuple[Expr, bool]]:
    """The parts of a condition that all come to something if it comes to `truth`."""
    match condition:
        case Unary("!", operand):
            yield from _together(operand, not truth)
        case Binary("&&" | "||" as operator, one, other) if (operator == "&&") == truth:
            yield from _together(one, truth)
            yield from _together(other, truth)
        case _:
            yield condition, truth


def _number(expr: Expr) -> float | None:
    match expr:
        case Literal(bool()):
            return None
        case Literal(int() | float() as value):
            return value
        case Unary("-", Literal(int() | float() as value)) if not isinstance(value, bool):
            return -value
    return None


# --- ranges --------------------------------------------------------------------------------


def _of_schema(schema: Schema, root: Schema) -> Range | None:
    """Of the numbers that keep a schema; None if other values may."""
    schema = past_references(Contract(schema, root))
    kinds = types_of(schema, root)
    if not isinstance(schema, dict) or not kinds or not kinds <= _NUMBERS:
        return None
    found = Range(whole="number" not in kinds)
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values is not None:
        numbers = [value for value in values if isinstance(value, int | float)]
        found = _meet(found, Range(min(numbers), max(numbers)))
    found = _meet(found, Range(schema.get("minimum", -inf), schema.get("maximum", inf)))
    above, below = schema.get("exclusiveMinimum", -inf), schema.get("exclusiveMaximum", inf)
    found = _meet(found, Range(above, below, above != -inf, below != inf))
    for part in schema.get("allOf", ()):
        inner = _of_schema(part, root)
        found = _meet(found, inner) if inner is not None else found
    for keyword in ("anyOf", "oneOf"):
        hull: Range | None = None
        for number, part in enumerate(schema.get(keyword, ())):
            inner = _of_schema(part, root) or Range()
            hull = inner if number == 0 else _around(hull, inner)
        found = _meet(found, hull) if hull is not None else found
    return None if found.is_empty else found


def _of_size(schema: Schema) -> Range | None:
    """Of the lengths of the texts, lists or objects that keep a schema."""
    own = past_references(Contract(schema, schema))
    kinds = types_of(own, schema)
    if not isinstance(own, dict) or len(kinds) != 1:
        return None
    (kind,) = kinds
    if kind not in _SIZES:
        return None
    # Whether there is anything is asked out of care, also where the contract says that there is.
    return Range(0, own.get(_SIZES[kind], inf), whole=True)


def _fulfilling(operator: str, number: float) -> Range:
    """The numbers of which a comparison with a number holds; of all but one: any."""
    match operator:
        case "==":
            return Range(number, number)
        case "<" | "<=":
            return Range(high=number, high_open=operator == "<")
        case ">" | ">=":
            return Range(low=number, low_open=operator == ">")
    return Range()


def _can_hold(operator: str, one: Range, other: Range) -> bool:
    if operator in (">", ">="):
        return _can_hold(_TURNED[operator], other, one)
    if operator == "==":
        return not _meet(one, other).is_empty
    if operator == "!=":
        return not one.low == one.high == other.low == other.high
    closed = not (one.low_open or other.high_open)
    return one.low < other.high or (operator == "<=" and one.low == other.high and closed)


def _meet(one: Range, other: Range) -> Range:
    """What is in both."""
    low, high = max(one.low, other.low), min(one.high, other.high)
    low_open = any(each.low_open for each in (one, other) if each.low == low)
    high_open = any(each.high_open for each in (one, other) if each.high == high)
    if not (one.whole or other.whole):
        return Range(low, high, low_open, high_open)
    if low != -inf:
        low = floor(low) + 1 if low_open else ceil(low)
    if high != inf:
        high = ceil(high) - 1 if high_open else floor(high)
    return Range(low, high, whole=True)


def _around(one: Range | None, other: Range | None) -> Range | None:
    """What is in either, and what lies between."""
    if one is None or other is None:
        return None
    low, high = min(one.low, other.low), max(one.high, other.high)
    low_open = all(each.low_open for each in (one, other) if each.low == low)
    high_open = all(each.high_open for each in (one, other) if each.high == high)
    return Range(low, high, low_open, high_open, whole=one.whole and other.whole)
