"""What came of the drill of one spec: data for the formats."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct, field

from agentflow.drill.report import Drill
from agentflow.trace import Trace

#: What became of the receipt beside a spec. `checked` is as it should be, `stale` is not, and
#: `missing` is not there though it should be.
Filed: TypeAlias = Literal["written", "unchanged", "checked", "stale", "missing", "none"]
#: What a drill that only checks does not pass.
WRONG: frozenset[Filed] = frozenset({"stale", "missing"})


class Drilled(Struct, frozen=True):
    """The drill of a spec. `broken` says why there was none; None if there was.

    `places` are the line and the column of each claim, by its name, as far as it stands in this
    file. `traces` are those of the runs, by number, that show a claim which does not hold.
    `receipt` is the file of the receipt, and `filed` what became of it.
    """

    file: str
    drill: Drill | None
    broken: str | None = None
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    traces: Mapping[int, Trace] = field(default_factory=dict)
    receipt: str = ""
    filed: Filed = "none"

    @property
    def passed(self) -> bool:
        """Does the spec keep what it claims, and is its receipt that of this drill?"""
        return self.drill is not None and self.drill.passed and self.filed not in WRONG
