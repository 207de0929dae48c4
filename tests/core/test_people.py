"""Questions to people: what they are asked, which answers count, what follows if nobody answers."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from agentflow.core import events
from agentflow.core.decide import settle
from agentflow.core.events import AskPerson, Decision, Fact, PersonAnswered
from agentflow.core.evolve import evolve
from agentflow.core.state import State
from agentflow.engines.virtual import Person, Said, silence
from agentflow.plan.steps import Plan
from agentflow.replay import replay
from agentflow.spec.model import Json
from tests.core.world import START, Run, drive, pipeline, started

APPROVAL = {
    "type": "object",
    "additionalProperties": False,
    "required": ["approved"],
    "properties": {"approved": {"type": "boolean"}},
}


def asking(answer: Json = APPROVAL, **more: Json) -> dict[str, Json]:
    """A step that asks a person."""
    return {
        "human": {"ask": "Well, ${{ inputs.name }}?", "answer": answer, "who": "support"},
        "with": {"n": 1},
        "timeout": "1h",
        "catch": {"timeout": "fail"},
        **{key.rstrip("_"): value for key, value in more.items()},
    }


def plan_of(steps: Mapping[str, Json], **more: Json) -> Plan:
    inputs = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    return pipeline(steps, inputs=inputs, **more)


def ask(plan: Plan, person: Person = silence) -> Run:
    run = drive(plan, inputs={"name": "Ada"}, person=person)
    assert replay(plan, run.entries).divergence is None
    return run


def saying(answer: events.AnswerKind, value: Json = None, after: float = 60.0) -> Person:
    return lambda _question: Said(answer, value, after, by="kim", why="so be it")


# --- asking --------------------------------------------------------------------------------


def test_a_question_says_all_that_an_answer_needs() -> None:
    (question,) = ask(plan_of({"a": asking()})).of(AskPerson)
    assert question.step == "a"
    assert (question.who, question.channel) == ("support", "inbox")
    assert (question.ask, question.input) == ("Well, Ada?", {"n": 1})
    assert question.answers == ["approve", "replace", "abort"]
    assert (question.asked, question.due) == (START, START + 3600)
    assert question.reason == events.Reason("a.human", "a person is to answer")


def test_ids_and_hashes_differ_between_steps_and_are_the_same_again() -> None:
    plan = plan_of({"a": asking(), "b": asking()})
    first, second = (ask(plan).of(AskPerson) for _ in range(2))
    assert first == second
    assert len({question.question for question in first}) == 2
    assert len({question.payload for question in first}) == 2


def test_an_item_asks_for_itself() -> None:
    each = asking(for_each={"over": [1, 2], "max": 2})
    run = ask(plan_of({"each": each}), saying("approve"))
    assert [question.step for question in run.of(AskPerson)] == ["each[0]", "each[1]"]
    assert run.state.root is not None
    assert run.state.root.steps["each"].output == [{"approved": True}, {"approved": True}]


def test_a_question_that_cannot_be_worked_out_is_not_asked() -> None:
    step = asking(catch={"timeout": "fail", "rejected": {"use": {"approved": False}}})
    step["with"] = {"n": "${{ 1 / 0 }}"}
    run = ask(plan_of({"a": step}))
    assert run.of(AskPerson) == []
    assert run.told() == ["UseValue a", "FinishRun"]


def test_a_question_needs_text() -> None:
    step = asking()
    step["human"]["ask"] = "${{ size(inputs.name) }}"
    run = ask(plan_of({"a": step}))
    assert run.state.failure is not None
    assert run.state.failure.message == ("step 'a' failed: 'ask': expected text, found a number")


# --- answers that count --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contract", "value"),
    [(APPROVAL, {"approved": True}), ({"type": "boolean"}, True)],
)
def test_approval_is_a_yes_in_the_words_of_the_contract(contract: Json, value: Json) -> None:
    run = ask(plan_of({"a": asking(contract)}), saying("approve"))
    (taken,) = run.of(events.TakeAnswer)
    assert (taken.answer, taken.by, taken.value) == ("approve", "kim", value)
    assert taken.reason == events.Reason("language.answers", "'approve' by kim: so be it")
    assert run.state.status == "succeeded"


@pytest.mark.parametrize(
    "contract",
    [
        {"type": "object"},  # open, but `approved` is not a word of it
        {"type": "string"},
        {"const": False},
        {**APPROVAL, "required": ["approved", "note"]},
        {"type": "object", "properties": {"approved": {"enum": [False]}}},
    ],
)
def test_no_approval_where_the_contract_has_no_plain_yes(contract: Json) -> None:
    (question,) = ask(plan_of({"a": asking(contract)})).of(AskPerson)
    assert question.answers == ["replace", "abort"]


def test_a_replacement_is_the_output() -> None:
    steps = {"a": asking(), "b": {"agent": "do", "with": {"it": "${{ steps.a.output.approved }}"}}}
    run = ask(plan_of(steps), saying("replace", {"approved": False}))
    assert run.of(events.StartAttempt)[0].input == {"it": False}


def test_aborting_rejects_the_step() -> None:
    run = ask(plan_of({"a": asking()}), saying("abort"))
    assert run.state.failure is not None
    assert str(run.state.failure.kind) == "rejected"
    assert run.state.failure.message == "step 'a' failed: aborted by kim: so be it"


def test_catch_is_asked_about_an_abort() -> None:
    run = ask(plan_of({"a": asking(catch={"any": "skip"})}), saying("abort"))
    assert run.told() == ["AskPerson a", "TakeAnswer a", "SkipStep a", "FinishRun"]


# --- no answer -----------------------------------------------------------------------------


def test_silence_is_a_timeout_and_never_a_yes() -> None:
    run = ask(plan_of({"a": asking()}))
    assert run.state.failure is not None
    assert str(run.state.failure.kind) == "timeout"
    assert run.state.failure.message == "step 'a' failed: no answer within 1h"
    assert run.entries[-1].fact == events.TimerFired(
        START + 3600, "a", run.of(AskPerson)[0].question
    )


def test_an_answer_that_comes_too_late_is_refused_and_recorded() -> None:
    steps = {"a": asking(catch={"timeout": "skip"}), "b": asking(timeout="3h")}
    late = ask(plan_of(steps), saying("approve", after=3601))
    assert [(one.step, one.reason.text) for one in late.of(events.RefuseAnswer)] == [
        ("a", "the question is no longer open: its time was up")
    ]


def test_a_failure_elsewhere_takes_the_question_back() -> None:
    steps = {"a": asking(), "b": asking(timeout="1m")}
    run = ask(plan_of(steps))
    assert run.told() == [
        "AskPerson a",
        "AskPerson b",
        "FailStep b",
        "CancelStep a",
        "FinishRun",
    ]
    assert set(run.state.people.closed.values()) == {"its time was up", "the step has ended"}
    assert run.state.people.open == {}


def test_the_wall_budget_ends_the_wait() -> None:
    run = ask(plan_of({"a": asking()}, budget={"wall": "10m"}))
    assert run.told() == ["AskPerson a", "CancelStep a", "FinishRun"]


# --- answers that do not count -------------------------------------------------------------


class Asked:
    """A run with an open question, to be told facts one by one."""

    def __init__(self, plan: Plan, by: str | None = None) -> None:
        self.plan = plan
        self.state = State(plan)
        self.tell(replace(started({"name": "Ada"}), by=by))
        (instance,) = self.state.people.open.values()
        assert instance.question is not None
        self.question = instance.question
        self.tickets = 0

    def tell(self, fact: Fact) -> tuple[Decision, ...]:
        evolve(self.state, fact)
        return settle(self.state)[1]

    def answer(self, **different: Json) -> Decision:
        """What is decided about an answer that would count but for what is different."""
        self.tickets += 1
        right = PersonAnswered(
            at=START + 60,
            ticket=f"t{self.tickets}",
            step=self.question.step,
            question=self.question.question,
            payload=self.question.payload,
            given=START + 60,
            answer="replace",
            value={"approved": True},
        )
        return self.tell(replace(right, **different))[0]


@pytest.mark.parametrize(
    ("different", "why"),
    [
        ({"problem": "not an object"}, "not an object"),
        ({"question": "q0"}, "the run has asked no question 'q0'"),
        ({"step": "b"}, "the question is about step 'a', not 'b'"),
        ({"payload": "0" * 64}, "it answers something else than what was asked"),
        ({"given": START + 3601.5}, "it came 1.5s after the time was up"),
        (
            {"answer": "retry"},
            "'retry' is no answer to this question, expected one of: 'approve', 'replace', 'abort'",
        ),
        (
            {"answer": "yes"},
            "'yes' is no answer to this question, expected one of: 'approve', 'replace', 'abort'",
        ),
        (
            {"value": {"approved": 1}},
            "the value breaks its contract: approved: expected boolean, found number 1",
        ),
    ],
)
def test_refused(different: dict[str, Json], why: str) -> None:
    asked = Asked(plan_of({"a": asking()}))
    refused = asked.answer(**different)
    assert isinstance(refused, events.RefuseAnswer)
    assert refused.reason == events.Reason("language.answers", why)
    # It changes nothing: the right answer counts all the same.
    assert isinstance(asked.answer(), events.TakeAnswer)


@pytest.mark.parametrize(
    ("step", "hours", "whose"),
    [
        (asking(timeout="3d"), 48, "the run was over (budget.wall)"),
        ({"steps": {"b": asking(timeout="3d")}, "timeout": "30h"}, 30, "'a' was over (timeout)"),
    ],
    ids=["of the run", "of a step"],
)
def test_an_answer_that_comes_when_a_time_around_it_is_over(
    step: Json, hours: int, whose: str
) -> None:
    """Nobody was at work when that was so, and nothing would follow from it any more."""
    run = Asked(plan_of({"a": step}, budget={"wall": "2d"}))
    run.tell(events.RunParked(START + 1))
    over = START + hours * 3600
    refused = run.answer(given=over + 60)
    assert isinstance(refused, events.RefuseAnswer)
    assert refused.reason.text == f"it came 1m after {whose}"
    assert isinstance(run.answer(given=over), events.TakeAnswer)


def test_the_first_that_counts_wins() -> None:
    asked = Asked(plan_of({"a": asking(), "b": {"agent": "do", "needs": ["a"]}}))
    assert isinstance(asked.answer(by="kim"), events.TakeAnswer)
    second = asked.answer(by="lee")
    assert isinstance(second, events.RefuseAnswer)
    assert second.by == "lee"
    assert second.reason.text == "the question is no longer open: it was answered by kim"


def test_what_a_step_asserts_holds_for_people_too() -> None:
    says_why = {"that": "output.approved || size(output) > 1", "message": "a no needs a reason"}
    asked = Asked(plan_of({"a": asking(assert_=[says_why])}))
    refused = asked.answer(value={"approved": False})
    assert isinstance(refused, events.RefuseAnswer)
    assert refused.reason.text == (
        "a no needs a reason ('output.approved || size(output) > 1' is false: "
        'output.approved is false, output is {"approved": false})'
    )
    assert isinstance(asked.answer(), events.TakeAnswer)


@pytest.mark.parametrize(
    "quiet",
    [
        events.RunParked(START + 1),
        events.RunInterrupted(START + 1, "SIGINT"),
        events.ProcessDied(START + 1),
    ],
)
def test_a_run_without_process_decides_on_answers_and_nothing_else(quiet: Fact) -> None:
    asked = Asked(plan_of({"a": asking(), "b": {"agent": "do", "needs": ["a"]}}))
    assert asked.tell(quiet) == ()
    assert isinstance(asked.answer(), events.TakeAnswer)
    assert asked.state.running == {}
    resumed = asked.tell(events.RunResumed(START + 90, "test"))
    assert [type(decision) for decision in resumed] == [events.StartAttempt]


def test_an_answer_to_a_run_that_has_ended() -> None:
    asked = Asked(plan_of({"a": asking()}))
    asked.answer()
    assert asked.state.status == "succeeded"
    foreign = asked.answer(question="q0")
    assert foreign.reason.text == "the run has ended: succeeded"


def test_a_question_that_was_not_delivered_has_its_own_class() -> None:
    asked = Asked(plan_of({"a": asking(catch={"timeout": "fail", "not_sent": "skip"})}))
    lost = events.NotDelivered(START + 1, "a", asked.question.question, "no such folder")
    skipped, _ = asked.tell(lost)
    assert isinstance(skipped, events.SkipStep)
    assert skipped.reason.text == "the question could not be delivered: no such folder"
