"""What agents say when they fail, for whoever has to find out why."""

import pytest

from .shell import Project, later

SPEC = """\
agentflow: 1
name: talkative
agents:
  program:
    kind: command
    argv: [sh, -c, "echo one >&2; echo two >&2; exit 3"]
    effects: none
    input: {type: object}
    output: {type: object}
  slow:
    kind: command
    argv: [sh, -c, "cat > input; echo waiting for the other side >&2; echo >> waiting; sleep 1000"]
    effects: none
    timeout: 5m
    input: {type: object}
    output: {type: object}
  function:
    kind: python
    call: talkative:outer
    effects: none
    input: {type: object}
    output: {type: object}
steps:
  program: {agent: program, catch: {any: skip}}
  slow: {agent: slow, needs: [program, function], catch: {any: skip}}
  function: {agent: function, catch: {any: skip}}
outputs: {done: true}
"""
MODULE = """\
def inner():
    raise KeyError("order")


def outer():
    try:
        inner()
    except KeyError as error:
        raise RuntimeError("no order") from error
"""
SAID = {
    "program": "one\ntwo",
    "slow": "waiting for the other side",
    "function": (
        'Traceback (most recent call last):\n  File "{folder}/talkative.py", line 7, in outer\n'
        '    inner()\n  File "{folder}/talkative.py", line 2, in inner\n'
        "    raise KeyError(\"order\")\nKeyError: 'order'\n\n"
        "The above exception was the direct cause of the following exception:\n\n"
        'Traceback (most recent call last):\n  File "{folder}/talkative.py", line 9, in outer\n'
        '    raise RuntimeError("no order") from error\nRuntimeError: no order\n'
    ),
}


@pytest.fixture
def run(project: Project) -> tuple[Project, str]:
    (project.folder / "talkative.yaml").write_text(SPEC)
    (project.folder / "talkative.py").write_text(MODULE)
    too_long = later(301, with_each=project.folder / "waiting")
    return project, project.json("run", "talkative.yaml", by=too_long)["run"]


def test_the_log_keeps_the_end_of_stderr_and_tracebacks(run: tuple[Project, str]) -> None:
    project, run_id = run
    for step, said in SAID.items():
        events = project.json("show", run_id, "--step", step)["events"]
        (failed,) = (event for event in events if event["kind"] == "AttemptFailed")
        assert failed["detail"] == said.format(folder=project.folder)


def test_show_prints_it(run: tuple[Project, str]) -> None:
    project, run_id = run
    shown = project.agentflow("show", run_id, "--step", "program").out
    assert "             said: one\n               two\n" in shown
