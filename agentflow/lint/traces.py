"""Where references lead: which of their parts certainly exist, may be absent, or never exist.

`Traces.of_use` follows a reference through contracts and templates. What cannot be known is left
open, and rules then report nothing. The number of steps of all traces together is linear in the
number of references, so that no spec can make the linter slow.
"""

from collections.abc import Mapping

from msgspec import Struct, field

from agentflow.plan import address
from agentflow.plan.cases import label_of
from agentflow.plan.fields import UNKNOWN, Lack, Part, part_of
from agentflow.plan.schemas import Contract, values_of
from agentflow.plan.scopes import read_outside
from agentflow.plan.shape_kinds import (
    MOST_OPTIONS,
    Alias,
    Either,
    Entries,
    Fields,
    Items,
    Link,
    Shape,
    Some,
    Written,
)
from agentflow.plan.shapes import STANDS_IN, Shapes
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.references import Steps

#: After how many parts one trace gives up, and all traces of a spec together.
_MOST_PARTS = 200
_PARTS_IN_ANY_CASE = 5_000
_PARTS_A_REFERENCE = 20


class Gap(Struct, frozen=True):
    """A part of a path that does not exist, or need not: its index in the path, and why.

    `known` are the fields that are there, `what` is what has no fields at all, and `case` says
    when it is so, if that is not always. See `plan.fields.Part`.
    """

    at: int
    lack: Lack
    known: tuple[str, ...]
    what: str
    case: str


class Trace(Struct):
    """Where a path leads: the values it may come to, and what is missing on the way.

    `certain` is false as soon as anything is unknown. `broken` is true if the contract is not to
    blame: a step, a name or a contract is missing, which is reported where it is missing, or there
    was too much to look at.
    """

    ends: list[Shape] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    certain: bool = True
    broken: bool = False

    @property
    def wrong(self) -> list[Gap]:
        """The gaps that do not just depend on the length of a list."""
        return [gap for gap in self.gaps if gap.lack != "fewer"]

    @property
    def leads_nowhere(self) -> bool:
        """Is there no way at all to get a value by this path?"""
        return (
            self.certain
            and not self.ends
            and bool(self.wrong)
            and all(gap.lack == "never" for gap in self.wrong)
        )


class Labels(Struct, frozen=True):
    """What a value can be as the label of a case; `known` is None if it may be anything.

    With `broken`, nothing can be said, as of a `Trace`.
    """

    known: tuple[str, ...] | None
    broken: bool


