"""The local engine with agents that misbehave inside its own process."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Call, Reply, Stage
from agentflow.core import events
from agentflow.core.decide import settle
from agentflow.core.events import Entry, Fact
from agentflow.core.evolve import evolve
from agentflow.core.state import State
from agentflow.engines import local
from agentflow.engines.clock import WallClock
from agentflow.engines.driver import Driver
from agentflow.engines.office import Office
from agentflow.engines.signals import SIGNALS
from agentflow.errors import StoreError
from agentflow.eventlog.mailbox import Mailbox
from agentflow.plan.steps import Plan
from agentflow.replay import replay
from agentflow.spec.model import FailureClass, Json
from tests.agents.calls import put_forward
from tests.core.world import MemoryLog, Run, pipeline, started

Behaviour = Callable[[Call], Awaitable[Json]]


class Agents:
    """The calls of one run, answered by a coroutine of the test."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.closed = False

    async def call(self, options: Any, call: Call) -> Reply:
        return Reply(await self.behaviour(call))

    async def close(self) -> None:
        self.closed = True


def drive(
    plan: Plan,
    behaviour: Behaviour,
    *,
    state: State | None = None,
    first: Fact | None = None,
    log: MemoryLog | None = None,
    agents: Agents | None = None,
) -> Run:
    entries: list[Entry] = []
    clock = WallClock()
    driver = Driver(plan, state or State(plan), log or MemoryLog(), entries.append)
    agents = agents or Agents(behaviour)
    if first is None:
        first = replace(started(), at=clock.now())
    with TemporaryDirectory() as folder:
        office = Office(Mailbox(Path(folder)), Path(folder))
        connections = {("test.yaml", "command"): agents}
        local.run_local(driver, first, lambda: connections, clock, office)
    assert agents.closed
    return Run(driver.state, entries)


async def echo(call: Call) -> Json:
    return dict(call.input)


async def hang(call: Call) -> Json:
    await asyncio.sleep(3600)
    return None


def test_a_live_run_replays_to_the_same_decisions() -> None:
    plan = pipeline(
        {
            "each": {
                "for_each": {"over": [1, 2, 3], "max": 3},
                "agent": "do",
                "with": {"n": "${{ item }}"},
            }
        },
        outputs={"all": "${{ steps.each.output.map(o, o.n) }}"},
    )
    run = drive(plan, echo)
    assert run.state.outputs == {"all": [1, 2, 3]}
    assert replay(plan, run.entries).divergence is None


class Slow(Agents):
    """Agents over a connection that takes half an hour to get ready."""

    library = "a library"
    is_ready = False

    async def ready(self) -> None:
        put_forward(asyncio.get_running_loop(), 3600)
        await asyncio.sleep(1800)
        self.is_ready = True


def test_the_time_of_an_attempt_begins_when_its_connection_is_ready() -> None:
    plan = pipeline({"one": {"agent": "do", "timeout": "30m"}})
    run = drive(plan, echo, agents=Slow(echo))
    assert run.state.status == "succeeded"
    waits = [entry.fact for entry in run.entries if isinstance(entry.fact, events.AttemptWaits)]
    assert [wait.why for wait in waits] == ["waiting for a library, which is being imported"]
    assert replay(plan, run.entries).divergence is None


def test_the_time_of_an_attempt_begins_when_its_request_leaves() -> None:
    async def prepare_for_long(call: Call) -> Json:
        for leaves in (False, True, False):
            put_forward(asyncio.get_running_loop(), 1200)
            if leaves:
                call.reached("sent")
            await asyncio.sleep(1200)
        return None

    async def ask_twice(call: Call) -> Json:
        for _ in range(3):
            call.reached("sent")
            put_forward(asyncio.get_running_loop(), 1200)
            await asyncio.sleep(1200)
        return await hang(call)

    plan = pipeline({"one": {"agent": "do", "timeout": "50m"}})
    assert drive(plan, echo, agents=Slow(prepare_for_long)).state.status == "succeeded"
    run = drive(plan, echo, agents=Slow(ask_twice))
    assert _failure(run) == ("timeout", "no answer within 50m")


def _failure(run: Run) -> tuple[str, str]:
    """How the only attempt that failed did."""
    (failed,) = (e.fact for e in run.entries if isinstance(e.fact, events.AttemptFailed))
    return failed.failure.value, failed.message


