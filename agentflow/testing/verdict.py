"""What came of tests: data for the formats."""

from msgspec import Struct

from agentflow.testing.differences import Difference
from agentflow.trace import Trace


class Verdict(Struct, frozen=True):
    """One test: it passed if nothing differs. `trace` is its run, as far as it went."""

    name: str
    differences: tuple[Difference, ...]
    trace: Trace

    @property
    def passed(self) -> bool:
        """Was everything as expected?"""
        return not self.differences


class Suite(Struct, frozen=True):
    """The tests of one spec. `broken` says why none of them could run; None if they did."""

    file: str
    verdicts: tuple[Verdict, ...]
    broken: str | None = None

    @property
    def passed(self) -> bool:
        """Did all of them pass?"""
        return self.broken is None and all(verdict.passed for verdict in self.verdicts)
