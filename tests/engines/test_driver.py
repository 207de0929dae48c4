"""What every engine does with a fact."""

from agentflow.core import events
from agentflow.core.events import Entry
from agentflow.core.state import State
from agentflow.engines.driver import Driver
from agentflow.spec.model import FailureClass
from tests.core.world import START, MemoryLog, drive, pipeline, started


def test_the_log_is_sealed_before_a_write_and_at_the_end_and_not_in_between() -> None:
    plan = pipeline(
        {
            "a": {"agent": "do"},
            "b": {"agent": "do", "needs": ["a"]},
            "w": {"agent": "write", "needs": ["b"]},
        }
    )
    log = MemoryLog()
    driver = Driver(plan, State(plan), log, lambda entry: None)
    sealed = []
    driver.take([started()])
    for step in ("a", "b", "w"):
        sealed.append(log.sealed)
        driver.take([events.AttemptSucceeded(START, step, 1, value={})])
    assert sealed == [0, 0, 1]
    assert log.sealed == 2


def test_facts_that_mean_nothing_any_more_leave_no_entry() -> None:
    plan = pipeline({"a": {"agent": "do", "catch": {"any": "skip"}}, "b": {"agent": "do"}})
    told: list[Entry] = []
    driver = Driver(plan, State(plan), MemoryLog(), told.append)
    driver.take([started()])
    failed = events.AttemptFailed(START, "a", 1, FailureClass.TIMEOUT, "no")
    driver.take([failed])
    assert driver.take([failed, events.TimerFired(START, "a")]) == []
    assert [type(entry.fact).__name__ for entry in told] == ["RunStarted", "AttemptFailed"]


def test_the_outcome_of_an_attempt_that_was_given_up_means_nothing_to_the_next() -> None:
    plan = pipeline({"a": {"agent": "do"}})
    driver = Driver(plan, State(plan), MemoryLog(), lambda entry: None)
    driver.take([started(), events.RunResumed(START, "test"), events.AttemptLost(START, "a", 1)])
    assert driver.state.running["a"].attempt == 2
    assert driver.take([events.AttemptSucceeded(START, "a", 1, value={})]) == []
    assert driver.state.status == "running"


def test_a_virtual_run_ends_an_attempt_at_its_deadline() -> None:
    plan = pipeline({"a": {"agent": "do", "timeout": "30s"}})
    run = drive(plan, lambda call: ({}, 31.0))
    assert run.state.failure is not None
    assert run.state.failure.message == "step 'a' failed: no answer within 30s"
    assert run.state.now - START == 30


def test_what_is_lost_beside_a_step_that_failed_is_cancelled_and_no_catch_is_asked() -> None:
    plan = pipeline({"a": {"agent": "do"}, "b": {"agent": "do", "catch": {"any": {"use": 1}}}})
    driver = Driver(plan, State(plan), MemoryLog(), lambda entry: None)
    failed = events.AttemptFailed(START, "a", 1, FailureClass.REJECTED, "no")
    driver.take([started(), failed, events.RunResumed(START, "test")])
    cancelled, _ = driver.take([events.AttemptLost(START, "b", 1)])
    assert isinstance(cancelled, events.CancelStep)
    assert cancelled.reason.text == (
        "the process ended before the outcome was known; effects are 'none'; "
        "what encloses the step has failed"
    )
    assert driver.state.status == "failed"
