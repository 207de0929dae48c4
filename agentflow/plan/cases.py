"""The cases of a `switch`: which values lead to each of them, as a condition too.

A value leads to the case of its label: a text to the same text, an integer or a boolean to its JSON
text. A value without a case leads to the `default`.
"""

import re
from collections.abc import Iterator
from functools import reduce

from msgspec import Struct

from agentflow.plan import address
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.syntax import Binary, Expr, Literal, Unary
from agentflow.spec.templates import Whole
from agentflow.spec.wording import quoted

#: An integer in JSON; with more digits it would not fit into 64 bits.
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")


class Case(Struct, frozen=True):
    """What the value of a switch has to be: one of the labels, or with `others` none of them."""

    switch: StepPlan
    labels: tuple[str, ...]
    others: bool

    @property
    def value(self) -> Expr | None:
        """The expression that the switch is over; None if that is a constant or a composed text."""
        return self.switch.switch.expr if isinstance(self.switch.switch, Whole) else None

    def conditions(self, value: Expr) -> Iterator[Expr]:
        """The conditions that hold for a value that leads here."""
        for label in self.labels:
            named = leads_to(value, label)
            yield Unary("!", named, 0, 0) if self.others else named


def case_at(plan: Plan, at: str) -> Case | None:
    """The case with this address; None if there is none."""
    switch = plan.steps.get(address.parent(at) or "") if at not in plan.steps else None
    if switch is None or switch.switch is None:
        return None
    others = at == address.default_case(switch.address)
    return Case(switch, tuple(switch.cases) if others else (address.name(at),), others)


def in_words(case: Case) -> str:
    """A case as messages name it."""
    label = "the default" if case.others else f"case {quoted(case.labels[0])}"
    return f"{label} of {quoted(case.switch.id)}"


def label_of(value: object) -> str | None:
    """The label of the case that a value leads to; None if a switch cannot take the value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | str) else None


def values_of_label(label: str) -> Iterator[str | int]:
    """The values that lead to a case."""
    yield label
    if label in ("true", "false"):
        yield label == "true"
    elif _INTEGER.fullmatch(label):
        yield int(label)


def leads_to(value: Expr, label: str) -> Expr:
    """The condition that a value leads to the case of a label."""
    each = (_is(value, one) for one in values_of_label(label))
    return reduce(lambda one, other: Binary("||", one, other, 0, 0), each)


def _is(value: Expr, one: str | int) -> Expr:
    """The condition that a value is this one; a boolean value is a condition by itself."""
    if isinstance(one, bool):
        return value if one else Unary("!", value, 0, 0)
    return Binary("==", value, Literal(one, 0, 0), 0, 0)
