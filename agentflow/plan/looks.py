"""What a value can look like, as far as it is certain: the kinds of shapes.

A contract says what it keeps; the rest says how templates put it together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from agentflow.plan import address
from agentflow.plan.schemas import Contract
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.templates import Template

#: A way through a value: fields, indices, and None where an index is computed.
Steps: TypeAlias = tuple[str | int | None, ...]
Written: TypeAlias = Template | Expr

#: Of more alternatives, or items that are written out, none is looked at.
MOST_OPTIONS = 200


@dataclass(frozen=True, slots=True)
class Fields:
    """A map that the author wrote; its values are read where `place` is, or known already."""

    entries: Mapping[str, "Written | Shape"]
    place: str
    variables: "Variables" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Items:
    """A list whose items all look like this, with how many it has at least and at most.

    Not `exact` if it is computed, so that it need not come to all of that.
    """

    item: "Shape"
    least: int = 0
    most: int | None = None
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Entries:
    """A map with keys of which nothing is known, whose values all look like this."""

    value: "Shape"


@dataclass(frozen=True, slots=True)
class Some:
    """Some of the items of a list, chosen by a condition."""

    source: "Shape"


@dataclass(frozen=True, slots=True)
class Either:
    """One of several, each with the words for when it is that one: `case 'refund'`.

    Not `exact` if it is an expression that chooses, so that none of them is all that it can be.
    """

    options: tuple[tuple[str, "Shape"], ...]
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Alias:
    """What a path leads to that is read where `place` is."""

    root: str
    steps: Steps
    place: str


@dataclass(frozen=True, slots=True)
class Inside:
    """What a path leads to inside of another value."""

    whole: "Shape"
    steps: Steps


#: What stands for something else.
Link: TypeAlias = Alias | Inside | Some
Shape: TypeAlias = Contract | Fields | Items | Entries | Some | Either | Alias | Inside
#: The variables of the macros around an expression, with what they stand for.
Variables: TypeAlias = Mapping[str, Shape]


def either(options: list[Shape], *, exact: bool = True) -> Shape:
    """One of several, without words for when it is which."""
    return Either(tuple(("", option) for option in options), exact)


def enclosing(place: str) -> Iterator[str]:
    """An address and everything around it, out to the pipeline, which is `""`."""
    while place:
        yield place
        place = address.parent(place) or ""
    yield ""
