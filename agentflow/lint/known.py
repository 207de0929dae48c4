"""What holds somewhere in a pipeline, in all the ways that rules ask for it."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from agentflow.lint.conditions import Fact, facts, proven
from agentflow.plan.limits import Limit, limits
from agentflow.spec.cel.logic import ReadPath
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import Expr

#: A condition that a step was not skipped.
RAN = re.compile(r'steps\.(\w+)\.status=="succeeded"|has\(steps\.(\w+)\.output\)')
_SKIPPED = re.compile(r'steps\.(\w+)\.status=="skipped"')


class Known(Struct, frozen=True):
    """What holds somewhere.

    `existing` are paths that have a value; so has all that leads to them. `limits` are those
    on single values. `instead` says that this stands in for another value that does not exist.
    """

    facts: frozenset[Fact] = frozenset()
    existing: frozenset[ReadPath] = frozenset()
    limits: frozenset[Limit] = frozenset()
    instead: bool = False

    def exists(self, root: str, steps: Steps) -> bool:
        """Is it known that this path has a value?"""
        length = len(steps)
        return any(root == known and way[:length] == steps for known, way in self.existing)

    def outputs(self) -> list[str]:
        """The steps, by the names that conditions call them, whose output is known to exist."""
        return [
            str(way[0])
            for root, way in self.existing
            if root == "steps" and way[1:2] == ("output",)
        ]

    def speaks_of(self, path: str) -> bool:
        """Does any condition here look at a part of what this path leads to?"""
        return any(f"{path}." in text for text, _ in self.facts)

    def compares(self, path: str, *, sizes: bool = True) -> bool:
        """Does any condition here look at what is found at this path, or inside of it?

        Without `sizes`, one that looks at nothing but the size of it does not count.
        """
        size = "" if sizes else f"size({path})"
        asked = (text.replace(size, "") if size else text for text, _ in self.facts)
        return any(path in text and not text.startswith("has(") for text in asked)

    def apart_from_size(self, path: str) -> "Known":
        """The same without the conditions on how long the list at a path is."""
        return replace(
            self, facts=frozenset(fact for fact in self.facts if f"size({path})" not in fact[0])
        )

    def skipped(self) -> Iterator[str]:
        """The steps, by the names that conditions call them, that are known to have no output."""
        for text, truth in self.facts:
            match = (_SKIPPED if truth else RAN).fullmatch(text)
            if match is not None:
                yield next(name for name in match.groups() if name)

    def plus(self, new_facts: Iterable[Fact], existing: Iterable[ReadPath]) -> "Known":
        """The same with more that holds."""
        return replace(
            self, facts=self.facts.union(new_facts), existing=self.existing.union(existing)
        )

    def assuming(self, condition: Expr, text: str, truth: bool) -> "Known":
        """The same where a condition, parsed from a text, came to `truth`."""
        more = self.plus(facts(condition, text, truth), proven(condition, truth))
        return replace(more, limits=self.limits.union(limits(condition, truth)))
