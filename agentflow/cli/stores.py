"""Where the runs are, and who asks: what commands about runs have in common."""

import getpass
import shlex
from pathlib import Path

from agentflow.errors import FileProblem
from agentflow.eventlog import Durability, Store
from agentflow.project import find_root

FOLDER = ".agentflow"


def open_store(folder: Path | None, durability: Durability = "process") -> Store:
    """The store named by `--store`, or else the one of the project that we are in."""
    place = folder if folder is not None else find_root(Path.cwd()) / FOLDER
    return Store(place, durability)


def existing_store(folder: Path | None, durability: Durability = "process") -> Store:
    """The same for commands that make no store: one that the caller names has to be there.

    Raises:
        FileProblem: it is not.
    """
    if folder is not None and not folder.is_dir():
        raise FileProblem(
            f"there is no store '{folder}'",
            help="it is the folder that 'run --store' was given, or '.agentflow' in a project",
        )
    return open_store(folder, durability)


def store_option(folder: Path | None) -> str:
    """What further commands need to find the store that the caller named; empty if that is none."""
    return f"--store {shlex.quote(str(folder))}" if folder is not None else ""


def user_name() -> str | None:
    """Who calls, where the caller does not say."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user, as in some containers
        return None
