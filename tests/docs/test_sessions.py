"""The sessions that the docs show are run, and print what the docs say they print."""

from pathlib import Path
from typing import Any

import pytest
import typer.main

from agentflow.cli.main import app

from .pages import ROOT, all_blocks
from .sessions import PLAYED, WITH_A_MODEL, commands, play, steady


@pytest.mark.parametrize("page", PLAYED)
def test_sessions_print_what_the_page_says(page: str, tmp_path: Path) -> None:
    played = 0
    for command, printed in play(page, tmp_path):
        hint = f"{command.line}\nif that is right: python -m tests.docs.generate sessions"
        assert steady(printed) == steady(command.printed), hint
        played += 1
    assert played >= 2


def test_other_sessions_call_commands_and_options_that_exist() -> None:
    known: Any = typer.main.get_command(app)
    lines = [
        command.line.split()
        for block in all_blocks("console")
        for command in commands(block)
        if block.page not in (*PLAYED, WITH_A_MODEL)
    ]
    assert lines
    for program, name, *rest in lines:
        assert program == "agentflow"
        options = {option for param in known.commands[name].params for option in param.opts}
        assert {word for word in rest if word.startswith("--")} <= options


def test_shell_commands_name_scripts_that_exist() -> None:
    scripts = [
        word
        for block in all_blocks("sh")
        for word in block.text.split()
        if word.startswith("scripts/")
    ]
    assert {"scripts/demo", "scripts/check"} <= set(scripts)
    assert all((ROOT / script).is_file() for script in scripts)
