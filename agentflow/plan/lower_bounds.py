"""The fewest calls of a run that succeeds, and what they use at least, worked out beforehand.

Nothing fails, no step with a `when` runs, a switch takes its cheapest case and a loop ends after
one iteration. Lists are empty, or else as long as they may be; lists inside lists are empty even
then, since hardly all of them are long at once. What a `catch` for `budget_exceeded` replaces is
not counted, because its author has thought of that. A `catch` for `any` need not mean it.
"""

from collections.abc import Callable, Iterator
from functools import partial
from math import ceil
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentflow.plan.amounts import METERS
from agentflow.plan.charges import charges_of
from agentflow.plan.list_lengths import most_items
from agentflow.plan.prompts import passed_by
from agentflow.plan.steps import CallPlan, Plan, ScopePlan, StepPlan
from agentflow.plan.types import Types
from agentflow.spec.templates import Constant

#: What one call of a step takes at least; the types are those of the step's plan.
TakenByCall: TypeAlias = Callable[[Plan, StepPlan, CallPlan, Types], float]


class Least(Struct, frozen=True):
    """An amount of a quantity, and the step that takes most of it, if any does."""

    amount: float = 0
    step: StepPlan | None = None


def least_of_run(plan: Plan, what: str | TakenByCall, *, full: bool) -> Least:
    """What a run takes of `calls`, `meters.NAME` or anything else that a call takes.

    With `full`, all its lists are as long as they may be.
    """
    return _sums(plan, what, full=full).of_scope(plan.root)


def least_of_step(plan: Plan, step: StepPlan, what: str | TakenByCall, *, full: bool) -> Least:
    """What a step of a plan that takes place takes of it, for all its items together."""
    return _sums(plan, what, full=full).of_step(step)


def least_with(plan: Plan, what: str) -> Iterator[tuple[StepPlan, float]]:
    """The steps with a `when` that other than these none is around, and what a run with each takes.

    Those are left out after whose failure something else follows.
    """
    sums = _sums(plan, what, full=False)
    least = sums.of_scope(plan.root).amount
    pending = [plan.root]
    while pending:
        for step in pending.pop().steps:
            if copes(step) or "any" in step.catch:
                continue
            if step.when is not None:
                yield step, least + sums.of_step(step).amount
            elif step.kind == "group" and step.for_each is None and step.body is not None:
                pending.append(step.body)


def least_of_round(plan: Plan, loop: StepPlan, what: str | TakenByCall) -> float:
    """What an iteration of a loop takes of it, if no list inside has any item."""
    return _sums(plan, what, full=False).of_scope(loop.body).amount


def least_charges(plan: Plan, step: StepPlan, call: CallPlan, types: Types) -> dict[str, float]:
    """What each call of a step uses of the meters at least, as `meters.NAME`, for any input."""
    passed = passed_by(call, step.address, types) if call.charges else None
    charges = charges_of(plan, call, passed)
    return {METERS + name: span.low for name, span in charges.items()}


def _taken(what: str, plan: Plan, step: StepPlan, call: CallPlan, types: Types) -> float:
    return 1 if what == "calls" else least_charges(plan, step, call, types).get(what, 0)


def _sums(plan: Plan, what: str | TakenByCall, *, full: bool) -> "_Sums":
    of_call = partial(_taken, what) if isinstance(what, str) else what
    return _Sums(of_call, full, plan, Types(plan), {})


#: Of pipelines inside, which are looked at once, with full lists and without.
_Known = dict[tuple[int, bool], Least]


class _Sums(Struct, frozen=True):
    """What the steps of one plan take, by what each call takes; `types` are those of the plan."""

    of_call: TakenByCall
    full: bool
    plan: Plan
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
        # Seen from outside, everything inside a `for_each` belongs to that step.
        return Least(once.amount * turns, once.step if step.for_each is None else step)

    def _once(self, step: StepPlan) -> Least:
        if step.kind == "agent":
            return Least(self._of_calls(step), step)
        if step.nested is not None:
            plan = step.nested.plan
            key = (id(plan), self.full)
            if key not in self.known:
                self.known[key] = replace(self, plan=plan, types=Types(plan)).of_scope(plan.root)
            return Least(self.known[key].amount, step)
        if step.kind == "switch":
            cases = [*step.cases.values(), *([step.default] if step.default else ())]
            found = map(self.of_scope, cases)
            return min(found, key=lambda least: least.amount, default=Least())
        return self.of_scope(step.body)

    def _of_calls(self, step: StepPlan) -> float:
        """What one call of a step takes, of whichever of its agents it is."""
        calls = step.among.values() if step.dispatch is not None else (step.call,)
        found = (self.of_call(self.plan, step, call, self.types) for call in calls if call)
        return min(found, default=0)

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
    """Does a `catch` handle it if the budget refuses the step?"""
    action = step.catch.get("budget_exceeded")
    return action is not None and action.action != "fail"


def _sum(found: Iterator[Least]) -> Least:
    each = list(found)
    most = max(each, key=lambda least: least.amount, default=Least())
    return Least(sum(least.amount for least in each), most.step)
