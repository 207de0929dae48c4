"""A run in one line, as `agentflow runs` lists it."""

from msgspec import Struct


class Summary(Struct, frozen=True):
    """A run in one line. `by` is who started it. Times are in seconds.

    `status` is that of the run, or `due` if it waited and can go on, `crashed` if its process died
    in the middle, or `damaged` or `unreadable`, with the `problem`.
    """

    run_id: str
    status: str
    spec: str = ""
    mode: str = ""
    by: str | None = None
    started: float = 0.0
    seconds: float = 0.0
    entries: int = 0
    problem: str | None = None
