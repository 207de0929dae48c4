"""Where the runs are, and who asks: what commands about runs have in common."""

import getpass
import os
import shlex
from contextlib import suppress
from itertools import islice
from pathlib import Path

from agentflow.errors import AgentflowError, FileProblem
from agentflow.eventlog import Durability, Store
from agentflow.project import find_root

FOLDER = ".agentflow"
#: So many folders within the current one are looked into for the store of a run.
_AROUND = 200


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
    found = open_store(folder, durability)
    return Store(found.root, durability, lambda text: _elsewhere(text, found.root))


def _elsewhere(text: str, searched: Path) -> str | None:
    """The stores around the current folder that have a run of this name, in words."""
    here = Path.cwd()
    around = [here, *here.parents]
    with suppress(OSError), os.scandir(here) as inside:
        around += (Path(one.path) for one in islice(inside, _AROUND) if one.is_dir())
    for place in dict.fromkeys(folder / FOLDER for folder in around):
        if place == searched or not place.is_dir():
            continue
        with suppress(AgentflowError):
            run_id = Store(place).find(text)
            return f"run '{run_id}' is in '{place}': add {store_option(place)}"
    return None


def store_option(folder: Path | None) -> str:
    """What further commands need to find the store that the caller named; empty if that is none."""
    return f"--store {shlex.quote(str(folder))}" if folder is not None else ""


def user_name() -> str | None:
    """Who calls, where the caller does not say."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user, as in some containers
        return None
