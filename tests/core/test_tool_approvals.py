"""Models that call tools: calls that wait for the yes of a person."""

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.core.talks import ToolResult
from agentflow.engines.virtual import Said
from agentflow.spec.model import FailureClass
from agentflow.trace.reasons import went_on
from tests.core.desk import LOOK, PAY, desk, play, results, says
from tests.core.world import ask

ASKED = {"ask": "Pay ${{ input.q }}?", "within": "1h", "who": "boss"}


def test_a_call_that_needs_a_yes_is_shown_with_its_arguments() -> None:
    plan = desk({**PAY, "approve": ASKED})
    run = play(
        plan, ask(("pay", {"q": "x"})), 3, "done", person=says(Said("approve", None, 5, "kim"))
    )
    (question,) = run.of(events.AskPerson)
    assert (question.step, question.tool, question.ask, question.input) == (
        "answer/pay[@1.1]", "pay", "Pay x?", {"q": "x"},
    )  # fmt: skip
    assert question.answers == ["approve", "replace", "abort"]
    assert question.failure is None
    assert results(run) == [[ToolResult(3)]]
    assert run.of(StartAttempt)[1].input == {"q": "x"}


def test_a_person_can_give_other_arguments_that_keep_the_contract() -> None:
    plan = desk({**PAY, "approve": ASKED})
    asked = ask(("pay", {"q": "x"}))
    run = play(plan, asked, 3, "done", person=says(Said("replace", {"q": "y"}, 5)))
    assert run.of(StartAttempt)[1].input == {"q": "y"}
    assert results(run) == [[ToolResult(3, instead={"q": "y"})]]
    run = play(
        plan, asked, FailureClass.REJECTED, "done", person=says(Said("replace", {"q": "y"}, 5))
    )
    assert results(run) == [[ToolResult(error="rejected: as the script says", instead={"q": "y"})]]
    run = play(plan, asked, "done", person=says(Said("replace", {"q": 1}, 5)))
    (refused,) = run.of(events.RefuseAnswer)
    assert (
        refused.reason.text == "the value breaks its contract: q: expected string, found number 1"
    )
    assert results(run) == [
        [ToolResult(error="rejected: 'pay' is called only if a person approves;"
                    " timeout: no answer within 1h")]
    ]  # fmt: skip


def test_a_no_is_told_to_the_model_with_its_reason() -> None:
    plan = desk({**PAY, "approve": ASKED})
    no = Said("abort", None, 5, "kim", "too much")
    run = play(plan, ask(("pay", {"q": "x"})), "done", person=says(no))
    told = "rejected: 'pay' is called only if a person approves; aborted by kim: too much"
    assert results(run) == [[ToolResult(error=told)]]
    assert run.state.outputs == {"said": "done"}


def test_only_the_branch_that_asks_waits_and_answers_come_in_any_order() -> None:
    plan = desk({**PAY, "approve": ASKED}, LOOK)
    asked = ask(("pay", {"q": "a"}), ("look", {"q": "b"}), ("pay", {"q": "c"}))
    run = play(
        plan, asked, 1, 2, 3, "done",
        person=says(Said("approve", None, 60), Said("approve", None, 20)),
    )  # fmt: skip
    assert [start.step for start in run.of(StartAttempt)] == [
        "answer", "answer/look[@1.2]", "answer/pay[@1.3]", "answer/pay[@1.1]", "answer",
    ]  # fmt: skip
    assert results(run) == [[ToolResult(3), ToolResult(1), ToolResult(2)]]


def test_an_escalation_can_be_asked_level_by_level() -> None:
    up = {
        "levels": [
            {"notify": {"text": "Soon: ${{ input.q }}"}},
            {"human": {"ask": "First?"}, "within": "10s"},
            {"human": {"ask": "Second?"}, "within": "10s"},
        ],
        "on_exhausted": {"use": {"paid": False}},
    }
    plan = desk({**PAY, "approve": "up"}, top={"escalations": {"up": up}})
    asked = ask(("pay", {"q": "x"}))
    run = play(plan, asked, 3, "done", person=says(None, Said("approve", None, 1)))
    assert [n.text for n in run.of(events.Notify)] == ["Soon: x"]
    assert results(run) == [[ToolResult(3)]]
    run = play(plan, asked, "done", person=says(None, None))
    assert results(run) == [[ToolResult({"paid": False})]]
    assert went_on(run.of(events.UseValue)[0]) == (
        "went on with the value of 'on_exhausted': 'pay' is called only if a person approves;"
        " no level helped"
    )


def test_no_approval_is_asked_for_when_escalations_are_used_up() -> None:
    plan = desk({**PAY, "approve": ASKED}, top={"budget": {"escalations": 0}})
    run = play(plan, ask(("pay", {"q": "x"})), "done")
    assert not run.of(events.AskPerson)
    (told,) = results(run)
    assert told == [
        ToolResult(
            error="rejected: 'pay' is called only if a person approves;"
            " the run's 0 escalations (budget.escalations) are used up"
        )
    ]
