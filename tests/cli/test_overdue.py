"""Levels whose time passed while no process was at work: once each, in order, over crashes."""

import signal
from pathlib import Path

from agentflow.core.events import AskPerson, LeaveLevel, TimerFired
from agentflow.eventlog import Store
from agentflow.history import Recorded, read_run

from .shell import Project, later
from .test_people import questions

HOUR = 3600
SPEC = """
agentflow: 1
name: overdue
budget: {wall: 3d}
escalations:
  fast:
    levels:
      - {human: {ask: First?, who: kim}, within: 1h}
      - {human: {ask: Second?, who: lee}, within: 1h}
    on_exhausted: {use: nobody}
  slow:
    levels: [{human: {ask: Slow?}, within: 2h}]
    on_exhausted: {use: nobody}
agents:
  no: {kind: command, argv: ["false"], effects: none, input: {type: object}, output: {type: string}}
steps:
  slow: {agent: no, catch: {any: {escalate: slow}}}
  fast: {agent: no, catch: {any: {escalate: fast}}}
outputs: {said: "${{ steps.slow.output + steps.fast.output }}"}
"""


def log(project: Project, run_id: str) -> Recorded:
    return read_run(Store(Path(project.folder / ".agentflow")), run_id)


def test_overdue_levels_take_effect_once_and_in_order(project: Project) -> None:
    project.write("overdue.yaml", SPEC)
    run_id = str(project.json("run", "overdue.yaml", code=4)["run"])
    assert len(questions(project)) == 2
    # An hour and a half later only the first level is over; the next question is never delivered.
    assert project.agentflow("tick", by=later(1.5 * HOUR, messages=0)).code == -signal.SIGKILL
    # Another process of the same day delivers it, and nothing fires twice.
    done = project.json("resume", run_id, code=4, by=later(1.6 * HOUR))
    assert done["status"] == "waiting"
    # A day later all the others are over, in the order in which they were due.
    ticked = project.json("tick", by=later(24 * HOUR))["runs"]
    assert ticked == [{"run": run_id, "status": "succeeded", "problem": None}]
    assert project.json("show", run_id)["outputs"] == {"said": "nobodynobody"}

    entries = log(project, run_id).entries
    decisions = [decision for entry in entries for decision in entry.decisions]
    asked = {one.question: one.ask for one in decisions if isinstance(one, AskPerson)}
    fired = [entry.fact for entry in entries if isinstance(entry.fact, TimerFired)]
    assert [asked[one.question or ""] for one in fired] == ["First?", "Slow?", "Second?"]
    assert [at.at for at in fired] == sorted(at.at for at in fired)
    left = [(one.step, one.level) for one in decisions if isinstance(one, LeaveLevel)]
    assert left == [("fast", 0), ("slow", 0), ("fast", 1)]
    assert sorted(asked.values()) == ["First?", "Second?", "Slow?"]
    assert questions(project) == []
    assert project.agentflow("replay", run_id, "--quiet").code == 0


BOUNDED = """
agentflow: 1
name: bounded
budget: {wall: 3d}
steps:
  all:
    steps:
      well: {human: {ask: Well?, answer: {type: string}}, timeout: 2d, catch: {timeout: fail}}
    output: "${{ steps.well.output }}"
    timeout: 1h
    catch: {timeout: {use: nobody}}
outputs: {said: "${{ steps.all.output }}"}
"""


def test_the_time_of_a_step_goes_on_while_no_process_is_at_work(project: Project) -> None:
    project.write("bounded.yaml", BOUNDED)
    run_id = str(project.json("run", "bounded.yaml", code=4)["run"])
    ticked = project.json("tick", by=later(1.5 * HOUR))["runs"]
    assert ticked == [{"run": run_id, "status": "succeeded", "problem": None}]
    assert project.json("show", run_id)["outputs"] == {"said": "nobody"}
    assert questions(project) == []
    assert project.agentflow("replay", run_id).code == 0


def test_a_question_has_no_more_time_than_the_step_around_it(project: Project) -> None:
    """The time of both is over at once, and the step around is what decides, as in a live
    process."""
    project.write(
        "bounded.yaml",
        BOUNDED.replace("2d, catch: {timeout: fail}", "1h, catch: {timeout: {use: own}}"),
    )
    run_id = str(project.json("run", "bounded.yaml", code=4)["run"])
    assert project.json("resume", run_id, by=later(1.5 * HOUR))["outputs"] == {"said": "nobody"}
    assert project.agentflow("replay", run_id).code == 0


UNKNOWN = """
agentflow: 1
name: unknown
budget: {wall: 3d}
agents:
  writer: {kind: command, argv: ["false"], effects: write, input: {}, output: {type: string}}
steps:
  all:
    steps: {write: {agent: writer}}
    output: "${{ steps.write.output }}"
    timeout: 1h
    catch: {timeout: {use: late}}
outputs: {said: "${{ steps.all.output }}"}
"""


def test_nobody_has_said_what_came_of_a_write_within_the_time_around_it(project: Project) -> None:
    project.write("unknown.yaml", UNKNOWN)
    run_id = str(project.json("run", "unknown.yaml", code=4)["run"])
    assert project.json("resume", run_id, by=later(1.5 * HOUR))["outputs"] == {"said": "late"}
    assert project.agentflow("replay", run_id).code == 0
