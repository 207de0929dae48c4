"""What the rules say about retries is what the orchestrator does where everything fails."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agentflow.core import events
from agentflow.lint.policies import retried
from agentflow.plan.factors import call_seconds
from agentflow.spec.document import parse_document
from agentflow.spec.model import FailureClass
from tests.core.world import START, Does, drive, pipeline

backoffs = st.fixed_dictionaries(
    {
        "initial": st.sampled_from(["1s", "3s"]),
        "factor": st.sampled_from([1, 2, 3]),
        "max": st.sampled_from(["2s", "30s"]),
        "jitter": st.sampled_from(["full", "none"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 5), st.integers(0, 3), backoffs, st.booleans())
def test_the_worst_case_is_the_worst_case(
    attempts: int, repairs: int, backoff: dict[str, Any], answers: bool
) -> None:
    policy = {"max_attempts": attempts, "on": ["timeout", "invalid_output"], "backoff": backoff}
    step = {"agent": "do", "retry": policy, "repair": repairs, "timeout": "7s"}
    plan = pipeline({"a": step}, output={"type": "object"}, budget={"retries": 100})
    (worst,) = retried(parse_document("{}", "test.yaml"), plan)

    def fails(call: events.StartAttempt) -> tuple[Does, float]:
        # A wrong answer is asked for again; no answer at all is not.
        return ("no object" if answers else FailureClass.TIMEOUT), 7.0

    run = drive(plan, fails)
    made = len(run.of(events.StartAttempt))
    assert made == (worst.factors.made if answers else attempts)
    assert run.state.now - START <= call_seconds(worst.call) + 1e-6
    if answers and backoff["jitter"] == "none":
        assert round(run.state.now - START - call_seconds(worst.call), 6) == 0
