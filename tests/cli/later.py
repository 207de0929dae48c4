"""`agentflow` with a clock that the tests can put forward.

    python -P later.py SECONDS FILE MESSAGES ARGUMENTS...

It is SECONDS later than it is, or, if FILE is not `-`, so much later with each byte of that file:
the time of whatever is under way is up when the test says so, however slow the machine. The process
is killed where it would deliver one message more than MESSAGES; -1 lets all go out.
"""

import os
import signal
import sys
import time
from itertools import count

from agentflow.__main__ import main
from agentflow.channels import inbox
from agentflow.channels.protocol import Host, Message
from agentflow.spec.model import InboxChannel


def _put_forward(seconds: float, file: str) -> None:
    def ahead() -> float:
        if file == "-":
            return seconds
        return seconds * os.stat(file).st_size if os.path.exists(file) else 0.0

    wall, steady = time.time, time.monotonic
    time.time = lambda: wall() + ahead()
    time.monotonic = lambda: steady() + ahead()


def _die_after(messages: int) -> None:
    numbers, deliver = count(1), inbox.deliver

    async def last(_options: InboxChannel, message: Message, host: Host) -> str:
        if next(numbers) > messages:
            os.kill(os.getpid(), signal.SIGKILL)
        return await deliver(_options, message, host)

    inbox.deliver = last


if __name__ == "__main__":
    _, shift, when, most, *rest = sys.argv
    _put_forward(float(shift), when)
    if int(most) >= 0:
        _die_after(int(most))
    sys.argv = ["agentflow", *rest]
    main()
