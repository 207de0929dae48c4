"""What people say in tests: to which question, how soon, and what is said where they were not
asked."""

from typing import Any
from xml.etree import ElementTree

import pytest

from agentflow.formats import tests_junit, tests_text
from agentflow.plan.steps import Plan
from agentflow.testing.verdict import Suite
from tests.core.world import plan_of

from .rehearsing import of, told


def asking(test: Any, *, four_eyes: bool = False, **more: Any) -> Plan:
    """Each of two orders is approved by a person."""
    return plan_of(
        {
            "agentflow": 1,
            "name": "refunds",
            "budget": {"wall": "9d"},
            "steps": {
                "approve": {
                    "for_each": {"over": ["1", "2"], "max": 2},
                    "human": {
                        "ask": "Refund ${{ item }}?",
                        "answer": {"type": "boolean"},
                        "who": "support",
                        "four_eyes": four_eyes,
                    },
                    "with": {"order": "${{ item }}"},
                    "timeout": "2d",
                    "catch": {"timeout": {"use": False}},
                }
            },
            "outputs": {"approved": "${{ steps.approve.output }}"},
            "tests": {"t": test, **more},
        }
    )


@pytest.mark.parametrize(
    ("says", "approved", "seconds"),
    [
        ({"says": "approve"}, [True, True], 1),
        ({"value": False, "after": "1h"}, [False, False], 3600),
        ({"value": '${{ input.order == "1" }}'}, [True, False], 1),
        ({"says": "nothing"}, [False, False], 172800),
        ({"says": "approve", "after": "3d"}, [False, False], 172800),
        ({"value": "yes"}, [False, False], 172800),  # it breaks the contract
        ([{"says": "nothing"}, {"says": "approve"}], [False, True], 172800),
    ],
)
def test_what_a_person_says(says: Any, approved: list[bool], seconds: int) -> None:
    expect = {"outputs": {"approved": approved}, "that": [f"seconds == {seconds}.0"]}
    plan = asking({"people": {"approve[*]": says}, "expect": expect})
    assert told(of(plan, "t")) == []


def test_questions_stand_among_the_calls() -> None:
    plan = asking(
        {
            "people": {
                "approve[0]": {"says": "approve", "by": "kim", "after": "1m"},
                "approve[1]": {"says": "nothing"},
            },
            "expect": {
                "path": ["approve[0]", "approve[1]"],
                "calls": {"approve[*]": 2},
                "overlap": ["approve[0]", "approve[1]"],
                "given": {"approve[*]": [{"order": "1"}, {"order": "2"}]},
                "that": [
                    "calls[0].agent == 'support' && calls[0].ended == 60.0",
                    "!has(calls[0].failure) && calls[1].failure == 'timeout'",
                ],
            },
        }
    )
    assert told(of(plan, "t")) == []


def test_a_person_who_gives_up_fails_the_step() -> None:
    plan = asking(
        {
            "people": {"approve[*]": {"says": "abort"}},
            "expect": {"failure": {"class": "rejected"}},
        }
    )
    assert told(of(plan, "t")) == []


def test_a_question_that_nobody_has_an_answer_to_ends_the_test() -> None:
    plan = asking({"people": {"approve[0]": {"says": "approve"}}})
    assert told(of(plan, "t")) == [
        (
            'people.approve[1]: an answer to \'Refund 2?\', given {"order": "2"} | '
            "no answer is scripted for it"
        )
    ]


BAD = {"value": "perhaps"}
GOOD = {"says": "approve", "by": "kim"}
BY_WHO_STARTED_IT = {"says": "approve", "by": "requester"}


@pytest.mark.parametrize(
    ("says", "approved", "seconds", "refused"),
    [
        ([BAD, {**GOOD, "after": "2h"}], True, 7201, 1),
        ([BAD, BY_WHO_STARTED_IT, GOOD], True, 3, 2),
        ([BAD, {"says": "nothing"}], False, 172800, 1),
        ([BAD], False, 172800, 1),
        (BAD, False, 172800, 1),
        ([{**GOOD, "after": "3d"}], False, 172800, 0),
    ],
    ids=["taken later", "refused twice", "then nothing", "no more", "no list", "too late"],
)
def test_what_is_said_after_an_answer_that_was_refused(
    says: Any, approved: bool, seconds: int, refused: int
) -> None:
    expect = {
        "outputs": {"approved": [approved, True]},
        "calls": {"approve[*]": 2},
        "that": [f"seconds == {seconds}.0"],
    }
    people = {"approve[0]": says, "approve[1]": GOOD}
    verdict = of(asking({"people": people, "expect": expect}, four_eyes=True), "t")
    assert told(verdict) == []
    assert len(verdict.trace.refused) == refused


def test_a_failed_test_tells_what_was_refused() -> None:
    people = {"approve[0]": {"value": "yes", "by": "kim"}, "approve[1]": {"says": "approve"}}
    plan = asking({"people": people, "expect": {"outputs": {"approved": [True, True]}}})
    suite = Suite("refunds.yaml", (of(plan, "t"),))
    text = tests_text.render([suite]).splitlines()
    assert text[-3:] == [
        "        1 answer was refused:",
        '          approve[0] of kim, +1.00s: the value breaks its contract: expected boolean, found string "yes"',
        "1 of 1 test failed",
    ]
    (case,) = ElementTree.fromstring(tests_junit.render([suite])).iter("system-out")
    assert (case.text or "").splitlines()[-2:] == [line[8:] for line in text[-3:-1]]


def test_questions_can_be_simulated_and_answers_left_over() -> None:
    plan = asking(
        {
            "people": {"approve[1]": [{"says": "nothing"}, {"says": "approve"}]},
            "unscripted": "simulate",
            "expect": {"outputs": {"approved": [True, False]}},
        }
    )
    assert told(of(plan, "t")) == ["people.approve[1]: calls: 2 | 1"]


def test_a_crash_leaves_a_question_open() -> None:
    """The process dies while a person thinks: the answer still counts, and is asked for once."""
    plan = plan_of(
        {
            "agentflow": 1,
            "name": "crash",
            "agents": {
                "reader": {
                    "kind": "command",
                    "argv": ["true"],
                    "effects": "read",
                    "input": {},
                    "output": {},
                }
            },
            "steps": {
                "read": {"agent": "reader"},
                "approve": {
                    "human": {"ask": "Yes?", "answer": {"type": "boolean"}},
                    "timeout": "1h",
                    "catch": {"timeout": "fail"},
                },
            },
            "outputs": {"yes": "${{ steps.approve.output }}", "read": "${{ steps.read.output }}"},
            "tests": {
                "t": {
                    "answers": {"read": [{"crash": True}, {"value": 1}]},
                    "people": {"approve": [{"says": "approve", "after": "5m"}]},
                    "expect": {
                        "outputs": {"yes": True, "read": 1},
                        "calls": {"read": 2, "approve": 1},
                    },
                }
            },
        }
    )
    verdict = of(plan, "t")
    assert told(verdict) == []
    assert verdict.trace.resumed == 1
