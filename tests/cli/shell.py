"""The command line in a project of its own, and a look at what it leaves behind."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..processes import WATCHDOG, comes_true

AGENTFLOW = (sys.executable, "-m", "agentflow")
PIPELINES = Path(__file__).with_name("project")


def later(seconds: float, *, with_each: Path | None = None, messages: int = -1) -> tuple[str, ...]:
    """`agentflow`, so many seconds from now, or so many later with each byte of a file.

    It may be killed before it delivers more than so many messages.
    """
    script = Path(__file__).with_name("later.py")
    when = "-" if with_each is None else str(with_each)
    return (sys.executable, "-P", str(script), str(seconds), when, str(messages))


def dying(decision: str, step: str) -> tuple[str, ...]:
    """`agentflow`, killed as soon as a decision about a step is stored and before it is
    performed."""
    return (sys.executable, "-P", str(Path(__file__).with_name("dying.py")), decision, step)


class Done(NamedTuple):
    """How a command ended: its exit code (negative for a signal) and what it printed."""

    code: int
    out: str
    err: str = ""


class Project:
    """A folder with the pipelines and agents of `tests/cli/project`.

    Commands run within this process unless `by` says which program they are run by: `AGENTFLOW`,
    or what `later` gives. Every process that is started here carries a mark in its environment, and
    so does everything that is started by it in turn.
    """

    def __init__(self, folder: Path) -> None:
        shutil.copytree(PIPELINES, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "agentflow.toml").touch()
        self.folder = folder
        self._mark = f"AGENTFLOW_TEST={uuid.uuid4()}"

    # --- the command line ------------------------------------------------------------------

    def agentflow(
        self,
        *arguments: str | Path,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        by: Sequence[str] = (),
    ) -> Done:
        """Run `agentflow` to its end."""
        if by:
            return self.program(*by, *arguments, stdin=stdin, env=env)
        from . import inprocess

        return inprocess.agentflow(*arguments, stdin=stdin, folder=self.folder, env=self.env(env))

    def program(
        self, *command: str | Path, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> Done:
        """Run a program to its end."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.env(env),
            input=stdin,
            capture_output=True,
            timeout=WATCHDOG,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def json(
        self,
        *arguments: str | Path,
        code: int = 0,
        env: Mapping[str, str] | None = None,
        by: Sequence[str] = (),
    ) -> Any:
        """What a command prints with `--json`; it has to end with `code` and without complaint."""
        done = self.agentflow(*arguments, "--json", env=env, by=by)
        assert done == Done(code, done.out)
        return json.loads(done.out)

    def errors(self, spec: str) -> list[tuple[int, str]]:
        """The errors that `validate` finds: line and message."""
        done = self.agentflow("validate", "--format", "json", spec)
        assert done == Done(1, done.out)
        return [
            (finding["location"]["line"], finding["message"])
            for finding in json.loads(done.out)["findings"]
            if finding["severity"] == "error"
        ]

    def start(
        self,
        *arguments: str | Path,
        cwd: Path | None = None,
        launcher: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> "subprocess.Popen[str]":
        """Start a command that the test has to end, if need be through another program."""
        self._started = subprocess.Popen(
            [*launcher, *AGENTFLOW, *arguments],
            cwd=cwd or self.folder,
            env=self.env(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self._started

    def env(self, variables: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a command."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        name, _, value = self._mark.partition("=")
        return {**inherited, "PYTHONWARNINGS": "default", name: value, **(variables or {})}

    # --- files -----------------------------------------------------------------------------

    def write(self, name: str, content: str | bytes) -> Path:
        """Put a file into the project."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the only occurrence of a text in a file."""
        text = (self.folder / name).read_text()
        assert text.count(old) == 1
        self.write(name, text.replace(old, new))

    def files(self) -> set[str]:
        """The files of the project, without those of the store."""
        paths = (path.relative_to(self.folder) for path in self.folder.rglob("*"))
        return {str(path) for path in paths if path.parts[0] not in (".agentflow", "__pycache__")}

    def run_ids(self) -> list[str]:
        """The runs in the store, the oldest first."""
        return sorted(path.name for path in self.folder.glob(".agentflow/runs/[!.]*"))

    # --- agents that can be watched and held up ----------------------------------------------

    def calls(self) -> list[str]:
        """The calls that were made of `desk:note`, in order."""
        path = self.folder / "calls"
        return path.read_text().split() if path.exists() else []

    def hold(self, name: str) -> None:
        """The call of this name is not to come back before it is released."""
        self.write(f"hold-{name}", "")

    def release(self, name: str) -> None:
        """It may come back."""
        (self.folder / f"hold-{name}").unlink()

    def wait_for_call(self, name: str, times: int = 1) -> None:
        """Wait until the command that was started last has made a call so many times."""

        def made() -> bool:
            return self.calls().count(name) >= times

        wait_until(lambda: made() or self._started.poll() is not None)
        assert made(), f"it ended without a call of {name!r}"

    def wait_for_question(self) -> str:
        """Wait until the only run has put a question into the inbox; gives its id."""

        def questions() -> list[Path]:
            return list(self.folder.glob(".agentflow/runs/*/questions/*.json"))

        wait_until(lambda: bool(questions()))
        (question,) = questions()
        return question.parent.parent.name

    def wait_for_end(self, step: str) -> None:
        """Wait until the log of the only run says that a step has ended."""

        def ended() -> bool:
            (run_id,) = self.run_ids()
            return "AcceptOutput" in self.agentflow("show", run_id, "--step", step).out

        wait_until(ended)

    # --- processes ---------------------------------------------------------------------------

    def wait_for_processes(self) -> None:
        """Wait until nothing runs any more that was started here: a killed process takes its
        time."""
        wait_until(lambda: not self.processes())

    def processes(self) -> list[str]:
        """The processes that were started here and run, as their command lines."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self._mark.encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_text().replace("\0", " "))
            except OSError:  # it has ended meanwhile, or is not ours
                continue
        return found


def wait_until(holds: Callable[[], bool]) -> None:
    """Poll a condition; it has to come true before the watchdog barks."""
    assert comes_true(holds), "the watchdog barked"


def read_until(process: "subprocess.Popen[str]", text: str) -> None:
    """Read what a command prints up to a line with this text."""
    assert process.stdout is not None
    assert any(text in line for line in process.stdout), f"it ended without {text!r}"
