"""A command under watch: what it opened, connected to, started and loaded.

    python -P audited.py REPORT ARGUMENTS...

Runs `agentflow ARGUMENTS...` and writes the audit events of interest (PEP 578) to REPORT as JSON:
the names of the events with what they were about, `modules` with all that is loaded at the end,
and `exit` with the exit code.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

#: Events that a harmless command does not raise at all.
TOUCHING = (
    *("ctypes.", "ftplib.", "http.", "os.", "pty.", "shutil.", "smtplib.", "socket."),
    *("sqlite3.", "subprocess.", "tempfile.", "urllib."),
)
HARMLESS = {"os.listdir", "os.scandir", "os.putenv"}


def main(report: str, arguments: list[str]) -> None:
    """Watch a command."""
    found: dict[str, list[str]] = {"open": []}
    watching = True

    def watch(event: str, values: tuple[Any, ...]) -> None:
        if not watching:
            return
        if event == "open" and isinstance(values[0], str | bytes | os.PathLike):
            found["open"].append(os.path.abspath(os.fsdecode(values[0])))
        elif event.startswith(TOUCHING) and event not in HARMLESS:
            found.setdefault(event, []).append(repr(values))

    sys.argv = ["agentflow", *arguments]
    sys.addaudithook(watch)
    try:
        from agentflow.__main__ import main as command

        command()
    except SystemExit as end:
        found["exit"] = [str(end.code)]
    watching = False
    found["modules"] = sorted(sys.modules)
    Path(report).write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
