"""The virtual engine: a run in no time at all.

Nothing is called and nobody waits. Each attempt is answered at once by a function, together with
how long it is said to have taken, and the clock jumps to whatever comes next. The core, the log
and the trace are the real ones.
"""

import heapq
from collections.abc import Callable, Sequence
from itertools import count

from msgspec import Struct
from msgspec.structs import replace

from agentflow import __version__
from agentflow.core.events import (
    AnswerKind,
    AskPerson,
    AttemptFailed,
    AttemptLost,
    AttemptSucceeded,
    CancelRequested,
    Fact,
    NotDelivered,
    PersonAnswered,
    RefuseAnswer,
    RunResumed,
    RunStarted,
    StartAttempt,
    TimerFired,
)
from agentflow.core.state import State
from agentflow.engines.driver import Driver, lost
from agentflow.engines.timers import timer_of
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import FailureClass, Json

#: `AttemptLost` is the process of the run dying: all that is in flight is lost with it.
Outcome = AttemptSucceeded | AttemptFailed | AttemptLost
#: What comes although the process of the run has died.
_UNHURT = (TimerFired, PersonAnswered, CancelRequested)


class Answer(Struct, frozen=True):
    """What an attempt comes to, `after` so many seconds. The time in `outcome` is filled in."""

    outcome: Outcome
    after: float


class Said(Struct, frozen=True):
    """What a person says to a question, `after` so many seconds. `value` belongs to `replace`."""

    answer: AnswerKind
    value: Json
    after: float
    by: str | None = None
    why: str | None = None


class Undelivered(Struct, frozen=True):
    """A question that reaches nobody, and why."""

    problem: str


Answerer = Callable[[StartAttempt], Answer]
#: What comes of a question: what a person says, or None for silence.
Person = Callable[[AskPerson], Said | Undelivered | None]


def silence(_question: AskPerson) -> None:
    """Nobody answers."""


def run_virtual(
    driver: Driver,
    first: RunStarted,
    answer: Answerer,
    person: Person = silence,
    cancel: CancelRequested | None = None,
    *,
    once_more: Person = silence,
) -> None:
    """Drive a run to its end in virtual time, which begins at `first.at`.

    Messages to people are taken to arrive, and go nowhere, unless `person` says otherwise.
    `once_more` says what comes after an answer that was refused, to a question that is still open.
    With `cancel` somebody ends the run at that time, unless it has ended before.
    """
    numbers = count()
    coming: list[tuple[float, int, Fact]] = []

    def expect(at: float, fact: Fact) -> None:
        at = round(at, 6)
        heapq.heappush(coming, (at, next(numbers), replace(fact, at=at)))

    wall = first.at + driver.plan.budget.wall
    expect(wall, TimerFired(wall))
    if cancel is not None:
        expect(cancel.at, cancel)
    facts: Sequence[Fact] = [first]
    while True:
        for decision in driver.take(facts):
            now = driver.state.now
            if (timer := timer_of(decision, now)) is not None:
                expect(timer.at, timer)
            if isinstance(decision, StartAttempt):
                expect(*_ending(now, decision, answer(decision)))
            elif isinstance(decision, AskPerson) and (said := person(decision)) is not None:
                expect(*_reply(now, decision, said))
            elif isinstance(decision, RefuseAnswer):
                again = _still_open(driver.state, decision)
                if again is not None and (said := once_more(again)) is not None:
                    expect(*_reply(now, again, said))
        if driver.state.status != "running":
            return
        _, _, fact = heapq.heappop(coming)
        facts = [fact]
        if isinstance(fact, AttemptLost) and fact.step in driver.state.running:
            # The process died, and another one takes the run up.
            facts = [RunResumed(fact.at, __version__), *lost(driver.state, fact.at)]
            coming = [entry for entry in coming if isinstance(entry[2], _UNHURT)]
            heapq.heapify(coming)


def _ending(now: float, decision: StartAttempt, answer: Answer) -> tuple[float, Outcome]:
    """When and how an attempt ends: as answered, or at its deadline."""
    if answer.after <= decision.timeout:
        return now + answer.after, answer.outcome
    message = f"no answer within {time_in_words(decision.timeout)}"
    failed = AttemptFailed(now, decision.step, decision.attempt, FailureClass.TIMEOUT, message)
    return now + decision.timeout, failed


def _still_open(state: State, refused: RefuseAnswer) -> AskPerson | None:
    """The question to which an answer was refused; None if nobody waits for an answer to it."""
    instance = state.people.open.get(refused.question)
    return instance.question if instance is not None else None


def _reply(now: float, question: AskPerson, said: Said | Undelivered) -> tuple[float, Fact]:
    """What comes of a question, and when; that it cannot be delivered shows at once."""
    if isinstance(said, Undelivered):
        return now, NotDelivered(now, question.step, question.question, said.problem)
    at = now + said.after
    return at, spoken(question, said, at)


def spoken(question: AskPerson, said: Said, at: float) -> PersonAnswered:
    """The fact that a person said something to a question."""
    return PersonAnswered(
        at=at,
        ticket=f"{question.question}/{said.answer}/{round(at, 6)}",
        step=question.step,
        question=question.question,
        payload=question.payload,
        given=round(at, 6),
        answer=said.answer,
        value=said.value,
        by=said.by,
        why=said.why,
        via="virtual",
    )
