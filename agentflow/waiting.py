"""Runs that wait for people: what they wait for, and how an answer gets into one.

An answer is put into the run's mailbox first, so that it cannot be lost. Then whoever holds the
run's lock takes it in: the process that works on the run, or, if there is none, the one that
answers. It only takes the answer in; `resume` or `tick` go on with the run, `resume` alone if it
was interrupted or its process died.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from agentflow.agents.secrets import redactor
from agentflow.channels.protocol import Response
from agentflow.core.decide import decide
from agentflow.core.events import AskPerson, PersonAnswered, RefuseAnswer, TakeAnswer
from agentflow.core.evolve import evolve
from agentflow.core.resting import due_at_rest, left_for_people
from agentflow.core.state import ENDED_RUN, State
from agentflow.engines.absence import note_death, take_answers
from agentflow.engines.clock import WallClock
from agentflow.engines.driver import Driver, Listener, is_through
from agentflow.engines.launch import holders
from agentflow.engines.letters import read_letter, write_letter
from agentflow.errors import AgentflowError, RunLocked, StoreError, UsageError
from agentflow.eventlog import Store, Writer
from agentflow.eventlog.codec import UnknownEvent
from agentflow.eventlog.faults import lying_there, nothing_done_yet
from agentflow.formats.answered import Answered
from agentflow.formats.asked import Open, open_question
from agentflow.history import Recorded, read_run
from agentflow.replay import fold
from agentflow.runs import changes, resume
from agentflow.spec.model import Json
from agentflow.spec.wording import did_you_mean
from agentflow.summary import Summary

#: Seconds that the process at work on a run has to say what it makes of an answer.
PATIENCE = 20.0
_PAUSE = 0.1
#: Runs that somebody has to take up, whatever is due in them.
_FOR_RESUME = {"interrupted": "it was interrupted", "crashed": "its process died"}


class Left(Struct, frozen=True):
    """A run that goes on only if somebody resumes it: `status` is `interrupted` or `crashed`."""

    run_id: str
    status: str


class Waiting(Struct, frozen=True):
    """An open question; `answered` says that an answer to it lies in the mailbox."""

    open: Open
    answered: bool


class Inbox(Struct, frozen=True):
    """The open questions of a store, those that are due first, and the runs that may hide some.

    `left` are runs that somebody has to resume, whether they ask or not, the oldest first.
    `damaged` are those whose logs cannot be read, with what is wrong with them.
    """

    questions: tuple[Waiting, ...]
    left: tuple[Left, ...]
    damaged: tuple[Summary, ...]


def open_questions(store: Store) -> Inbox:
    """What is open in the runs of a store that are not through, whose logs are not even opened."""
    found: list[Waiting] = []
    left: list[Left] = []
    damaged: list[Summary] = []
    for run_id in store.runs():
        if store.ended(run_id):
            continue
        try:
            with store.read(run_id) as reader:
                live = reader.live
                if next(reader.records(), None) is None:
                    continue  # it was killed before its first entry, and has done nothing
            recorded = read_run(store, run_id)
            lies = _bound_to(store, run_id)
        except (StoreError, UnknownEvent) as error:
            damaged.append(Summary(run_id, "damaged", problem=str(error)))
        else:
            state = fold(recorded.plan, recorded.entries)
            found += (
                Waiting(open_question(run_id, recorded.plan, asked), asked.question in lies)
                for asked in _open(state)
            )
            if (
                not live and recorded.holder is None
            ):  # nobody has worked on it since before it was read
                left += (Left(run_id, status) for status in _left(state))
    found.sort(key=lambda waiting: waiting.open.question.due)
    return Inbox(tuple(found), tuple(reversed(left)), tuple(damaged))


def _left(state: State) -> Iterator[str]:
    """How a run on which nobody works comes to be for somebody to resume, if it is."""
    if state.status == "running" and state.mode == "live":
        yield "crashed"
    elif (status := left_for_people(state)) is not None:
        yield status


def _bound_to(store: Store, run_id: str) -> set[str]:
    """The questions to which answers lie in the mailbox of a run."""
    letters = store.mailbox(run_id).letters()
    return {read_letter(letter, run_id, letter.given).question for letter in letters}


def answer(
    store: Store,
    run_id: str,
    step: str,
    said: Response,
    *,
    question: str | None = None,
    patience: float = PATIENCE,
) -> Answered:
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
    with nothing_done_yet():
        ticket = store.mailbox(run_id).drop(letter)
    with lying_there("the answer"):
        status, verdict, busy = await_verdict(store, run_id, ticket, patience)
    changed = changes(recorded.started, Path(recorded.started.folder))
    if verdict is None:
        return Answered(run_id, status, asked, None, "", busy, changed)
    taken = isinstance(verdict, TakeAnswer)
    return Answered(run_id, status, asked, taken, verdict.reason.text, None, changed)


def await_verdict(
    store: Store, run_id: str, ticket: str, patience: float = PATIENCE
) -> tuple[str, TakeAnswer | RefuseAnswer | None, str | None]:
    """Have an answer that lies in the mailbox taken in: the status of the run, and the verdict.

    If a process works on the run and does not take the answer in for so many seconds, because it is
    halted, say, the verdict is None, and the process is named; unless the answer will be refused in
    any case.
    """
    limit = time.monotonic() + patience
    while True:
        # The store answers within a second whether somebody else works on the run.
        busy = _take_in(store, run_id)
        recorded = read_run(store, run_id)
        state = fold(recorded.plan, recorded.entries)
        status, verdict = str(state.status), _verdict(recorded, ticket)
        if verdict is not None or busy is None:
            return status, verdict, None
        if time.monotonic() > limit:
            return status, _foreseen(store, state, ticket), busy
        time.sleep(_PAUSE)


def _foreseen(store: Store, state: State, ticket: str) -> RefuseAnswer | None:
    """The refusal of an answer that nobody has taken in: what is wrong with it now stays so."""
    for letter in store.mailbox(state.run_id).letters():
        if letter.ticket == ticket:
            evolve(state, read_letter(letter, state.run_id, state.now))
            (decision,) = decide(state)
            return decision if isinstance(decision, RefuseAnswer) else None
    return None


class Ticked(Struct, frozen=True):
    """A run in which something was due, or that somebody has to look at.

    `status` is what it came to; None if it was not taken up, with the `problem`. One that was
    interrupted and in which nothing is due stays so.
    """

    run_id: str
    status: str | None
    problem: str | None = None


class _NothingDue(Exception):
    """A run is left as it is."""


def tick(store: Store, *, as_started: bool) -> Iterator[Ticked]:
    """Take up every run that waits and can go on, the oldest first, as far as it can go.

    A run is left alone if nothing in it is due, which HEAD tells, and if another process works on
    it; it is only looked whether its log is whole. One that has ended may still have to tell
    somebody. Runs that were interrupted, or whose process died, are for `resume`: these are told
    of. One that is damaged may be any of them.
    """
    found: list[tuple[float, str]] = []
    for run_id in store.runs():
        if store.ended(run_id):
            continue
        due = store.due(run_id, WallClock().now())
        try:
            started = _started(store, run_id)
        except (StoreError, UnknownEvent) as error:
            yield Ticked(run_id, None, str(error))
            continue
        if due is False:
            yield from _to_resume(store, run_id)
        elif started is not None:
            found.append((started, run_id))
    for _, run_id in sorted(found):
        try:
            state = resume(store, run_id, _nobody, as_started=as_started, gate=_only_if_due)
        except RunLocked:
            continue
        except _NothingDue:
            yield from _to_resume(store, run_id)
        except (AgentflowError, UnknownEvent) as error:
            yield Ticked(run_id, None, str(error))
        else:
            yield Ticked(run_id, str(state.status))


def _to_resume(store: Store, run_id: str) -> Iterator[Ticked]:
    """A run in which nothing is due, if somebody has to resume it: a crash is nobody's decision."""
    match store.left(run_id):
        case "crashed":
            yield Ticked(run_id, None, f"{_FOR_RESUME['crashed']}; {_goes_on(run_id)}")
        case "interrupted":
            yield Ticked(run_id, "interrupted", _goes_on(run_id))


