"""Times of steps with real processes: what is in flight when they are over is ended with all it started."""

from ..processes import comes_true
from .shell import Project

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
    assert one["reason"].endswith("'one' took longer than 0.2 s (budget.wall)")
    told = project.agentflow("show", done["run"], "--step", "all").out
    assert "→ SetDeadline: it has 0.2 s (timeout) [all.timeout]\n" in told
    assert "TimeRanOut: timeout\n" in told
    assert project.agentflow("replay", done["run"], "--quiet").code == 0
