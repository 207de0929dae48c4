"""The options that several commands have."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from agentflow.cli.main import app

from .inprocess import agentflow
from .shell import Done

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


def _commands(group: Any) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        yield name, command
        if hasattr(command, "commands"):
            yield from _commands(command)
