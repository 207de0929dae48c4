"""Pipelines that run pipelines: files in other folders, crashes inside, runs without their
files."""

import json
import shutil
from pathlib import Path

import pytest

from agentflow.errors import FileProblem
from agentflow.eventlog import Store
from agentflow.history import read_run
from agentflow.loading import load

from .shell import Done, Project, later
from .test_crashes import ALL, OUTPUTS, crash

OUTER = """\
agentflow: 1
name: outer
steps:
  inner: {pipeline: chain.yaml}
outputs: {all: "${{ steps.inner.output.all }}"}
"""
#: A pipeline in `flows` that runs one in `flows/lib`, whose files are named from there.
FILES = {
    "flows/main.yaml": """\
agentflow: 1
name: main
inputs: {$ref: in.json}
steps:
  greet:
    pipeline: lib/greet.yaml
    with: {who: "${{ inputs.who }}"}
    catch: {budget_exceeded: skip}
outputs: {text: "${{ default(steps.greet.output.text, 'none') }}"}
""",
    "flows/in.json": '{"type": "object", "required": ["who"], "properties": {"who": {"type": "string"}}}',
    "flows/lib/greet.yaml": """\
agentflow: 1
name: greet
inputs: {$ref: in.json}
agents:
  say:
    kind: command
    argv: [./say]
    effects: none
    input: {type: object, required: [who, word], properties: {who: {type: string}, word: {type: string}}}
    output: {type: string}
  shout:
    kind: python
    call: shouting:shout
    effects: none
    input: {type: object, required: [text], properties: {text: {type: string}}}
    output: {type: string}
steps:
  say: {agent: say, with: {who: "${{ inputs.who }}", word: "${{ inputs.word }}"}}
  shout: {agent: shout, with: {text: "${{ steps.say.output }}"}}
outputs: {text: "${{ steps.shout.output }}"}
""",
    "flows/lib/in.json": json.dumps(
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["who", "word"],
            "properties": {"who": {"type": "string"}, "word": {"type": "string", "default": "hi"}},
        }
    ),
    "flows/lib/say": """\
#!/bin/sh
test "$AGENTFLOW_STEP" = greet/say || exit 9
cat | tr -d '"{} ' | sed 's/.*/"&"/'
""",
    "flows/lib/shouting.py": "def shout(text):\n    return text.upper()\n",
}


@pytest.fixture
def nested(project: Project) -> Project:
    (project.folder / "flows/lib").mkdir(parents=True)
    for name, text in FILES.items():
        project.write(name, text)
    (project.folder / "flows/lib/say").chmod(0o755)
    return project


def test_files_are_named_from_the_file_that_names_them(nested: Project) -> None:
    assert nested.agentflow("validate", "flows/main.yaml").code == 0
    done = nested.json("run", "flows/main.yaml", "-i", "who=Ada")
    assert done["outputs"] == {"text": "WHO:ADA,WORD:HI"}
    shown = nested.json("show", done["run"])
    (greet,) = shown["steps"]
    assert (greet["pipeline"], greet["agent"]) == ("lib/greet.yaml", None)
    assert [(s["address"], s["agent"]) for s in greet["steps"]] == [
        ("greet/say", "say"),
        ("greet/shout", "shout"),
    ]
    said = nested.agentflow("show", done["run"], "--step", "greet").out
    assert 'inputs: {"who": "Ada", "word": "hi"}' in said


def test_a_run_records_all_files_and_needs_none_of_them(nested: Project) -> None:
    run_id = nested.json("run", "flows/main.yaml", "-i", "who=Ada")["run"]
    started = read_run(Store(nested.folder / ".agentflow"), run_id).started
    assert set(started.sources) == {"main.yaml", "in.json", "lib/greet.yaml", "lib/in.json"}
    shutil.rmtree(nested.folder / "flows")
    assert nested.json("replay", run_id)["same"] is True
    assert nested.json("show", run_id)["outputs"] == {"text": "WHO:ADA,WORD:HI"}


def test_it_can_be_simulated(nested: Project) -> None:
    done = nested.json("run", "flows/main.yaml", "-i", "who=Ada", "--simulate")
    assert (done["status"], done["calls"]) == ("succeeded", 2)
    assert nested.agentflow("replay", done["run"]).code == 0


def test_its_steps_are_told_by_their_addresses(nested: Project) -> None:
    lines = nested.agentflow("run", "flows/main.yaml", "-i", "who=Ada").out.splitlines()
    told = [line.split("  ")[-2:] for line in lines[1:7]]
    assert [at for at, _ in told] == [
        "greet",
        "greet/say",
        "greet/say",
        "greet/shout",
        "greet/shout",
        "greet",
    ]
    assert told[0] == ["greet", "started"]