def _goes_on(run_id: str) -> str:
    return f"'agentflow resume {run_id}' goes on with it"


def _started(store: Store, run_id: str) -> float | None:
    """When a run began; None if a process works on it, or it was killed before its first entry.

    Raises `StoreError` if its log is not whole.
    """
    with store.read(run_id) as reader:
        if reader.live:
            return None
        reader.verify()
        first = next(reader.records(), None)
    return None if first is None else float(first["fact"]["at"])


def _nobody(_recorded: Recorded) -> Listener:
    return lambda _entry: None


def _only_if_due(recorded: Recorded, state: State, log: Writer) -> None:
    """The gate of `tick`: with the run locked, nobody else can be about to take it up, too."""
    if is_through(state):
        raise _NothingDue
    if state.status not in ENDED_RUN and state.status != "waiting":
        driver = _driver(recorded, state, log)
        note_death(driver)
        take_answers(driver, log.mailbox)
    if not log.mailbox.empty:
        return  # somebody wants to end it
    due = due_at_rest(state)
    if due is None or due > WallClock().now():
        raise _NothingDue
    if state.status in _FOR_RESUME:
        how = _FOR_RESUME[state.status]
        run_id = recorded.started.run_id
        raise UsageError(f"{how}, and something in it is due; {_goes_on(run_id)}")


def _take_in(store: Store, run_id: str) -> str | None:
    """Take in what lies in the mailbox of a run, unless another process works on it: says which."""
    try:
        with store.resume(run_id) as log:
            recorded = read_run(store, run_id)
            state = fold(recorded.plan, recorded.entries)
            take_answers(_driver(recorded, state, log), log.mailbox)
    except RunLocked as locked:
        return locked.message
    return None


def _driver(recorded: Recorded, state: State, log: Writer) -> Driver:
    redact = redactor(holders(recorded.plan))
    return Driver(recorded.plan, state, log, _nobody(recorded), redact)


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
