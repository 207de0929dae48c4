"""Which steps of a plan come after which, through groups as well."""

from collections.abc import Iterator

from agentflow.lint.conditions import facts, shown
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.logic import Comparison, compared, together
from agentflow.spec.cel.syntax import Expr, Literal
from agentflow.spec.expressions import references

#: What means the same in all conditions of one scope.
_COMMON = frozenset({"inputs", "loop", "run", "steps"})


class Order:
    """What waits for what in a plan; it is worked out once for each step."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._before: dict[str, frozenset[str]] = {}

    def comes_after(self, step: StepPlan, other: StepPlan) -> bool:
        """Does a step start only after another has ended, or is it inside the other?"""
        around = frozenset(enclosing(other.address))
        return any(around & self._awaited(at) for at in enclosing(step.address) if at)

    def exclude(self, step: StepPlan, other: StepPlan) -> bool:
        """Are two steps in different cases of one switch, or behind conditions that never both hold?"""
        if self._never_both(step, other):
            return True
        for at, inside in _ways(step.address):
            whole = self._plan.steps.get(at)
            if whole is None or whole.kind != "switch":
                continue
            for around, case in _ways(other.address):
                if around == at and case != inside:
                    return True
        return False

    def _never_both(self, step: StepPlan, other: StepPlan) -> bool:
        """Does one condition ask for what another in the same scope rules out?"""
        conditions = {address.parent(at): when for at, when in self._conditions(step)}
        return any(
            (same := conditions.get(address.parent(at))) is not None and _contradict(same, when)
            for at, when in self._conditions(other)
        )

    def _conditions(self, step: StepPlan) -> Iterator[tuple[str, dict[str, object]]]:
        """What the conditions on the way to a step ask, each with the address that it is read at."""
        for at in enclosing(step.address):
            around = self._plan.steps.get(at)
            if around is not None and around.when is not None:
                yield at, dict(_asked(around.when, around.when_text))

    def _awaited(self, at: str) -> frozenset[str]:
        """The steps of its own scope that have ended before a step starts."""
        known = self._before.get(at)
        if known is not None:
            return known
        found: set[str] = set()
        pending = [at]
        while pending:
            here = pending.pop()
            step = self._plan.steps.get(here)
            scope = address.parent(here) or ""
            for name in step.upstream if step is not None else ():
                before = address.child(scope, name)
                if before not in found:
                    found.add(before)
                    pending.append(before)
        self._before[at] = frozenset(found)
        return self._before[at]


def _ways(at: str) -> Iterator[tuple[str, str]]:
    """Each address around another one, with the next on the way to it."""
    places = list(enclosing(at))
    yield from zip(places[1:], places, strict=False)


def _asked(when: Expr, text: str) -> Iterator[tuple[str, object]]:
    """What a condition compares or tests, and what that has to come to; nothing of the items of a list."""
    if any(one.root not in _COMMON for one in references(when)):
        return
    yield from facts(when, text, True)
    for part, holds in together(when, True):
        match compared(part, holds):
            case Comparison(one, "==", Literal(str() | int() as value)):
                yield shown(one, text), value


def _contradict(one: dict[str, object], other: dict[str, object]) -> bool:
    return any(name in other and other[name] != value for name, value in one.items())
