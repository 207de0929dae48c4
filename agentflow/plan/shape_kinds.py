"""What a value can look like, as far as it is certain: the kinds of shapes.

A contract says what it keeps; the rest says how templates put it together.
"""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct, field

from agentflow.plan.narrowing import NOTHING_GIVEN, Given
from agentflow.plan.schemas import Contract
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.templates import Template

Written: TypeAlias = Template | Expr

#: With more alternatives, or more written items, none of them is looked at.
MOST_OPTIONS = 200


class Fields(Struct, frozen=True):
    """A map that the author wrote; its values are read where `place` is, or known already.

    What is `given` has held there.
    """

    entries: Mapping[str, "Written | Shape"]
    place: str
    variables: "Variables" = field(default_factory=dict)
    given: Given = NOTHING_GIVEN


class Items(Struct, frozen=True):
    """A list whose items all look like this, with how many it has at least and at most.

    Not `exact` if it is computed, so that it need not come to all of that.
    """

    item: "Shape"
    least: int = 0
    most: int | None = None
    exact: bool = True


class Entries(Struct, frozen=True):
    """A map of at most so many unknown keys, whose values all look like this."""

    value: "Shape"
    most: int


class Some(Struct, frozen=True):
    """Some of the items of a list, chosen by a condition."""

    source: "Shape"


class Either(Struct, frozen=True):
    """One of several, each with the words for when it is that one: `case 'refund'`.

    Not `exact` if it is an expression that chooses, so that none of them is all that it can be.
    """

    options: tuple[tuple[str, "Shape"], ...]
    exact: bool = True


class Alias(Struct, frozen=True):
    """The value of a path that is read at `place`."""

    root: str
    steps: Steps
    place: str


class Inside(Struct, frozen=True):
    """The value of a path inside another value."""

    whole: "Shape"
    steps: Steps


#: Shapes that stand for others.
Link: TypeAlias = Alias | Inside | Some
Shape: TypeAlias = Contract | Fields | Items | Entries | Some | Either | Alias | Inside
#: The variables of the macros around an expression, with what they stand for.
Variables: TypeAlias = Mapping[str, Shape]


def either(options: list[Shape], *, exact: bool = True) -> Shape:
    """One of several shapes, without words for when it is which."""
    return Either(tuple(("", option) for option in options), exact)
