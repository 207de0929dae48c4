"""The options that several commands have."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from agentflow.cli.main import app

from .inprocess import agentflow, lines_of
from .shell import Done

EIGHTY = {**os.environ, "COLUMNS": "80"}
CHOICES = {
    "validate a.yaml --format sarfi": (
        "'--format' / '-f': 'sarfi' is not one of: text, json, jsonl, sarif, github, gitlab, junit;"
        " did you mean 'sarif'?"
    ),
    "validate a.yaml --fail-on eror": (
        "'--fail-on': 'eror' is not one of: error, warning, advice, never; did you mean 'error'?"
    ),
    "validate a.yaml --severity X=Y": "'--severity': 'X=Y' is not one of: error, warning, advice",
    "rules -f JSON": "'--format' / '-f': 'JSON' is not one of: text, json; did you mean 'json'?",
    "plan a.yaml -f jsn": (
        "'--format' / '-f': 'jsn' is not one of: tree, json, mermaid, dot, svg;"
        " did you mean 'json'?"
    ),
    "run a.yaml --durability pow": (
        "'--durability': 'pow' is not one of: process, power; did you mean 'power'?"
    ),
    "answer r1 ask aprove": (
        "'ANSWER': 'aprove' is not one of: approve, replace, retry, abort; did you mean 'approve'?"
    ),
}


@pytest.mark.parametrize("typed", CHOICES)
def test_a_value_that_an_option_does_not_have(typed: str) -> None:
    done = agentflow(*typed.split())
    *_, said = done.err.splitlines()
    assert done == Done(2, "", done.err)
    assert said == f"Error: Invalid value for {CHOICES[typed]}"


def test_every_option_of_few_values_names_the_nearest() -> None:
    """What is left to typer has the type `choice`."""
    group: Any = typer.main.get_command(app)
    params = [(name, param) for name, command in _commands(group) for param in command.params]
    assert [(name, param.name) for name, param in params if param.type.name == "choice"] == []
    assert ("answer", "said") in [(name, param.name) for name, param in params]


def test_the_list_of_commands_is_not_cut() -> None:
    """Where a terminal has 80 columns, as click takes for granted without one."""
    listed = [
        *lines_of(agentflow("--help", env=EIGHTY)),
        *lines_of(agentflow("schema", "--help", env=EIGHTY)),
    ]
    assert "  run       Run a pipeline." in listed
    assert [line for line in listed if "..." in line and not line.startswith("Usage")] == []


def test_help_takes_the_width_there_is() -> None:
    wide = lines_of(agentflow("run", "--help", env={**os.environ, "COLUMNS": "200"}))
    narrow = lines_of(agentflow("run", "--help", env=EIGHTY))
    assert 110 < max(map(len, wide)) <= 120
    assert max(map(len, narrow)) <= 80


#: They read no file; `lint` refers to `validate`.
READ_NOTHING = {"rules", "explain", "schema", "config", "lint"}


def test_help_says_what_the_exit_codes_mean() -> None:
    group: Any = typer.main.get_command(app)
    told = {name: " ".join(command.help.split()) for name, command in _commands(group)}
    silent = {name for name, text in told.items() if "Exit 3: " not in text}
    assert silent == READ_NOTHING


def _commands(group: Any) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        yield name, command
        if hasattr(command, "commands"):
            yield from _commands(command)
