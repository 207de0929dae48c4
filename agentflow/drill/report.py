"""What came of a drill: data for the formats."""

from typing import Literal, TypeAlias

from msgspec import Struct

from agentflow.drill.claims import Claim
from agentflow.drill.scenarios import Scenario

#: What became of a claim. `held`: it came up and ended where the spec says. `broken`: it came up
#: and ended elsewhere. `dead`: it cannot come up. `idle`: a level that others use is passed over
#: for this step, each time, or an entry of `catch` is for others of the workers who share it.
#: `unknown`: no run of the drill got there.
Status: TypeAlias = Literal["held", "broken", "dead", "idle", "unknown"]
STATUSES: tuple[Status, ...] = ("held", "broken", "dead", "idle", "unknown")
#: What a spec is to be mended for.
FAILED: frozenset[Status] = frozenset({"broken", "dead"})


class Outcome(Struct, frozen=True):
    """What became of a claim, and `how`; `run` is the number of the run that shows it, from 1."""

    claim: Claim
    status: Status
    how: str
    run: int | None = None


class Drill(Struct, frozen=True):
    """A drill: what became of each claim, in the order of the spec, and the runs that were made.

    `bounded` says that there were more runs to be made than it may make.
    """

    outcomes: tuple[Outcome, ...]
    runs: tuple[Scenario, ...]
    bounded: bool

    @property
    def passed(self) -> bool:
        """Does the spec keep all that it claims, as far as the drill got?"""
        return not any(outcome.status in FAILED for outcome in self.outcomes)

    def count(self, status: Status) -> int:
        """How many claims became that."""
        return sum(outcome.status == status for outcome in self.outcomes)
