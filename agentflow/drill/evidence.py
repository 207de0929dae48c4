"""What the log of a run shows about the claims of its spec.

A claim holds if the decision that it promises is made under the rule that it belongs to, and is
broken by any other decision that names that rule. A claim that promises a call, or the next level
of an escalation, holds only when that has really begun.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from agentflow.core import events
from agentflow.core.events import Decision, Entry
from agentflow.drill.carriers import name_of
from agentflow.drill.claims import APPROVAL
from agentflow.plan import address
from agentflow.plan.calls import step_at
from agentflow.plan.steps import EscalationPlan, Plan, StepPlan
from agentflow.spec.model import FailureClass, Json


class Seen(Struct, frozen=True):
    """That a claim came up in entry `seq` of a log: it `held`, or this happened in its place."""

    claim: str
    seq: int
    held: bool
    how: str


class Evidence(Struct):
    """What a log shows: claims that came up, steps that were begun, and how steps ended last.

    `denied` are the escalations of which no level was tried, by step and entry, and why. `failure`
    is that of the run. `begun` has also `STEP@AGENT` of those that were called, and `STEP[+]` of
    lists with several items.
    """

    seen: list[Seen] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    ends: dict[str, str] = field(default_factory=dict)
    denied: dict[str, str] = field(default_factory=dict)
    failure: str | None = None


class _Promise(Struct, frozen=True):
    """What a claim expects next: `what` is to happen, and `kept` is the verdict once it has."""

    claim: str
    what: str
    kept: str


class _Track(Struct):
    """What is known of a step in one place: whom it calls, why it failed last, its ladder.

    `tried` is the level that calls an agent, `called` says whether the call has begun, `left` is
    the last level that was left.
    """

    name: str
    step: StepPlan
    agent: str = ""
    failure: FailureClass | None = None
    way: str | None = None
    tried: int | None = None
    called: bool = False
    asked: int | None = None
    left: int | None = None
    undelivered: bool = False
    visited: bool = False
    promise: _Promise | None = None


def evidence(plan: Plan, entries: Iterable[Entry]) -> Evidence:
    """What a log of a run of the plan shows."""
    reading = _Reading(plan)
    for entry in entries:
        reading.fact(entry.fact)
        for decision in entry.decisions:
            reading.decision(entry.seq, decision)
    return reading.found


class _Reading:
    def __init__(self, plan: Plan) -> None:
        self.found = Evidence()
        self._plan = plan
        self._tracks: dict[str, _Track] = {}
        self._steps: dict[str, tuple[str, StepPlan]] = {}

    def fact(self, fact: events.Fact) -> None:
        if isinstance(fact, events.AttemptFailed):
            self._track(fact.step).failure = fact.failure
        elif isinstance(fact, events.NotDelivered):
            self._track(fact.step).undelivered = True

    def decision(self, seq: int, decision: Decision) -> None:
        if isinstance(decision, events.FinishRun):
            self.found.failure = decision.failure.message if decision.failure is not None else None
            return
        track = self._track(decision.step)
        for claim, held, how in self._shown(track, decision):
            self.found.seen.append(Seen(f"{track.name}.{claim}", seq, held, how))
        if not _is_passed_by(decision):
            self.found.begun.add(track.name)
        if isinstance(decision, events.StartAttempt):
            self.found.begun.add(f"{track.name}@{decision.agent}")
        if isinstance(decision, events.ExpandItems) and decision.count > 1:
            self.found.begun.add(f"{track.name}[+]")

    def _shown(self, track: _Track, decision: Decision) -> Iterator[tuple[str, bool, str]]:
        """The claims of a step that a decision is about: the rest of the name, held or not, how."""
        match decision:
            case events.StartAttempt():
                track.agent, track.called = decision.agent, True
                yield from _kept(track)
            case events.RejectOutput():
                track.failure = decision.failure.kind
            case events.Retry(counted=True) if track.failure is not None:
                claim = f"retry.{track.failure}{_of(track)}"
                track.promise = _Promise(claim, "another attempt", decision.reason.text)
            case events.CompleteStep() if "min_success" in decision.reason.figures:
                figures = decision.reason.figures
                if figures["succeeded"] < figures["items"]:
                    yield "for_each.tolerated", True, decision.reason.text
            case events.FailStep() if _has_too_few(track, decision):
                yield "for_each.too_few", True, decision.failure.message
            case events.Repair():
                claim = f"repair{_of(track)}"
                track.promise = _Promise(claim, "a repair", decision.reason.text)
            case events.FallBack() if track.way is None:
                claim, what = f"fallbacks.{decision.model}{_of(track)}", f"'{decision.model}'"
                track.promise = _Promise(claim, what, decision.reason.text)
            case events.CancelStep():
                yield from self._cut_off(track, decision)
            case (
                events.TryLevel()
                | events.LeaveLevel()
                | events.Notify()
                | events.AskPerson()
                | events.TakeAnswer()
                | events.RefuseAnswer()
                | events.AcceptOutput()
            ):
                yield from _of_ladder(track, decision)
            case (
                events.Escalate()
                | events.HandOver()
                | events.UseValue()
                | events.SkipStep()
                | events.FailStep()
            ):
                yield from self._ended(track, decision)

    def _ended(
        self,
        track: _Track,
        decision: events.Escalate
        | events.HandOver
        | events.UseValue
        | events.SkipStep
        | events.FailStep,
    ) -> Iterator[tuple[str, bool, str]]:
        rule, catch = decision.reason.rule, f"{track.step.address}.catch."
        how = f"{_WORDS[type(decision)]}: {decision.reason.text}"
        figures = decision.reason.figures
        self.found.ends[track.name] = how + _why_no_more(figures)
        if "no_retry" in figures and track.failure is not None:
            why = f"{how} (no retry: {figures['no_retry']})"
            yield f"retry.{track.failure}{_of(track)}", False, why
        if track.promise is not None:
            kept = rule.endswith(".on_exhausted") and _was_left_last(track)
            yield from _kept(track) if kept else _not_kept(track, how)
        if rule.startswith(catch):
            key = rule.removeprefix(catch)
            action = track.step.catch[key].action
            if isinstance(decision, events.Escalate):
                track.way, track.tried, track.asked = f"catch.{key}", None, None
                track.left = None
                track.visited = False
            if isinstance(decision, events.HandOver):
                took_over = f"'{decision.agent}' took over"
                track.promise = _Promise(f"catch.{key}", "another agent", took_over)
                return
            told = decision.failure.message if isinstance(decision, events.FailStep) else how
            yield f"catch.{key}", isinstance(decision, _ACTIONS[action]), told
        elif rule.endswith(".on_exhausted") and rule.startswith("escalations."):
            plan = _escalation(track)
            held = plan is None or isinstance(decision, _ACTIONS[plan.on_exhausted.action])
            told = decision.failure.message if isinstance(decision, events.FailStep) else how
            if not track.visited:
                self.found.denied[f"{track.name}.{track.way or APPROVAL}"] = decision.reason.text
            yield f"{track.way or APPROVAL}.on_exhausted", held, told
            track.way = None

    def _cut_off(
        self, track: _Track, decision: events.CancelStep
    ) -> Iterator[tuple[str, bool, str]]:
        """What is around a step has ended, and what was to follow in it does not."""
        how = f"it was stopped: {decision.reason.text}"
        self.found.ends[track.name] = how
        # That another agent did not get its turn beside a step that failed breaks no entry of
        # `catch`.
        if track.asked is not None and _has_a_time(track, track.asked):
            claim = f"{track.way or APPROVAL}.levels[{track.asked}].silence"
            yield claim, False, f"the next level was to follow; {how}"
        if track.promise is not None and not track.promise.claim.startswith(("catch.", "approve.")):
            yield from _not_kept(track, how)

    def _track(self, at: str | None) -> _Track:
        at = at or ""
        if at not in self._tracks:
            name, step = self._step(at)
            self._tracks[at] = _Track(name, step)
        return self._tracks[at]

    def _step(self, at: str) -> tuple[str, StepPlan]:
        inside = address.static(at)
        if inside not in self._steps:
            within, step = step_at(self._plan, at)
            self._steps[inside] = name_of(self._plan, within, step), step
        return self._steps[inside]


def _why_no_more(figures: Mapping[str, Json]) -> str:
    """Why nobody else was asked, where that is said."""
    told = [str(figures[key]) for key in ("no_fallback", "no_repair") if key in figures]
    return f" ({'; '.join(told)})" if told else ""


def _has_too_few(track: _Track, decision: events.FailStep) -> bool:
    """Does a list fail since too few of its items succeed?"""
    for_each = track.step.for_each
    whole = for_each is not None and not decision.step.endswith("]")
    tolerant = for_each is not None and for_each.min_success is not None
    return whole and tolerant and decision.failure.kind is FailureClass.EXHAUSTED


def _kept(track: _Track) -> Iterator[tuple[str, bool, str]]:
    """What was promised has begun."""
    if track.promise is not None:
        yield track.promise.claim, True, track.promise.kept
        track.promise = None


def _not_kept(track: _Track, how: str) -> Iterator[tuple[str, bool, str]]:
    """Something else came before what was promised had begun."""
    if track.promise is not None:
        yield track.promise.claim, False, f"{track.promise.what} was to follow; {how}"
        track.promise = None


def _escalation(track: _Track) -> EscalationPlan | None:
    """The ladder that a step is on."""
    if track.way is None:
        return track.step.approval
    return track.step.catch[track.way.removeprefix("catch.")].escalation


def _has_a_time(track: _Track, level: int) -> bool:
    """Does a level say how long it waits for a person?"""
    plan = _escalation(track)
    return plan is not None and plan.levels[level].within is not None


def _was_left_last(track: _Track) -> bool:
    """Is there no level behind the one that was left?"""
    plan = _escalation(track)
    return plan is None or track.left == len(plan.levels) - 1


def _of_ladder(
    track: _Track,
    decision: events.TryLevel
    | events.LeaveLevel
    | events.Notify
    | events.AskPerson
    | events.TakeAnswer
    | events.RefuseAnswer
    | events.AcceptOutput,
) -> Iterator[tuple[str, bool, str]]:
    way, text = track.way or APPROVAL, decision.reason.text
    track.visited = True
    match decision:
        case events.TryLevel():
            track.tried, track.called = decision.level, False
            yield from _kept(track)
        case events.AcceptOutput() if track.way is not None and track.tried is not None:
            yield f"{way}.levels[{track.tried}].helps", True, text
            track.way = track.tried = None
        case events.Notify():
            yield from _kept(track)
            yield f"{way}.levels[{decision.level}].told", True, text
        case events.AskPerson(level=int(level)):
            track.asked, track.undelivered = level, False
            yield from _kept(track)
        case events.TakeAnswer() if track.asked is not None:
            claim = f"{way}.levels[{track.asked}].{decision.answer}"
            if decision.answer == "retry":
                track.promise = _Promise(claim, "another attempt", text)
            else:
                yield claim, True, text
            track.asked = track.way = track.tried = None
        case events.RefuseAnswer() if track.asked is not None:
            for answer in ("approve", "replace", "retry", "abort"):
                if decision.ticket.endswith(f"/{answer}"):
                    yield f"{way}.levels[{track.asked}].{answer}", False, f"refused: {text}"
        case events.LeaveLevel():
            yield from _left(track, way, decision)


def _left(track: _Track, way: str, decision: events.LeaveLevel) -> Iterator[tuple[str, bool, str]]:
    at, text = f"{way}.levels[{decision.level}]", decision.reason.text
    track.left = decision.level
    if track.asked == decision.level:
        lack = "undelivered" if track.undelivered else "silence"
        track.promise = _Promise(f"{at}.{lack}", "the next level", text)
        track.asked = None
    elif track.tried == decision.level and track.called:
        track.promise = _Promise(f"{at}.left", "the next level", text)
        track.tried = None
    else:
        yield f"{at}.helps", False, f"passed over: {text}"
        track.tried = None


def _of(track: _Track) -> str:
    """What tells the claims of one of several agents apart."""
    return f"@{track.agent}" if track.step.among else ""


def _is_passed_by(decision: Decision) -> bool:
    """Does it keep a step from beginning?"""
    if isinstance(decision, events.SkipStep):
        return decision.failure is None
    return isinstance(decision, events.CancelStep)


_ACTIONS: dict[str, type[Decision]] = {
    "fail": events.FailStep,
    "skip": events.SkipStep,
    "use": events.UseValue,
    "agent": events.HandOver,
    "escalate": events.Escalate,
}
_WORDS: dict[type[Decision], str] = {
    events.Escalate: "it was escalated",
    events.HandOver: "another agent took over",
    events.UseValue: "a value took its place",
    events.SkipStep: "it was skipped",
    events.FailStep: "it failed",
}
