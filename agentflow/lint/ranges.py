"""Conditions on numbers that can never be true, or never false, given the contracts of the numbers.

Each number lies in a range: that of its contract, or of the length of a text or list. A condition
is split into the comparisons that all have to hold, and each of them narrows the range of what it
compares with a number. If nothing is left, the condition cannot hold. The range of a sum or a
difference is that of any two numbers in their ranges: it is not known how two values that are read
depend on each other.

People test whether something is empty out of caution, even if the contract says that it never is.
So for something that is never empty, only a test that it is empty counts, not one that it is not.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from agentflow.lint.conditions import shown
from agentflow.lint.macro_variables import Variables
from agentflow.plan.numbers import (
    Range,
    combined,
    fulfilling,
    meet,
    number_of,
    range_of_expression,
    size_of,
)
from agentflow.spec.cel.logic import TURNED, Comparison, compared, together
from agentflow.spec.cel.syntax import (
    Binary,
    BinaryOperator,
    Call,
    Comprehension,
    Expr,
    ListLiteral,
    Literal,
    Path,
)
from agentflow.spec.wording import quoted


class Impossible(Struct, frozen=True):
    """Why a condition cannot come to what was asked: `part` of it, and in words."""

    part: Expr
    why: str


def impossible(
    condition: Expr,
    text: str,
    scope: Variables,
    *,
    truth: bool,
    careful: bool = True,
    given: Iterable[tuple[Expr, bool]] = (),
) -> Impossible | None:
    """Why a condition never comes to `truth`; None if it may. `text` is what it was parsed from.

    If it is not `careful`, what is never empty counts. `given` is what others have come to before.
    """
    conditions, left = _Conditions(scope, text, careful), dict[str, Range]()
    for other, came_to in given:
        for part, holds in together(other, came_to):
            asked = compared(part, holds)
            if asked is not None and conditions.used_up(asked, left) is not None:
                return None  # nothing comes as far as here, whatever is asked
    return conditions.impossible(condition, truth, left)


class _Conditions(Struct, frozen=True):
    """The conditions of one text."""

    scope: Variables
    text: str
    careful: bool

    def impossible(
        self, condition: Expr, truth: bool, before: Mapping[str, Range] | None = None
    ) -> Impossible | None:
        """`before` is what conditions around this one have left of what they compare."""
        before = before or {}
        left = dict(before)
        for part, holds in together(condition, truth):
            match part:
                case Binary("&&" | "||", one, other):  # of which one is enough
                    first = self.impossible(one, holds)
                    if first is not None and self.impossible(other, holds) is not None:
                        return Impossible(part, first.why)
                case Comprehension("exists" | "exists_one", _, _, body) if holds:
                    found = replace(self, scope=self.scope.inside(part)).impossible(body, True)
                    if found is not None:
                        return found
                case _ if (asked := compared(part, holds)) is not None:
                    why = self._outside(asked)
                    if why is not None:
                        return Impossible(part, why)
                    name = self.used_up(asked, left)
                    if name is not None:
                        why = f"{'no' if truth else 'every'} {quoted(name)} fulfils this"
                        rest = before.get(shown(asked.one, self.text))
                        why = why if rest is None else f"{quoted(name)} is {rest} here"
                        return Impossible(condition, why)
        return None

    def _outside(self, asked: Comparison) -> str | None:
        """Why a comparison never holds by itself."""
        if not self.careful and asked.operator == "==" and _is_empty(asked.other):
            measured = self.scope.of(asked.one) if isinstance(asked.one, Path) else None
            size = size_of(measured) if measured is not None else None
            if size is not None and size.low > 0:
                return f"{quoted(self.text[asked.one.start : asked.one.end])} is never empty"
        this, that = self.range(asked.one), self.range(asked.other)
        if this is None or that is None or _can_hold(asked.operator, this, that):
            return None
        read = [
            f"{quoted(self.text[side.start : side.end])} is {span}"
            for side, span in ((asked.one, this), (asked.other, that))
            if number_of(side) is None
        ]
        return " and ".join(read) or None

    def used_up(self, asked: Comparison, left: dict[str, Range]) -> str | None:
        """What is compared, if those comparisons before it have `left` nothing of its range."""
        number, span = number_of(asked.other), self.range(asked.one)
        if number is None or span is None:
            return None
        name = shown(asked.one, self.text)
        left[name] = meet(left.get(name, span), fulfilling(asked.operator, number))
        return self.text[asked.one.start : asked.one.end] if left[name].is_empty else None

    def range(self, expr: Expr) -> Range | None:
        if isinstance(expr, Binary):
            return combined(expr.operator, self.range(expr.left), self.range(expr.right))
        found = range_of_expression(expr, self.scope.of)
        sized = isinstance(expr, Call) and expr.function == "size"
        return replace(found, low=0) if found is not None and sized and self.careful else found


def _is_empty(expr: Expr) -> bool:
    return expr == Literal("", expr.start, expr.end) or expr == ListLiteral(
        (), expr.start, expr.end
    )


def _can_hold(operator: BinaryOperator, one: Range, other: Range) -> bool:
    if operator in (">", ">="):
        return _can_hold(TURNED[operator], other, one)
    if operator == "==":
        return not meet(one, other).is_empty
    if operator == "!=":
        return not one.low == one.high == other.low == other.high
    closed = not (one.low_open or other.high_open)
    return one.low < other.high or (operator == "<=" and one.low == other.high and closed)
