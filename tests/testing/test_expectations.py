"""What a test expects: each key holds for what happened and tells what did not."""

from typing import Any

import pytest

from .rehearsing import told, verdict

ANSWERS: Any = {
    "weigh[0]": [{"fail": "server_error"}, {"value": {"n": 1}}],
    "weigh[1]": {"value": {"n": 2}, "after": "2s"},
    "post": {"value": {"n": 7}},
}


def differences(**expect: Any) -> list[str]:
    return told(verdict({"answers": ANSWERS, "expect": expect}))


def test_everything_at_once() -> None:
    assert (
        differences(
            status="succeeded",
            outputs={"weights": [{"n": 1}, {"n": 2}], "posted": 7},
            outputs_include={"posted": 7.0},
            steps={"weigh": "succeeded", "weigh[*]": "succeeded", "post": "succeeded"},
            path=["weigh[0]", "weigh[1]", "weigh[0]", "post"],
            calls={"weigh[*]": 3, "weigh[0]": 2, "post": 1},
            order=["weigh[*]", "post"],
            overlap=["weigh[0]", "weigh[1]"],
            given={
                "weigh[0]": {"text": "a"},
                "weigh[*]": [{"text": "a"}, {"text": "b"}, {"text": "a"}],
            },
            that=[
                "calls[0].failure == 'server_error' && !has(calls[1].failure)",
                "calls[1].ended - calls[1].started == 2.0",
                "calls.all(c, c.attempt <= 2 && c.agent in ['scales', 'postman'])",
            ],
        )
        == []
    )


@pytest.mark.parametrize(
    ("expect", "lines"),
    [
        ({"status": "failed"}, ["status: failed | succeeded"]),
        (
            {"outputs": {"posted": 8}},
            ["outputs.posted: 8 | 7", 'outputs.weights: nothing | [{"n": 1}, {"n": 2}]'],
        ),
        ({"outputs_include": {"weights": [{}, {"n": 3}]}}, ["outputs.weights[1].n: 3 | 2"]),
        (
            {"steps": {"post": "skipped", "weigh[5]": "failed"}},
            ["steps.post: skipped | succeeded", "steps.weigh[5]: failed | not_started"],
        ),
        ({"path": ["weigh[0]", "post"]}, ["path[1]: post | weigh[1]"]),
        ({"path": ["weigh[*]", "weigh[*]", "weigh[*]"]}, ["path[3]: no further call | post"]),
        ({"path": ["weigh[*]"] * 3 + ["post"] * 2}, ["path[4]: post | no further call"]),
        ({"calls": {"post": 0, "weigh[*]": 2}}, ["calls.post: 0 | 1", "calls.weigh[*]: 2 | 3"]),
        (
            {"order": ["post", "weigh[*]"]},
            [
                (
                    "order of 'post' and 'weigh[*]': 'weigh[*]' starts when 'post' has ended | "
                    "'post' ended at 13 s and 'weigh[*]' started at 0 s"
                )
            ],
        ),
        (
            {"order": ["weigh[9]", "post"]},
            ["order of 'weigh[9]' and 'post': calls of both | no call of 'weigh[9]'"],
        ),
        (
            {"overlap": ["weigh[*]", "post"]},
            [
                (
                    "overlap of 'weigh[*]', 'post': a moment when all are at work | "
                    "'weigh[*]' 0 to 12 s, 'post' 12 to 13 s"
                )
            ],
        ),
        (
            {"overlap": ["post", "weigh[9]"]},
            ["overlap of 'post', 'weigh[9]': calls of all | no call of 'weigh[9]'"],
        ),
        (
            {"given": {"weigh[*]": {"text": "a"}}},
            ['given to weigh[1]: text: "a" | "b"'],
        ),
        (
            {"given": {"weigh[0]": [{}, {"text": 1}]}},
            ['given to weigh[0], attempt 2: text: 1 | "a"'],
        ),
        ({"given": {"weigh[0]": [{}]}}, ["given: calls of 'weigh[0]': 1 | 2"]),
        ({"given": {"weigh[9]": {}}}, ["given: calls of 'weigh[9]': at least 1 | 0"]),
        (
            {"that": ["outputs.posted > 7"]},
            ["that: outputs.posted > 7: true | false, outputs.posted is 7"],
        ),
        (
            {"that": ["outputs.nothing == 1"]},
            ["that: outputs.nothing == 1: true | an error: 'outputs' has no field 'nothing'"],
        ),
        ({"that": ["1"]}, ["that: 1: true | 1"]),
    ],
)
def test_what_is_not_as_expected_is_told(expect: Any, lines: list[str]) -> None:
    assert differences(**expect) == lines


def test_a_failure_is_expected_by_class_and_part_of_its_message() -> None:
    test = {"answers": {"weigh[*]": {"fail": "rejected", "message": "no such key"}}}

    def expecting(**failure: str) -> list[str]:
        return told(verdict({**test, "expect": {"failure": failure}}))

    assert expecting() == []
    assert expecting(**{"class": "rejected", "message": "such key"}) == []
    assert expecting(**{"class": "timeout", "message": "no answer"}) == [
        "failure.class: timeout | rejected: step 'weigh[0]' failed: no such key",
        'failure.message: text with "no answer" | "step \'weigh[0]\' failed: no such key"',
    ]
    assert told(verdict({**test, "expect": {"outputs": {"posted": 1}}})) == [
        "status: succeeded | failed: rejected: step 'weigh[0]' failed: no such key"
    ]


def test_not_more_than_twenty_differences_are_told() -> None:
    test = {"answers": ANSWERS, "expect": {"steps": {f"weigh[{n}]": "failed" for n in range(40)}}}
    assert len(verdict(test).differences) == 20
