"""A command under watch: what it opened, connected to, started and loaded.

    python -P audited.py REPORT ARGUMENTS... [--then ARGUMENTS...]

Runs `agentflow ARGUMENTS...` and writes the audit events of interest (PEP 578) to REPORT as JSON, a
list with one entry a command: the names of the events with what they were about, `modules` with all
that is loaded at the end, and `exit` with the exit code. `watched` does so in a process of its own.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

#: Events that a harmless command does not raise at all.
TOUCHING = (
    *("ctypes.", "ftplib.", "http.", "os.", "pty.", "shutil.", "smtplib.", "socket."),
    *("sqlite3.", "subprocess.", "tempfile.", "urllib."),
)
HARMLESS = {"os.listdir", "os.scandir", "os.walk", "os.putenv", "socket.gethostname"}
#: Between two commands, which run in one process, one after the other.
THEN = "--then"
#: What a command did, by the name of the audit event.
Events = dict[str, list[str]]


def main(report: str, arguments: list[str]) -> None:
    """Watch commands."""
    found: list[Events] = []
    watching = True

    def watch(event: str, values: tuple[Any, ...]) -> None:
        if not watching:
            return
        if event == "open" and isinstance(values[0], str | bytes | os.PathLike):
            found[-1]["open"].append(os.path.abspath(os.fsdecode(values[0])))
        elif event.startswith(TOUCHING) and event not in HARMLESS:
            found[-1].setdefault(event, []).append(repr(values))

    for number, words in enumerate(_commands(arguments)):
        found.append({"open": []})
        sys.argv = ["agentflow", *words]
        if number == 0:
            sys.addaudithook(watch)
        try:
            from agentflow.__main__ import main as command

            command()
        except SystemExit as end:
            found[-1]["exit"] = [str(end.code)]
        found[-1]["modules"] = sorted(sys.modules)
    watching = False
    Path(report).write_text(json.dumps(found))


def _commands(arguments: list[str]) -> list[list[str]]:
    commands: list[list[str]] = [[]]
    for word in arguments:
        if word == THEN:
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


def watched(folder: Path, *arguments: str) -> Events:
    """What a command does in a folder."""
    (found,) = watched_all(folder, [arguments])
    return found


def watched_all(folder: Path, commands: Sequence[Sequence[str]]) -> list[Events]:
    """What commands do in a folder, one after the other in a process of their own."""
    from tests.processes import WATCHDOG

    report = folder.parent / f"{folder.name}.report.json"
    words = [word for command in commands for word in (THEN, *command)][1:]
    subprocess.run(
        [sys.executable, "-P", __file__, report, *words],
        cwd=folder,
        capture_output=True,
        # Compiled modules that are not there yet would be written.
        env={"PATH": os.environ["PATH"], "COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=WATCHDOG,
    )
    found: list[Events] = json.loads(report.read_text())
    report.unlink()
    return found


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
