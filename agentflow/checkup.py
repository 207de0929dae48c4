"""What `agentflow doctor` looked at, and what it found."""

from typing import Literal

from msgspec import Struct

#: `note` is worth knowing, `absent` is not there and need not be, `problem` is in the way.
CheckState = Literal["ok", "note", "absent", "problem"]


class Check(Struct, frozen=True):
    """One thing of an `area`, by its name. `help` says what to do about a problem."""

    area: str
    name: str
    state: CheckState
    detail: str
    help: str | None = None
