"""Functions that do odd things to the process they run in."""

import os
import time


def forks(n: int) -> str:
    """Comes back twice: in the worker and in a fork of it."""
    if os.fork() == 0:
        return f"child of {n}"
    time.sleep(0.2)
    return f"parent of {n}"


def plain(n: int) -> str:
    """Takes its time, so that a stray answer would be there first."""
    time.sleep(0.1)
    return f"plain {n}"


def writes(text: str) -> str:
    """Writes into every file the process has open, the one for answers included."""
    for descriptor in range(3, 10):
        try:
            os.write(descriptor, text.encode("latin-1"))
        except OSError:
            continue
    return "done"


def moves() -> str:
    """Says where it is, and goes elsewhere."""
    here = os.getcwd()
    os.chdir("/")
    return here
