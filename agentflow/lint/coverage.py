"""For which combinations of the values that conditions read a step runs.

The conditions on the way to a step (each `when` and the case of each switch) are split into what
they read: paths whose contract lists the values, and comparisons, which hold or do not. All
combinations of these are tried.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import TypeAlias

from msgspec import Struct

from agentflow.lint.conditions import constant, shown
from agentflow.lint.rule import Context
from agentflow.lint.verdicts import Known, filled, values_at
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.cases import case_at, label_of
from agentflow.plan.scopes import step_in_reach
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.logic import (
    NEGATED,
    ReadPath,
    compared,
    leaves,
    outcome,
    paths_in,
    together,
    way_of,
)
from agentflow.spec.cel.syntax import Binary, Expr, Has, Path
from agentflow.spec.expressions import references

#: With more combinations than these, none is tried.
_MOST_CASES = 256
#: How many steps deep it is followed that one step runs only if another did.
_FURTHER = 3
#: Comparisons that are treated as their opposites.
_TURNED_AROUND = ("!=", "<=", "<")

#: What a condition reads: a path with known values, or a comparison by its text.
Question: TypeAlias = ReadPath | str
Case: TypeAlias = Mapping[Question, Known]


class Demand(Struct, frozen=True):
    """One condition on the way to a step.

    `expr`, parsed from `text` and read at `place`, has to be true. With `labels`, it is that of a
    switch and has one of these values, or with `others` none of them, as for a `default`. `ran` has
    the conditions of each step ID that it requires with `has(steps.ID.output)`.
    """

    expr: Expr
    text: str
    place: str
    labels: tuple[str, ...] = ()
    others: bool = False
    ran: Mapping[str, "Sequence[Demand]"] = {}


def demands_on(plan: Plan, step: StepPlan, further: int = _FURTHER) -> list[Demand] | None:
    """The conditions on the way to a step; None if it is repeated, or a switch is on a template.

    `further` is how many steps deep the conditions of required steps are followed.
    """
    found: list[Demand] = []
    for at in enclosing(step.address):
        around = plan.steps.get(at)
        if around is not None:
            if around.for_each is not None or around.loop is not None:
                return None
            if around.when is not None:
                place = address.parent(at) or ""
                ran = _ran(plan, around, place, further)
                found.append(Demand(around.when, around.when_text, place, ran=ran))
            continue
        case = case_at(plan, at)
        if case is not None:
            if case.value is None:
                return None
            found.append(Demand(case.value, "", case.switch.address, case.labels, case.others))
    return found


def _ran(plan: Plan, step: StepPlan, place: str, further: int) -> dict[str, Sequence[Demand]]:
    """The conditions of the steps whose output the `when` of a step requires."""
    found: dict[str, Sequence[Demand]] = {}
    for leaf in leaves(step.when) if step.when is not None and further else ():
        read = references(leaf)
        if not isinstance(leaf, Has) or len(read) != 1 or read[0].path[1:] != ("output",):
            continue
        other = step_in_reach(plan, str(read[0].path[0]), place)
        if other is None or any(each.may_skip for each in other.catch.values()):
            continue
        demands = demands_on(plan, other, further - 1)
        if demands is not None:
            found[shown(leaf, step.when_text)] = demands
    return found


def questions(context: Context, demands: Sequence[Demand]) -> dict[Question, tuple[Known, ...]]:
    """The questions that conditions ask, each with its possible answers.

    Empty if the answers cannot be counted, or if two questions are about the same value, so that
    not all combinations can occur.
    """
    found: dict[Question, tuple[Known, ...]] = {}
    about: dict[ReadPath, Question] = {}
    pending = list(demands)
    while pending:
        demand = pending.pop(0)
        for leaf in leaves(demand.expr) if not demand.labels else (demand.expr,):
            if shown(leaf, demand.text) in demand.ran:
                pending.extend(demand.ran[shown(leaf, demand.text)])
                continue
            read_here = references(leaf)
            if any(each.root == "steps" and each.path[1:] == ("status",) for each in read_here):
                return {}  # whether a step ran depends on its own conditions
            if not read_here:
                continue  # it is always the same
            values = _counted(context, leaf, demand.place)
            if values is None and demand.labels:
                return {}
            if values is None:
                question = _asked(leaf, demand.text)[0]
                values = {question: (True, False)}
                read: dict[ReadPath, Question] = {
                    (each.root, each.path): question for each in read_here
                }
            else:
                read = {way: way for way in values if not isinstance(way, str)}
            if any(about.setdefault(way, question) != question for way, question in read.items()):
                return {}
            found.update(values)
    return found if prod(map(len, found.values())) <= _MOST_CASES else {}


def excluding(ways: Iterable[Sequence[Demand]]) -> frozenset[Question]:
    """The flags that all conditions on them require to be false: they exclude on purpose."""
    wanted: dict[Question, set[bool]] = {}
    for demand in (demand for way in ways for demand in way if not demand.labels):
        flags = [
            (part, holds) for part, holds in together(demand.expr, True) if isinstance(part, Path)
        ]
        for path in paths_in(demand.expr):
            truths = {holds for part, holds in flags if way_of(part) == way_of(path)}
            wanted.setdefault(way_of(path), set()).update(truths or {True})
    return frozenset(flag for flag, truths in wanted.items() if truths == {False})


def cases(found: Mapping[Question, tuple[Known, ...]]) -> Iterator[Case]:
    """All combinations of answers."""
    for answers in product(*found.values()):
        yield dict(zip(found, answers, strict=True))


def holds(demands: Sequence[Demand], case: Case) -> bool:
    """Does a step run in one case?"""
    return all(_holds(demand, case) for demand in demands)


def _holds(demand: Demand, case: Case) -> bool:
    if not demand.labels:
        return outcome(demand.expr, lambda leaf: _answer(leaf, demand, case)) is True
    value = constant(filled(demand.expr, _known(case)))
    return (label_of(value) in demand.labels) != demand.others


def _answer(leaf: Expr, demand: Demand, case: Case) -> bool | None:
    ran = demand.ran.get(shown(leaf, demand.text)) if demand.ran else None
    if ran is not None:
        return holds(ran, case)
    question, truth = _asked(leaf, demand.text)
    if question in case:
        return case[question] is truth
    found = constant(filled(leaf, _known(case)))
    return found if isinstance(found, bool) else None


def _counted(context: Context, leaf: Expr, place: str) -> dict[Question, tuple[Known, ...]] | None:
    """The values of the paths in a leaf, if its own value depends on nothing else."""
    found: dict[Question, tuple[Known, ...]] = {}
    for path in paths_in(leaf):
        values = values_at(context, path, place)
        if values is None:
            return None
        found[way_of(path)] = values
    first = _known({way: values[0] for way, values in found.items()})
    return found if found and constant(filled(leaf, first)) is not None else None


def _asked(leaf: Expr, text: str) -> tuple[str, bool]:
    """A comparison by its text, so that `a <= 3` and `a > 3` are one question with two answers."""
    found = compared(leaf)
    if found is None and isinstance(leaf, Binary):
        return f"{shown(leaf.left, text)} {leaf.operator} {shown(leaf.right, text)}", True
    if found is None:
        return shown(leaf, text), True
    turned = found.operator in _TURNED_AROUND
    operator = NEGATED[found.operator] if turned else found.operator
    return f"{shown(found.one, text)} {operator} {shown(found.other, text)}", not turned


def _known(case: Case) -> dict[ReadPath, Known]:
    return {asked: answer for asked, answer in case.items() if not isinstance(asked, str)}
