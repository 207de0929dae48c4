"""A `for_each` as one: what its items are called, how many have to succeed, what came of each."""

import pytest

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.replay import replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import Does, Run, drive, pipeline

WORDS = ["a", "b", "c", "d"]


def each(words: list[Json] | None = None, catch: Json = None, **for_each: Json) -> dict[str, Json]:
    return {
        "for_each": {"over": WORDS if words is None else words, "max": 5, **for_each},
        "agent": "do",
        "with": {"word": "${{ item }}"},
        "catch": catch or {},
    }


def failing(*bad: str, kind: FailureClass = FailureClass.REJECTED) -> "Script":
    return Script(bad, kind)


class Script:
    """Answers with what it was given, and fails for some words."""

    def __init__(self, bad: tuple[str, ...], kind: FailureClass) -> None:
        self.bad, self.kind = bad, kind

    def __call__(self, call: StartAttempt) -> Does:
        return self.kind if call.input["word"] in self.bad else dict(call.input)


def run(step: dict[str, Json], *bad: str, concurrency: int = 1) -> Run:
    outputs = {"output": "${{ steps.e.output }}", "items": "${{ steps.e.items }}"}
    return drive(pipeline({"e": step}, outputs=outputs), failing(*bad), concurrency=concurrency)


@pytest.mark.parametrize(
    ("least", "bad", "succeeds"),
    [
        ("all", (), True),
        ("all", ("a",), False),
        (3, ("a",), True),
        (3, ("a", "b"), False),
        (0.5, ("a", "b"), True),
        (0.5, ("a", "b", "c"), False),
        (0.51, ("a", "b"), False),
        (0.75, ("d",), True),
        (1.0, ("d",), False),
        (0, ("a", "b", "c", "d"), True),
    ],
)
def test_so_many_instances_have_to_succeed(
    least: Json, bad: tuple[str, ...], succeeds: bool
) -> None:
    ended = run(each(min_success=least), *bad)
    assert (ended.state.status == "succeeded") is succeeds
    if succeeds:
        assert ended.state.outputs is not None
        good = [word for word in WORDS if word not in bad]
        assert [output["word"] for output in ended.state.outputs["output"]] == good
        assert len(ended.state.outputs["items"]) == len(WORDS)


def test_a_step_of_which_too_few_can_succeed_ends_at_once() -> None:
    ended = run(each(min_success=3), "a", "b")
    assert [start.step for start in ended.of(StartAttempt)] == ["e[0]", "e[1]"]
    assert ended.state.failure is not None
    assert ended.state.failure.kind is FailureClass.EXHAUSTED
    assert ended.state.failure.message == (
        "at most 2 of 4 items can succeed, 3 have to (for_each.min_success); "
        "the last that did not: 'e[1]': as the script says"
    )


def test_what_is_in_flight_then_may_end_and_is_recorded() -> None:
    ended = run(each(min_success=1.0), "a", concurrency=4)
    told = ended.told()
    assert told.index("FailStep e[0]") < told.index("AcceptOutput e[3]") < told.index("FailStep e")


def test_a_skipped_instance_has_not_failed_and_has_not_succeeded_either() -> None:
    assert run(each(catch={"any": "skip"}), "a").state.status == "succeeded"
    assert run(each(catch={"any": "skip"}, min_success=3), "a").state.status == "succeeded"
    assert run(each(catch={"any": "skip"}, min_success=1.0), "a").state.status == "failed"
    used = {"any": {"use": {"word": "-"}}}
    assert run(each(catch=used, min_success=1.0), "a").state.status == "succeeded"


def test_fewer_items_than_have_to_succeed_fail_before_any_starts() -> None:
    ended = run(each(["a"], min_success=2))
    assert ended.of(StartAttempt) == []
    assert ended.state.failure is not None
    assert ended.state.failure.message == (
        "step 'e' failed: 'for_each': the list has 1 items, and 2 have to succeed (min_success)"
    )
    assert run(each([], min_success=0.9)).state.status == "succeeded"


def test_a_group_around_it_catches_the_whole() -> None:
    group = {
        "steps": {"e": each(min_success=4)},
        "output": "${{ steps.e.output }}",
        "catch": {"exhausted": {"use": []}},
    }
    plan = pipeline({"g": group}, outputs={"all": "${{ steps.g.output }}"})
    assert drive(plan, failing("c")).state.outputs == {"all": []}


def test_items_tell_what_became_of_each() -> None:
    step = each(catch={"timeout": "skip"}, min_success=0.5, key="word ${{ item }}")
    plan = pipeline({"e": step}, outputs={"items": "${{ steps.e.items }}"})

    def script(call: StartAttempt) -> Does:
        does = {"b": FailureClass.TIMEOUT, "c": FailureClass.REJECTED}
        return does.get(call.input["word"], dict(call.input))

    ended = drive(plan, script)
    said = "as the script says"
    assert ended.state.outputs == {
        "items": [
            {"key": "word a", "status": "succeeded", "output": {"word": "a"}},
            {
                "key": "word b",
                "status": "skipped",
                "error": {"class": "timeout", "message": said},
            },
            {"key": "word c", "status": "failed", "error": {"class": "rejected", "message": said}},
            {"key": "word d", "status": "succeeded", "output": {"word": "d"}},
        ]
    }
    assert ended.of(events.ExpandItems)[0].keys == ("word a", "word b", "word c", "word d")
    assert replay(plan, ended.entries).divergence is None


@pytest.mark.parametrize(
    ("words", "key", "message"),
    [
        (["a", "b", "a"], "${{ item }}", "items 0 and 2 are both called 'a'"),
        (["1", 1], "${{ item }}", "items 0 and 1 are both called '1'"),
        ([True], "${{ item }}", "of item 0: expected text or an integer, found a boolean"),
        (["a", {}], "${{ item.id }}", "of item 0: 'item' has no fields, it is of type string"),
    ],
)
def test_a_key_that_does_not_tell_items_apart_is_rejected(
    words: list[Json], key: str, message: str
) -> None:
    ended = run(each(words, key=key))
    assert ended.of(StartAttempt) == []
    assert ended.state.failure is not None
    assert ended.state.failure.kind is FailureClass.REJECTED
    assert message in ended.state.failure.message