@pytest.mark.parametrize(
    ("reached", "failure", "message"),
    [
        (
            (),
            "not_sent",
            "nothing was sent within 30m: the call was still being prepared on this machine",
        ),
        (("sent",), "timeout", "no answer within 30m"),
        (("sent", "answering"), "timeout", "the answer began and did not end within 30m"),
        (
            ("sent", "answering", "sent"),
            "timeout",
            "the answer began and did not end within 30m",
        ),
    ],
)
def test_how_far_an_attempt_came_says_what_its_end_means(
    reached: Sequence[Stage], failure: str, message: str
) -> None:
    async def come_so_far(call: Call) -> Json:
        for stage in reached:
            call.reached(stage)
        await asyncio.sleep(0)  # its time begins anew
        put_forward(asyncio.get_running_loop(), 3600)
        await asyncio.sleep(36000)
        return None

    plan = pipeline({"one": {"agent": "do", "timeout": "30m"}})
    assert _failure(drive(plan, echo, agents=Slow(come_so_far))) == (failure, message)


def test_a_call_is_prepared_for_half_a_minute_however_short_its_time_is() -> None:
    async def come_late(call: Call) -> Json:
        for _ in range(6):  # oftener than a loop that stands still may catch up
            put_forward(asyncio.get_running_loop(), 4.5)
            await asyncio.sleep(4)
        call.reached("sent")
        return {}

    plan = pipeline({"one": {"agent": "do", "timeout": "1s"}})
    assert drive(plan, echo, agents=Slow(come_late)).state.status == "succeeded"


def test_outcomes_that_come_together_are_stored_together() -> None:
    plan = pipeline({"each": {"for_each": {"over": list(range(10)), "max": 10}, "agent": "do"}})

    class Counting(MemoryLog):
        transactions = 0

        def append(self, records: Sequence[dict[str, Any]]) -> None:
            self.transactions += 1
            super().append(records)

    log = Counting()
    drive(plan, echo, log=log)
    assert len(log.records) == 11
    assert log.transactions == 2


def test_an_agent_that_does_not_end_is_stopped_at_its_deadline() -> None:
    plan = pipeline({"a": {"agent": "do", "timeout": "50ms", "catch": {"timeout": "skip"}}})
    run = drive(plan, hang)
    (skip,) = run.of(events.SkipStep)
    assert skip.reason.text == "no answer within 50ms"
    assert run.state.status == "succeeded"


def test_what_a_model_was_sent_is_known_although_it_never_answered() -> None:
    receipt = events.Receipt("openai/x", "0" * 64, {"body": 3}, tokens=9)
    prompt: list[dict[str, Json]] = [{"role": "user", "content": "abc"}]

    async def ask_and_wait(call: Call) -> Json:
        call.note(receipt, prompt)
        return await hang(call)

    run = drive(pipeline({"a": {"agent": "do", "timeout": "50ms"}}), ask_and_wait)
    (failed,) = (e.fact for e in run.entries if isinstance(e.fact, events.AttemptFailed))
    assert failed.failure is FailureClass.TIMEOUT
    assert (failed.receipt, failed.prompt) == (receipt, prompt)
    assert replay(run.state.plan, run.entries).divergence is None


def test_an_agent_that_swallows_its_cancellation_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "GRACE", 0.05)

    async def stubborn(call: Call) -> Json:
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                continue

    plan = pipeline({"a": {"agent": "do", "timeout": "50ms", "catch": {"timeout": "skip"}}})
    run = drive(plan, stubborn)
    assert run.of(events.SkipStep)[0].reason.text == "no answer within 50ms"
    assert run.state.status == "succeeded"


