"""What a condition says of single values: each by a path, or by how large what it leads to is.

A condition that holds, or that does not, is split into the comparisons that go with it for certain. Each of
a path with a value that is written out is a limit: `steps.k.output.kind != "x"`, `size(inputs.text) > 5`,
and a path alone, which is then true. What else is said of a value is no limit.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from agentflow.plan.numbers import Range, is_within, meet, number_of, range_of_contract, size_of
from agentflow.plan.schemas import Contract, values_of
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Expr,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    Select,
    Unary,
)
from agentflow.spec.expressions import references
from agentflow.spec.model import Json

#: The operator of the opposite, and the one with the sides exchanged.
NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
TURNED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


class Subject(Struct, frozen=True):
    """What a limit is on: what a path leads to, or with `size` how large that is."""

    root: str
    way: Steps
    size: bool = False


class Limit(Struct, frozen=True):
    """Which values are left: those in a range, and those `among` some or not among them.

    `turned` is true if `among` are the values that are ruled out.
    """

    subject: Subject
    span: Range = Range()
    among: tuple[Json, ...] | None = None
    turned: bool = False

    def fulfilled_by(self, value: Json) -> bool:
        """Is a value left?"""
        if self.among is not None:
            return any(_key(value) == _key(one) for one in self.among) != self.turned
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return is_within(Range(value, value), self.span)


def together(condition: Expr, truth: bool) -> Iterator[tuple[Expr, bool]]:
    """The parts of a condition that all come to something if it comes to `truth`."""
    match condition:
        case Unary("!", operand):
            yield from together(operand, not truth)
        case Binary("&&" | "||" as operator, one, other) if (operator == "&&") == truth:
            yield from together(one, truth)
            yield from together(other, truth)
        case _:
            yield condition, truth


def limits(condition: Expr, truth: bool) -> Iterator[Limit]:
    """The limits that hold if a condition comes to `truth`."""
    for part, holds in together(condition, truth):
        match part:
            case Identifier() | Select() | Index():
                subject = _subject(part)
                if subject is not None:
                    yield Limit(subject, among=(holds,))
            case Binary("in", one, ListLiteral(items)):
                subject = _subject(one)
                values = [item.value for item in items if isinstance(item, Literal)]
                if subject is not None and len(values) == len(items):
                    yield Limit(subject, among=tuple(values), turned=not holds)
            case Binary(operator, one, other) if operator in NEGATED:
                asked = operator if holds else NEGATED[operator]
                yield from _compared(one, other, asked)
                yield from _compared(other, one, TURNED[asked])


def follows(limit: Limit, given: Iterable[Limit], known: Contract | None) -> bool:
    """Does a limit hold where others do, of a value that keeps what is `known` of it?"""
    others = [each for each in given if each.subject == limit.subject]
    if limit in others:
        return True
    values = None if known is None or limit.subject.size else values_of(known)
    if values is None:
        values = next((one.among for one in others if one.among and not one.turned), None)
    if values is not None:
        left = [value for value in values if all(each.fulfilled_by(value) for each in others)]
        return all(map(limit.fulfilled_by, left))
    span = _span(limit.subject, known)
    for each in others:
        span = meet(span, each.span)
    if limit.among is None:
        return is_within(span, limit.span)
    if limit.turned:
        return all(
            number is not None and meet(span, Range(number, number)).is_empty
            for number in map(_number, limit.among)
        )
    return span.low == span.high and limit.fulfilled_by(span.low)


def _span(subject: Subject, known: Contract | None) -> Range:
    """Where the number lies that a limit is on."""
    if subject.size:
        found = size_of(known) if known is not None else None
        return found or Range(low=0, whole=True)
    return (range_of_contract(known) if known is not None else None) or Range()


def _compared(one: Expr, other: Expr, operator: str) -> Iterator[Limit]:
    """The limit on one side that a comparison with a written value is."""
    subject = _subject(one)
    if subject is None:
        return
    number = number_of(other)
    if number is not None:
        span = fulfilling(operator, number)
        if operator not in ("==", "!="):
            yield Limit(subject, span)
        elif subject.size and operator == "!=" and number == 0:
            yield Limit(subject, Range(low=1))
        else:
            yield Limit(subject, span, (number,), operator == "!=")
    elif isinstance(other, Literal) and operator in ("==", "!="):
        yield Limit(subject, among=(other.value,), turned=operator == "!=")
    elif isinstance(other, ListLiteral) and not other.items and operator in ("==", "!="):
        span = Range(0, 0) if operator == "==" else Range(low=1)
        yield Limit(replace(subject, size=True), span)


def _subject(expr: Expr) -> Subject | None:
    size = isinstance(expr, Call) and expr.function == "size"
    path = expr.args[0] if isinstance(expr, Call) and size else expr
    if not isinstance(path, Identifier | Select | Index):
        return None
    found = [one for one in references(path) if (one.start, one.end) == (path.start, path.end)]
    if not found or None in found[0].path:
        return None
    return Subject(found[0].root, found[0].path, size)


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


def _number(value: Json) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _key(value: Json) -> tuple[bool, Json]:
    """What makes two values equal: a boolean is no number, and 1 equals 1.0."""
    return isinstance(value, bool), value
