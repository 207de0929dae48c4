"""A long message stands in full in one line; those that follow from it show how it begins."""

import pytest

from agentflow.formats.event_text import event_lines
from agentflow.spec.model import FailureClass
from tests.formats.stage import Run, call, fail, plan, skip, step

LONG = "the server has answered 500 with a body that is very long: " + "x" * 200
CUT = "the server has answered 500 with a body that is very long: x…"


@pytest.mark.parametrize(
    ("message", "again"), [("boom", "boom"), (LONG, CUT), ("y" * 900, "y" * 60 + "…")]
)
def test_of_a_step_that_is_passed_over_or_fails(message: str, again: str) -> None:
    run = Run(plan(step("a", "writer"), step("b", "writer")))
    run.starts(call("a", "writer"), call("b", "writer"))
    kind = FailureClass.SERVER_ERROR
    passed = run.fails(1.0, "a", kind, message, skip("a", message, "a.catch.any"))
    failed, skipped = (line[12:] for line in event_lines(passed, run.trace))
    assert failed.startswith(f"a  attempt 1 failed: server_error: {message[:500]}")
    assert skipped.startswith(f"a  skipped: {again}")
    ended = run.fails(2.0, "b", kind, message, fail("b", kind, message, "it is off"))
    told = event_lines(ended, run.trace)[1][12:]
    assert told == f"b  failed after 2.0s: server_error: {again} (no retry: it is off)" or (
        len(message) > 600 and told.startswith(f"b  failed after 2.0s: server_error: {again}")
    )
