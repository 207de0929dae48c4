"""How a run reaches people, as whoever starts it settles."""

from pathlib import Path

from msgspec import Struct

from agentflow.channels.protocol import Terminal
from agentflow.eventlog.mailbox import Mailbox


class Office(Struct, frozen=True):
    """The mailbox of the run; `waits` says whether its process stays until people have answered.

    `folder` is that of the spec. `terminal` is the one of this process, if somebody sits before it:
    as long as a question is put there, the process stays.
    """

    mailbox: Mailbox
    folder: Path
    waits: bool = False
    terminal: Terminal | None = None