def _stand_still_while_it_comes() -> asyncio.Future[Json]:
    """An answer that comes within a minute, in an hour in which the loop stands still."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[Json] = loop.create_future()
    loop.call_later(60, answered.set_result, {"done": True})
    put_forward(loop, 3600)
    return answered


@pytest.mark.parametrize("limit", ["timeout", "wall"])
def test_what_has_come_in_while_the_loop_stood_still_counts(limit: str) -> None:
    async def answer_meanwhile(call: Call) -> Json:
        answer = await _stand_still_while_it_comes()
        for _ in range(5):  # a pipe is read piece by piece
            await asyncio.sleep(0)
        return answer

    one = {"agent": "write", "timeout": "30m" if limit == "timeout" else "2h"}
    run = drive(
        pipeline({"a": one}, budget={"wall": "30m"} if limit == "wall" else {}), answer_meanwhile
    )
    assert run.state.status == "succeeded"


def test_a_loop_that_never_catches_up_ends_attempts_all_the_same() -> None:
    async def have_it_for_itself(call: Call) -> Json:
        while True:
            put_forward(asyncio.get_running_loop(), 3600)
            await asyncio.sleep(0)

    run = drive(pipeline({"a": {"agent": "do", "timeout": "30m"}}), have_it_for_itself)
    assert run.state.failure is not None
    assert run.state.failure.message == "step 'a' failed: no answer within 30m"


def test_a_log_that_cannot_be_written_stops_the_run_before_anything_else_starts() -> None:
    calls: list[str] = []

    class Full(MemoryLog):
        def append(self, records: Sequence[dict[str, Any]]) -> None:
            if self.records:
                raise StoreError("cannot append: disk full")
            super().append(records)

    async def note(call: Call) -> Json:
        calls.append(call.step)
        return {}

    plan = pipeline({"a": {"agent": "do"}, "b": {"agent": "do", "needs": ["a"]}})
    with pytest.raises(StoreError, match="cannot append: disk full"):
        drive(plan, note, log=Full())
    assert calls == ["a"]


def test_a_bug_in_an_agent_kind_ends_the_run_with_that_bug() -> None:
    async def buggy(call: Call) -> Json:
        raise ZeroDivisionError("our own fault")

    with pytest.raises(ZeroDivisionError, match="our own fault"):
        drive(pipeline({"a": {"agent": "do"}}), buggy)


def test_a_resumed_run_repeats_what_was_lost_and_waits_out_what_waited() -> None:
    waits = {"initial": "100ms", "factor": 1, "max": "100ms", "jitter": "none"}
    plan = pipeline(
        {
            "lost": {"agent": "do"},
            "waiting": {"agent": "do", "retry": {"max_attempts": 2, "backoff": waits}},
        }
    )
    state = State(plan)
    clock = WallClock()
    now = clock.now()
    for fact in (
        events.RunStarted(now, "r1", "s", "/", {}, {}, "live", "0", 4, "test"),
        events.AttemptFailed(now, "waiting", 1, FailureClass.TIMEOUT, "no"),
    ):
        evolve(state, fact)
        settle(state)
    assert list(state.running) == ["lost"]
    assert list(state.waiting) == ["waiting"]
    run = drive(plan, echo, state=state, first=events.RunResumed(now, "test"))
    assert run.state.status == "succeeded"
    assert [type(entry.fact).__name__ for entry in run.entries[:2]] == ["RunResumed", "AttemptLost"]
    assert {(s.step, s.attempt) for s in run.of(events.StartAttempt)} == {
        ("lost", 2),
        ("waiting", 2),
    }


def test_an_outcome_that_comes_while_stopping_is_not_lost() -> None:
    async def on_cancel(call: Call) -> Json:
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            return {"done": True}

    plan = pipeline({"a": {"agent": "write"}})
    previous = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        run = drive(plan, on_cancel)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    assert run.state.status == "interrupted"
    assert [type(entry.fact).__name__ for entry in run.entries] == [
        "RunStarted",
        "RunInterrupted",
        "AttemptSucceeded",
    ]


def test_an_attempt_error_keeps_its_class_and_what_the_other_side_asked() -> None:
    async def busy(call: Call) -> Json:
        raise AttemptError(FailureClass.RATE_LIMITED, "429 slow down", retry_after=7)

    run = drive(pipeline({"a": {"agent": "do"}}), busy)
    fact = run.entries[1].fact
    assert isinstance(fact, events.AttemptFailed)
    assert (fact.failure, fact.message, fact.retry_after) == ("rate_limited", "429 slow down", 7)


@pytest.mark.parametrize("answers", [True, False])
def test_what_comes_of_an_attempt_that_was_given_up_is_recorded_and_changes_nothing(
    answers: bool,
) -> None:
    async def fails_beside(call: Call) -> Json:
        if call.step == "a":
            raise AttemptError(FailureClass.REJECTED, "no")
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if answers:
                return {"paid": True}
            raise AttemptError(FailureClass.NOT_SENT, "never got there") from None

    plan = pipeline({"a": {"agent": "do"}, "b": {"agent": "write"}}, fail_fast=True)
    run = drive(plan, fails_beside)
    late = run.entries[-1].fact
    assert isinstance(late, events.AttemptEndedLate)
    assert (late.step, late.attempt, run.entries[-1].decisions) == ("b", 1, ())
    assert (late.value, late.failure, late.message) == (
        ({"paid": True}, None, None) if answers else (None, "not_sent", "never got there")
    )
    assert run.state.status == "failed"
    assert run.state.root is not None
    assert run.state.root.steps["b"].status == "unknown"
    assert replay(plan, run.entries).divergence is None
