"""A trace as it grows, entry by entry."""

from collections.abc import Iterable, Iterator

from msgspec import field

from agentflow.core import events
from agentflow.core.events import Decision, Entry, Failure, RunMode
from agentflow.core.state import ENDED_RUN, RunStatus
from agentflow.plan.steps import Plan
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import FailureClass, Json
from agentflow.spec.order import in_order
from agentflow.trace.accepted import Accepted, accepted_in
from agentflow.trace.progress import Progress
from agentflow.trace.reasons import answered, no_more, turned_to, went_on, why
from agentflow.trace.spans import (
    Asked,
    Gate,
    Refused,
    Span,
    count_use,
    lost_with_process,
    note_doubt,
)


class Trace(Progress):
    """A run as a tree, from so many `entries`.

    `by` is who started it. `signal` is what has interrupted it, or `stopped` says why it went no
    further. `meanwhile` are the answers taken in since a process has worked on it last. `spent` is
    what was used up at the end of tokens, money and meters, where a budget bounds them. `damaged`
    is the first entry that cannot be read; what came then nobody knows. `untold` are notices that
    are not known to have arrived, by their ids. `gates` are the `confidence` of the agents that
    have one, by the agent's name.
    """

    run_id: str = ""
    mode: RunMode = "live"
    by: str | None = None
    status: RunStatus | None = None
    started: float = 0.0
    entries: int = 0
    calls: int = 0
    retries: int = 0
    repairs: int = 0
    resumed: int = 0
    signal: str | None = None
    stopped: str | None = None
    cancelled: events.CancelRequested | None = None
    outputs: dict[str, Json] | None = None
    failure: Failure | None = None
    meanwhile: list[events.TakeAnswer] = field(default_factory=list)
    damaged: int | None = None
    refused: list[Refused] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    untold: dict[str, events.Notify] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
    _questions: dict[str, Asked] = field(default_factory=dict)

    def apply(self, entry: Entry) -> None:
        """Take in the next entry of the log."""
        self.entries += 1
        if self.status not in ENDED_RUN:  # an answer may come after the end, and is refused
            self.now = entry.fact.at
        self._fact(entry.fact)
        for decision in entry.decisions:
            self._decision(decision)

    def spans(self) -> Iterator[Span]:
        """All spans, from the outside in."""
        for span in self.steps.values():
            yield from span.walk()

    def waiting(self) -> Iterator[Asked]:
        """The questions that are open, in the order in which they were asked."""
        return (asked for asked in self._questions.values() if asked.closed is None)

    def unknown(self) -> Iterator[Span]:
        """The steps that may or may not have acted, in the order of the tree."""
        return (span for span in self.spans() if span.unknown is not None)

    def _fact(self, fact: events.Fact) -> None:
        match fact:
            case events.AttemptWaits():
                self.hold_up(fact)
            case events.AttemptAdmitted():
                self.admit(fact)
            case events.AttemptLost():
                self.let_go(fact.step)
                span = self.span(fact.step)
                span.lost.append(fact.attempt)
                span.notes.append(lost_with_process([fact.attempt]))
            case events.AttemptSucceeded():
                count_use(self.span(fact.step), fact)
            case events.AttemptFailed():
                span = self.span(fact.step)
                span.notes.append(f"attempt {fact.attempt}: {fact.failure}: {fact.message}")
                self.count_failure(fact.step)
                count_use(span, fact)
            case events.AttemptEndedLate():
                how = "answered" if fact.failure is None else f"{fact.failure}: {fact.message}"
                note = f"attempt {fact.attempt}: {how}, after it had been given up"
                self.span(fact.step).notes.append(note)
            case events.TimerFired():
                if fact.question is not None:
                    self._questions[fact.question].close("no answer in time", self.now)
            case events.Delivered() | events.NotDelivered():
                self._delivery(fact)
            case _:
                self._run(fact)

    def _run(self, fact: events.Fact) -> None:
        """A run begins, goes on, comes to a halt."""
        match fact:
            case events.RunStarted():
                self.run_id, self.mode, self.started = fact.run_id, fact.mode, fact.at
                self.by = fact.by
                self.status = "running"
                self.add_scope(self.plan.root, "", self.steps)
            case events.RunResumed():
                self.status = "running"
                self.signal = self.stopped = None
                self.resumed += 1
                self.accepted += accepted_in(fact)
            case events.RunInterrupted():
                self.status = "interrupted"
                self.signal, self.stopped = fact.signal, fact.why
                self.meanwhile.clear()
            case events.ProcessDied():
                self.status = "crashed"
                self.meanwhile.clear()
            case events.CancelRequested():
                self.status = "running"
                self.signal = self.stopped = None
                self.cancelled = fact
            case events.RunParked():
                self.status = "waiting"
                self.meanwhile.clear()

    def _delivery(self, fact: events.Delivered | events.NotDelivered) -> None:
        self.untold.pop(fact.message, None)
        asked = self._questions.get(fact.message)
        if isinstance(fact, events.NotDelivered):
            self.span(fact.step).notes.append(f"not delivered: {fact.problem}")
            if asked is not None:
                asked.problem = fact.problem
                asked.close("not delivered", self.now)
        elif asked is not None:
            asked.delivered = fact.detail

    def _decision(self, decision: Decision) -> None:
        if isinstance(decision, events.FinishRun):
            self._finish(decision)
        elif isinstance(decision, events.RefuseAnswer):
            self._refuse(decision)
        else:
            span = self.span(decision.step)
            self._opening(span, decision)
            self._trying(span, decision)
            self._asking(span, decision)
            self._ending(span, decision)

    def _finish(self, decision: events.FinishRun) -> None:
        self.status = decision.status
        self.failure = decision.failure
        self.spent = dict(decision.reason.figures.get("spent", {}))
        if decision.outputs is not None:
            outputs: dict[str, Json] = in_order(dict(decision.outputs), self.plan.outputs)
            self.outputs = outputs

    def _opening(self, span: Span, decision: Decision) -> None:
        """A step opens, and there are more spans inside it."""
        match decision:
            case events.EnterGroup():
                self.begin(span)
                body = self.step_plan(decision.step).body
                assert body is not None
                self.add_scope(body, decision.step, span.children)
            case events.EnterPipeline():
                self.begin(span)
                nested = self.step_plan(decision.step).nested
                assert nested is not None
                self.add_scope(nested.plan.root, decision.step, span.children)
            case events.TakeCase():
                self.begin(span)
                self.add_case(span, decision)
            case events.ExpandItems():
                self.begin(span)
                span.items = decision.count
                self.keys[decision.step] = decision.keys
            case events.AssignTasks():
                self.begin(span)
                self.add_tasks(span, decision)
            case events.BeginIteration():
                self.begin(span)
                self.add_iteration(span, decision)
            case events.CallTools():
                self.add_calls(span, decision)

    def _trying(self, span: Span, decision: Decision) -> None:
        """An agent is called, or called again, or its answer is judged."""
        match decision:
            case events.StartAttempt():
                self.begin(span)
                span.agent = decision.agent
                span.attempts = decision.attempt
                span.key = decision.key
                span.no_more = None
                self.calls += 1
            case events.NextTurn():
                span.status = "waiting"
                span.reason = None
            case events.AcceptOutput():
                self._gate(decision)
            case events.RejectOutput():
                self._gate(decision)
                span.notes.append(f"attempt {decision.attempt}: {decision.failure.message}")
                self.count_failure(decision.step)
            case events.Repair():
                span.status = "waiting"
                span.reason = f"asked again: {decision.reason.text}"
                self.repairs += 1
            case events.Retry():
                span.status = "waiting"
                span.reason = f"again in {time_in_words(decision.delay)}: {decision.reason.text}"
                self.retries += decision.counted
            case events.HoldBack():
                span.status = "waiting"
                span.reason = f"held back: {decision.reason.text}"
            case events.FallBack():
                span.status = "waiting"
                span.reason = None
                span.notes.append(f"fell back to '{decision.model}'")
            case events.HandOver():
                span.status = "waiting" if span.attempts else span.status
                span.reason = f"handed over to '{decision.agent}': {why(decision)}"
                span.notes.append(span.reason)

    def _asking(self, span: Span, decision: Decision) -> None:
        """A failure is taken up a ladder, or a person is asked."""
        match decision:
            case events.Escalate():
                self.begin(span)
                span.no_more = no_more(decision) or None
                span.notes.append(f"{decision.failure.kind}: {why(decision)}")
                span.notes.append(turned_to(decision))
            case events.TryLevel():
                span.status = "waiting"
                span.reason = None
                target = f"model '{decision.model}'" if decision.model else "another agent"
                span.notes.append(f"level {decision.level + 1}: {target}, agent '{decision.agent}'")
            case events.LeaveLevel():
                span.status = "running"
                span.reason = None
                span.notes.append(
                    f"level {decision.level + 1} did not help: {decision.reason.text}"
                )
            case events.Notify():
                if self.mode == "live":
                    self.untold[decision.message] = decision
                span.notes.append(f"level {decision.level + 1}: told {decision.who or 'people'}")
            case events.AskPerson():
                self._ask(span, decision)
            case events.TakeAnswer():
                self._answer(span, decision)

    def _ending(self, span: Span, decision: Decision) -> None:
        """A step comes to its end."""
        match decision:
            case events.AcceptOutput() | events.CompleteStep():
                self.end(span, "succeeded", None)
            case events.UseValue():
                self.end(span, "succeeded", went_on(decision))
                note_doubt(span, decision.failure)
            case events.SkipStep():
                self.end(span, "skipped", why(decision))
                note_doubt(span, decision.failure)
            case events.FailStep():
                self.end(span, decision.status, f"{decision.failure.kind}: {why(decision)}")
                span.no_more = no_more(decision) or span.no_more
                if decision.status == "unknown":
                    span.unknown = decision.failure.message
            case events.CancelAttempt():
                self.let_go(decision.step)
                self.end(span, decision.status, decision.reason.text)
                if decision.status == "unknown":
                    span.unknown = decision.reason.text
            case events.CancelStep():
                self.end(span, "cancelled", decision.reason.text)

    def _gate(self, decision: events.AcceptOutput | events.RejectOutput) -> None:
        """Count an answer that came as far as the gate of its agent."""
        call = self.call_of(self.span(decision.step))
        assert call is not None
        fired = False
        if isinstance(decision, events.RejectOutput):
            fired = decision.failure.kind is FailureClass.LOW_CONFIDENCE
            if not fired:
                return
        if call.confidence is not None:
            name, least = call.confidence.field, call.confidence.min
            gate = self.gates.setdefault(call.agent, Gate(call.agent, name, least))
            gate.answers += 1
            gate.fired += fired

    def _ask(self, span: Span, decision: events.AskPerson) -> None:
        self.begin(span)
        span.status = "waiting"
        span.reason = f"asks {decision.who or 'a person'}: {decision.ask}"
        asked = self._questions[decision.question] = Asked(decision)
        span.asked.append(asked)

    def _answer(self, span: Span, decision: events.TakeAnswer) -> None:
        if self.status != "running":
            self.meanwhile.append(decision)
        said = answered(decision)
        self._questions[decision.question].close(decision.answer, self.now, decision.by, said)
        span.notes.append(f"answered: {said}")
        span.reason = None
        if decision.answer in ("approve", "replace"):
            self.end(span, "succeeded", None)

    def _refuse(self, decision: events.RefuseAnswer) -> None:
        by = f" of {decision.by}" if decision.by else ""
        why = decision.reason.text
        self.refused.append(Refused(self.now, decision.step, decision.question, decision.by, why))
        span = self._by_address.get(decision.step)
        if span is not None and span.ended is None:
            span.notes.append(f"an answer{by} was refused: {why}")


def trace_of(plan: Plan, entries: Iterable[Entry]) -> Trace:
    """The trace of a run as far as its log goes."""
    trace = Trace(plan)
    for entry in entries:
        trace.apply(entry)
    return trace
