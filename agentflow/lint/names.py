"""The nearest known names to unknown ones, for a bounded amount of work.

One look-up compares with every known name. In a spec with thousands of wrong names among thousands
of right ones that would take minutes, and nobody reads so many suggestions.
"""

from collections.abc import Iterable
from itertools import islice

from agentflow.findings import Fix, Location
from agentflow.spec.document import Document
from agentflow.spec.fixes import renamed
from agentflow.spec.nearest import equally_near, nearest
from agentflow.spec.phrases import listed
from agentflow.spec.wording import quoted

_MOST_COMPARISONS = 20_000
#: More names than this are not listed when none is near.
_MOST_LISTED = 12


class Suggestions:
    """The suggestions of one rule about one spec."""

    def __init__(self) -> None:
        self._left = _MOST_COMPARISONS

    def near(self, name: str, known: Iterable[str]) -> str | None:
        """`did you mean 'x'?` with the nearest one or two known names; None if none is near."""
        names = list(islice(known, self._left))
        self._left -= len(names)
        found = nearest(name, names)
        if found is None:
            return None
        # Names that differ only in a number are equally near to one without a number.
        others = [each for each in names if each != found and equally_near(name, each, found)]
        return f"did you mean {' or '.join(map(quoted, [found, *others[:1]]))}?"

    def fix(
        self, document: Document, place: Location, name: str, known: Iterable[str]
    ) -> Fix | None:
        """A fix that writes the only near name, if there is just one."""
        names = list(islice(known, self._left))
        self._left -= len(names)
        return renamed(document, place, name, names) if self._left else None

    def help(self, name: str, known: Iterable[str], otherwise: str) -> str:
        """The help for an unknown name: the nearest ones, or `otherwise` and all that exist."""
        names = list(dict.fromkeys(islice(known, self._left)))
        listing = f"; there is: {listed(names)}" if 0 < len(names) <= _MOST_LISTED else ""
        return self.near(name, names) or otherwise + listing
