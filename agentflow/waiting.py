"""Runs that wait for people: what they wait for, and how an answer gets into one.

An answer is put into the run's mailbox first, so that it cannot be lost. Then whoever holds the
run's lock takes it in: the process that works on the run, or, if there is none, the one that
answers. It only takes the answer in; `resume` or `tick` go on with the run.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentflow.channels.protocol import Response
from agentflow.core.events import AskPerson, PersonAnswered, RefuseAnswer, TakeAnswer
from agentflow.core.state import ENDED_RUN, State
from agentflow.engines.clock import WallClock
from agentflow.engines.driver import Driver, is_through
from agentflow.engines.letters import read_letter, write_letter
from agentflow.errors import AgentflowError, RunLocked, StoreError, UsageError
from agentflow.eventlog import Store
from agentflow.eventlog.codec import UnknownEvent
from agentflow.replay import fold
from agentflow.runs import Recorded, changes, read_run, resume
from agentflow.spec.model import Json
from agentflow.spec.wording import did_you_mean
from agentflow.summary import Summary

#: Seconds that the process at work on a run has to say what it makes of an answer.
_PATIENCE = 20.0
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that is open, and the run that asks it."""

    run_id: str
    question: AskPerson


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an answer. `taken` is None as long as nobody has taken it in.

    `changed` says what of the spec is not what it was, so that `resume` will ask about it.
    """

    run_id: str
    status: str
    question: AskPerson
    taken: bool | None
    reason: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inbox:
    """The open questions of a store, those that are due first, and the runs that may hide some.

    `damaged` are runs whose logs cannot be read, with what is wrong with them.
    """

    questions: tuple[Waiting, ...]
    damaged: tuple[Summary, ...]


def open_questions(store: Store) -> Inbox:
    """What is open in the runs of a store that are not through."""
    runs, damaged = _unfinished(store)
    found = [Waiting(run.run_id, question) for run in runs for question in _open(run.state)]
    found.sort(key=lambda waiting: waiting.question.due)
    return Inbox(tuple(found), damaged)


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """A run that HEAD does not know to be through, and its state."""

    run_id: str
    recorded: Recorded
    state: State


def _unfinished(store: Store) -> tuple[list[_Unfinished], tuple[Summary, ...]]:
    """The runs of a store that may not be through, the oldest first, and those that are damaged.

    Each log is read once, and those of runs that are through not at all.
    """
    found: list[_Unfinished] = []
    damaged: list[Summary] = []
    for run_id in store.runs():
        if store.ended(run_id):
            continue
        try:
            with store.read(run_id) as reader:
                if next(reader.records(), None) is None:
                    continue  # it was killed before its first entry, and has done nothing
            recorded = read_run(store, run_id)
        except (StoreError, UnknownEvent) as error:
            damaged.append(Summary(run_id, "damaged", problem=str(error)))
        else:
            state = fold(recorded.plan, recorded.entries)
            found.append(_Unfinished(run_id, recorded, state))
    found.sort(key=lambda run: run.recorded.started.at)
    return found, tuple(damaged)


def answer(
    store: Store,
    run_id: str,
    step: str,
    said: Response,
    *,
    question: str | None = None,
) -> Outcome:
    """Answer the question about a step; `question` is its id, or the beginning of it.

    Raises:
        UnknownRun: there is no such run.
        UsageError: the run has asked nothing about this step.
        StoreError: the answer cannot be stored.
    """
    run_id = store.find(run_id)
    recorded = read_run(store, run_id)
    asked = _asked(recorded, step, question)
    letter = write_letter(_bound(run_id, asked), said)
    ticket = store.mailbox(run_id).drop(letter)
    status, verdict = await_verdict(store, run_id, ticket)
    changed = changes(recorded.started, Path(recorded.started.folder))
    if verdict is None:
        return Outcome(run_id, status, asked, None, "", changed)
    taken = isinstance(verdict, TakeAnswer)
    return Outcome(run_id, status, asked, taken, verdict.reason.text, changed)


def await_verdict(
    store: Store, run_id: str, ticket: str
) -> tuple[str, TakeAnswer | RefuseAnswer | None]:
    """Have an answer that lies in the mailbox taken in: the status of the run, and the verdict.

    There is none if the process of the run died, or if the one at work on it takes too long.
    """
    limit = time.monotonic() + _PATIENCE
    while True:
        # The store answers within a second whether somebody else works on the run.
        held = not _take_in(store, run_id)
        recorded = read_run(store, run_id)
        verdict = _verdict(recorded, ticket)
        if verdict is not None or not held or time.monotonic() > limit:
            return str(fold(recorded.plan, recorded.entries).status), verdict
        time.sleep(_PAUSE)


@dataclass(frozen=True, slots=True)
class Ticked:
    """A run that was taken up because something in it was due.

    `status` is what it came to; None if it could not be taken up, with the `problem`.
    """

    run_id: str
    status: str | None
    problem: str | None = None


def tick(store: Store, *, as_started: bool) -> Iterator[Ticked]:
    """Take up every run that waits and can go on, the oldest first, as far as it can go.

    A run is left alone if nothing in it is due, and if another process works on it. Runs that were
    interrupted, or whose process died, are for `resume`. One that is damaged may have waited, and one
    that has ended may still have to tell somebody.
    """
    runs, damaged = _unfinished(store)
    for summary in damaged:
        yield Ticked(summary.run_id, None, summary.problem)
    for run in runs:
        if not _can_go_on(store, run):
            continue
        run_id = run.run_id
        try:
            state = resume(store, run_id, lambda _run: lambda _entry: None, as_started=as_started)
        except RunLocked:
            continue
        except AgentflowError as error:
            yield Ticked(run_id, None, error.message)
        else:
            yield Ticked(run_id, str(state.status))


def _can_go_on(store: Store, run: _Unfinished) -> bool:
    """Is anything due in a run that waits, answered, or still to be delivered?"""
    state = run.state
    if state.status in ENDED_RUN:
        return not is_through(state)
    if state.status != "waiting":
        return False
    at_once = state.agenda or state.ready or state.people.undelivered
    if at_once or store.mailbox(run.run_id).letters():
        return True
    due = [state.started_at + run.recorded.plan.budget.wall]
    due += (instance.due for instance in state.waiting.values() if instance.due is not None)
    due += (one.until for one in state.timed.values())
    return min(due) <= WallClock().now()


def _take_in(store: Store, run_id: str) -> bool:
    """Take in what lies in the mailbox of a run; False if another process works on the run.

    Where the process of a run died, only `resume` can tell what is to be done first, and the
    answers stay where they are.
    """
    try:
        with store.resume(run_id) as log:
            recorded = read_run(store, run_id)
            state = fold(recorded.plan, recorded.entries)
            if state.status == "running":
                return True
            now = WallClock().now()
            letters = log.mailbox.letters()
            Driver(recorded.plan, state, log, lambda _entry: None).take(
                [read_letter(letter, run_id, now) for letter in letters]
            )
            for letter in letters:
                log.mailbox.remove(letter.ticket)
    except RunLocked:
        return False
    return True


def _asked(recorded: Recorded, step: str, question: str | None) -> AskPerson:
    """The question that an answer is to: the one that is open, or else the last about the step."""
    state = fold(recorded.plan, recorded.entries)
    ids = set(state.people.open)
    about = [
        one
        for one in questions(recorded)
        if one.step == step and one.question.startswith(question or "")
    ]
    found = [one for one in about if one.question in ids] or about
    if not found:
        run_id = recorded.started.run_id
        which = did_you_mean(step, [one.step for one in _open(state)])
        if question is not None:
            which = f" by the question '{question}'"
        raise UsageError(
            f"run '{run_id}' has asked nobody about step '{step}'{which}",
            help="'agentflow inbox' lists what waits for an answer",
        )
    return found[-1]


def questions(recorded: Recorded) -> list[AskPerson]:
    """All that a run has asked so far, in order."""
    return [
        decision
        for entry in recorded.entries
        for decision in entry.decisions
        if isinstance(decision, AskPerson)
    ]


def _bound(run_id: str, asked: AskPerson) -> dict[str, Json]:
    """What of a question an answer is bound to."""
    return {
        "run": run_id,
        "step": asked.step,
        "question": asked.question,
        "payload": asked.payload,
    }


def _open(state: State) -> list[AskPerson]:
    if state.status in ENDED_RUN:
        return []
    return [one.question for one in state.people.open.values() if one.question is not None]


def _verdict(recorded: Recorded, ticket: str) -> TakeAnswer | RefuseAnswer | None:
    """What was decided about an answer."""
    for entry in reversed(recorded.entries):
        fact: Any = entry.fact
        if not isinstance(fact, PersonAnswered) or fact.ticket != ticket:
            continue
        for decision in entry.decisions:
            if isinstance(decision, TakeAnswer | RefuseAnswer):
                return decision
    return None
