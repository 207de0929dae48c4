"""Scripted answers: which call gets which, what they come to, and what is said where one lacks."""

from typing import Any

import pytest

from tests.core.world import plan_of

from .rehearsing import of, spec, told, verdict

WEIGHED: Any = {"value": {"n": 1}}
POSTED: Any = {"value": {"n": 7}}


def test_one_answer_is_for_all_calls_and_a_list_has_one_for_each() -> None:
    passed = verdict(
        {
            "answers": {"weigh[*]": [{"value": {"n": 1}}, {"value": {"n": 2}}], "post": POSTED},
            "expect": {"outputs": {"weights": [{"n": 1}, {"n": 2}], "posted": 7}},
        }
    )
    assert told(passed) == []
    same = verdict(
        {
            "answers": {"weigh[*]": WEIGHED, "post": POSTED},
            "expect": {"outputs": {"weights": [{"n": 1}, {"n": 1}], "posted": 7}},
        }
    )
    assert told(same) == []


def test_the_pattern_that_leaves_least_open_counts() -> None:
    passed = verdict(
        {
            "answers": {"weigh[*]": WEIGHED, "weigh[1]": {"value": {"n": 5}}, "post": POSTED},
            "expect": {"outputs": {"weights": [{"n": 1}, {"n": 5}], "posted": 7}},
        }
    )
    assert told(passed) == []


@pytest.mark.parametrize("turned", [False, True], ids=["as written", "turned"])
def test_of_two_that_leave_as_many_open_the_outermost_number_counts(turned: bool) -> None:
    """Whatever their order in the file."""
    answers = {"rows[*]/weigh[0]": {"value": 1}, "rows[0]/weigh[*]": {"value": 2}}
    each = {"over": [1, 2], "max": 2}
    plan = plan_of(
        {
            "agentflow": 1,
            "name": "scales",
            "agents": {"scales": {"kind": "command", "argv": ["true"], "output": {}}},
            "steps": {
                "rows": {
                    "for_each": each,
                    "steps": {"weigh": {"agent": "scales", "for_each": each}},
                    "output": "${{ steps.weigh.output }}",
                }
            },
            "outputs": {"rows": "${{ steps.rows.output }}"},
            "tests": {
                "t": {
                    "answers": {
                        **dict(sorted(answers.items(), reverse=turned)),
                        "rows[1]/weigh[1]": {"value": 3},
                    },
                    "expect": {"outputs": {"rows": [[2, 2], [1, 3]]}},
                }
            },
        }
    )
    assert told(of(plan, "t")) == []


def test_a_value_can_depend_on_what_the_agent_was_given() -> None:
    passed = verdict(
        {
            "answers": {
                "weigh[*]": {"value": {"n": '${{ input.text == "a" ? 10 : 20 }}'}},
                "post": {"value": {"n": "${{ size(input.text) }}"}},
            },
            "expect": {"outputs": {"weights": [{"n": 10}, {"n": 20}], "posted": 19}},
        }
    )
    assert told(passed) == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('Here it is:\n```json\n{"n": 3}\n```', True),
        ('{"n": 3', False),
        ('{"n": 3} {"n": 4}', False),
        ("", False),
    ],
)
def test_text_is_read_as_in_every_run(text: str, *, kept: bool) -> None:
    passed = verdict(
        {
            "answers": {"weigh[0]": {"text": text}, "weigh[1]": WEIGHED, "post": POSTED},
            "expect": {"steps": {"weigh[0]": "succeeded" if kept else "skipped"}},
        }
    )
    assert told(passed) == []


def test_failures_are_retried_by_the_policy_in_virtual_time() -> None:
    passed = verdict(
        {
            "answers": {
                "weigh[0]": [
                    {"fail": "server_error", "message": "on fire"},
                    {"fail": "rate_limited", "retry_after": "1h"},
                    WEIGHED,
                ],
                "weigh[1]": WEIGHED,
                "post": POSTED,
            },
            "expect": {
                "calls": {"weigh[0]": 3, "weigh[*]": 4},
                # three calls of a second, a wait by the policy, one that was asked for, the post
                "that": ["seconds == 1.0 + 10.0 + 1.0 + 3600.0 + 1.0 + 1.0"],
            },
        }
    )
    assert told(passed) == []


