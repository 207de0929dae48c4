"""How many calls a run makes at least if it succeeds, and what it takes from a meter, worked out before it runs.

Nothing fails, no step with a `when` takes place, a switch takes its cheapest case and a loop ends
in its first iteration. Lists are empty, or else as long as they may be; those inside of another are
empty even then, since hardly all of them are long at once. What a `catch` for `budget_exceeded` would take
the place of is not counted: its author has thought of that. One for `any` need not mean it.
"""

from collections.abc import Iterator
from math import ceil

from msgspec import Struct
from msgspec.structs import replace

from agentflow.plan.lists import most_items
from agentflow.plan.steps import CallPlan, Plan, ScopePlan, StepPlan
from agentflow.plan.types import Types
from agentflow.spec.templates import Constant

_METERS = "meters."


class Least(Struct, frozen=True):
    """So much of a quantity, and the step that takes most of it; None if there is none."""

    amount: float = 0
    step: StepPlan | None = None


def least_of_run(plan: Plan, what: str, *, full: bool) -> Least:
    """What a run takes of `calls` or `meters.NAME`; with `full`, all its lists are as long as they may be."""
    return _Sums(what, full, Types(plan), {}).of_scope(plan.root)


def least_of_step(plan: Plan, step: StepPlan, what: str, *, full: bool) -> Least:
    """What a step of a plan that takes place takes of it, for all its items together."""
    return _Sums(what, full, Types(plan), {}).of_step(step)


def least_of_round(plan: Plan, loop: StepPlan, what: str) -> float:
    """What an iteration of a loop takes of it, if no list inside has any item."""
    return _Sums(what, False, Types(plan), {}).of_scope(loop.body).amount


def least_charges(call: CallPlan) -> dict[str, float]:
    """What each call with these terms takes from the meters, as `meters.NAME`, whatever its input is."""
    return {
        _METERS + name: float(charge.value)
        for name, charge in call.charges.items()
        if isinstance(charge, Constant)
        and isinstance(charge.value, int | float)
        and not isinstance(charge.value, bool)
    }


def _least_of_calls(step: StepPlan, what: str) -> float:
    """What one call of a step takes, of whichever of its agents it is."""
    if what == "calls":
        return 1
    calls = step.among.values() if step.dispatch is not None else (step.call,)
    return min((least_charges(call).get(what, 0) for call in calls if call), default=0)


#: Of pipelines inside, which are looked at once, with full lists and without.
_Known = dict[tuple[int, bool], Least]


class _Sums(Struct, frozen=True):
    """What the steps of one plan take of `what`; `types` are those of the plan."""

    what: str
    full: bool
    types: Types
    known: _Known

    def of_scope(self, scope: ScopePlan | None) -> Least:
        if scope is None:
            return Least()
        certain = (step for step in scope.steps if step.when is None and not copes(step))
        return _sum(map(self.of_step, certain))

    def of_step(self, step: StepPlan) -> Least:
        inner = self if step.for_each is None else replace(self, full=False)
        once, turns = inner._once(step), self._turns(step)
        # Seen from outside, what is inside of a `for_each` is that step.
        return Least(once.amount * turns, once.step if step.for_each is None else step)

    def _once(self, step: StepPlan) -> Least:
        if step.kind == "agent":
            return Least(_least_of_calls(step, self.what), step)
        if step.nested is not None:
            plan = step.nested.plan
            key = (id(plan), self.full)
            if key not in self.known:
                self.known[key] = replace(self, types=Types(plan)).of_scope(plan.root)
            return Least(self.known[key].amount, step)
        if step.kind == "switch":
            cases = [*step.cases.values(), *([step.default] if step.default else ())]
            found = map(self.of_scope, cases)
            return min(found, key=lambda least: least.amount, default=Least())
        return self.of_scope(step.body)

    def _turns(self, step: StepPlan) -> int:
        for_each = step.for_each
        if for_each is None:
            return 1
        written = isinstance(for_each.over, Constant) and isinstance(for_each.over.value, list)
        count = most_items(step, self.types) if self.full or written else 0
        if for_each.min_success is None:
            return count
        if isinstance(for_each.min_success, int):
            return min(count, for_each.min_success)
        return ceil(round(for_each.min_success * count, 9))


def copes(step: StepPlan) -> bool:
    """Does something follow if the budget refuses it?"""
    action = step.catch.get("budget_exceeded")
    return action is not None and action.action != "fail"


def _sum(found: Iterator[Least]) -> Least:
    each = list(found)
    most = max(each, key=lambda least: least.amount, default=Least())
    return Least(sum(least.amount for least in each), most.step)
