"""Commands under limits: how each of them ends with so much work and memory, and what it prints.

    python -P limited.py REPORT FOLDER < COMMANDS

COMMANDS is a JSON list of lists of words. The command line is loaded once, and each command runs in
a fork of its own, which may be `SECONDS` of work and take `MEGABYTES` more than the loaded process.
REPORT is a JSON list of [exit code, stdout, stderr]; the exit code is negative for a signal.
"""

import io
import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

#: What a small machine under load has room for; here hardly a command takes a tenth of the time.
SECONDS, MEGABYTES = 4, 200


class Ended(NamedTuple):
    """How a command ended. Its exit code is negative if a signal ended it: -24 is too much work."""

    code: int
    out: str
    err: str


def ended(folder: Path, commands: Sequence[Sequence[str]]) -> list[Ended]:
    """Run commands in a folder, one after the other."""
    from tests.processes import WATCHDOG

    report = folder.parent / f"{folder.name}.ended.json"
    subprocess.run(
        [sys.executable, "-P", __file__, report, folder],
        input=json.dumps(commands).encode(),
        cwd=folder,
        check=True,
        timeout=WATCHDOG,
    )
    return [Ended(*one) for one in json.loads(report.read_text("utf-8"))]


def main(report: str, folder: str) -> None:
    """Run the commands of stdin and write how they ended."""
    commands = json.loads(sys.stdin.buffer.read())
    _load()
    found = [_run(words, Path(folder)) for words in commands]
    Path(report).write_text(json.dumps(found), encoding="utf-8")


def _load() -> None:
    """Load what the commands would load, each in its fork."""
    from agentflow.cli import contracts, plan, run, test, validate  # noqa: F401
    from agentflow.loading import check, load_bytes

    check(load_bytes(b"agentflow: 1\nname: warm\nsteps: {a: {agent: b}}\n", "warm.yaml", Path()))


def _run(words: list[str], folder: Path) -> tuple[int, str, str]:
    texts = [folder.parent / f"{folder.name}.{name}" for name in ("out", "err")]
    child = os.fork()
    if child == 0:
        os._exit(_limited(words, *texts))
    _, status = os.waitpid(child, 0)
    out, err = (text.read_text("utf-8", "replace") if text.exists() else "" for text in texts)
    for text in texts:
        text.unlink(missing_ok=True)
    return os.waitstatus_to_exitcode(status), out, err


def _limited(words: list[str], out: Path, err: Path) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    room = _size() + MEGABYTES * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    sys.argv = ["agentflow", *words]
    code: object = 0
    with io.StringIO() as said, io.StringIO() as complained:
        try:
            with redirect_stdout(said), redirect_stderr(complained):
                from agentflow.__main__ import main as command

                command()
        except SystemExit as end:
            code = end.code
        except BaseException:  # noqa: BLE001 (as the interpreter would)
            import traceback

            complained.write(traceback.format_exc())
            code = 70
        out.write_text(said.getvalue(), encoding="utf-8", errors="replace")
        err.write_text(complained.getvalue(), encoding="utf-8", errors="replace")
    return int(str(code or 0))


def _size() -> int:
    """The bytes of address space in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
