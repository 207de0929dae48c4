"""What follows from a condition: which paths have a value, and which other conditions hold.

Everything here is conservative: it is true whenever the condition evaluates to `truth`.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from agentflow.plan.numbers import sizes
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.logic import Comparison, ReadPath, compared, every, together, way_of
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Coalesce,
    Comprehension,
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
from agentflow.spec.cel.values import Refused
from agentflow.spec.expressions import references
from agentflow.spec.model import Json
from agentflow.spec.wording import quoted

#: Up to which item a condition on the size of a list proves anything.
_MOST_ITEMS = 20
#: Expressions that may have a value although a path in them has none.
_COPING = (Has, Default, Coalesce, Comprehension)
#: A condition by its text without blanks, and whether it holds.
Fact: TypeAlias = tuple[str, bool]


def proven(condition: Expr, truth: bool) -> Iterator[ReadPath]:
    """Paths that have a value if a condition comes to `truth`."""
    for part, holds in together(condition, truth):
        yield from strict(part)
        yield from _by_comparison(part, holds)
        yield from _by_membership(part, holds)
        yield from _by_absence(part, holds)


def strict(expr: Expr) -> Iterator[ReadPath]:
    """Paths without which an expression has no value at all."""
    match expr:
        case Identifier() | Select() | Index():
            for found in references(expr):
                if not found.guarded and None not in found.path:
                    yield found.root, found.path
        case Unary(_, operand):
            yield from strict(operand)
        case Binary(operator, left, right) if operator not in ("&&", "||"):
            yield from strict(left)
            yield from strict(right)
        case Call(_, args):
            for arg in args:
                yield from strict(arg)


def not_empty(expr: Expr) -> Iterator[ReadPath]:
    """Paths that have a value if a list is not empty."""
    if isinstance(expr, Default) and without_values(expr.fallback) == []:
        expr = expr.path
    yield from strict(expr)
    yield from _items(expr, 1)


def facts(condition: Expr, text: str, truth: bool) -> Iterator[Fact]:
    """What holds if a condition comes to `truth`; `text` is what it was parsed from."""
    for part, holds in together(condition, truth):
        match compared(part):
            case Comparison(operand, "==" | "!=" as operator, Literal(bool() as value)):
                yield from facts(operand, text, holds == ((operator == "==") == value))
            case Comparison(operator="!="):
                assert isinstance(part, Binary)
                yield f"{shown(part.left, text)}=={shown(part.right, text)}", not holds
            case _:
                yield shown(part, text), holds


def shown(expr: Expr, text: str) -> str:
    """An expression, parsed from a text, as it stands in facts."""
    return as_fact(text[expr.start : expr.end])


def as_fact(text: str) -> str:
    """A text without blanks and with one kind of quotes, to be compared with others."""
    return "".join(text.split()).replace("'", '"')


def without_values(expr: Expr) -> object:
    """What an expression comes to if no path has a value; None if it needs one."""
    return _value(expr, {})


def constant(expr: Expr) -> object:
    """What an expression comes to in every scope; None if that depends on any path."""
    return _value(expr, _Unknown())


class _Unknown(Mapping[str, Json]):
    """A scope of unknown values: no expression that reads it can be evaluated."""

    def __getitem__(self, root: str) -> Json:
        raise Refused(f"{quoted(root)} may be anything")

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _value(expr: Expr, scope: Mapping[str, Json]) -> object:
    try:
        return evaluate(expr, scope)
    except EvaluationError:
        return None


def demands(condition: Expr) -> Iterator[tuple[Expr, str]]:
    """The comparisons of paths with texts that a condition requires."""
    for part, holds in together(condition, True):
        match compared(part, holds):
            case Comparison(
                Identifier() | Select() | Index() as path, "==", Literal(str() as text)
            ):
                yield path, text


def _by_comparison(condition: Expr, truth: bool) -> Iterator[ReadPath]:
    """`steps.a.status == "succeeded"` proves the output, and so does `!= "skipped"`.

    `size(steps.a.output) > 1` proves the first two items.
    """
    match compared(condition, truth):
        case Comparison(Select() as path, "==" | "!=" as operator, Literal(str() as value)):
            root, way = way_of(path)
            is_status = root == "steps" and way[1:] == ("status",)
            if is_status and value == ("succeeded" if operator == "==" else "skipped"):
                yield root, (way[0], "output")
        case Comparison(source, "==" | "!=" as operator, ListLiteral(())):
            yield from _items(source, int(operator == "!="))
        case Comparison(Call("size", (source,)), operator, Literal(int() as number)):
            yield from _items(source, int(min(sizes(operator, number).low, _MOST_ITEMS)))


def _by_membership(condition: Expr, truth: bool) -> Iterator[ReadPath]:
    """`"o" in steps.a.output` proves the field; `exists` proves the first item of its list."""
    match condition:
        case Binary("in", Literal(str() as key), Identifier() | Select() | Index() as path) if (
            truth
        ):
            yield from ((root, (*way, key)) for root, way in strict(path))
        case Comprehension("exists", source) if truth:
            yield from _items(source, 1)


def _items(source: Expr, count: int) -> Iterator[ReadPath]:
    """The first items of a list."""
    path = source.path if isinstance(source, Default) else source
    for root, way in strict(path) if isinstance(path, Identifier | Select | Index) else ():
        yield from ((root, (*way, number)) for number in range(count))


def _by_absence(condition: Expr, truth: bool) -> Iterator[ReadPath]:
    """If a condition cannot come to `truth` without any of its paths, one of them exists.

    Then what they all begin with exists, too: in `has(a.b)`, `default(a.b, 0) > 3`,
    `size(default(a.b, [])) > 0` that is `a.b`.
    """
    if not any(isinstance(part, _COPING) for part in every(condition)):
        return  # where a path is absent, it has no value
    found = references(condition)
    if not found or any(one.root != found[0].root or None in one.path for one in found):
        return
    if without_values(condition) is (not truth):
        yield found[0].root, _common([one.path for one in found])


def _common(paths: list[Steps]) -> Steps:
    """The longest common beginning of paths."""
    length = 0
    for each in zip(*paths, strict=False):
        if len(set(each)) > 1:
            break
        length += 1
    return paths[0][:length]