def test_errors_inside_are_shown_where_they_are(nested: Project) -> None:
    nested.edit("flows/lib/greet.yaml", "{agent: shout,", "{agent: shot,")
    done = nested.agentflow("validate", "flows/main.yaml")
    assert done == Done(
        1,
        """\
error[broken-pipeline]: pipeline 'lib/greet.yaml' cannot run: unknown agent 'shot'
 --> flows/main.yaml:6:15
  |
6 |     pipeline: lib/greet.yaml
  |               ^^^^^^^^^^^^^^
note: the error is here
  --> flows/lib/greet.yaml:19:18
   |
19 |   shout: {agent: shot, with: {text: "${{ steps.say.output }}"}}
   |                  ^^^^
help: 'agentflow validate flows/lib/greet.yaml' shows all of it

1 error in 1 file
""",
    )
    assert nested.errors("flows/lib/greet.yaml") == [(19, "unknown agent 'shot'")]
    assert nested.agentflow("run", "flows/main.yaml", "-i", "who=Ada").code == 1


def test_a_file_outside_of_the_project_is_refused(nested: Project) -> None:
    nested.edit("flows/main.yaml", "lib/greet.yaml", "../../elsewhere.yaml")
    ((line, message),) = nested.errors("flows/main.yaml")
    assert line == 6
    assert message == f"'../../elsewhere.yaml' is outside the project '{nested.folder}'"


def test_a_pipeline_in_a_folder_above(nested: Project) -> None:
    nested.write("flows/lib/up.yaml", FILES["flows/main.yaml"].replace("lib/greet", "greet"))
    (nested.folder / "flows/deep").mkdir()
    nested.write(
        "flows/deep/top.yaml",
        """\
agentflow: 1
name: top
steps:
  up: {pipeline: ../lib/up.yaml, with: {who: Bob}}
  again: {pipeline: ../deep/../lib/up.yaml, with: {who: Eve}, needs: [up]}
outputs: {text: "${{ steps.up.output.text + steps.again.output.text }}"}
""",
    )
    nested.edit("flows/lib/say", " = greet/say ", " != greet/say ")
    done = nested.json("run", "flows/deep/top.yaml")
    assert done["outputs"] == {"text": "WHO:BOB,WORD:HIWHO:EVE,WORD:HI"}
    started = read_run(Store(nested.folder / ".agentflow"), done["run"]).started
    assert set(started.sources) == {
        "top.yaml",
        "../lib/up.yaml",
        "../lib/greet.yaml",
        "../lib/in.json",
    }


@pytest.mark.parametrize("call", ["first", "second", "green"])
def test_a_crash_inside_is_made_good_inside(project: Project, call: str) -> None:
    project.write("outer.yaml", OUTER)
    project.hold(call)
    run_id = crash(project, call, "run", "outer.yaml")
    project.release(call)
    done = project.json("resume", run_id)
    assert (done["run"], done["status"], done["outputs"]) == (run_id, "succeeded", OUTPUTS)
    lost = {"red", "green", "blue"} if call == "green" else {call}
    calls = project.calls()
    assert calls.count(call) == 2
    assert all(calls.count(other) == 1 for other in set(ALL) - lost)
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_an_edited_child_is_refused_at_resume(project: Project) -> None:
    project.write("outer.yaml", OUTER)
    project.hold("second")
    run_id = crash(project, "second", "run", "outer.yaml")
    project.release("second")
    project.edit("chain.yaml", '"green"', '"yellow"')
    refused = project.agentflow("resume", run_id)
    assert refused == Done(
        2,
        "",
        f"error: the spec of run '{run_id}' is not what it was: 'chain.yaml' has changed\n"
        "help: '--as-started' goes on with the spec as the run recorded it\n",
    )
    assert project.json("resume", run_id, "--as-started")["outputs"] == OUTPUTS


def test_its_time_goes_on_over_a_crash(project: Project) -> None:
    text = (project.folder / "chain.yaml").read_text()
    project.write("short.yaml", text.replace("agents:", "budget: {wall: 1h}\nagents:"))
    project.write("outer.yaml", OUTER.replace("chain.yaml", "short.yaml"))
    project.hold("first")
    run_id = crash(project, "first", "run", "outer.yaml")
    done = project.json("resume", run_id, code=1, by=later(2 * 3600))
    assert done["failure"]["message"] == "'inner' took longer than 1h (budget.wall)"
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_a_link_that_makes_a_chain_without_end_is_refused(project: Project) -> None:
    for number in range(9):
        steps = f"inner: {{pipeline: f{number + 1}.yaml}}"
        project.write(f"f{number}.yaml", f"agentflow: 1\nname: f{number}\nsteps:\n  {steps}\n")
    ((_, message),) = project.errors("f1.yaml")
    assert message.endswith("more than 8 pipelines run inside of each other")
    with pytest.raises(FileProblem):
        load(Path(project.folder / "gone.yaml"))


