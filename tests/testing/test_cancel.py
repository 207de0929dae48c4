"""Tests in which somebody ends the run."""

from typing import Any

from .rehearsing import told, verdict

ANSWERS: dict[str, Any] = {
    "weigh[*]": {"value": {"n": 1}, "after": "2s"},
    "post": {"value": {"n": 1}, "after": "20s"},
}
CANCEL: dict[str, Any] = {"after": "5s", "by": "kim", "reason": "the strike"}


def test_the_run_is_cancelled_at_that_time() -> None:
    expect = {
        "steps": {"weigh": "succeeded", "post": "unknown"},
        "failure": {"class": "cancelled", "message": "by kim: the strike"},
        "status": "cancelled",
        "that": ["seconds == 5.0"],
    }
    assert told(verdict({"answers": ANSWERS, "cancel": CANCEL, "expect": expect})) == []


def test_that_is_expected_unless_something_else_is() -> None:
    assert told(verdict({"answers": ANSWERS, "cancel": CANCEL})) == []
    found = verdict({"answers": ANSWERS, "cancel": CANCEL, "expect": {"status": "succeeded"}})
    assert told(found) == [
        "status: succeeded | cancelled: cancelled: cancelled by kim: the strike",
    ]


def test_a_run_that_had_ended_before() -> None:
    found = verdict({"answers": ANSWERS, "cancel": {"after": "30s"}})
    assert told(found) == [
        "status: cancelled | succeeded",
        "cancel: a run that goes on after 30s | it had ended after 22s: succeeded",
    ]


def test_also_after_a_crash() -> None:
    answers = {**ANSWERS, "weigh[*]": [{"crash": True}, *[{"value": {"n": 1}, "after": "9s"}] * 3]}
    expect = {"steps": {"weigh": "cancelled", "post": "not_started"}, "calls": {"weigh[*]": 4}}
    found = verdict({"answers": answers, "cancel": CANCEL, "expect": expect})
    assert told(found) == ["answers.post: calls: at least 1 | 0"]
