"""What an expression chooses among: items of a list, one of two values. And where it has no choice."""

from collections.abc import Iterator

from agentflow.lint.ranges import Impossible, impossible
from agentflow.lint.variables import Variables
from agentflow.spec.cel.syntax import (
    Comprehension,
    Conditional,
    Expr,
    Identifier,
    Index,
    Select,
    parts,
    spine,
)


def no_choices(expr: Expr, text: str, scope: Variables) -> Iterator[tuple[Impossible, str]]:
    """The conditions on numbers inside of an expression that no number fulfils, and what follows.

    `text` is what was parsed. A condition that every number fulfils is often asked out of care, and so is one
    that keeps a number within its bounds (`n > 100 ? 100 : n`).
    """
    match expr:
        case Comprehension(macro, source, _, body):
            inner = scope.inside(expr)
            if macro not in ("map", "all"):
                found = impossible(body, text, inner, truth=True)
                if found is not None:
                    so = "so no item is chosen" if macro == "filter" else "so there is no such item"
                    yield found, so
            yield from no_choices(source, text, scope)
            yield from no_choices(body, text, inner)
        case Conditional(condition, then, otherwise):
            found = impossible(condition, text, scope, truth=True)
            if found is not None and not _keeps_within(expr, text):
                yield found, "so what stands behind '?' is never taken"
            for part in (condition, then, otherwise):
                yield from no_choices(part, text, scope)
        case Select() | Index() if not isinstance(spine(expr)[-1], Identifier):
            yield from no_choices(spine(expr)[-1], text, scope)
        case _:
            for part in parts(expr):
                yield from no_choices(part, text, scope)


def _keeps_within(expr: Conditional, text: str) -> bool:
    """Is what is compared one of the two values?"""
    condition = text[expr.condition.start : expr.condition.end]
    return any(text[side.start : side.end] in condition for side in (expr.then, expr.otherwise))
