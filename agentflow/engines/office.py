"""How a run reaches people, as whoever starts it settles."""

from dataclasses import dataclass

from agentflow.eventlog.mailbox import Mailbox


@dataclass(frozen=True, slots=True)
class Office:
    """The mailbox of the run; `waits` says whether its process stays until people have answered."""

    mailbox: Mailbox
    waits: bool = False
