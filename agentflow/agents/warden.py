"""Kills what a run has started when the run's own process has died.

    python -I -S warden.py      lines on stdin: +MARK guards what carries a mark in its environment,
                                =MARK GROUP the process group of it too, -MARK lets both go

A process that is killed with SIGKILL cannot clean up after itself. But the kernel then closes its
end of this process's stdin, and whatever is still guarded is killed, however it hangs: a worker in
a C call, a program that ignores SIGTERM, a grandchild. A process can leave its group with `setsid`,
but not lose the mark, since what it starts inherits its environment (Jenkins ends what a build has
left behind in the same way). A program is guarded before it starts, so there is no moment at which
it could be lost.

This file imports nothing from `agentflow`, so that it is ready within milliseconds. Without `/proc`
only groups are killed.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

#: The variable that holds the mark.
MARK = "AGENTFLOW_PROCESS"
#: Looks at all processes before one that starts others all the time is left alone, and seconds
#: between two of them where a program may be on its way still.
_MOST_LOOKS, _PAUSE = 50, 0.05


def guard(lines: Iterable[bytes]) -> None:
    """Follow the orders in `lines`; at their end kill what is still guarded."""
    groups: dict[bytes, int | None] = {}
    for line in lines:
        order, (mark, *group) = line[:1], line[1:].split()
        if order == b"-":
            groups.pop(mark, None)
        else:
            groups[mark] = int(group[0]) if group else None
    for group_id in groups.values():
        if group_id is not None:
            with suppress(OSError):  # it has ended by itself
                os.killpg(group_id, signal.SIGKILL)
    if groups:
        sweep(groups)
        # One may have been between being forked and being what it was to become.
        time.sleep(_PAUSE)
        sweep(groups)


def sweep(marks: Iterable[bytes]) -> None:
    """Kill all that carry one of these marks, and what they start meanwhile."""
    wanted = [b"\0" + MARK.encode() + b"=" + mark + b"\0" for mark in marks]
    for _ in range(_MOST_LOOKS):
        found = [process for process in _processes() if _carries(process, wanted)]
        for process in found:
            with suppress(OSError):
                os.kill(process, signal.SIGKILL)
        if not found:
            return


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []


def _carries(process: int, wanted: list[bytes]) -> bool:
    """One that is dead and only not yet collected carries nothing."""
    try:
        with open(f"/proc/{process}/environ", "rb") as environ:
            found = b"\0" + environ.read() + b"\0"
    except OSError:  # it has ended, or is not ours
        return False
    return any(mark in found for mark in wanted)


if __name__ == "__main__":
    guard(sys.stdin.buffer)
