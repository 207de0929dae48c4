"""What `agentflow doctor` looked at, and what it found."""

from dataclasses import dataclass
from typing import Literal

#: `note` is worth knowing, `absent` is not there and need not be, `problem` is in the way.
CheckState = Literal["ok", "note", "absent", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing of an `area`, by its name. `help` says what to do about a problem."""

    area: str
    name: str
    state: CheckState
    detail: str
    help: str | None = None
