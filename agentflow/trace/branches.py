"""The spans of a run by their addresses, and how they come to be: as decisions name them."""

from msgspec import Struct, field

from agentflow.core import events
from agentflow.plan import address
from agentflow.plan.calls import call_of, step_at
from agentflow.plan.steps import CallPlan, Plan, ScopePlan, StepPlan
from agentflow.trace.spans import Span


class Branches(Struct):
    """The tree of a run. `steps` are its outermost spans, `keys` the names of items of lists.

    What a step holds is hung in when the run comes to it: the steps of a scope all at once, items
    one by one as they are first heard of.
    """

    plan: Plan
    steps: dict[str, Span] = field(default_factory=dict)
    keys: dict[str, tuple[str | int, ...]] = field(default_factory=dict)
    _by_address: dict[str, Span] = field(default_factory=dict)

    def step_plan(self, at: str) -> StepPlan:
        """The step that an address leads to."""
        return step_at(self.plan, at)[1]

    def call_of(self, span: Span) -> CallPlan | None:
        """What a step calls, if it calls one of its agents."""
        return call_of(self.step_plan(span.address), span.agent)

    def span(self, at: str) -> Span:
        """The span of an address; that of an item is made when it is first heard of."""
        span = self._by_address.get(at)
        if span is None:
            outer = address.parent(at)
            assert outer is not None
            span = self._by_address[at] = Span(at)
            if keys := self.keys.get(outer):
                span.item = str(keys[int(span.name[1:-1])])
            self.span(outer).children[at] = span
        return span

    def add_scope(self, scope: ScopePlan, at: str, into: dict[str, Span]) -> None:
        """The steps of a scope, none of which has begun."""
        for step in scope.steps:
            inner = address.child(at, step.id)
            into[inner] = self._by_address[inner] = Span(
                inner,
                agent=step.call.agent if step.call and step.dispatch is None else None,
                pipeline=step.nested.plan.file if step.nested else None,
            )

    def add_tasks(self, span: Span, decision: events.AssignTasks) -> None:
        """The tasks of a plan that has been accepted."""
        delegate = self.step_plan(decision.step).delegate
        assert delegate is not None
        for task in decision.tasks:
            at = address.task(decision.step, task["worker"], task["id"])
            inner = Span(at, agent=delegate.workers[task["worker"]].agent)
            span.children[at] = self._by_address[at] = inner

    def add_calls(self, span: Span, decision: events.CallTools) -> None:
        """The calls of tools that a model asks for in a turn, but for those that are refused."""
        span.turns = decision.turn
        call = self.call_of(span)
        for number, asked in enumerate(decision.calls, 1):
            if "refused" in asked:
                name = asked["tool"]
                text = f"turn {decision.turn}: '{name}' refused: {asked['refused']}"
                span.notes.append(text)
                span.refused.append(text)
                continue
            assert call is not None
            at = address.tool_call(decision.step, asked["tool"], decision.turn, number)
            tool = call.tools[asked["tool"]].step
            span.children[at] = self._by_address[at] = Span(at, agent=tool.agent)

    def add_case(self, span: Span, decision: events.TakeCase) -> None:
        """The steps of the case that a switch takes."""
        step = self.step_plan(decision.step)
        if decision.case is None:
            at, plan = address.default_case(decision.step), step.default
        else:
            at, plan = address.child(decision.step, decision.case), step.cases[decision.case]
        assert plan is not None
        span.case = decision.case if decision.case is not None else "default"
        self.add_scope(plan, at, span.children)
