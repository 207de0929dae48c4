"""The sessions that the docs show: played in a folder of their own, compared, renewed.

Ids of runs, times and folders differ from run to run and are taken out before comparing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ..processes import WATCHDOG
from .pages import ROOT, Block, blocks

#: The pages whose sessions are played.
PLAYED = ("README.md", "docs/drills.md", "docs/runs.md", "docs/servers.md")
#: One whose sessions need a model: `test_own_models` plays them.
WITH_A_MODEL = "docs/own-models.md"

_RUN_ID = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{6}\b")
_VOLATILE = (
    (_RUN_ID, "RUN"),
    (re.compile(r"\+\d+\.\d\ds"), "+TIME"),
    (re.compile(r"\b\d+(\.\d+)?m?s\b"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+\.\d"), "STARTED SECONDS"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "MOMENT"),
    (re.compile(r"\bq[0-9a-f]{10}\b"), "QUESTION"),
    (re.compile(r"stored in \S+/\.agentflow/"), "stored in STORE/"),
    (re.compile(r" +"), " "),
)
_OF_ITEM = re.compile(r"\+TIME \S+\[\d+\] ")


@dataclass(frozen=True)
class Command:
    """A command of a session, and what the page says that it prints."""

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
        # The nearest mark of a project is then in this folder and not in one above.
        (folder / "agentflow.toml").touch()
        programs = Path(sys.executable).parent
        self._environment = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "LOGNAME": "kim",
            "PYTHONUTF8": "1",
        }

    def run(self, command: Command) -> tuple[str, ...]:
        """What the command prints here, with the ids and the folder of the page."""
        line = _RUN_ID.sub(lambda match: self._ids[match[0]], command.line)
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=WATCHDOG,
        )
        text = done.stdout.decode()
        told = _RUN_ID.findall("\n".join(command.printed))
        self._ids |= zip(told, _RUN_ID.findall(text), strict=False)
        for there, here in self._ids.items():
            text = text.replace(here, there)
        return tuple(text.replace(str(self.folder), "/home/you/project").splitlines())


def play(page: str, folder: Path) -> Iterator[tuple[Command, tuple[str, ...]]]:
    """Each command of a page, with what it prints here.

    A block marked `specs` is played beside a copy of `specs/` in which the flagship has just run,
    and the page shows only the tree of it.
    """
    shell = Shell(folder)
    for block in blocks(ROOT / page):
        if block.language in ("yaml", "python") and block.words[:1] == ("file",):
            (folder / block.words[1]).write_text(block.text)
        elif block.language == "console" and not block.words:
            for command in commands(block):
                yield command, shell.run(command)
        elif block.language == "console" and block.words == ("specs",):
            yield from _play_flagship(block, folder / "flagship")


def _play_flagship(block: Block, folder: Path) -> Iterator[tuple[Command, tuple[str, ...]]]:
    (shown,) = commands(block)
    shutil.copytree(ROOT / "specs", folder / "specs")
    shell = Shell(folder)
    shell.run(Command("agentflow run specs/incidents.yaml", tuple(_RUN_ID.findall(shown.line))))
    printed = shell.run(shown)
    last = next((n for n, line in enumerate(printed) if " calls" in line), len(printed))
    yield shown, printed[: last + 1]


def steady(lines: tuple[str, ...]) -> list[str]:
    """The lines without what differs from run to run."""
    text = "\n".join(line for line in lines if line != "Killed")
    for pattern, name in _VOLATILE:
        text = pattern.sub(name, text)
    stripped = [line.strip() for line in text.splitlines()]
    # Items work side by side, and end in any order.
    grouped = groupby(stripped, lambda line: _OF_ITEM.match(line) is not None)
    return [line for items, group in grouped for line in (sorted(group) if items else group)]


def renew(page: str) -> None:
    """Write what commands print now to a page, where that is not what it says."""
    path = ROOT / page
    with tempfile.TemporaryDirectory() as folder:
        for command, printed in play(page, Path(folder)):
            if steady(printed) != steady(command.printed):
                then, now = (
                    "\n".join([f"$ {command.line}", *lines]) for lines in (command.printed, printed)
                )
                path.write_text(path.read_text("utf-8").replace(then, now), "utf-8")
