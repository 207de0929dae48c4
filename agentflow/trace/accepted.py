"""Tools of servers that changed while a run waited, and with which it was resumed all the same."""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.core.events import RunResumed
from agentflow.plan.definitions import from_data


class Accepted(Struct, frozen=True):
    """A tool of a server that was no longer what the run knew, and that somebody let it go on with.

    `was` and `now` are the pins of its definitions.
    """

    at: float
    pipeline: str
    server: str
    tool: str
    was: str
    now: str
    by: str | None


def accepted_in(fact: RunResumed) -> Iterator[Accepted]:
    """Those that were accepted when a run was taken up."""
    for file, servers in fact.accepted.items():
        for server, pins in servers.items():
            for tool, was in pins.items():
                now = from_data(tool, fact.tools[file][server][tool]).pin
                yield Accepted(fact.at, file, server, tool, was, now, fact.by)