def test_an_answer_beyond_the_deadline_is_a_timeout() -> None:
    passed = verdict(
        {
            "answers": {"weigh[*]": {**WEIGHED, "after": "31s"}},
            "expect": {
                "failure": {"class": "timeout", "message": "no answer within 30s"},
                "steps": {"post": "not_started"},
                "that": ["seconds == 30.0"],
            },
        }
    )
    assert told(passed) == []


def test_a_crash_repeats_what_may_be_repeated_and_nothing_else() -> None:
    passed = verdict(
        {
            "answers": {
                "weigh[0]": [{"crash": True}, WEIGHED],
                "weigh[1]": [{**WEIGHED, "after": "5s"}, {"value": {"n": 2}}],
                "post": [{"crash": True}],
            },
            "people": {"post": {"says": "abort"}},
            "expect": {
                "failure": {"class": "unknown_effect"},
                "calls": {"weigh[0]": 2, "weigh[1]": 2, "post": 2},  # it is asked about, too
                "steps": {"post": "unknown"},
            },
        }
    )
    assert told(passed) == []
    assert passed.trace.resumed == 2


def test_the_outcome_of_a_call_that_was_lost_never_comes() -> None:
    passed = verdict(
        {
            "answers": {
                "weigh[0]": [{"crash": True}, {**WEIGHED, "after": "20s"}],
                "weigh[1]": [
                    {"value": {"n": 9}, "after": "5s"},
                    {"value": {"n": 2}, "after": "20s"},
                ],
                "post": POSTED,
            },
            "expect": {"outputs": {"weights": [{"n": 1}, {"n": 2}], "posted": 7}},
        }
    )
    assert told(passed) == []


def test_a_call_without_an_answer_ends_the_test() -> None:
    failed = verdict({"answers": {"weigh[0]": WEIGHED}})
    assert told(failed) == [
        (
            'answers.weigh[1]: an answer to attempt 1 of \'scales\', given {"text": "b"} | '
            "no answer is scripted for it"
        )
    ]
    failed = verdict({"answers": {"weigh[*]": [WEIGHED]}})
    assert told(failed) == [
        (
            'answers.weigh[1]: an answer to attempt 1 of \'scales\', given {"text": "b"} | '
            "'weigh[*]' has 1 answer"
        )
    ]


def test_calls_without_an_answer_can_be_simulated() -> None:
    test = {"answers": {"weigh[*]": WEIGHED}, "unscripted": "simulate"}
    first, second = verdict(test), verdict(test)
    assert told(first) == []
    assert first.trace.outputs == second.trace.outputs
    other = verdict({**test, "seed": "other"})
    assert first.trace.outputs != other.trace.outputs


def test_answers_that_nobody_asked_for_are_a_failure() -> None:
    failed = verdict({"answers": {"weigh[*]": [WEIGHED] * 3, "weigh[7]": WEIGHED, "post": POSTED}})
    assert told(failed) == [
        "answers.weigh[*]: calls: 3 | 2",
        "answers.weigh[7]: calls: at least 1 | 0",
    ]


def test_a_test_takes_inputs_and_answers_of_the_one_it_is_like() -> None:
    base = {"answers": {"weigh[*]": WEIGHED, "weigh[7]": WEIGHED, "post": POSTED}}
    passed = verdict(
        {
            "like": "base",
            "inputs": {"letters": ["a"]},
            "answers": {"post": {"value": {"n": 8}}},
            "expect": {"outputs": {"weights": [{"n": 1}], "posted": 8}},
        },
        base={"inputs": {"letters": ["x", "y", "z"]}, **base},
    )
    assert told(passed) == []


def test_a_scripted_value_that_cannot_be_had_is_told() -> None:
    failed = verdict({"answers": {"weigh[*]": {"value": {"n": "${{ input.nothing }}"}}}})
    assert told(failed) == [
        (
            'answers.weigh[0]: an answer to attempt 1 of \'scales\', given {"text": "a"} | '
            "its scripted value: 'input' has no field 'nothing'"
        )
    ]


def test_a_crash_repeats_a_write_that_has_a_key() -> None:
    test = {
        "answers": {"weigh[*]": WEIGHED, "post": [{"crash": True}, POSTED]},
        "expect": {
            "calls": {"post": 2},
            "that": ["calls[2].key == 'test-t/post' && calls[3].key == calls[2].key"],
        },
    }
    pipeline = spec(test)
    pipeline["steps"]["post"]["idempotency_key"] = "${{ run.id }}/post"
    assert told(of(plan_of(pipeline), "t")) == []
