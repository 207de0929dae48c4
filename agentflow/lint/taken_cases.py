"""Which cases of a switch a condition on what it chooses by lets through."""

import json
from collections.abc import Iterator

from agentflow.lint.conditions import Fact, as_fact, facts, shown
from agentflow.lint.known import Known
from agentflow.plan.cases import label_of, values_of_label
from agentflow.plan.limits import Limit
from agentflow.plan.schemas import Contract, values_of
from agentflow.spec.cel.logic import way_of
from agentflow.spec.cel.syntax import Expr


def chosen(value: Expr, text: str, label: str, truth: bool) -> list[Fact]:
    """What holds in a case, or with `truth` false where its label was not the one."""
    found = list[Fact]()
    for one in values_of_label(label):
        if isinstance(one, bool):
            found += facts(value, text, truth == one)
        else:
            found.append((_equal(value, text, one), truth))
    return found


def may_be_taken(value: Expr, text: str, label: str, known: Known) -> bool:
    """Can a switch over a value, parsed from a text, have taken a case where this is known?"""
    if any((fact, not truth) in known.facts for fact, truth in chosen(value, text, label, True)):
        return False
    limits = list(_limits(value, known))
    return any(all(limit.fulfilled_by(one) for limit in limits) for one in values_of_label(label))


def may_be_default(
    value: Expr, text: str, labels: frozenset[str], known: Known, come_to: Contract
) -> bool:
    """The same for the default, which is for what is none of the labels.

    `come_to` is what the value can be.
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


def _limits(value: Expr, known: Known) -> Iterator[Limit]:
    """The limits on a value, if it is a path."""
    subject = way_of(value)
    if subject[0] and None not in subject[1]:
        for limit in known.limits:
            if (limit.subject.root, limit.subject.way) == subject and not limit.subject.size:
                yield limit


def _equal(value: Expr, text: str, one: str | int) -> str:
    """That a value is this one, as a fact."""
    return f"{shown(value, text)}=={as_fact(json.dumps(one, ensure_ascii=False))}"
