"""The tree of a run over time: how its spans begin, are held up, and end."""

from msgspec import field

from agentflow.core import events
from agentflow.core.state import StepStatus
from agentflow.plan import address
from agentflow.trace.branches import Branches
from agentflow.trace.spans import Span


class Progress(Branches):
    """`now` is the time of the last entry.

    `held_up` says why attempts wait for other runs, by the address of their step in the plan, and
    by their own.
    """

    now: float = 0.0
    held_up: dict[str, dict[str, str]] = field(default_factory=dict)

    def begin(self, span: Span) -> None:
        """A step is at work, perhaps once more."""
        span.status = "running"
        span.reason = None
        if span.started is None:
            span.started = self.now

    def end(self, span: Span, status: StepStatus, reason: str | None) -> None:
        """A step is over, and with it the iteration and the question that were open in it."""
        span.status = status
        span.reason = reason
        span.ended = self.now
        self._end_iteration(span)
        outer = self._by_address.get(address.parent(span.address) or "")
        if outer is not None and outer.items is not None:
            outer.through += 1
            span.place = outer.through
        if span.asked and span.asked[-1].closed is None:
            span.asked[-1].close("given up", self.now)

    def count_failure(self, at: str) -> None:
        """Count a failed attempt in the outermost list around its step."""
        outer = address.outermost_list(at)
        if outer is not None:
            self.span(outer).failures += 1

    def hold_up(self, fact: events.AttemptWaits) -> None:
        """An attempt waits for other runs; that is not its time."""
        span = self.span(fact.step)
        span.status, span.reason = "waiting", f"held up: {fact.why}"
        span.held_since = fact.at if span.held_since is None else span.held_since
        self.held_up.setdefault(address.static(fact.step), {})[fact.step] = fact.why

    def admit(self, fact: events.AttemptAdmitted) -> None:
        """Nothing holds an attempt up any more."""
        self.let_go(fact.step)
        span = self.span(fact.step)
        span.status, span.reason = "running", None
        if span.started is not None and span.held_since is not None:
            span.started += fact.at - span.held_since
        span.held_since = None

    def let_go(self, at: str) -> None:
        """Forget that an attempt waited for other runs, if it did."""
        self.held_up.get(address.static(at), {}).pop(at, None)

    def add_iteration(self, span: Span, decision: events.BeginIteration) -> None:
        """A loop goes round, for the first time or again."""
        self._end_iteration(span)
        span.iterations = decision.index + 1
        inside = self.span(address.iteration(decision.step, decision.index))
        self.begin(inside)
        body = self.step_plan(decision.step).body
        assert body is not None
        self.add_scope(body, inside.address, inside.children)

    def _end_iteration(self, span: Span) -> None:
        """End the last iteration of a loop, if this is one, as badly as its worst step."""
        if span.iterations is not None:
            inside = self.span(address.iteration(span.address, span.iterations - 1))
            ends = {step.status for step in inside.children.values()}
            failed: tuple[StepStatus, ...] = ("unknown", "failed", "cancelled")
            inside.status = next((status for status in failed if status in ends), "succeeded")
            inside.ended = self.now
