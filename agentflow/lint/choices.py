"""Choices in an expression, among items of a list or two values, that leave nothing to choose."""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.lint.constant_conditions import counted, decided
from agentflow.lint.macro_variables import Variables
from agentflow.lint.ranges import impossible
from agentflow.lint.rule import Context
from agentflow.spec.cel.logic import every
from agentflow.spec.cel.syntax import (
    Binary,
    Comprehension,
    Conditional,
    Expr,
    Identifier,
    Index,
    Literal,
    Select,
    parts,
    spine,
)


class NoChoice(Struct, frozen=True):
    """A condition that always comes to the same, and in words why, and what follows.

    It is `harmless` where the other side of an `||` may hold, or what is never taken is the exception.
    """

    part: Expr
    why: str
    so: str
    harmless: bool = False


def constant_value(expr: Expr, text: str, scope: Variables) -> Iterator[NoChoice]:
    """A condition on numbers that is a value of its own, and comes to the same whatever comes."""
    for truth, so in ((True, "false"), (False, "true")):
        found = impossible(expr, text, scope, truth=truth)
        if found is not None:
            yield NoChoice(found.part, found.why, f"so this is always {so}", harmless=not truth)


def no_choices(
    expr: Expr, text: str, scope: Variables, given: tuple[tuple[Expr, bool], ...] = ()
) -> Iterator[NoChoice]:
    """The conditions on numbers inside of an expression that no number fulfils.

    `text` is what was parsed, and `given` is what the conditions before `?` around it have come to. A
    condition that every number fulfils is often asked out of care, and so is one that keeps a number
    within its bounds (`n > 100 ? 100 : n`).
    """
    match expr:
        case Comprehension(macro, source, _, body):
            inner = scope.inside(expr)
            if macro not in ("map", "all"):
                found = impossible(body, text, inner, truth=True)
                if found is not None:
                    so = "so no item is chosen" if macro == "filter" else "so there is no such item"
                    yield NoChoice(found.part, found.why, so)
            yield from no_choices(source, text, scope)
            yield from no_choices(body, text, inner)
        case Conditional(condition, then, otherwise):
            found = impossible(condition, text, scope, truth=True)
            found = found or impossible(condition, text, scope, truth=True, given=given)
            if found is not None and not _keeps_within(expr, text):
                so = "so what stands behind '?' is never taken"
                yield NoChoice(found.part, found.why, so)
            yield from no_choices(condition, text, scope)
            for side, truth in ((then, True), (otherwise, False)):
                yield from no_choices(side, text, scope, (*given, (condition, truth)))
        case Binary("||", left, right):
            for side in (left, right):
                found = impossible(side, text, scope, truth=True)
                if found is not None:
                    so = "so this side of '||' never holds"
                    yield NoChoice(found.part, found.why, so, harmless=True)
                yield from no_choices(side, text, scope)
        case Select() | Index() if not isinstance(spine(expr)[-1], Identifier):
            yield from no_choices(spine(expr)[-1], text, scope)
        case _:
            for part in parts(expr):
                yield from no_choices(part, text, scope)


def decided_choices(context: Context, expr: Expr, text: str, place: str) -> Iterator[NoChoice]:
    """The conditions before `?`, outside of macros, that come to the same for all values that their
    contracts name.
    """
    for part in every(expr):
        if not isinstance(part, Conditional) or _keeps_within(part, text):
            continue
        truth, named = decided(context, part.condition, place), counted(part.condition, text)
        if truth is not None and named:
            why = f"{'every' if truth else 'no'} value of {named} fulfils this"
            so = f"so what stands behind '{':' if truth else '?'}' is never taken"
            yield NoChoice(part.condition, why, so, harmless=truth)


def _keeps_within(expr: Conditional, text: str) -> bool:
    """Is what is compared one of the values that may be chosen?"""
    compared = {text[part.start : part.end] for part in every(expr.condition)}
    sides = (side for side in _sides(expr) if not isinstance(side, Literal))
    return any(text[side.start : side.end] in compared for side in sides)


def _sides(expr: Conditional) -> Iterator[Expr]:
    for side in (expr.then, expr.otherwise):
        if isinstance(side, Conditional):
            yield from _sides(side)
        else:
            yield side
