"""What a CI system does with our files, as far as it concerns us: it runs their lines in a
shell."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.processes import WATCHDOG

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent


class Ran(NamedTuple):
    """How a script ended, and what it printed."""

    code: int
    out: str
    err: str


def run(
    script: str, folder: Path, *, shell: str = "sh", env: Mapping[str, str] | None = None
) -> Ran:
    """Run a script in a folder, with our command on the PATH."""
    done = subprocess.run(
        [shell, "-e", "-c", script],
        cwd=folder,
        env={"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "LANG": "C.UTF-8"}
        | dict(env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WATCHDOG,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def filled_in(text: str, inputs: Mapping[str, str]) -> str:
    """The expressions of GitHub in a text with their values; only those of inputs may occur."""
    return re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: inputs[found[1]], text)
