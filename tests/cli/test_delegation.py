"""A plan made by an agent and carried out by others, with real workers, a crash, and made-up
plans."""

import json

import pytest

from .shell import Project
from .test_crashes import crash

SPEC = """\
agentflow: 1
name: team
contracts:
  Text: {type: object, required: [text], properties: {text: {type: string}}}
agents:
  planner:
    kind: command
    argv: [sh, -c, "n=$(ls plan-* | head -1); cat $n; rm $n"]
    effects: none
    repair: 1
    input: {type: object}
    output:
      type: object
      additionalProperties: false
      required: [tasks]
      properties:
        tasks:
          type: array
          maxItems: 5
          items:
            type: object
            additionalProperties: false
            required: [id, worker, input]
            properties:
              id: {type: string, pattern: "^[a-z]+$"}
              worker: {enum: [red, green]}
              input: {type: object}
              needs: {type: array, items: {type: string}}
  noter: {kind: python, call: "desk:note", effects: read, timeout: 5m, input: {type: object}, output: Text}
steps:
  plan: {agent: planner}
  work:
    delegate:
      plan: "${{ steps.plan.output.tasks }}"
      workers: {red: noter, green: noter}
      with: {name: "${{ task.id }}", after: "${{ task.results.map(id, task.results[id].text).join() }}"}
      max_tasks: 5
outputs:
  all: "${{ steps.work.output.last.text }}"
"""
NOTED = "{type: object, required: [urgent], properties: {urgent: {type: boolean}}}"
GOOD = [
    {"id": "one", "worker": "red", "input": {}},
    {"id": "two", "worker": "green", "input": {}},
    {"id": "last", "worker": "red", "input": {}, "needs": ["one", "two"]},
]


@pytest.fixture
def team(project: Project) -> Project:
    """Its planner answers what is in the files `plan-1`, `plan-2`, one after the other."""
    project.write("team.yaml", SPEC)
    project.write("plan-1", json.dumps({"tasks": GOOD}))
    return project


def test_a_plan_is_carried_out(team: Project) -> None:
    assert team.agentflow("validate", "team.yaml").code == 0
    done = team.json("run", "team.yaml")
    assert done["outputs"] == {"all": "one two last "}
    shown = team.json("show", done["run"])
    work = shown["steps"][1]
    assert [(s["address"], s["name"], s["agent"], s["status"]) for s in work["steps"]] == [
        ("work/red[:one]", "one", "noter", "succeeded"),
        ("work/green[:two]", "two", "noter", "succeeded"),
        ("work/red[:last]", "last", "noter", "succeeded"),
    ]
    assert team.agentflow("replay", done["run"], "--quiet").code == 0
    told = team.agentflow("show", done["run"], "--step", "work").out
    assert "AssignTasks: the plan has 3 tasks [work.delegate]" in told
    assert '"id": "two"' in told
    told = team.agentflow("show", done["run"], "--step", "work/red[:last]").out
    assert '{"after": "one two ", "name": "last"}' in told


def test_the_course_of_tasks_is_told(team: Project) -> None:
    lines = [line[12:] for line in team.agentflow("run", "team.yaml").out.splitlines()]
    assert "work  started, 3 tasks" in lines
    assert "work/red[:one]  started, agent 'noter'" in lines


def test_a_bad_plan_goes_back_to_its_planner(team: Project) -> None:
    bad = [{**GOOD[0], "needs": ["last"]}, GOOD[1], GOOD[2]]
    team.write("plan-1", json.dumps({"tasks": bad}))
    team.write("plan-2", json.dumps({"tasks": GOOD}))
    done = team.json("run", "team.yaml")
    assert done["outputs"] == {"all": "one two last "}
    plan = team.json("show", done["run"])["steps"][0]
    assert plan["attempts"] == 2
    assert plan["notes"][0] == (
        "attempt 1: the plan cannot be carried out: task 'one' needs 'last', which needs 'one'"
    )
    assert team.agentflow("replay", done["run"], "--quiet").code == 0


@pytest.mark.parametrize("call", ["two", "last"])
def test_a_crash_among_the_tasks(team: Project, call: str) -> None:
    team.hold(call)
    run_id = crash(team, call, "run", "team.yaml")
    team.release(call)
    done = team.json("resume", run_id)
    assert done["outputs"] == {"all": "one two last "}
    assert team.calls().count(call) == 2
    assert call == "two" or team.calls().count("one") == 1
    assert not (team.folder / "plan-1").exists()  # the planner was not asked again
    assert team.agentflow("replay", run_id, "--quiet").code == 0


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_a_simulated_planner_makes_a_plan_that_can_be_carried_out(team: Project, seed: str) -> None:
    team.edit("team.yaml", "steps.work.output.last.text", "string(size(steps.work.output))")
    done = team.json("run", "team.yaml", "--simulate", "--seed", seed)
    assert (done["status"], done["outputs"], done["calls"]) == ("succeeded", {"all": "2"}, 3)
    assert team.agentflow("replay", done["run"], "--quiet").code == 0


def test_a_simulated_planner_says_what_its_workers_are_given(team: Project) -> None:
    team.edit("team.yaml", "input: {type: object}, output", f"input: {NOTED}, output")
    team.edit("team.yaml", "{name: ", '{urgent: "${{ task.input.urgent }}", name: ')
    team.edit("team.yaml", "steps.work.output.last.text", "string(size(steps.work.output))")
    done = team.json("run", "team.yaml", "--simulate")
    assert (done["status"], done["outputs"], done["calls"]) == ("succeeded", {"all": "2"}, 3)


def test_a_simulated_planner_that_may_not_plan_anything_sensible_is_refused(team: Project) -> None:
    team.edit("team.yaml", '"^[a-z]+$"', '"^same$"')
    team.edit("team.yaml", "maxItems: 5", "minItems: 2")
    done = team.json("run", "team.yaml", "--simulate", code=1)
    assert done["failure"]["kind"] == "invalid_output"
    assert "two tasks have the id 'same'" in done["failure"]["message"]


def test_tests_answer_for_tasks(team: Project) -> None:
    text = (team.folder / "team.yaml").read_text()
    team.write(
        "team.yaml",
        text
        + """\
tests:
  two_tasks:
    answers:
      plan:
        value:
          tasks:
            - {id: one, worker: green, input: {}}
            - {id: last, worker: red, input: {}, needs: [one]}
      "work/green[:*]": {value: {text: first}}
      "work/red[:last]": {value: {text: second}}
    expect:
      outputs: {all: second}
      calls: {"work/green[:one]": 1, "work/red[:*]": 1}
      path: [plan, "work/green[:one]", "work/red[:last]"]
""",
    )
    done = team.agentflow("test", "team.yaml")
    assert done.code == 0, done
