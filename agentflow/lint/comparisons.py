"""Comparisons that always have the same result, because their sides have no value in common.

A contract lists the values of a field, or names its type, and what the field is compared with is
not among them. Comparisons with null and with the empty text are left alone: they are often made
just in case.
"""

import re
from collections.abc import Iterator
from itertools import product
from math import prod

from msgspec import Struct

from agentflow.contracts.assembly import TooLarge
from agentflow.contracts.assembly import self_contained as contract_of
from agentflow.contracts.checker import compile_schema
from agentflow.contracts.describe import excerpt
from agentflow.contracts.documents import ContractError
from agentflow.lint.macro_variables import Variables
from agentflow.lint.names import Suggestions
from agentflow.lint.operands import Operands
from agentflow.plan.schemas import past_references, values_of
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.functions import Kinds
from agentflow.spec.cel.logic import together
from agentflow.spec.cel.signatures import NUMBER
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Coalesce,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    Path,
    Select,
    parts,
    spine,
)
from agentflow.spec.cel.values import equality_key
from agentflow.spec.model import Json
from agentflow.spec.wording import quoted

#: Texts that would be a number or a boolean without their quotes.
_UNQUOTED = re.compile(r"-?\d+(\.\d+)?|true|false")
_JUDGE_TEXTS = ("pattern", "minLength", "maxLength")
#: With more arguments than these to choose from, a function is not evaluated.
_MOST_VALUES = 64


class Mismatch(Struct, frozen=True):
    """Two sides of a comparison that are never equal.

    `whole` is the comparison, `part` the wrong side, and `wanted` its value. `other` is the right
    side and `known` its values, or with `of_items` those of its items. `kinds` are the types of
    both sides, if even these differ.
    """

    whole: Binary
    part: Expr
    other: Expr
    known: tuple[Json, ...]
    wanted: Json
    kinds: tuple[Kinds, Kinds] | None = None
    of_items: bool = False

    def why(self, text: str) -> str:
        """`'steps.a.output.kind' is never 'prase'`; `text` is what was parsed."""
        other = quoted(text[self.other.start : self.other.end])
        if self.kinds is not None:
            one, two = (_kinds_said(each) for each in self.kinds)
            return f"{other} is {one} and is compared with {two}"
        part = self.part
        shown = _said(self.wanted) if isinstance(part, Literal) else text[part.start : part.end]
        return (
            f"no item of {other} is {quoted(shown)}"
            if self.of_items
            else (f"{other} is never {quoted(shown)}")
        )

    def advice(self, suggestions: Suggestions) -> str:
        """The value that was probably meant, or those that are possible."""
        if self.kinds is not None:
            if isinstance(self.part, Literal) and self.kinds[0] == {"string"}:
                return "put it in quotes, if text is meant"
            if isinstance(self.wanted, str) and _UNQUOTED.fullmatch(self.wanted):
                return "take the quotes off"
            return "compare values of one type; string(x), int(x) and double(x) make one of another"
        return suggestions.help(
            _said(self.wanted), map(_said, self.known), "compare with a value that may come"
        )


def mismatches(expr: Expr, scope: Variables) -> Iterator[Mismatch]:
    """Each comparison in an expression whose sides are never equal."""
    if isinstance(expr, Comprehension):
        yield from mismatches(expr.source, scope)
        yield from mismatches(expr.body, scope.inside(expr))
        return
    if isinstance(expr, Select | Index):
        for node in spine(expr):
            if isinstance(node, Index):
                yield from mismatches(node.key, scope)
        if not isinstance(spine(expr)[-1], Identifier):
            yield from mismatches(spine(expr)[-1], scope)
        return
    if isinstance(expr, Binary):
        yield from _of(expr, scope)
    for part in parts(expr):
        yield from mismatches(part, scope)


def decisive(condition: Expr, scope: Variables, *, truth: bool = True) -> Iterator[Mismatch]:
    """The comparisons that keep a condition from coming to `truth`; of an `||`, from both sides."""
    for part, holds in together(condition, truth):
        match part:
            case Binary("&&" | "||", left, right):  # of which one is enough
                each = [list(decisive(side, scope, truth=holds)) for side in (left, right)]
                if all(each):
                    yield from (*each[0], *each[1])
            case Binary("==" | "!=" as operator) if (operator == "==") == holds:
                yield from _of(part, scope)
            case Binary("in", _, ListLiteral(items)) if holds:
                found = list(_of(part, scope))
                if len(found) == len(items):
                    yield from found
            case Binary("in") if holds:
                yield from _of(part, scope)