class Traces:
    """The traces of one plan."""

    def __init__(self, plan: Plan, shapes: Shapes) -> None:
        self._plan = plan
        self._shapes = shapes
        self._left = _PARTS_IN_ANY_CASE + _PARTS_A_REFERENCE * len(plan.uses)
        self._traces: dict[object, Trace] = {}
        #: Parts of the plan's contracts, by the identity of the schema, which the plan keeps.
        self._parts: dict[tuple[int, bool, str | int], Part] = {}

    def of_use(self, use: Use) -> Trace:
        """Where a reference leads; traced once, however many rules ask."""
        path = use.reference.path
        key: object = id(use)
        start: Shape
        if use.target is not None and path[1:2] == ("output",):
            start, before = self._shapes.output(use.target), 2
            if isinstance(start, Contract) and start.root is not True:
                key = (
                    id(start.schema),
                    path[2:],
                )  # the same for everything that reads this contract
        elif use.target is not None and path[1:2] == ("items",):
            start, before = self._shapes.outcomes(use.target), 2
        else:
            start, before = Alias(use.reference.root, (), _place_of(use, self._plan.steps)), 0
        trace = self._traces.get(key)
        if trace is None:
            trace = self._traces[key] = self._trace(start, path[before:], before)
        return trace

    def labels(self, written: Written, place: str) -> Labels:
        """The labels that a switch over this value can lead to."""
        trace = self._trace(self._shapes.of(written, place), ())
        broken = trace.broken or any(gap.lack == "never" for gap in trace.gaps)
        labels: dict[str, None] = {}
        for end in trace.ends:
            values = values_of(end) if isinstance(end, Contract) else None
            if values is None:
                return Labels(None, broken)
            found = map(label_of, values)
            labels.update((label, None) for label in found if label is not None)
        return Labels(tuple(labels) if trace.certain and labels else None, broken)

    def _trace(self, start: Shape, path: Steps, before: int = 0) -> Trace:
        """Follow a path; `before` is how many parts of the reference led to its start."""
        trace = Trace()
        # With each value the way that is left, how much of that is the end of `path`, and the case;
        # None for what a `filter` chose, which may well be what has the part.
        pending: list[tuple[Shape, Steps, int, str | None]] = [(start, path, len(path), "")]
        for _ in range(min(_MOST_PARTS, self._left)):
            if not pending:
                return trace
            self._left -= 1
            shape, steps, own, case = pending.pop()
            if isinstance(shape, Either):
                if len(shape.options) > MOST_OPTIONS:
                    trace.certain, trace.broken = False, True
                pending.extend(
                    (option, steps, own, None if case is None else words or case)
                    for words, option in reversed(shape.options[:MOST_OPTIONS])
                )
            elif isinstance(shape, Link):
                resolved = self._shapes.resolve(shape, steps)
                if resolved is None:
                    trace.certain, trace.broken = False, True
                else:
                    pending.append((*resolved, own, None if isinstance(shape, Some) else case))
            elif isinstance(shape, Contract) and shape.schema is STANDS_IN:
                trace.certain, trace.broken = False, True
            elif not steps:
                trace.ends.append(shape)
            else:
                inside, part = self._enter(shape, steps[0], chosen=case is None)
                here = len(steps) == own
                if inside is not None:
                    pending.append((inside, steps[1:], own - here, case))
                # What is missing on the way of another reference that this one leads over is
                # reported where that stands.
                if part.lack is not None and here:
                    at = before + len(path) - own
                    words = case or part.case
                    trace.gaps.append(Gap(at, part.lack, part.known, part.what, words))
                elif inside is None:
                    trace.certain = False
                    trace.broken |= part.lack == "never"
        trace.certain, trace.broken = False, True
        return trace

    def _enter(
        self, shape: Contract | Fields | Items | Entries, key: str | int | None, *, chosen: bool
    ) -> tuple[Shape | None, Part]:
        """One step into a value: what is there, and what is known about it."""
        if key is None:
            return None, UNKNOWN
        if isinstance(shape, Contract):
            part = self._part(shape, key)
            sure = chosen and part.lack == "optional"
            return part.inside, Part(part.inside) if sure else part
        if isinstance(shape, Entries):
            return (None if isinstance(key, int) else shape.value), UNKNOWN
        if isinstance(shape, Items):
            if isinstance(key, int):
                return shape.item, UNKNOWN if key < shape.least else Part(lack="fewer")
            return None, Part(lack="never", what="a list")
        if isinstance(key, int):
            return None, UNKNOWN
        if key in shape.entries:
            return self._shapes.entry(shape, key), UNKNOWN
        return None, Part(lack="never", known=tuple(shape.entries))

    def _part(self, contract: Contract, key: str | int) -> Part:
        if contract.root is True:  # made here, so its identity may be reused
            return part_of(contract, key)
        place = id(contract.schema), contract.filled, key
        known = self._parts.get(place)
        if known is None:
            known = self._parts[place] = part_of(contract, key)
        return known


def _place_of(use: Use, steps: Mapping[str, StepPlan]) -> str:
    """Where the names of a reference are looked up: outside the items for `over` and `when`."""
    reader = steps.get(use.reader)
    if reader is not None and read_outside(reader, use.path):
        return address.parent(use.reader) or ""
    return use.reader
