"""The sessions that the docs show are run, and print what the docs say they print.

Ids of runs, times and folders differ from run to run and are taken out before comparing.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.main

from agentflow.cli.main import app

from .pages import ROOT, Block, all_blocks, blocks

_RUN_ID = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{6}\b")
_VOLATILE = (
    (_RUN_ID, "RUN"),
    (re.compile(r"\+\d+\.\d\ds"), "+TIME"),
    (re.compile(r"\b\d+(\.\d+)?m?s\b"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+\.\d"), "STARTED SECONDS"),
    (re.compile(r"stored in \S+/\.agentflow/"), "stored in STORE/"),
    (re.compile(r" +"), " "),
)


@dataclass(frozen=True)
class Command:
    """A command of a session, and what it prints."""

    line: str
    printed: tuple[str, ...]


def commands(block: Block) -> Iterator[Command]:
    """The commands of a block, in order."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, *printed = part.splitlines()
        yield Command(line, tuple(printed))


class Shell:
    """A folder to work in. Ids of runs in commands stand for those that came out here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ids: dict[str, str] = {}
        bin_folder = Path(sys.executable).parent
        self._environment = {
            "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONUTF8": "1",
        }

    def run(self, command: Command) -> list[str]:
        """What the command prints here."""
        line = _RUN_ID.sub(lambda match: self._ids[match[0]], command.line)
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        )
        printed = done.stdout.decode().splitlines()
        told = _RUN_ID.findall("\n".join(command.printed))
        self._ids |= zip(told, _RUN_ID.findall("\n".join(printed)), strict=False)
        return printed


def steady(lines: list[str] | tuple[str, ...]) -> list[str]:
    """The lines without what differs from run to run."""
    text = "\n".join(line for line in lines if line != "Killed")
    for pattern, name in _VOLATILE:
        text = pattern.sub(name, text)
    return [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize("page", ["README.md", "docs/runs.md"])
def test_session_prints_what_the_page_says(page: str, tmp_path: Path) -> None:
    # The nearest mark of a project is then in this folder and not in one above.
    (tmp_path / "agentflow.toml").touch()
    shell = Shell(tmp_path)
    run = 0
    for block in blocks(ROOT / page):
        if block.language == "yaml" and block.words[:1] == ("file",):
            (tmp_path / block.words[1]).write_text(block.text)
        elif block.language == "console" and not block.words:
            for command in commands(block):
                assert steady(shell.run(command)) == steady(command.printed), command.line
                run += 1
    assert run >= 4


def test_flagship_trace_is_the_one_of_the_readme(tmp_path: Path) -> None:
    (block,) = (block for block in all_blocks("console") if block.words == ("specs",))
    (shown,) = commands(block)
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    (tmp_path / "agentflow.toml").touch()
    shell = Shell(tmp_path)
    first = Command("agentflow run specs/incidents.yaml", tuple(_RUN_ID.findall(shown.line)))
    assert "outputs:" in shell.run(first)
    printed = shell.run(shown)
    # The page ends where the tree does.
    assert steady(printed[: len(shown.printed)]) == steady(shown.printed)


def test_sessions_elsewhere_call_commands_and_options_that_exist() -> None:
    known: Any = typer.main.get_command(app)
    lines = [
        command.line.split()
        for block in all_blocks("console")
        for command in commands(block)
        if block.page not in ("README.md", "docs/runs.md")
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
