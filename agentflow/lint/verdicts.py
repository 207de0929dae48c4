"""Whether a condition can reject something, that is, be false, and because of whose answer.

Paths with few possible values, such as booleans and enums, are tried in every combination.
Everything else is assumed to be able to make the condition false.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, auto
from itertools import product
from math import prod
from typing import TypeAlias

from agentflow.lint.conditions import constant
from agentflow.lint.rule import Context
from agentflow.plan.schemas import Contract, values_of
from agentflow.plan.scopes import step_in_reach
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.logic import ReadPath, every, outcome, paths_in, way_of
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Conditional,
    Default,
    Expr,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    Select,
    Unary,
)
from agentflow.spec.cel.values import equality_key
from agentflow.spec.expressions import Reference, references
from agentflow.spec.model import Json

#: With more combinations than these, none is tried.
_MOST_CASES = 256


class _Absent(Enum):
    """The value of a path that does not exist."""

    ABSENT = auto()


_ABSENT = _Absent.ABSENT
#: The value of a path in one case.
Known: TypeAlias = Json | _Absent


def can_be_false(context: Context, condition: Expr, place: str) -> bool:
    """Can a condition, read at `place`, come to false?

    A case in which it cannot be evaluated counts as well: it does not hold there.
    """
    found, answers = cases(context, (condition,), place), Answers()
    return found is None or any(answers.to(condition, case) is not True for case in found)


class Answers:
    """What conditions come to, case by case; a part is worked out once for the same values."""

    def __init__(self) -> None:
        #: Parts by identity, with what they read. Each is kept, so that its id stays taken.
        self._parts: dict[int, tuple[Expr, tuple[ReadPath, ...]]] = {}
        self._answers: dict[tuple[object, ...], bool | None] = {}

    def to(self, condition: Expr, case: Mapping[ReadPath, Known]) -> bool | None:
        """What a condition comes to in a case; None if that cannot be told."""
        return outcome(condition, lambda leaf: self._of(leaf, case))

    def _of(self, leaf: Expr, case: Mapping[ReadPath, Known]) -> bool | None:
        part = self._parts.get(id(leaf))
        if part is None:
            part = self._parts[id(leaf)] = leaf, tuple(map(way_of, paths_in(leaf)))
        values = (equality_key(case[way]) if way in case else None for way in part[1])
        key = (id(leaf), *values)
        if key not in self._answers:
            found = constant(filled(leaf, case))
            self._answers[key] = found if isinstance(found, bool) else None
        return self._answers[key]


def cases(
    context: Context, conditions: Iterable[Expr], place: str
) -> Iterator[Mapping[ReadPath, Known]] | None:
    """Every combination of the values of paths that have few; None if there are too many."""
    choices: dict[ReadPath, tuple[Known, ...]] = {}
    together, count = tuple(conditions), 1
    for path in (path for each in together for path in paths_in(each)):
        values = values_at(context, path, place) if way_of(path) not in choices else None
        if values is not None:
            choices[way_of(path)] = values
            count *= len(values)
        if count > _MOST_CASES:
            return None
    parts = [part for each in together for part in every(each)]
    for way in {way_of(part.path) for part in parts if isinstance(part, Default)}:
        if way in choices:
            choices[way] = (*choices[way], _ABSENT)
    if prod(len(values) for values in choices.values()) > _MOST_CASES:
        return None
    return (dict(zip(choices, case, strict=True)) for case in product(*choices.values()))


def looks_at_data(expr: Expr) -> bool:
    """Does it read anything besides whether steps have run?"""
    return any(not (found.root == "steps" and is_presence(found)) for found in references(expr))


def steps_read(plan: Plan, expr: Expr, place: str) -> Iterator[StepPlan]:
    """The steps that an expression reads anything of."""
    for found in references(expr):
        if found.root == "steps" and found.path:
            step = step_in_reach(plan, str(found.path[0]), place)
            if step is not None:
                yield step


def is_presence(found: Reference) -> bool:
    """Does a reference to a step only ask whether it has run?"""
    return found.path[1:] == ("status",) or (found.asked and found.path[1:] == ("output",))


def values_at(context: Context, path: Expr, place: str) -> tuple[Json, ...] | None:
    """All values that a path can have, if they are few."""
    assert context.plan is not None
    root, way = way_of(path)
    if root == "steps" and way[1:] == ("status",):
        step = step_in_reach(context.plan, str(way[0]), place)
        if step is None:
            return None
        skips = step.when is not None or any(each.may_skip for each in step.catch.values())
        return ("succeeded", "skipped") if skips else ("succeeded",)
    if not root or None in way:
        return None
    schema = context.types.of(path, place)
    values = values_of(Contract(schema, schema))
    plain = values is not None and all(
        value is None or isinstance(value, bool | int | float | str) for value in values
    )
    return values if plain else None


def filled(expr: Expr, known: Mapping[ReadPath, Known]) -> Expr:
    """An expression with paths replaced by values."""
    match expr:
        case Identifier() | Select() | Index() if known.get(way_of(expr), _ABSENT) is not _ABSENT:
            return _literal(known[way_of(expr)], expr)
        case Default(path, fallback, _, _) if way_of(path) in known:
            value = known[way_of(path)]
            return filled(fallback, known) if value is _ABSENT else _literal(value, expr)
        case Unary(operator, operand, start, end):
            return Unary(operator, filled(operand, known), start, end)
        case Binary(operator, left, right, start, end):
            return Binary(operator, filled(left, known), filled(right, known), start, end)
        case Conditional(condition, then, otherwise, start, end):
            sides = filled(then, known), filled(otherwise, known)
            return Conditional(filled(condition, known), *sides, start, end)
        case Call(function, args, start, end):
            return Call(function, tuple(filled(arg, known) for arg in args), start, end)
        case ListLiteral(items, start, end):
            return ListLiteral(tuple(filled(item, known) for item in items), start, end)
        case _:
            return expr


def _literal(value: Known, at: Expr) -> Literal:
    assert value is None or isinstance(value, bool | int | float | str)
    return Literal(value, at.start, at.end)
