"""The idempotency keys of a plan: what they are made of, and whether that varies."""

from collections.abc import Iterable, Iterator

from agentflow.plan.address import enclosing
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.document import Path
from agentflow.spec.templates import UNREAD

#: Names in other languages for what differs from attempt to attempt.
_ATTEMPT = frozenset({"attempt", "attempts", "retry", "retries", "tries", "try_number"})
_TIME = frozenset({"now", "time", "timestamp", "date", "today", "started", "started_at", "clock"})
_CHANCE = frozenset({"random", "rand", "uuid", "uuid4", "nonce", "chance"})


class Keys:
    """The references of a plan by their place, for questions about keys."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._uses: dict[Path, list[Use]] = {}
        for use in plan.uses:
            self._uses.setdefault(use.path, []).append(use)

    def __iter__(self) -> Iterator[StepPlan]:
        """The steps with a key that could be parsed."""
        for step in self._plan.steps.values():
            if step.call is not None and step.call.key not in (None, UNREAD):
                yield step

    def uses(self, step: StepPlan) -> list[Use]:
        """The references in the key of a step."""
        return self._uses.get((*step.path, "idempotency_key"), [])

    def go_by(self, step: StepPlan, other: StepPlan) -> bool:
        """Does the `when` of a step read another step?"""
        uses = self._uses.get((*step.path, "when"), ())
        return any(use.target == other.address for use in uses)

    def same_for_all(self, step: StepPlan) -> StepPlan | None:
        """The innermost `for_each` or loop around a step whose rounds certainly share the key.

        A reference to a step inside may differ from round to round, whatever that step is given,
        so it counts as varying.
        """
        for outer in repeating(self._plan, step.address):
            if not self.varying(self.uses(step), step.address, outer):
                return outer
        return None

    def varying(self, uses: Iterable[Use], place: str, outer: StepPlan) -> bool:
        """May any of these references at `place` differ from round to round of `outer`?"""
        return any(self._varies(use, place, outer) for use in uses)

    def _varies(self, use: Use, place: str, outer: StepPlan) -> bool:
        """May a reference that stands at `place` differ from round to round of `outer`?"""
        if use.target is not None:
            return _is_inside(use.target, outer)
        bound = self._binding(use.reference.root, place)
        if bound is None or bound is outer:
            return bound is outer
        if not _is_inside(bound.address, outer):
            return False
        if use.reference.root == "index" or use.reference.path[:1] == ("index",):
            return False  # it begins anew in each round of `outer`
        begins = ("for_each", "over") if bound.for_each is not None else ("loop", "state")
        outside = bound.address.rpartition("/")[0]
        written = (*bound.path, *begins)
        uses = (uses for path, uses in self._uses.items() if path[: len(written)] == written)
        return any(self._varies(inner, outside, outer) for each in uses for inner in each)

    def _binding(self, root: str, place: str) -> StepPlan | None:
        """The `for_each` or loop whose item, index or state a name stands for."""
        for at in enclosing(place):
            step = self._plan.steps.get(at)
            if step is None:
                continue
            if step.for_each is not None and root in ("item", "index", *step.for_each.names):
                return step
            if step.loop is not None and root == "loop" and at != place:
                return step
        return None


def _is_inside(place: str, outer: StepPlan) -> bool:
    return place != outer.address and outer.address in enclosing(place)


def repeating(plan: Plan, place: str) -> Iterator[StepPlan]:
    """The steps at and around a place that repeat what is in them, the innermost first."""
    for at in enclosing(place):
        step = plan.steps.get(at)
        if step is None:
            continue
        if step.loop is not None and step.loop.max > 1 and at != place:
            yield step
        if step.for_each is not None and step.for_each.max > 1:
            yield step


def is_conditional(plan: Plan, step: StepPlan, outer: StepPlan) -> bool:
    """Is there a condition on a step within a round of what repeats it?"""
    for at in enclosing(step.address):
        if at == outer.address:
            return step is outer and step.for_each is None
        around = plan.steps.get(at)
        if around is not None and (around.when is not None or around.switch is not None):
            return True
    return False


def passing(plan: Plan, use: Use) -> str | None:
    """What a reference in a key names that no two attempts share: its word, or None.

    The language has no such names. Whoever writes one in a key means something worse than an
    unknown name.
    """
    step = plan.steps.get(use.reader)
    if step is None or use.path != (*step.path, "idempotency_key"):
        return None
    root, path = use.reference.root, use.reference.path
    word = str(path[0]) if root in ("run", "step") and path else root
    if root in use.locals or root in ("inputs", "steps"):
        return None
    return word if word in _ATTEMPT | _TIME | _CHANCE else None
