"""What a run may ask people, before it runs."""

from agentflow.plan.people import Question, questions_of
from agentflow.spec.model import Json
from tests.core.world import pipeline, spec_of

WRITE: dict[str, Json] = {"agent": "write"}
DESK: dict[str, Json] = {
    "levels": [
        {"notify": {"text": "Look!"}},
        {"human": {"ask": "Well?", "who": "desk", "channel": "inbox"}, "within": "4h"},
    ],
    "on_exhausted": "fail",
}


def asked(steps: dict[str, Json], **more: Json) -> list[tuple[str, str]]:
    plan = pipeline(steps, escalations={"desk": DESK}, **more)
    return [(question.address, question.occasion) for question in questions_of(plan)]


def test_steps_levels_and_what_nobody_knows() -> None:
    human = {"human": {"ask": "May it?", "answer": {"type": "boolean"}, "who": "support"}}
    steps = {
        "approve": {**human, "timeout": "2d", "catch": {"timeout": "fail"}},
        "sort": {"agent": "do", "catch": {"rejected": {"escalate": "desk"}, "timeout": "fail"}},
        "pay": {**WRITE, "catch": {"rejected": {"escalate": "desk"}}},
        "read": {"agent": "do"},
    }
    assert questions_of(pipeline(steps, escalations={"desk": DESK})) == (
        Question("approve", "always", "support", "inbox", 172_800.0),
        Question("sort", "failure", "desk", "inbox", 14_400.0),
        Question("pay", "failure", "desk", "inbox", 14_400.0),
        Question("pay", "unknown", None, "inbox", None),
    )


def test_an_escalation_for_several_classes_is_one_question() -> None:
    both = {key: {"escalate": "desk"} for key in ("rejected", "unknown_effect")}
    assert asked({"pay": {**WRITE, "catch": both}}) == [("pay", "failure")]


def test_what_is_caught_around_a_step_is_not_asked() -> None:
    caught: Json = {"catch": {"unknown_effect": "fail"}}
    loop = {"loop": {"max": 2, "until": "true", "steps": {"pay": WRITE}}}
    switch = {"switch": "x", "cases": {"x": {"steps": {"pay": WRITE}}}}
    group = {"steps": {"inner": {"steps": {"pay": WRITE}}}}
    places = {"loop": "loop[#*]/pay", "switch": "switch/x/pay", "group": "group/inner/pay"}
    for name, step in (("loop", loop), ("switch", switch), ("group", group)):
        assert asked({name: step}) == [(places[name], "unknown")]
        assert asked({name: {**step, **caught}}) == []


def test_items_tasks_and_pipelines_inside_have_their_own() -> None:
    each = {"over": [1, 2], "max": 2}
    work = {"delegate": {"plan": [], "workers": {"payer": "write"}, "max_tasks": 2}}
    steps = {"pay": {**WRITE, "for_each": each}, "work": work, "shop": {"pipeline": "child.yaml"}}
    child = {"child.yaml": spec_of({"pay": WRITE}, name="child")}
    assert asked(steps, files=child) == [
        ("pay[*]", "unknown"),
        ("work/payer[:*]", "unknown"),
        ("shop/pay", "unknown"),
    ]
