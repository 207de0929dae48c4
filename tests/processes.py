"""A look at living processes, as tests need it that kill some."""

import os
import time
from collections.abc import Callable
from pathlib import Path

#: Seconds after which a test has failed. Nothing takes more than a fraction of it, on a busy
#: machine too.
WATCHDOG = 300.0


def children() -> set[int]:
    """The processes that this one has started and that are not gone."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:  # it has ended meanwhile
            continue
        if int(text.rpartition(")")[2].split()[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


def alive(pid: int) -> bool:
    """Does the process run? One that is dead but not yet reaped does not."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def ends(pid: int) -> bool:
    """Does the process end before the watchdog barks?"""
    return comes_true(lambda: not alive(pid))


def has_text(file: Path) -> bool:
    """Has a process written something to the file?"""
    return file.exists() and file.read_text() != ""


def comes_true(holds: Callable[[], bool]) -> bool:
    """Poll a condition: does it come true before the watchdog barks?"""
    limit = time.monotonic() + WATCHDOG
    while not holds():
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True
