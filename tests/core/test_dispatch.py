"""Steps that choose their agent by a value."""

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.replay import fold, replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import Script, drive, pipeline, plan_of


def choosing(**more: Json) -> dict[str, Json]:
    return {
        "agent": "${{ inputs.who }}",
        "among": ["do", "write"],
        "with": {"x": 1},
        **more,
    }


def test_the_agent_that_the_value_names_is_called_on_its_own_terms() -> None:
    plan = pipeline({"act": choosing()}, outputs={"x": "${{ steps.act.output.x }}"})
    for who, effects in (("do", "none"), ("write", "write")):
        run = drive(plan, inputs={"who": who})
        (start,) = run.of(StartAttempt)
        assert (start.agent, start.effects) == (who, effects)
        assert run.state.outputs == {"x": 1}
        assert replay(plan, run.entries).divergence is None


def test_a_value_that_names_none_of_them_is_rejected_with_the_list() -> None:
    for who, found in (("dont", '"dont"'), (7, "7"), (None, "null")):
        run = drive(pipeline({"act": choosing()}), inputs={"who": who})
        assert run.of(StartAttempt) == []
        assert run.state.failure is not None
        assert run.state.failure.kind is FailureClass.REJECTED
        assert run.state.failure.message == (
            f"step 'act' failed: 'agent': expected one of do, write, found {found}"
        )


def test_retries_stay_with_the_agent_that_was_chosen_and_ask_about_its_effects() -> None:
    retry = {"max_attempts": 3, "backoff": {"jitter": "none"}}
    plan = pipeline({"act": choosing(retry=retry)})

    def script(call: StartAttempt) -> Json:
        return FailureClass.TIMEOUT if call.attempt == 1 else {}

    assert [start.agent for start in drive(plan, script, {"who": "do"}).of(StartAttempt)] == [
        "do",
        "do",
    ]
    (fail,) = drive(plan, script, {"who": "write"}).of(events.FailStep)
    assert (fail.status, fail.failure.kind) == ("unknown", FailureClass.UNKNOWN_EFFECT)


def test_each_item_chooses_for_itself() -> None:
    steps = {
        "each": {
            "for_each": {"over": ["do", "write"], "max": 2},
            "agent": "${{ item }}",
            "among": ["write", "do"],
        }
    }
    assert [start.agent for start in drive(pipeline(steps)).of(StartAttempt)] == ["do", "write"]


def test_the_answer_keeps_the_contract_of_its_agent_and_the_one_that_all_share() -> None:
    agent = {"kind": "command", "argv": ["true"], "effects": "none", "input": {}}
    agents = {
        "a": {**agent, "output": {"type": "object", "required": ["x"]}},
        "b": {**agent, "output": {"type": "object", "required": ["y"]}},
    }
    step = {"agent": "b", "among": ["a", "b"]}
    spec = {"agentflow": 1, "name": "t", "agents": agents}
    plan = plan_of({**spec, "steps": {"act": {**step, "agent": "${{ inputs.who }}"}}})
    answers: list[tuple[Json, str]] = [
        ({"x": 1}, "failed"),
        ({"y": 1}, "failed"),
        ({"x": 1, "y": 1}, "succeeded"),
    ]
    for answer, status in answers:
        assert drive(plan, _saying(answer), {"who": "b"}).state.status == status


def _saying(answer: Json) -> Script:
    return lambda call: answer


def test_a_run_taken_up_knows_which_agent_was_at_work() -> None:
    plan = pipeline({"act": choosing()})
    run = drive(plan, inputs={"who": "write"})
    state = fold(plan, run.entries[:1])
    call = state.running["act"].call
    assert call is not None
    assert call.agent == "write"
