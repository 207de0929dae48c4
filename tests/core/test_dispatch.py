"""Steps that choose their agent by a value."""

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.plan.steps import Plan
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


def escalating(*levels: Json, catch: Json = None) -> Plan:
    """A step that chooses between two models and a program, and turns to others if it fails."""
    agent = {"effects": "none", "input": {"type": "object"}, "output": {"type": "object"}}
    chat = {**agent, "kind": "llm", "model": "a/small"}
    return plan_of(
        {
            "agentflow": 1,
            "name": "test",
            "inputs": {"type": "object"},
            "agents": {
                "sales": {**chat, "instructions": "Sell."},
                "support": {**chat, "instructions": "Help."},
                "desk": {**agent, "kind": "command", "argv": ["true"]},
            },
            "escalations": {"up": {"levels": list(levels), "on_exhausted": "fail"}},
            "steps": {
                "act": {
                    "agent": "${{ inputs.who }}",
                    "among": ["sales", "support", "desk"],
                    "catch": catch or {"any": {"escalate": "up"}},
                }
            },
        }
    )


def failing_first(call: StartAttempt) -> Json:
    return FailureClass.SERVER_ERROR if call.attempt == 1 else {}


def test_where_no_agent_was_chosen_there_is_no_model_to_take_the_place_of() -> None:
    """Also if another agent was at work meanwhile: it was not chosen, and has a model of its
    own."""
    handed = {"rejected": {"agent": "support"}, "any": {"escalate": "up"}}
    for catch, failing in ((None, 0), (handed, 1)):
        plan = escalating({"model": "b/large"}, {"agent": "desk"}, catch=catch)
        script = lambda call, last=failing: {} if call.attempt > last else FailureClass.TIMEOUT  # noqa: E731
        run = drive(plan, script, {"who": "nobody"})
        (left,) = run.of(events.LeaveLevel)
        assert left.reason.text == "the step has chosen no agent that 'b/large' could stand in for"
        assert [start.agent for start in run.of(StartAttempt)][-1] == "desk"
        assert replay(plan, run.entries).divergence is None


def test_another_model_takes_the_place_of_that_of_the_agent_that_was_chosen() -> None:
    plan = escalating({"model": "b/large"})
    for who in ("sales", "support"):
        run = drive(plan, failing_first, {"who": who})
        starts = run.of(StartAttempt)
        assert [(each.agent, each.model) for each in starts] == [(who, None), (who, "b/large")]
        act = plan.steps["act"].catch["any"].escalation
        assert act is not None
        call = act.levels[0].among[who]
        assert (
            getattr(call.options, "instructions", None)
            == {"sales": "Sell.", "support": "Help."}[who]
        )
        assert run.state.status == "succeeded"
        assert replay(plan, run.entries).divergence is None


def test_a_model_is_nothing_to_an_agent_without_one() -> None:
    plan = escalating({"model": "b/large"}, {"agent": "desk"})
    run = drive(plan, failing_first, {"who": "desk"})
    assert [each.agent for each in run.of(StartAttempt)] == ["desk", "desk"]
    (left,) = run.of(events.LeaveLevel)
    assert left.reason.text == "the step has no agent that 'b/large' could stand in for"
    assert run.state.status == "succeeded"
    assert replay(plan, run.entries).divergence is None


def test_after_another_has_taken_over_it_is_still_the_one_that_was_chosen() -> None:
    catch: Json = {"timeout": {"agent": "desk"}, "any": {"escalate": "up"}}
    plan = escalating({"model": "b/large"}, catch=catch)
    outcomes = iter([FailureClass.TIMEOUT, FailureClass.SERVER_ERROR, {}])
    run = drive(plan, lambda _: next(outcomes), {"who": "support"})
    made = [(each.agent, each.model) for each in run.of(StartAttempt)]
    assert made == [("support", None), ("desk", None), ("support", "b/large")]
    assert replay(plan, run.entries).divergence is None
