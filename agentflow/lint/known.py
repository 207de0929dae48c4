"""A set of things known to hold at one place of a pipeline, with the questions rules ask of it."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentflow.lint.conditions import Fact, facts, proven
from agentflow.plan.limits import Limit, follows, limits
from agentflow.plan.schemas import Contract
from agentflow.spec.cel.logic import ReadPath, together
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import Binary, Expr

#: A condition saying that a step was not skipped.
RAN = re.compile(r'steps\.(\w+)\.status=="succeeded"|has\(steps\.(\w+)\.output\)')
#: Gives the contract of the value that a limit is on, which a part of a condition reads.
Keeps: TypeAlias = Callable[[Limit, Expr], Contract | None]
_SKIPPED = re.compile(r'steps\.(\w+)\.status=="skipped"')


class Choice(Struct, frozen=True):
    """A `&&` or `||`, parsed from a text, at least one side of which comes to `truth`."""

    whole: Binary
    text: str
    truth: bool


class Known(Struct, frozen=True):
    """What holds at one place.

    `facts` are conditions by their texts. `existing` are paths that have a value, and so have all
    paths that lead to them. `limits` are those on single values. `choices` are conditions of which
    one side is enough. `instead` says that something is read here in place of an absent value.
    """

    facts: frozenset[Fact] = frozenset()
    existing: frozenset[ReadPath] = frozenset()
    limits: frozenset[Limit] = frozenset()
    choices: tuple[Choice, ...] = ()
    instead: bool = False

    def exists(self, root: str, steps: Steps) -> bool:
        """Is it known that this path has a value?"""
        length = len(steps)
        return any(root == known and way[:length] == steps for known, way in self.existing)

    def outputs(self) -> list[str]:
        """The steps whose output is known to exist, by their names in conditions."""
        return [
            str(way[0])
            for root, way in self.existing
            if root == "steps" and way[1:2] == ("output",)
        ]

    def speaks_of(self, path: str) -> bool:
        """Does any known condition read a part of the value of a path?"""
        return any(f"{path}." in text for text, _ in self.facts)

    def compares(self, path: str, *, sizes: bool = True) -> bool:
        """Does any known condition read the value of a path, or a part of it?

        Without `sizes`, a condition that reads only its size does not count.
        """
        size = "" if sizes else f"size({path})"
        asked = (text.replace(size, "") if size else text for text, _ in self.facts)
        return any(path in text and not text.startswith("has(") for text in asked)

    def apart_from_size(self, path: str) -> "Known":
        """The same without the conditions on the size of the list at a path."""
        return replace(
            self, facts=frozenset(fact for fact in self.facts if f"size({path})" not in fact[0])
        )

    def skipped(self) -> Iterator[str]:
        """The steps that are known to have no output, by their names in conditions."""
        for text, truth in self.facts:
            match = (_SKIPPED if truth else RAN).fullmatch(text)
            if match is not None:
                yield next(name for name in match.groups() if name)

    def plus(self, new_facts: Iterable[Fact], existing: Iterable[ReadPath]) -> "Known":
        """The same with further facts and paths."""
        return self.also(Known(frozenset(new_facts), frozenset(existing)))

    def assuming(self, condition: Expr, text: str, truth: bool) -> "Known":
        """The same where a condition, parsed from a text, came to `truth`."""
        return self.also(
            Known(
                frozenset(facts(condition, text, truth)),
                frozenset(proven(condition, truth)),
                frozenset(limits(condition, truth)),
                tuple(
                    Choice(part, text, holds)
                    for part, holds in together(condition, truth)
                    if isinstance(part, Binary) and part.operator in ("&&", "||")
                ),
            )
        )

    def also(self, other: "Known") -> "Known":
        """What is known here together with what is known elsewhere, and what follows from both."""
        known = replace(
            self,
            facts=self.facts | other.facts,
            existing=self.existing | other.existing,
            limits=self.limits | other.limits,
            choices=self.choices + other.choices,
        )
        for choice in known.choices:
            for side, other_side in _both_ways(choice.whole):
                if known.settles(side, choice.text, not choice.truth):
                    rest = tuple(one for one in known.choices if one is not choice)
                    known = replace(known, choices=rest)
                    return known.assuming(other_side, choice.text, choice.truth)
        return known

    def settles(self, condition: Expr, text: str, truth: bool, keeps: Keeps | None = None) -> bool:
        """Does a condition, parsed from a text, certainly come to `truth` here?

        `keeps` gives the contracts of the values that it reads, as far as they are known.
        """
        parts = list(together(condition, truth))
        if len(parts) > 1:
            return all(self.settles(one, text, so, keeps) for one, so in parts)
        part, truth = parts[0]
        if self.facts.issuperset(facts(part, text, truth)):
            return True
        if isinstance(part, Binary) and part.operator in ("&&", "||"):  # of which one is enough
            return any(self.settles(one, text, truth, keeps) for one in (part.left, part.right))
        return any(
            follows(limit, self.limits, None if keeps is None else keeps(limit, part))
            for limit in limits(part, truth)
        )

    def common(self, other: "Known") -> "Known":
        """What holds both here and there."""
        return Known(
            self.facts & other.facts,
            _all_on_the_way(self.existing) & _all_on_the_way(other.existing),
            self.limits & other.limits,
            tuple(one for one in self.choices if any(one is each for each in other.choices)),
            self.instead and other.instead,
        )


def _both_ways(whole: Binary) -> tuple[tuple[Expr, Expr], tuple[Expr, Expr]]:
    """Each side of a condition, followed by the other."""
    return (whole.left, whole.right), (whole.right, whole.left)


def _all_on_the_way(existing: Iterable[ReadPath]) -> frozenset[ReadPath]:
    return frozenset(
        (root, way[:length]) for root, way in existing for length in range(len(way) + 1)
    )
