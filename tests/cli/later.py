"""`agentflow`, so many seconds later than it is: a clock that the tests can put forward.

    python -m tests.cli.later SECONDS MESSAGES ARGUMENTS...

The process is killed where it would deliver one message more than MESSAGES; -1 lets all go out.
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


def _later(seconds: float) -> None:
    now = time.time
    time.time = lambda: now() + seconds


def _die_after(messages: int) -> None:
    numbers, deliver = count(1), inbox.deliver

    async def last(_options: InboxChannel, message: Message, host: Host) -> str:
        if next(numbers) > messages:
            os.kill(os.getpid(), signal.SIGKILL)
        return await deliver(_options, message, host)

    inbox.deliver = last


if __name__ == "__main__":
    _, shift, most, *rest = sys.argv
    _later(float(shift))
    if int(most) >= 0:
        _die_after(int(most))
    sys.argv = ["agentflow", *rest]
    main()
