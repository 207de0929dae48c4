"""What parts of one step's condition evaluate to whenever another step runs, given its `when`."""

from collections.abc import Iterator
from typing import TypeAlias

from agentflow.lint.conditions import shown
from agentflow.lint.macro_variables import Variables
from agentflow.lint.rule import Context
from agentflow.plan import address
from agentflow.plan.numbers import Range, bound, is_within, meet, range_of_expression
from agentflow.plan.steps import StepPlan
from agentflow.spec.cel.logic import IMPLIED, TURNED, compared, together
from agentflow.spec.cel.syntax import BinaryOperator, Expr

#: The sides of a comparison as they are written, and how they compare.
_Compared: TypeAlias = tuple[str, str, BinaryOperator]


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
            asked = bound(part, holds)
            if asked is not None:
                text = shown(asked.of, runs.when_text)
                self._spans[text] = meet(self._spans.get(text, Range()), asked.span)

    def comes_to(self, part: Expr) -> bool | None:
        """What a part comes to; None if that depends."""
        return next((truth for truth in (True, False) if self._follows(part, truth)), None)

    def partly(self, part: Expr) -> bool:
        """Is a part a comparison of a number that holds for some of the numbers there can be?"""
        asked = bound(part)
        if asked is None or asked.span.low == asked.span.high:
            return False
        left = self._left(asked.of)
        return (
            left is not None
            and shown(asked.of, self._text) in self._spans
            and not meet(left, asked.span).is_empty
        )

    def _follows(self, part: Expr, truth: bool) -> bool:
        if self._guards.settled(part, self._text, truth, self._place, self._known):
            return True
        comparison = compared(part, truth)
        if comparison is None:
            return False
        one, other = (shown(side, self._text) for side in (comparison.one, comparison.other))
        if (one, other, comparison.operator) in self._said:
            return True
        asked = bound(part, truth)
        left = self._left(asked.of) if asked is not None else None
        return asked is not None and left is not None and is_within(left, asked.span)

    def _left(self, expr: Expr) -> Range | None:
        """The numbers that an expression can still come to; None if that is not known."""
        domain = range_of_expression(expr, self._scope.of)
        span = self._spans.get(shown(expr, self._text))
        if domain is None or span is None:
            return domain or span
        return meet(domain, span)


def _comparisons(step: StepPlan) -> Iterator[_Compared]:
    """What the `when` of a step says of two sides, and what else holds then, both ways round."""
    for part, holds in together(step.when, True) if step.when is not None else ():
        asked = compared(part, holds)
        if asked is not None:
            one, other = (shown(side, step.when_text) for side in (asked.one, asked.other))
            for operator in IMPLIED[asked.operator]:
                yield one, other, operator
                yield other, one, TURNED[operator]
