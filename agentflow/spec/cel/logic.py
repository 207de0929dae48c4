"""What is the same for all who take a condition apart: `!`, `&&`, `||`, and which way round a comparison stands."""

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from agentflow.spec.cel.references import Steps, known_steps
from agentflow.spec.cel.syntax import (
    Binary,
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
NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
TURNED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
#: A root of the scope and the way from it.
ReadPath: TypeAlias = tuple[str, Steps]


class Comparison(Struct, frozen=True):
    """`one operator other`; if one of the sides is written out, it is the other."""

    one: Expr
    operator: str
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


def _is_written(expr: Expr) -> bool:
    """Is it a value that the author has written out?"""
    match expr:
        case Literal() | Unary("-", Literal()):
            return True
        case ListLiteral(items):
            return all(map(_is_written, items))
    return False


def every(expr: Expr) -> Iterator[Expr]:
    """An expression and all its parts, but for those of macros."""
    yield expr
    for part in parts(expr):
        yield from every(part)


def paths_in(expr: Expr) -> Iterator[Path]:
    """The paths in an expression whose value counts, outside of macros."""
    return (part for part in every(expr) if isinstance(part, Path))


def way_of(path: Expr) -> ReadPath:
    """The root and the way of a path; no root if it begins elsewhere than at one."""
    nodes = spine(path)
    root = nodes[-1]
    return (root.name, known_steps(nodes)) if isinstance(root, Identifier) else ("", ())
