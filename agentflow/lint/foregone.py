"""What the parts of a condition come to wherever a step runs, by the `when` of that step."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from agentflow.lint.conditions import shown
from agentflow.lint.macro_variables import Variables
from agentflow.lint.rule import Context
from agentflow.plan import address
from agentflow.plan.numbers import (
    Range,
    fulfilling,
    is_within,
    meet,
    number_of,
    range_of_expression,
)
from agentflow.plan.steps import StepPlan
from agentflow.spec.cel.logic import TURNED, compared, together
from agentflow.spec.cel.syntax import BinaryOperator, Expr

#: The sides of a comparison as they are written, and how they compare.
_Compared: TypeAlias = tuple[str, str, BinaryOperator]
#: What else holds of two sides that compare so.
_IMPLIED: Mapping[BinaryOperator, frozenset[BinaryOperator]] = {
    "<": frozenset({"<", "<=", "!="}),
    ">": frozenset({">", ">=", "!="}),
    "==": frozenset({"==", "<=", ">="}),
    "<=": frozenset({"<="}),
    ">=": frozenset({">="}),
    "!=": frozenset({"!="}),
}


class Foregone:
    """What a condition of `reader` comes to wherever another step of its scope runs."""

    def __init__(self, context: Context, runs: StepPlan, reader: StepPlan) -> None:
        self._guards = context.guards
        self._known = context.guards.condition(runs)
        self._text = reader.when_text
        self._place = address.parent(reader.address) or ""
        self._scope = Variables(context.types, self._place)
        self._said = frozenset(_comparisons(runs))
        self._spans = dict[str, Range]()
        for part, holds in together(runs.when, True) if runs.when is not None else ():
            asked = compared(part, holds)
            number = number_of(asked.other) if asked is not None else None
            if asked is not None and number is not None and asked.operator != "!=":
                text, span = shown(asked.one, runs.when_text), fulfilling(asked.operator, number)
                self._spans[text] = meet(self._spans.get(text, Range()), span)

    def comes_to(self, part: Expr) -> bool | None:
        """What a part comes to; None if that depends."""
        return next((truth for truth in (True, False) if self._follows(part, truth)), None)

    def partly(self, part: Expr) -> bool:
        """Is a part a comparison of a number that holds for some of the numbers there can be?"""
        asked, left = compared(part), self._left(part)
        number = number_of(asked.other) if asked is not None else None
        if asked is None or left is None or number is None or asked.operator in ("==", "!="):
            return False
        return (
            shown(asked.one, self._text) in self._spans
            and not meet(left, fulfilling(asked.operator, number)).is_empty
        )

    def _follows(self, part: Expr, truth: bool) -> bool:
        if self._guards.settled(part, self._text, truth, self._place, self._known):
            return True
        asked = compared(part, truth)
        if asked is None:
            return False
        one, other = shown(asked.one, self._text), shown(asked.other, self._text)
        if (one, other, asked.operator) in self._said:
            return True
        left, number = self._left(part), number_of(asked.other)
        return (
            left is not None
            and number is not None
            and asked.operator not in ("==", "!=")
            and is_within(left, fulfilling(asked.operator, number))
        )

    def _left(self, part: Expr) -> Range | None:
        """The numbers that there can be where a part compares one; None if that is not known."""
        asked = compared(part)
        if asked is None:
            return None
        domain = range_of_expression(asked.one, self._scope.of)
        span = self._spans.get(shown(asked.one, self._text))
        if domain is None or span is None:
            return domain or span
        return meet(domain, span)


def _comparisons(step: StepPlan) -> Iterator[_Compared]:
    """What the `when` of a step says of two sides, and what else holds then, both ways round."""
    for part, holds in together(step.when, True) if step.when is not None else ():
        asked = compared(part, holds)
        if asked is not None:
            one, other = (shown(side, step.when_text) for side in (asked.one, asked.other))
            for operator in _IMPLIED[asked.operator]:
                yield one, other, operator
                yield other, one, TURNED[operator]
