"""Which steps of a plan come after which, through groups as well."""

from collections.abc import Iterator

from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.steps import Plan, StepPlan


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
        """Are two steps in different cases of one switch?"""
        for at, inside in _ways(step.address):
            whole = self._plan.steps.get(at)
            if whole is None or whole.kind != "switch":
                continue
            for around, case in _ways(other.address):
                if around == at and case != inside:
                    return True
        return False

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