def test_classes_that_an_inner_pipeline_names_are_looked_up_beside_it(project: Project) -> None:
    (project.folder / "lib").mkdir()
    project.write(
        "lib/forms.py",
        "from pydantic import BaseModel\n\n\nclass Who(BaseModel):\n    who: str\n    word: str = 'hi'\n",
    )
    project.write(
        "lib/greet.yaml",
        """\
agentflow: 1
name: greet
inputs: {python: "forms:Who"}
agents:
  say: {kind: command, argv: [cat], effects: none, input: {type: object}, output: {type: object}}
steps:
  say: {agent: say, with: {text: "${{ inputs.who + inputs.word }}"}}
outputs: {text: "${{ steps.say.output.text }}"}
""",
    )
    project.write(
        "main.yaml",
        """\
agentflow: 1
name: main
steps:
  greet: {pipeline: lib/greet.yaml, with: {who: Ada}}
outputs: {text: "${{ steps.greet.output.text }}"}
""",
    )
    done = project.json("run", "main.yaml")
    assert done["outputs"] == {"text": "Adahi"}
    started = read_run(Store(project.folder / ".agentflow"), done["run"]).started
    assert set(started.sources) == {"main.yaml", "lib/greet.yaml", "python:lib/forms:Who"}
    shutil.rmtree(project.folder / "lib")
    assert project.agentflow("replay", done["run"], "--quiet").code == 0


def test_a_question_of_an_inner_pipeline_is_answered_by_its_address(project: Project) -> None:
    project.write(
        "ask.yaml",
        """\
agentflow: 1
name: ask
contracts:
  Ruling: {type: object, required: [ok], properties: {ok: {type: boolean}}}
steps:
  sure: {human: {ask: Well?, answer: Ruling}, timeout: 1h, catch: {timeout: fail}}
outputs: {ok: "${{ steps.sure.output.ok }}"}
""",
    )
    project.write(
        "outer.yaml", OUTER.replace("chain.yaml", "ask.yaml").replace("output.all", "output.ok")
    )
    run_id = project.json("run", "outer.yaml", code=4)["run"]
    answered = project.agentflow(
        "answer", run_id, "inner/sure", "replace", "--value", '{"ok": true}'
    )
    assert answered.code == 0
    assert project.json("resume", run_id)["outputs"] == {"all": True}


#: A pipeline that asks inside, with people of its caller behind it, and workers with people behind
#: them.
LADDERS = {
    "ask.yaml": """\
agentflow: 1
name: ask
budget: {wall: 3d}
inputs: {type: object, required: [n], properties: {n: {type: integer}}}
steps:
  sure: {human: {ask: Inside?, answer: {type: boolean}}, timeout: 1h, catch: {timeout: fail}}
outputs: {ok: "${{ steps.sure.output }}"}
""",
    "caller.yaml": """\
agentflow: 1
name: caller
budget: {wall: 3d}
escalations:
  people:
    levels: [{human: {ask: "${{ failure.kind }}: what now?"}, within: 1d}]
    on_exhausted: fail
agents:
  no: {kind: command, argv: ["false"], effects: none, input: {type: object}, output: {type: string}}
steps:
  inner: {pipeline: ask.yaml, with: {n: 7}, catch: {any: {escalate: people}}}
  work:
    delegate:
      plan: [{id: a, worker: any, input: {word: "x"}}]
      workers: {any: "no"}
      max_tasks: 1
      catch: {any: {escalate: people}}
outputs: {ok: "${{ steps.inner.output.ok }}", work: "${{ steps.work.output.a }}"}
""",
}


def test_a_question_inside_that_nobody_answers_goes_to_people_of_the_caller(
    project: Project,
) -> None:
    for name, text in LADDERS.items():
        project.write(name, text)
    run_id = str(project.json("run", "caller.yaml", code=4)["run"])
    assert {one["step"] for one in project.json("inbox")["questions"]} == {
        "inner/sure",
        "work/any[:a]",
    }
    # Two hours later, in another process, nobody has answered inside.
    assert project.agentflow("tick", by=later(2 * 3600)).code == 0
    asked = {one["step"]: one for one in project.json("inbox")["questions"]}
    assert set(asked) == {"inner", "work/any[:a]"}
    assert (asked["inner"]["ask"], asked["inner"]["shown"]) == ("timeout: what now?", {"n": 7})
    wrong = project.json("answer", run_id, "inner", "replace", "--value", '{"ok": 1}', code=1)
    assert wrong["reason"] == (
        "the value breaks its contract: ok: expected boolean, found number 1"
    )
    for step, value in (("inner", '{"ok": false}'), ("work/any[:a]", '"done"')):
        said = ("answer", run_id, step, "replace", "--value", value)
        assert project.agentflow(*said, by=later(3 * 3600)).code == 0
    assert project.json("resume", run_id)["outputs"] == {"ok": False, "work": "done"}
    assert project.agentflow("replay", run_id, "--quiet").code == 0
