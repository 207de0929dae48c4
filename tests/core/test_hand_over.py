"""`catch` that gives the work of an agent to another one."""

import pytest

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.plan.steps import Plan
from agentflow.replay import fold, replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import Script, drive, plan_of

AGENT = {"kind": "command", "argv": ["true"], "input": {}, "output": {"type": "object"}}


def plan(catch: Json, **more: Json) -> Plan:
    """A step of `first`, whose work `second` may take over."""
    agents = {
        "first": {**AGENT, "effects": more.pop("effects", "none")},
        "second": {**AGENT, "effects": "none", "retry": {"max_attempts": 2, "on": ["timeout"]}},
    }
    step = {"agent": "first", "with": {"x": "${{ run.id }}"}, "catch": catch, **more}
    outputs = {"x": '${{ default(steps.act.output.x, "none") }}'}
    return plan_of(
        {"agentflow": 1, "name": "t", "agents": agents, "steps": {"act": step}, "outputs": outputs}
    )


def failing(**failures: FailureClass | list[FailureClass]) -> Script:
    """Agents fail as said, once for each class of a list, and then answer with their input."""
    left = {who: how if isinstance(how, list) else [how] * 9 for who, how in failures.items()}
    return lambda call: left[call.agent].pop(0) if left.get(call.agent) else dict(call.input)


def test_another_agent_gets_the_same_input_on_its_own_terms() -> None:
    pipeline = plan({"rejected": {"agent": "second"}})
    run = drive(pipeline, failing(first=FailureClass.REJECTED, second=[FailureClass.TIMEOUT]))
    assert [(s.agent, s.attempt, s.input) for s in run.of(StartAttempt)] == [
        ("first", 1, {"x": "r1"}),
        ("second", 2, {"x": "r1"}),
        ("second", 3, {"x": "r1"}),
    ]
    (over,) = run.of(events.HandOver)
    assert over.reason.rule == "act.catch.rejected"
    assert run.state.outputs == {"x": "r1"}
    assert replay(pipeline, run.entries).divergence is None
    assert (
        fold(pipeline, run.entries[:2]).running["act"].chosen
        == pipeline.steps["act"].catch["rejected"].call
    )


def test_it_happens_once_and_then_the_rest_of_catch_is_asked() -> None:
    both = failing(first=FailureClass.REJECTED, second=FailureClass.REJECTED)
    only = drive(plan({"any": {"agent": "second"}}), both)
    assert [start.agent for start in only.of(StartAttempt)] == ["first", "second"]
    assert only.state.failure is not None
    assert only.state.failure.message == "step 'act' failed: as the script says"
    both = failing(first=FailureClass.REJECTED, second=FailureClass.REJECTED)
    rest = drive(plan({"rejected": {"agent": "second"}, "any": {"use": {"x": "-"}}}), both)
    assert rest.state.outputs == {"x": "-"}


@pytest.mark.parametrize("failure", [FailureClass.TIMEOUT, FailureClass.INVALID_OUTPUT])
def test_what_may_have_been_done_is_not_done_again_by_another(failure: FailureClass) -> None:
    run = drive(plan({"any": {"agent": "second"}}, effects="write"), failing(first=failure))
    assert [start.agent for start in run.of(StartAttempt)] == ["first"]
    assert run.state.status == "failed"


def test_what_was_certainly_not_done_is() -> None:
    run = drive(
        plan({"any": {"agent": "second"}}, effects="write"), failing(first=FailureClass.NOT_SENT)
    )
    assert [start.agent for start in run.of(StartAttempt)] == ["first", "second"]
    assert run.state.status == "succeeded"


def test_what_was_done_in_an_earlier_attempt_is_not_done_again_by_another() -> None:
    retry: Json = {"max_attempts": 2, "on": ["invalid_output"], "backoff": {"initial": "1s"}}
    step = plan({"any": {"agent": "second"}}, effects="write", idempotency_key="k", retry=retry)
    run = drive(step, lambda call: "no object" if call.attempt == 1 else FailureClass.NOT_SENT)
    assert [start.agent for start in run.of(StartAttempt)] == ["first", "first"]
