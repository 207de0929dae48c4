"""Inputs as people type and as programs write them."""

import json

import pytest

from .shell import Done, Project

SPEC = """\
agentflow: 1
name: echo
inputs: {type: object, required: [x], properties: {x: {}}}
agents:
  echo: {kind: command, argv: [cat], effects: none, input: {type: object}, output: {type: object}}
steps:
  echo: {agent: echo, with: {x: "${{ inputs.x }}"}}
outputs: {x: "${{ default(steps.echo.output.x, null) }}"}
"""
VALUES = [
    ("3", 3),
    ("three", "three"),
    ("Answer: yes", "Answer: yes"),
    ('{"e": "\\ud83d\\ude00"}', {"e": "😀"}),
    ("[1, two]", [1, "two"]),
    ('"3"', "3"),
]


@pytest.fixture
def echo(project: Project) -> Project:
    (project.folder / "echo.yaml").write_text(SPEC)
    return project


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_value_is_json_or_yaml_or_text(echo: Project, text: str, value: object) -> None:
    assert echo.json("run", "echo.yaml", "-i", f"x={text}")["outputs"] == {"x": value}


@pytest.mark.parametrize("text", ["[a, b", '{"e": 1', '"open'])
def test_a_value_that_is_neither_is_refused(echo: Project, text: str) -> None:
    done = echo.agentflow("run", "echo.yaml", "-i", f"x={text}")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: '--input x' is neither JSON nor YAML: ")
    assert done.err.endswith("\nhelp: mind the quotes of the shell: --input 'NAME=[1, 2]'\n")


def test_a_file_may_be_what_any_json_library_writes(echo: Project) -> None:
    value = {"text": "😀 \x7f", "k" * 2000: [1.5, None]}
    (echo.folder / "inputs.json").write_text(json.dumps({"x": value}))
    done = echo.json("run", "echo.yaml", "--inputs", "inputs.json")
    assert done["outputs"] == {"x": value}


def test_a_file_that_holds_no_names_is_refused(echo: Project) -> None:
    (echo.folder / "inputs.json").write_text("[1]")
    assert echo.agentflow("run", "echo.yaml", "--inputs", "inputs.json") == Done(
        2,
        "",
        "error: inputs.json:1:1: the file holds a list, expected keys and values\n"
        "help: inputs are names with values, in JSON or YAML, such as 'name: value'\n",
    )
