"""Times of steps with real processes: what is in flight when they are over is ended with all it
started."""

import pytest

from ..processes import comes_true
from .shell import Project, later
from .test_crashes import crash

SPEC = """
agentflow: 1
name: deadlines
agents:
  nap:
    kind: command
    argv: [sh, -c, "sleep 600 & wait"]
    effects: none
    input: {type: object}
    output: {type: integer}
steps:
  all:
    steps: {a: {agent: nap}, b: {agent: nap}}
    timeout: 200ms
    catch: {timeout: {use: late}}
  one: {agent: nap, budget: {wall: 200ms}, catch: {budget_exceeded: {use: 0}}}
outputs: {all: "${{ steps.all.output }}", one: "${{ steps.one.output }}"}
"""


def test_nothing_is_left_of_what_had_no_more_time(project: Project) -> None:
    project.write("deadlines.yaml", SPEC)
    done = project.json("run", "deadlines.yaml")
    assert done["outputs"] == {"all": "late", "one": 0}
    assert comes_true(lambda: project.processes() == [])
    group, one = project.json("show", done["run"])["steps"]
    assert [inner["status"] for inner in group["steps"]] == ["cancelled", "cancelled"]
    assert one["reason"].endswith("'one' took longer than 200ms (budget.wall)")
    told = project.agentflow("show", done["run"], "--step", "all").out
    assert "→ SetDeadline: it has 200ms (timeout) [all.timeout]\n" in told
    assert "TimeRanOut: timeout\n" in told
    assert project.agentflow("replay", done["run"], "--quiet").code == 0


CRASHED = """
agentflow: 1
name: crashed
budget: {wall: 3d}
agents:
  noter:
    kind: python
    call: desk:note
    effects: EFFECTS
    timeout: 1h
    input: {type: object, required: [name], properties: {name: {type: string}}}
    output: {type: object, required: [text], properties: {text: {type: string}}}
steps:
  all:
    steps: {act: {agent: noter, with: {name: act}, catch: {timeout: skip}}}
    timeout: 2h
    catch: {timeout: {use: late}}
outputs: {all: "${{ steps.all.output }}"}
"""


@pytest.mark.parametrize(("effects", "kind"), [("write", "unknown_effect"), ("read", None)])
def test_a_time_that_passed_while_the_process_was_dead_comes_after_what_was_lost(
    project: Project, effects: str, kind: str | None
) -> None:
    """A write is unknown, and no `catch.timeout` speaks for it; a read has no time to be made
    again."""
    project.write("crashed.yaml", CRASHED.replace("EFFECTS", effects))
    project.hold("act")
    run_id = crash(project, "act", "run", "crashed.yaml")
    done = project.json("resume", run_id, code=1 if kind else 0, by=later(3 * 3600))
    assert (done["failure"] or {}).get("kind") == kind
    assert done["outputs"] == (None if kind else {"all": "late"})
    assert project.calls() == ["act"]
    assert project.agentflow("replay", run_id, "--quiet").code == 0
