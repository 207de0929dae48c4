"""What every engine does with a fact: settle, write, tell.

An entry is durable before any of its decisions is performed. So a crash between the two leaves a
log that says what was to be done, and resume does it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from msgspec import Struct, field

from agentflow.core.decide import settle
from agentflow.core.events import (
    AttemptAdmitted,
    AttemptFailed,
    AttemptLost,
    AttemptSucceeded,
    AttemptWaits,
    CancelRequested,
    Decision,
    Delivered,
    Entry,
    Fact,
    NotDelivered,
    PersonAnswered,
    RunInterrupted,
    RunParked,
    StartAttempt,
    TimeRanOut,
    TimerFired,
)
from agentflow.core.evolve import evolve
from agentflow.core.resting import due_at_rest, left_for_people
from agentflow.core.state import ENDED_RUN, Instance, State
from agentflow.engines.calls_made import CallsMade
from agentflow.errors import StoreError
from agentflow.eventlog import codec
from agentflow.eventlog.head import Rest
from agentflow.plan.calls import is_repeatable
from agentflow.plan.steps import Plan

_OF_ATTEMPTS = AttemptSucceeded | AttemptFailed | AttemptLost | AttemptWaits | AttemptAdmitted
Listener = Callable[[Entry], None]


class Log(Protocol):
    """Where entries go; `agentflow.eventlog.Writer` is one."""

    @property
    def next_seq(self) -> int:
        """The number of the next entry."""

    def append(self, records: Sequence[dict[str, Any]]) -> None:
        """Store records in one transaction, or raise."""

    def put_blob(self, data: bytes) -> str:
        """Store a large payload and give its digest."""

    def seal(self, *, ended: bool = False, rest: Rest | None = None) -> None:
        """Write down the state of the log for others to read without opening it.

        That is its length, so that a loss shows, whether the run is through, and when something in
        it is due while nobody works on it.
        """


def _as_it_is(fact: Fact) -> Fact:
    return fact


class Driver(Struct):
    """One run with its log. `listener` is told each entry once it is durable.

    `redact` takes secrets out of a fact before anybody learns of it: the orchestrator, the log,
    those who watch. `calls` are those that are out.
    """

    plan: Plan
    state: State
    log: Log
    listener: Listener
    redact: Callable[[Fact], Fact] = _as_it_is
    calls: CallsMade = field(default_factory=CallsMade)

    def take(self, facts: Sequence[Fact]) -> list[Decision]:
        """Settle facts and store the entries together; the decisions are now to be performed.

        Facts that mean nothing any more are dropped: a timer of a wait that was given up, the
        outcome of an attempt that was cancelled.

        Raises:
            StoreError: the entries could not be stored. Nothing of them may be performed. It says
                which calls were made whose outcome is lost with that.
        """
        entries: list[Entry] = []
        seq, before = self.log.next_seq, self.state.status
        for fact in facts:
            if self._is_stale(fact):
                continue
            told = self.redact(fact)
            evolve(self.state, told)
            _, decisions = settle(self.state)
            entries.append(Entry(seq + len(entries), told, decisions))
        if not entries:
            return []
        made = [decision for entry in entries for decision in entry.decisions]
        at_rest = self.state.status != "running"
        try:
            self.log.append([codec.encode(entry, self.log.put_blob) for entry in entries])
        except StoreError as error:
            error.lost = self.calls.lost(entries)
            raise
        try:
            if at_rest or before != "running" or any(_is_risky(decision) for decision in made):
                rest = (
                    Rest(due_at_rest(self.state), left_for_people(self.state)) if at_rest else None
                )
                self.log.seal(ended=is_through(self.state), rest=rest)
        except StoreError as error:
            error.lost = self.calls.unperformed(entries)
            raise
        self.calls.note(entries)
        for entry in entries:
            self.listener(entry)
        return made

    def _is_stale(self, fact: Fact) -> bool:
        state = self.state
        if isinstance(fact, _OF_ATTEMPTS):
            instance = state.running.get(fact.step)
            return instance is None or instance.attempt != fact.attempt
        if isinstance(fact, TimerFired):
            return state.status != "running" or not _is_awaited(state, fact)
        if isinstance(fact, TimeRanOut):
            return state.status != "running" or (fact.step, fact.limit) not in state.timed
        if isinstance(fact, Delivered | NotDelivered):
            return fact.message not in state.people.undelivered
        if isinstance(fact, PersonAnswered):
            return fact.ticket in state.people.tickets
        if isinstance(fact, CancelRequested):
            return state.status in ENDED_RUN
        return isinstance(fact, RunInterrupted | RunParked) and state.status != "running"


def is_through(state: State) -> bool:
    """Has a run ended, with everybody told? Simulated messages go nowhere."""
    told = state.mode == "simulated" or not state.people.undelivered
    return state.status in ENDED_RUN and told


#: Seconds by which a timer may fire before its time: clocks are rounded.
_EARLY = 0.001


def _is_awaited(state: State, fact: TimerFired) -> bool:
    """Does anything still wait for this timer?"""
    if fact.step is None:
        return True
    if fact.question is not None:
        return fact.question in state.people.open
    instance = state.waiting.get(fact.step)
    if instance is None or instance.question is not None or instance.due is None:
        return False
    # One of a wait that was given up may find the step in another one.
    return fact.at > instance.due - _EARLY


def _is_risky(decision: Decision) -> bool:
    """Is this the intent of something that must not be forgotten?"""
    return isinstance(decision, StartAttempt) and not decision.effects.repeatable


def lost(state: State, at: float) -> list[AttemptLost]:
    """What was in flight when the process of a run ended: nobody knows what became of it.

    What may not be repeated comes first: if it ends the run, nothing else is done again.
    """
    running = sorted(state.running.values(), key=_may_be_made_again)
    return [AttemptLost(at, instance.address, instance.attempt) for instance in running]


def taken_up(state: State, first: Fact, at: float) -> list[Fact]:
    """The facts with which a run begins, or goes on in another process: `first`, and what was lost.

    Where people may have answered meanwhile, the losses come first: what follows from an answer is
    begun only if they leave anything to go on with.
    """
    gone = lost(state, at)
    return [first, *gone] if state.status == "running" else [*gone, first]


def _may_be_made_again(instance: Instance) -> bool:
    assert instance.call is not None
    return is_repeatable(instance.call)
