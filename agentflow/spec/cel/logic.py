"""How all take a condition apart: `!`, `&&`, `||`, and which way round a comparison stands."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from agentflow.spec.cel.references import Steps, known_steps
from agentflow.spec.cel.syntax import (
    Binary,
    BinaryOperator,
    Expr,
    Identifier,
    ListLiteral,
    Literal,
    Path,
    Unary,
    parts,
    spine,
)

#: The operator of the opposite, and the one with the sides exchanged.
NEGATED: Mapping[BinaryOperator, BinaryOperator] = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
}
TURNED: Mapping[BinaryOperator, BinaryOperator] = {
    "==": "==",
    "!=": "!=",
    "<": ">",
    ">": "<",
    "<=": ">=",
    ">=": "<=",
}
#: The operators that hold of two sides, too, where one does.
IMPLIED: Mapping[BinaryOperator, frozenset[BinaryOperator]] = {
    "==": frozenset({"==", "<=", ">="}),
    "!=": frozenset({"!="}),
    "<": frozenset({"<", "<=", "!="}),
    ">=": frozenset({">="}),
    ">": frozenset({">", ">=", "!="}),
    "<=": frozenset({"<="}),
}
#: A root of the scope and the way from it.
ReadPath: TypeAlias = tuple[str, Steps]


class Comparison(Struct, frozen=True):
    """`one operator other`; if one of the sides is written out, it is the other."""

    one: Expr
    operator: BinaryOperator
    other: Expr


def together(condition: Expr, truth: bool) -> Iterator[tuple[Expr, bool]]:
    """The parts of a condition that all come to something if it comes to `truth`.

    What is left of `&&` and `||` in them is that of which one side is enough.
    """
    match condition:
        case Unary("!", operand):
            yield from together(operand, not truth)
        case Binary("&&" | "||" as operator, one, other) if (operator == "&&") == truth:
            yield from together(one, truth)
            yield from together(other, truth)
        case _:
            yield condition, truth


def leaves(condition: Expr) -> Iterator[Expr]:
    """What a condition asks, each by itself."""
    match condition:
        case Unary("!") | Binary("&&" | "||"):
            for part in parts(condition):
                yield from leaves(part)
        case _:
            yield condition


def compared(part: Expr, truth: bool = True) -> Comparison | None:
    """The comparison that holds if a part comes to `truth`; None if it is none."""
    if not isinstance(part, Binary) or part.operator not in NEGATED:
        return None
    operator = part.operator if truth else NEGATED[part.operator]
    if _is_written(part.left) and not _is_written(part.right):
        return Comparison(part.right, TURNED[operator], part.left)
    return Comparison(part.left, operator, part.right)


def outcome(condition: Expr, of: Callable[[Expr], bool | None]) -> bool | None:
    """What a condition comes to by what its leaves come to `of`; None where that cannot be told.

    As in every evaluation, the side that decides makes up for the other.
    """
    match condition:
        case Unary("!", operand):
            inner = outcome(operand, of)
            return None if inner is None else not inner
        case Binary("&&" | "||" as operator, left, right):
            decisive = operator == "||"
            one = outcome(left, of)
            other = decisive if one is decisive else outcome(right, of)
            if other is decisive:
                return decisive
            return None if one is None or other is None else not decisive
        case _:
            return of(condition)


def _is_written(expr: Expr) -> bool:
    """Is it a value that the author has written out?"""
    match expr:
        case Literal() | Unary("-", Literal()):
            return True
        case ListLiteral(items):
            return all(map(_is_written, items))
    return False


def every(expr: Expr) -> list[Expr]:
    """An expression and all its parts in source order, but for those of macros."""
    found, pending = list[Expr](), [expr]
    while pending:
        found.append(pending.pop())
        pending.extend(reversed(parts(found[-1])))
    return found


def paths_in(expr: Expr) -> list[Path]:
    """The paths in an expression whose value counts, outside of macros."""
    return [part for part in every(expr) if isinstance(part, Path)]


def way_of(path: Expr) -> ReadPath:
    """The root and the way of a path; no root if it begins elsewhere than at one."""
    nodes = spine(path)
    root = nodes[-1]
    return (root.name, known_steps(nodes)) if isinstance(root, Identifier) else ("", ())