def made_up_for(expr: Expr, scope: Variables) -> Iterator[Expr]:
    """The sides of each `||` that may hold even if a comparison in the other side never does."""
    if isinstance(expr, Comprehension):
        yield from made_up_for(expr.source, scope)
        yield from made_up_for(expr.body, scope.inside(expr))
        return
    if isinstance(expr, Binary) and expr.operator == "||" and not any(decisive(expr, scope)):
        yield from (expr.left, expr.right)
    for part in parts(expr):
        yield from made_up_for(part, scope)


def _of(expr: Binary, scope: Variables) -> Iterator[Mismatch]:
    match expr:
        case Binary("==" | "!=", left, right):
            found = _never(expr, left, right, scope) or _never(expr, right, left, scope)
            if found is not None:
                yield found
        case Binary("in", one, ListLiteral(items)):
            for item in items:
                found = _never(expr, one, item, scope)
                if found is not None:
                    yield found
        case Binary("in", Literal(str() | int() | float() as wanted) as part, other):
            inside = scope.item(other)
            known = _plain(values_of(inside)) if inside is not None else None
            if known and equality_key(wanted) not in map(equality_key, known):
                yield Mismatch(expr, part, other, known, wanted, of_items=True)


def _never(whole: Binary, other: Expr, part: Expr, scope: Variables) -> Mismatch | None:
    """Why `other` never equals `part`, which is taken for the author's mistake."""
    if isinstance(other, Literal):
        return None
    known, wanted = values(other, scope), values(part, scope)
    if wanted is not None and any(value is None or value == "" for value in wanted):
        return None
    kinds = _kinds(other, scope), _kinds(part, scope)
    if kinds[0].isdisjoint(kinds[1]):
        return Mismatch(whole, part, other, (), wanted[0] if wanted else None, kinds)
    if _refuses(other, part, scope):
        return Mismatch(whole, part, other, known or (), wanted[0] if wanted else None)
    if (
        not known
        or not wanted
        or not set(map(equality_key, known)).isdisjoint(map(equality_key, wanted))
    ):
        return None
    return Mismatch(whole, part, other, known, wanted[0])


def _refuses(path: Expr, part: Expr, scope: Variables) -> bool:
    """Does the contract of a path's value refuse a text, by its pattern or its length?"""
    if not (isinstance(path, Path) and isinstance(part, Literal) and isinstance(part.value, str)):
        return False
    found = scope.of(path)
    own = past_references(found) if found is not None else None
    if found is None or not isinstance(own, dict) or own.keys().isdisjoint(_JUDGE_TEXTS):
        return False
    try:
        return not compile_schema(contract_of(found.schema, found.root)).fits(part.value)
    except (ContractError, TooLarge):
        return False


def _kinds(expr: Expr, scope: Variables) -> Kinds:
    """The types of a value, int and double taken together, since they may be equal."""
    found = Operands().of(expr, scope)
    return found | NUMBER if found & NUMBER else found


def values(expr: Expr, scope: Variables) -> tuple[Json, ...] | None:
    """All values of an expression, if they are known and are texts, numbers or booleans."""
    match expr:
        case Literal(value):
            return (value,)
        case Identifier() | Select() | Index():
            found = scope.of(expr)
            return None if found is None else _plain(values_of(found))
        case Default(path, last):
            return _either(values(path, scope), values(last, scope))
        case Coalesce(paths, last):
            each = [values(path, scope) for path in paths]
            return _either(*each, values(last, scope))
        case Conditional(_, then, otherwise):
            return _either(values(then, scope), values(otherwise, scope))
        case Call(function, args):
            return _called(function, [values(arg, scope) for arg in args])
    return None


def _either(*options: tuple[Json, ...] | None) -> tuple[Json, ...] | None:
    if None in options:
        return None
    return tuple(value for each in options for value in each or ())


def _called(function: str, args: list[tuple[Json, ...] | None]) -> tuple[Json, ...] | None:
    """The results of a function for all choices of its arguments."""
    if None in args or prod(len(each or ()) for each in args) > _MOST_VALUES:
        return None
    found: list[Json] = []
    for chosen in product(*(each or () for each in args)):
        call = Call(function, tuple(Literal(value, 0, 0) for value in chosen), 0, 0)
        try:
            found.append(evaluate(call, {}))
        except EvaluationError:
            continue  # it has no value then, so nothing is compared
    return _plain(tuple(found))


def _plain(found: tuple[Json, ...] | None) -> tuple[Json, ...] | None:
    if found is None or any(isinstance(value, list | dict) for value in found):
        return None
    return found


def _said(value: Json) -> str:
    return value if isinstance(value, str) else excerpt(value)


def _kinds_said(kinds: Kinds) -> str:
    words = set[str](kinds - NUMBER) | {"a number"} if kinds & NUMBER else set[str](kinds)
    names = {"string": "text", "list": "a list", "map": "an object", "bool": "true or false"}
    return " or ".join(sorted(names.get(word, word) for word in words))
