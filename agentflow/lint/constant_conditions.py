"""Conditions that have the same result in every run, given the values that their contracts allow.

Paths with few possible values (booleans, enums, whether a step was skipped) are tried in every
combination. Everything else is left open, and a condition counts as decided only if that makes no
difference.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from agentflow.contracts.describe import listed
from agentflow.lint.known import Known
from agentflow.lint.passages import passages
from agentflow.lint.rule import Context
from agentflow.lint.verdicts import Answers, cases
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.cases import Case, case_at, in_words
from agentflow.plan.scopes import step_in_reach
from agentflow.plan.steps import StepPlan
from agentflow.spec.cel.logic import every, paths_in, way_of
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Conditional,
    Expr,
)
from agentflow.spec.expressions import references
from agentflow.spec.wording import quoted

#: Names that mean the same inside a scope and outside, if no step inside has the same id.
_LASTING = frozenset({"inputs", "steps"})


class Assumed(Struct, frozen=True):
    """A condition that holds, read at `place`; `origin` says in words where it stands."""

    condition: Expr
    place: str
    origin: str


def decided(context: Context, condition: Expr, place: str) -> bool | None:
    """What a condition with interdependent parts always comes to; None if that varies."""
    return comes_to(context, condition, place) if _may_be_decided(condition) else None


def comes_to(context: Context, condition: Expr, place: str) -> bool | None:
    """What a condition always comes to; None if that varies, or cannot be told."""
    known = context.outcomes.get((id(condition), place))
    if known is None:
        found = _outcomes(context, (condition,), place)
        known = condition, next(iter(found)) if len(found) == 1 else None
        context.outcomes[id(condition), place] = known  # kept, so that its id stays taken
    return known[1]


def _may_be_decided(condition: Expr) -> bool:
    """Does a condition read a path twice, or pass one to a function or a list?

    If not, its parts are independent, and other rules judge single comparisons more cheaply.
    """
    read = [(path, way_of(path)) for path in paths_in(condition)]
    return len({way for _, way in read}) < len(read) or any(map(_is_test, every(condition)))


def _is_test(expr: Expr) -> bool:
    return isinstance(expr, Call | Conditional) or (
        isinstance(expr, Binary) and expr.operator == "in"
    )


def counted(condition: Expr, text: str) -> str:
    """The paths that a condition reads, in words; "" if it only asks whether steps have run."""
    ways = {text[path.start : path.end]: way_of(path) for path in paths_in(condition)}
    named = [each for each, (_, way) in ways.items() if way[1:] != ("status",)]
    return listed(map(quoted, named), "and") if named else ""


def excluded(context: Context, step: StepPlan) -> tuple[str, ...]:
    """What makes the `when` of a step always false, in words; () if nothing does.

    These are the conditions of what is around it, and of the steps whose output it requires.
    """
    if step.when is None:
        return ()
    place = address.parent(step.address) or ""
    known = [each for each in _assumed(context, step) if _means_the_same(context, each, place)]
    if not known or any(comes_to(context, each.condition, place) is False for each in known):
        return ()  # what is always false by itself is reported where it stands
    before = tuple(each.condition for each in known)
    if len(before) > 1 and _outcomes(context, before, place) == {False}:
        # They exclude each other even without this condition.
        own = [each for each in known if each.place == place]
        return tuple(each.origin for each in own) if len(own) > 1 else ()
    if _outcomes(context, (*before, step.when), place) != {False}:
        return ()
    return tuple(each.origin for each in known)


def implied(context: Context, step: StepPlan) -> str:
    """What around a step makes its `when` always true, in words; "" if nothing does."""
    place = address.parent(step.address) or ""
    if not place or context.plan is None or context.guards.runs(step, Known()):
        return ""
    for at in reversed(list(enclosing(place))):
        if context.guards.runs(step, context.guards.around(at)):
            around = context.plan.steps.get(at) or case_at(context.plan, at)
            return _origin(around) if around is not None else ""
    return ""


def _assumed(context: Context, step: StepPlan) -> Iterator[Assumed]:
    plan, place = context.plan, address.parent(step.address) or ""
    assert plan is not None
    assert step.when is not None
    for name in sorted({str(way[0]) for way in _proven_outputs(context, step)}):
        other = step_in_reach(plan, name, place)
        if other is not None and other.when is not None:
            at = address.parent(other.address) or ""
            yield Assumed(other.when, at, _origin(other))
    for passage in passages(plan, place):
        origin = _origin(passage.of)
        yield from (Assumed(each, passage.place, origin) for each in passage.conditions)


def _origin(of: StepPlan | Case) -> str:
    """What a condition belongs to, in words."""
    return in_words(of) if isinstance(of, Case) else f"the 'when' of {quoted(of.id)}"


def _proven_outputs(context: Context, step: StepPlan) -> Iterator[Steps]:
    """What is read of the steps that have certainly run if the `when` of a step holds."""
    for root, way in context.guards.condition(step).existing:
        if root == "steps" and way[1:2] == ("output",):
            yield way


def _means_the_same(context: Context, assumed: Assumed, place: str) -> bool:
    """Do the names in a condition mean the same at another place?"""
    plan = context.plan
    assert plan is not None
    key = id(assumed.condition), assumed.place, place  # the plan keeps the condition, and its id
    if key not in context.lasting:
        context.lasting[key] = all(
            found.root in _LASTING
            and (
                found.root != "steps"
                or step_in_reach(plan, str(found.path[0]), place)
                is step_in_reach(plan, str(found.path[0]), assumed.place)
            )
            for found in references(assumed.condition)
        )
    return context.lasting[key]


def _outcomes(context: Context, conditions: tuple[Expr, ...], place: str) -> frozenset[bool | None]:
    """What all conditions together can come to; None stands for what cannot be told."""
    found, answers = set[bool | None](), Answers()
    tried = cases(context, conditions, place)
    if tried is None and len(conditions) > 1:
        # What each comes to by itself is known, or has to be found out anyway.
        return frozenset({_together(comes_to(context, each, place) for each in conditions)})
    for case in tried or ({},):
        found.add(_together(answers.to(each, case) for each in conditions))
        if len(found) > 1:
            break  # it depends
    return frozenset(found)


def _together(outcomes: Iterable[bool | None]) -> bool | None:
    every = set(outcomes)
    return False if False in every else None if None in every else True
