"""With `--json`, stdout has one JSON object also if a command cannot do what it is told to."""

import json

import jsonschema
import pytest

from tests.formats.goldens import SCHEMAS

from .inprocess import agentflow
from .shell import Project

SEARCHED = "there is no store 'nowhere'"
STORE = "it is the folder that 'run --store' was given, or '.agentflow' in a project"


@pytest.mark.parametrize(
    "command",
    [
        "show nope",
        "resume nope",
        "replay nope",
        "cancel nope",
        "answer nope ask approve",
        "inbox",
        "runs",
        "tick",
    ],
)
def test_a_store_that_is_not_there(project: Project, command: str) -> None:
    done = agentflow(*command.split(), "--store", "nowhere", "--json", folder=project.folder)
    assert (done.code, done.err) == (3, f"error: {SEARCHED}\nhelp: {STORE}\n")
    said = json.loads(done.out)
    assert said == {"format": 1, "error": {"message": SEARCHED, "help": STORE, "exit_code": 3}}
    jsonschema.validate(said, json.loads((SCHEMAS / "error.v1.schema.json").read_text()))


def test_inputs_that_are_wrong(project: Project) -> None:
    done = agentflow("run", "hello.yaml", "--json", folder=project.folder)
    assert done.code == 2
    assert f"error: {json.loads(done.out)['error']['message']}\n" in done.err


def test_without_json_stdout_stays_empty(project: Project) -> None:
    assert agentflow("runs", "--store", "nowhere", folder=project.folder).out == ""
