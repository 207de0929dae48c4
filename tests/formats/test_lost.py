"""How a step shows the attempts that ended with their process."""

import pytest

from agentflow.core.events import AttemptLost
from agentflow.formats import trace_text
from agentflow.trace.spans import lost_with_process
from tests.formats.stage import Run, accept, call, plan, step


@pytest.mark.parametrize(
    ("attempts", "text"),
    [
        ([3], "attempt 3: lost with its process"),
        ([1, 2], "attempts 1 and 2: lost with their processes"),
        ([1, 2, 3, 5], "attempts 1 to 3 and 5: lost with their processes"),
    ],
)
def test_their_numbers(attempts: list[int], text: str) -> None:
    assert lost_with_process(attempts) == text


def test_all_of_them_are_shown() -> None:
    run = Run(plan(step("a", "writer")))
    run.starts(call("a", "writer"))
    for attempt in (1, 2, 3):
        run.happens(AttemptLost(2.0, "a", attempt), call("a", "writer", attempt + 1))
    run.answers(2.5, "a", accept("a", 4))
    told = trace_text.render(run.trace).split("\n")[2]
    assert told == "    attempts 1 to 3: lost with their processes"
    assert run.trace.steps["a"].notes[0] == "attempt 1: lost with its process"
