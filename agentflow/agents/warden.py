"""Kills the process groups of a run when the run's own process has died.

    python -I -S warden.py      lines on stdin: +GROUP guards a process group, -GROUP lets it go

A process that is killed with SIGKILL cannot clean up after itself. But the kernel then closes its
end of this process's stdin, and whatever is still guarded goes with it, however it hangs: a worker
in a C call, a program that ignores SIGTERM, a grandchild. This file imports nothing of `agentflow`,
so that it is ready within milliseconds.
"""

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress


def guard(lines: Iterable[bytes]) -> None:
    """Follow the orders in `lines`; at their end kill the groups that are still guarded."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith(b"+"):
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with suppress(OSError):  # it has ended by itself
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    guard(sys.stdin.buffer)
