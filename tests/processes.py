"""A look at living processes, as tests need it that kill some."""

import os
import time
from pathlib import Path

#: Seconds after which a test has failed; nothing here takes more than a fraction of it.
WATCHDOG = 60.0


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
    limit = time.monotonic() + WATCHDOG
    while alive(pid) and time.monotonic() < limit:
        time.sleep(0.01)
    return not alive(pid)
