"""What calls used up, as people are told it."""

import pytest

from agentflow.core.events import AttemptFailed, AttemptSucceeded, Entry, StartAttempt, Usage
from agentflow.core.state import State
from agentflow.engines.driver import Driver
from agentflow.engines.virtual import Answer, run_virtual
from agentflow.formats.usage import charged
from agentflow.spec.model import FailureClass
from agentflow.trace import trace_of
from tests.core.world import MemoryLog, plan_of, started

SPEC = {
    "agentflow": 1,
    "name": "test",
    "models": {"ours": {"model": "openai/ours", "max_output_tokens": 1000}},
    "agents": {"chat": {"kind": "llm", "model": "ours", "input": {}, "output": {}}},
    "budget": {"tokens": 100_000},
    "steps": {"a": {"agent": "chat", "catch": {"any": "skip"}}, "b": {"agent": "chat"}},
}


@pytest.mark.parametrize("fails", [True, False])
def test_what_a_budget_was_charged_beyond_what_was_counted_is_told(fails: bool) -> None:
    plan, entries = plan_of(SPEC), list[Entry]()
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    held: list[float] = []

    def answer(call: StartAttempt) -> Answer:
        if call.step == "a" and fails:
            held.append(call.held["tokens"])
            failed = AttemptFailed(0, "a", call.attempt, FailureClass.SERVER_ERROR, "boom")
            return Answer(failed, 1.0)
        usage = Usage("openai/ours", 100, 40)
        return Answer(AttemptSucceeded(0, call.step, call.attempt, value={}, usage=usage), 1.0)

    run_virtual(driver, started(), answer)
    expected = (
        f"140 tokens counted, {140 + sum(held):,g} charged to the budget:"
        " calls that told no usage are charged the most that they can have used"
    )
    assert charged(trace_of(plan, entries)) == ([expected] if fails else [])
