"""The idempotency keys of a plan: what stands in them, and what they vary with."""

from collections.abc import Iterator

from agentflow.plan.looks import enclosing
from agentflow.plan.steps import Path, Plan, StepPlan, Use
from agentflow.spec.templates import Constant

#: Words for what differs from attempt to attempt, as they stand in other languages.
_ATTEMPT = frozenset({"attempt", "attempts", "retry", "retries", "tries", "try_number"})
_TIME = frozenset({"now", "time", "timestamp", "date", "today", "started", "started_at", "clock"})
_CHANCE = frozenset({"random", "rand", "uuid", "uuid4", "nonce", "chance"})


class Keys:
    """The references of a plan by where they stand, for questions about keys."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._uses: dict[Path, list[Use]] = {}
        for use in plan.uses:
            self._uses.setdefault(use.path, []).append(use)

    def __iter__(self) -> Iterator[StepPlan]:
        """The steps that have a key which could be read."""
        for step in self._plan.steps.values():
            if step.call is not None and step.call.key not in (None, Constant(None)):
                yield step

    def uses(self, step: StepPlan) -> list[Use]:
        """The references in the key of a step."""
        return self._uses.get((*step.path, "idempotency_key"), [])

    def same_for_all(self, step: StepPlan) -> StepPlan | None:
        """The innermost `for_each` around or on a step whose items certainly share the key.

        A reference to a step inside the `for_each` may differ from item to item, whatever that
        step is given, so it counts as varying.
        """
        for outer in self._fan_outs(step.address):
            assert outer.for_each is not None
            if outer.for_each.max == 1:
                continue
            if not any(self._varies(use, step.address, outer) for use in self.uses(step)):
                return outer
        return None

    def _fan_outs(self, place: str) -> Iterator[StepPlan]:
        """The `for_each` steps that an expression of the step at `place` stands in."""
        for at in enclosing(place):
            step = self._plan.steps.get(at)
            if step is not None and step.for_each is not None:
                yield step

    def _varies(self, use: Use, place: str, outer: StepPlan) -> bool:
        """May a reference that stands at `place` differ from item to item of `outer`?"""
        if use.target is not None:
            return use.target.startswith(f"{outer.address}/")
        bound = self._binding(use.reference.root, place)
        if bound is None or bound is outer:
            return bound is outer
        if use.reference.root == "index" or not bound.address.startswith(f"{outer.address}/"):
            return False
        over = self._uses.get((*bound.path, "for_each", "over"), [])
        outside = bound.address.rpartition("/")[0]
        return any(self._varies(inner, outside, outer) for inner in over)

    def _binding(self, root: str, place: str) -> StepPlan | None:
        """The `for_each` whose item or index a name stands for."""
        for step in self._fan_outs(place):
            assert step.for_each is not None
            if root in ("item", "index", *step.for_each.names):
                return step
        return None


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
