"""What follows from a condition: which paths have a value, and which other conditions hold.

Everything here is conservative: what it says is so whenever the condition comes to `truth`.
"""

from collections.abc import Iterator, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import TypeAlias

from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.references import Steps, known_steps
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Comprehension,
    Default,
    Expr,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    Select,
    Unary,
    parts,
    spine,
)
from agentflow.spec.cel.values import Refused
from agentflow.spec.expressions import references
from agentflow.spec.model import Json
from agentflow.spec.wording import quoted

#: Items of a list that a condition on its size is followed to.
_MOST_ITEMS = 20
_COMPARED = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
#: A condition by its text without blanks, and whether it holds.
Fact: TypeAlias = tuple[str, bool]
#: A root of the scope and the way from it.
ReadPath: TypeAlias = tuple[str, Steps]


def proven(condition: Expr, truth: bool) -> Iterator[ReadPath]:
    """Paths that have a value if a condition comes to `truth`."""
    match condition:
        case Unary("!", operand):
            yield from proven(operand, not truth)
        case Binary("&&", left, right) if truth:
            yield from proven(left, True)
            yield from proven(right, True)
        case Binary("||", left, right) if not truth:
            yield from proven(left, False)
            yield from proven(right, False)
        case _:
            yield from strict(condition)
            yield from _by_status(condition, truth)
            yield from _by_membership(condition, truth)
            yield from _by_size(condition, truth)
            yield from _by_absence(condition, truth)


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
    """Paths that have a value if a list has an item."""
    if isinstance(expr, Default) and without_values(expr.fallback) == []:
        expr = expr.path
    yield from strict(expr)
    yield from _items(expr, 1)


def facts(condition: Expr, text: str, truth: bool) -> Iterator[Fact]:
    """What holds if a condition comes to `truth`; `text` is what it was parsed from."""
    match condition:
        case Unary("!", operand):
            yield from facts(operand, text, not truth)
        case Binary("&&", left, right) if truth:
            yield from facts(left, text, True)
            yield from facts(right, text, True)
        case Binary("||", left, right) if not truth:
            yield from facts(left, text, False)
            yield from facts(right, text, False)
        case Binary("==" | "!=" as operator, operand, Literal(bool() as value)) | Binary(
            "==" | "!=" as operator, Literal(bool() as value), operand
        ):
            yield from facts(operand, text, truth == ((operator == "==") == value))
        case Binary("!=", left, right):
            yield f"{shown(left, text)}=={shown(right, text)}", not truth
        case _:
            yield shown(condition, text), truth


def way_of(path: Expr) -> ReadPath:
    """The root and the way of a path; no root if it begins elsewhere than at one."""
    nodes = spine(path)
    root = nodes[-1]
    return (root.name, known_steps(nodes)) if isinstance(root, Identifier) else ("", ())


def counted_paths(expr: Expr) -> Iterator[Expr]:
    """The paths in an expression whose value counts, outside of comprehensions."""
    match expr:
        case Identifier() | Select() | Index():
            yield expr
        case Default(path, fallback):
            yield path
            yield from counted_paths(fallback)
        case _:
            for part in parts(expr):
                yield from counted_paths(part)


def shown(expr: Expr, text: str) -> str:
    """An expression without blanks and with one kind of quotes, to be compared with others."""
    return "".join(text[expr.start : expr.end].split()).replace("'", '"')


def without_values(expr: Expr) -> object:
    """What an expression comes to if no path has a value; None if it needs one."""
    return _value(expr, {})


def constant(expr: Expr) -> object:
    """What an expression comes to in every scope; None if that depends on any path."""
    return _value(expr, _Unknown())


class _Unknown(Mapping[str, Json]):
    """A scope of which nothing is known, not even what is absent: what looks at it has no value."""

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
    """The comparisons of a path with a text that all have to hold."""
    match condition:
        case Binary("&&", left, right):
            yield from demands(left)
            yield from demands(right)
        case Binary("==", Identifier() | Select() | Index() as path, Literal(str() as wanted)):
            yield path, wanted
        case Binary("==", Literal(str() as wanted), Identifier() | Select() | Index() as path):
            yield path, wanted


def _by_status(condition: Expr, truth: bool) -> Iterator[ReadPath]:
    """`steps.a.status == "succeeded"` proves the output; so does that it is not `skipped`."""
    match condition:
        case Binary("==" | "!=" as operator, Select() as path, Literal(str() as value)):
            equal = (operator == "==") == truth
            for found in references(path):
                is_status = found.root == "steps" and found.path[1:] == ("status",)
                if is_status and value == ("succeeded" if equal else "skipped"):
                    yield found.root, (found.path[0], "output")


def _by_membership(condition: Expr, truth: bool) -> Iterator[ReadPath]:
    """`"o" in steps.a.output` proves the field."""
    match condition:
        case Binary("in", Literal(str() as key), Identifier() | Select() | Index() as path) if (
            truth
        ):
            yield from ((root, (*way, key)) for root, way in strict(path))


def _by_size(condition: Expr, truth: bool) -> Iterator[ReadPath]:
    """`size(steps.a.output) > 1` proves the first two items; so does any other way to say it."""
    match condition:
        case Comprehension("exists", source) if truth:
            yield from _items(source, 1)
        case Binary("!=" | "==" as operator, source, ListLiteral(())):
            yield from _items(source, int((operator == "!=") == truth))
        case Binary(operator, Call("size", (source,)), Literal(int() as number)):
            yield from _items(source, _fewest(operator, number, truth))
        case Binary(operator, Literal(int() as number), Call("size", (source,))):
            yield from _items(source, _fewest(_TURNED.get(operator, operator), number, truth))


def _fewest(operator: str, number: int, truth: bool) -> int:
    """The smallest size, up to `_MOST_ITEMS`, that a comparison with a number comes to `truth` for."""
    compare = _COMPARED.get(operator)
    if compare is None:
        return 0
    sizes = range(_MOST_ITEMS + 1)
    return next((size for size in sizes if compare(size, number) == truth), 0)


def _items(source: Expr, count: int) -> Iterator[ReadPath]:
    """The first items of a list."""
    path = source.path if isinstance(source, Default) else source
    for root, way in strict(path) if isinstance(path, Identifier | Select | Index) else ():
        yield from ((root, (*way, number)) for number in range(count))


def _by_absence(condition: Expr, truth: bool) -> Iterator[ReadPath]:
    """A condition that none of its paths would let come to `truth` proves that one exists.

    So does what all of them have in common: `has(a.b)`, `default(a.b, 0) > 3`,
    `size(default(a.b, [])) > 0`.
    """
    found = references(condition)
    if not found or any(one.root != found[0].root or None in one.path for one in found):
        return
    if without_values(condition) is (not truth):
        yield found[0].root, _common([one.path for one in found])


def _common(paths: list[Steps]) -> Steps:
    """The way that all paths begin with."""
    length = 0
    for each in zip(*paths, strict=False):
        if len(set(each)) > 1:
            break
        length += 1
    return paths[0][:length]
