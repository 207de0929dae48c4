"""What a condition says of single values: of what a path leads to, or of how large that is.

A condition that is true, or false, is split into the comparisons that certainly go with it. Each of
them that compares a path with a written value is a limit: `steps.k.output.kind != "x"`,
`size(inputs.text) > 5`. So is a path by itself, which is then true or false.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from agentflow.plan.numbers import (
    Range,
    fulfilling,
    is_within,
    meet,
    number_of,
    range_of_contract,
    size_of,
    sizes,
)
from agentflow.plan.schemas import Contract, values_of
from agentflow.spec.cel.logic import Comparison, compared, together, way_of
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Expr,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    Path,
    Select,
)
from agentflow.spec.cel.values import equality_key
from agentflow.spec.model import Json


class Subject(Struct, frozen=True):
    """What a limit is on: the value of a path, or with `size` its size."""

    root: str
    way: Steps
    size: bool = False


class Limit(Struct, frozen=True):
    """Which values are possible: those in a range, and those `among` some.

    If it is `turned`, `among` are the values that are ruled out.
    """

    subject: Subject
    span: Range = Range()
    among: tuple[Json, ...] | None = None
    turned: bool = False

    def fulfilled_by(self, value: Json) -> bool:
        """Is a value possible?"""
        if self.among is not None:
            return (
                any(equality_key(value) == equality_key(one) for one in self.among) != self.turned
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return is_within(Range(value, value), self.span)


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
            case _:
                yield from _compared(compared(part, holds))


def follows(limit: Limit, given: Iterable[Limit], known: Contract | None) -> bool:
    """Does a limit hold where others do, for a value that keeps the contract `known`?"""
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
    """The range of the number that a limit is on."""
    if subject.size:
        found = size_of(known) if known is not None else None
        return found or Range(low=0, whole=True)
    return (range_of_contract(known) if known is not None else None) or Range()


def _compared(found: Comparison | None) -> Iterator[Limit]:
    """The limit that a comparison with a written value sets."""
    subject = _subject(found.one) if found is not None else None
    if found is None or subject is None:
        return
    operator, other = found.operator, found.other
    number = number_of(other)
    if number is not None:
        span = sizes(operator, number) if subject.size else fulfilling(operator, number)
        if operator not in ("==", "!=") or (subject.size and number == 0):
            yield Limit(subject, span)
        else:
            yield Limit(subject, span, (number,), operator == "!=")
    elif isinstance(other, Literal) and operator in ("==", "!="):
        yield Limit(subject, among=(other.value,), turned=operator == "!=")
    elif isinstance(other, ListLiteral) and not other.items and operator in ("==", "!="):
        yield Limit(replace(subject, size=True), sizes(operator, 0))


def _subject(expr: Expr) -> Subject | None:
    size = isinstance(expr, Call) and expr.function == "size"
    path = expr.args[0] if isinstance(expr, Call) and size else expr
    if not isinstance(path, Path):
        return None
    root, way = way_of(path)
    return Subject(root, way, size) if root and None not in way else None


def _number(value: Json) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
