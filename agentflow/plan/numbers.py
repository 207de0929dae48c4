"""In which range a number lies: that of its contract, or of the length of a text or list."""

from collections.abc import Callable
from math import ceil, floor, inf

from msgspec import Struct

from agentflow.contracts.keywords import listed_values
from agentflow.contracts.kinds import kinds_of
from agentflow.contracts.shape import types_of
from agentflow.plan.schemas import Contract, past_references
from agentflow.spec.cel.logic import compared
from agentflow.spec.cel.syntax import (
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

_NUMBERS = frozenset({"number", "integer"})
#: The keywords that bound the length of a value, by its type.
_SIZES = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}


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


def range_of_expression(expr: Expr, of: Callable[[Expr], Contract | None]) -> Range | None:
    """Where the number lies that an expression comes to; None if that is not known.

    `of` gives what a path leads to, or None.
    """
    number = number_of(expr)
    if number is not None:
        return Range(number, number)
    match expr:
        case Identifier() | Select() | Index():
            found = of(expr)
            return None if found is None else range_of_contract(found)
        case Call("size", (measured,)):
            found = of(measured)
            return None if found is None else size_of(found)
        case Default(one, other) | Conditional(_, one, other):
            return around(range_of_expression(one, of), range_of_expression(other, of))
    return None


def combined(operator: str, one: Range | None, other: Range | None) -> Range | None:
    """Where the sum or the difference of two numbers lies; None for what else is made of them."""
    if one is None or other is None or operator not in ("+", "-"):
        return None
    if operator == "-":
        other = Range(-other.high, -other.low, other.high_open, other.low_open, other.whole)
    return Range(
        one.low + other.low,
        one.high + other.high,
        one.low_open or other.low_open,
        one.high_open or other.high_open,
        one.whole and other.whole,
    )


def in_range(label: str, span: Range) -> bool:
    """Can the label of a case be that of a number in a range?"""
    try:
        number = float(label)
    except ValueError:
        return False
    return not meet(span, Range(number, number)).is_empty


def number_of(expr: Expr) -> float | None:
    """The number that an expression is, written out."""
    match expr:
        case Literal(bool()):
            return None
        case Literal(int() | float() as value):
            return value
        case Unary("-", Literal(int() | float() as value)) if not isinstance(value, bool):
            return -value
    return None


def range_of_contract(contract: Contract) -> Range | None:
    """Of the numbers that keep a contract; None if other values may."""
    schema, root = past_references(contract), contract.root
    kinds = types_of(schema, root)
    if not isinstance(schema, dict) or not kinds or not kinds <= _NUMBERS:
        return None
    found = Range(whole="double" not in kinds_of(schema, root))
    values = listed_values(schema)
    if values is not None:
        numbers = [value for value in values if isinstance(value, int | float)]
        found = meet(found, Range(min(numbers), max(numbers)))
    found = meet(found, Range(schema.get("minimum", -inf), schema.get("maximum", inf)))
    above, below = schema.get("exclusiveMinimum", -inf), schema.get("exclusiveMaximum", inf)
    found = meet(found, Range(above, below, above != -inf, below != inf))
    for part in schema.get("allOf", ()):
        inner = range_of_contract(Contract(part, root))
        found = meet(found, inner) if inner is not None else found
    for keyword in ("anyOf", "oneOf"):
        hull: Range | None = None
        for number, part in enumerate(schema.get(keyword, ())):
            inner = range_of_contract(Contract(part, root)) or Range()
            hull = inner if number == 0 else around(hull, inner)
        found = meet(found, hull) if hull is not None else found
    return None if found.is_empty else found


def size_of(measured: Contract) -> Range | None:
    """Of the lengths of the texts, lists or objects that keep a contract."""
    own = past_references(measured)
    kinds = types_of(own, measured.root)
    if not isinstance(own, dict) or len(kinds) != 1:
        return None
    (kind,) = kinds
    if kind not in _SIZES:
        return None
    least, most = _SIZES[kind]
    return Range(own.get(least, 0), own.get(most, inf), whole=True)


def fulfilling(operator: str, number: float) -> Range:
    """The numbers of which a comparison with a number holds; of all but one: any."""
    match operator:
        case "==":
            return Range(number, number)
        case "<" | "<=":
            return Range(high=number, high_open=operator == "<")
        case ">" | ">=":
            return Range(low=number, low_open=operator == ">")
    return Range()


class Bound(Struct, frozen=True):
    """What a comparison with a written number says: `of` lies in `span`."""

    of: Expr
    span: Range


def bound(part: Expr, truth: bool = True) -> Bound | None:
    """The bound that holds if a part of a condition comes to `truth`.

    None if it compares nothing with a number, or rules out that one number only.
    """
    asked = compared(part, truth)
    number = number_of(asked.other) if asked is not None else None
    if asked is None or number is None or asked.operator == "!=":
        return None
    return Bound(asked.one, fulfilling(asked.operator, number))


def sizes(operator: str, number: float) -> Range:
    """The sizes for which a comparison with a number holds; for `!=`, any, except of 0."""
    if operator == "!=" and number == 0:
        operator = ">"
    return meet(Range(low=0, whole=True), fulfilling(operator, number))


def is_within(one: Range, other: Range) -> bool:
    """Are all numbers of one in the other?"""
    if one.is_empty:
        return True
    above = one.low > other.low or (one.low == other.low and one.low_open >= other.low_open)
    below = one.high < other.high or (one.high == other.high and one.high_open >= other.high_open)
    return above and below


def meet(one: Range, other: Range) -> Range:
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


def around(one: Range | None, other: Range | None) -> Range | None:
    """What is in either, and what lies between; None if either may be anything."""
    if one is None or other is None:
        return None
    low, high = min(one.low, other.low), max(one.high, other.high)
    low_open = all(each.low_open for each in (one, other) if each.low == low)
    high_open = all(each.high_open for each in (one, other) if each.high == high)
    return Range(low, high, low_open, high_open, whole=one.whole and other.whole)
