"""How many attempts of a plan can be in flight at a time, at most.

Steps of which one waits for the other never run together. So the steps of a scope are divided into
chains, and the widest step of each chain counts: no set of steps that may run together has two of
one chain (Dilworth, "A decomposition theorem for partially ordered sets", 1950). Chains are built
greedily, so the figure may be too large, but is never too small.
"""

from collections.abc import Mapping

from agentflow.plan.calls import possible_calls
from agentflow.plan.graph import topological_order
from agentflow.plan.list_lengths import most_items
from agentflow.plan.steps import CallPlan, Plan, ScopePlan, StepPlan
from agentflow.plan.types import Types


def width_of(plan: Plan, slots: int) -> int:
    """The most attempts of a plan at a time; items and tasks count as far as there are slots."""
    return _Widths(slots, Types(plan), {}).of_scope(plan.root)


class _Widths:
    """The widths of a plan's parts; each nested pipeline is looked at once."""

    def __init__(self, slots: int, types: Types, known: dict[int, tuple[Plan, int]]) -> None:
        self._slots = slots
        self._types = types
        self._known = known

    def of_scope(self, scope: ScopePlan) -> int:
        """The width of a scope, whose chains may be at work side by side."""
        steps = {step.id: step for step in scope.steps}
        chains: dict[str, int] = {}  # the widest step of each chain, by the chain's last step
        for name in topological_order({name: step.downstream for name, step in steps.items()}):
            width = self._of_step(steps[name])
            before = next((above for above in steps[name].upstream if above in chains), None)
            chains[name] = max(width, chains.pop(before)) if before is not None else width
        return sum(chains.values())

    def _of_step(self, step: StepPlan) -> int:
        """A step, and the agents that people or levels put in its place, which come after it."""
        turns = 1
        if step.for_each is not None:
            turns = min(most_items(step, self._types), step.for_each.parallel or self._slots)
        others = max(map(self._of_call, possible_calls(step)), default=0)
        return turns * max(self._once(step), others)

    def _once(self, step: StepPlan) -> int:
        if step.delegate is not None:
            tasks = min(step.delegate.max_tasks, step.delegate.parallel or self._slots)
            return tasks * self._widest(step.delegate.workers)
        if step.nested is not None:
            return self._of_plan(step.nested.plan)
        return max(map(self.of_scope, step.scopes), default=0)

    def _widest(self, workers: Mapping[str, StepPlan]) -> int:
        return max(map(self._of_step, workers.values()), default=0)

    def _of_plan(self, plan: Plan) -> int:
        if id(plan) not in self._known:
            inside = _Widths(self._slots, Types(plan), self._known)
            self._known[id(plan)] = (plan, inside.of_scope(plan.root))
        return self._known[id(plan)][1]

    def _of_call(self, call: CallPlan) -> int:
        """A model waits while its tools are at work, which may all be called in one turn."""
        tools = call.tools.values()
        return max(1, sum(tool.max_calls * self._of_step(tool.step) for tool in tools))
