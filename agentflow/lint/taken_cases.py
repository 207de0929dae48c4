"""Which cases of a switch may have been taken, given a condition on the value it is over."""

import json
from collections.abc import Iterator
from functools import reduce

from agentflow.lint.conditions import Fact, as_fact, facts, proven, shown, strict
from agentflow.lint.known import Known
from agentflow.plan.cases import Case, label_of, leads_to, values_of_label
from agentflow.plan.limits import Limit
from agentflow.plan.schemas import Contract, values_of
from agentflow.spec.cel.logic import way_of
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import Conditional, Expr, Literal
from agentflow.spec.templates import Constant, MapOf, Template


def chosen(value: Expr, text: str, label: str, truth: bool) -> list[Fact]:
    """The facts that hold in a case, or with `truth` false, where its label did not match."""
    found = list[Fact]()
    for one in values_of_label(label):
        if isinstance(one, bool):
            found += facts(value, text, truth == one)
        else:
            found.append((_equal(value, text, one), truth))
    return found


def may_be_taken(value: Expr, text: str, label: str, known: Known) -> bool:
    """Can a switch over a value, parsed from `text`, have taken the case of a label?"""
    if any((fact, not truth) in known.facts for fact, truth in chosen(value, text, label, True)):
        return False
    limits = list(_limits(value, known))
    return any(all(limit.fulfilled_by(one) for limit in limits) for one in values_of_label(label))


def may_be_default(
    value: Expr, text: str, labels: frozenset[str], known: Known, come_to: Contract
) -> bool:
    """The same for the default, for a value that matches none of the labels.

    `come_to` is the contract of the value.
    """
    if any((_equal(value, text, label), True) in known.facts for label in labels):
        return False
    limits = list(_limits(value, known))
    values = values_of(come_to)
    if values is None:
        values = next((limit.among for limit in limits if limit.among and not limit.turned), None)
    return values is None or any(
        all(limit.fulfilled_by(one) for limit in limits)
        for one in values
        if label_of(one) not in labels
    )


def by_ways(value: Expr, text: str, case: Case, known: Known) -> Known | None:
    """What is known in a case of a switch over a value.

    If the value is a `? :`, that is what all branches that lead to the case have in common. None if
    no branch does.
    """
    match value:
        case Conditional(condition, then, otherwise):
            sides = (then, True), (otherwise, False)
            ways = [
                by_ways(side, text, case, known.assuming(condition, text, holds))
                for side, holds in sides
            ]
            left = [way for way in ways if way is not None]
            return reduce(Known.common, left) if left else None
        case Literal(written):
            return known if (label_of(written) in case.labels) != case.others else None
        case _ if case.others:
            return known.plus((), strict(value))
        case _:
            leads = leads_to(value, case.labels[0])
            return known.plus((), (*strict(value), *proven(leads, True)))


def may_come_to(output: Template | None, way: Steps, limit: Limit) -> bool:
    """Can the value at a way in the output of a case be within a limit?"""
    for part in way:
        if isinstance(output, MapOf):
            output = dict(output.entries).get(str(part))
        elif isinstance(output, Constant) and isinstance(output.value, dict):
            if str(part) not in output.value:
                return False
            output = Constant(output.value[str(part)])
        else:
            return True
    return not isinstance(output, Constant) or limit.fulfilled_by(output.value)


def _limits(value: Expr, known: Known) -> Iterator[Limit]:
    """The limits on a value, if it is a path."""
    subject = way_of(value)
    if subject[0] and None not in subject[1]:
        for limit in known.limits:
            if (limit.subject.root, limit.subject.way) == subject and not limit.subject.size:
                yield limit


def _equal(value: Expr, text: str, one: str | int) -> str:
    """The fact that a value equals another."""
    return f"{shown(value, text)}=={as_fact(json.dumps(one, ensure_ascii=False))}"
