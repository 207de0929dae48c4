"""What the state of a loop can be, in whichever iteration: all that `state` and `next` give it.

The type of a field is the least one that holds at the start and that an iteration keeps. A field
that stays as it was, or takes the value of another field, adds nothing of its own. So references
from state to state are followed until only other values are left. Numbers, lists and texts that
`next` works out of what they were are followed from iteration to iteration (see `plan.growth`);
where other values are built out of the state again, the type has no end and is not known.
"""

from collections.abc import Mapping
from typing import Protocol

from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.narrowing import NOTHING_GIVEN, Given
from agentflow.plan.schemas import ANYTHING, Contract
from agentflow.plan.shape_kinds import (
    MOST_OPTIONS,
    Alias,
    Either,
    Fields,
    Inside,
    Link,
    Shape,
    Some,
    Written,
    either,
)
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.references import Steps
from agentflow.spec.templates import Constant, MapOf, Template


class Shaping(Protocol):
    """How the shapes of a plan are found."""

    def of(self, written: Written, place: str, given: Given = ...) -> Shape: ...
    def entry(self, fields: Fields, key: str) -> Shape: ...
    def grown(self, step: StepPlan, name: str) -> Shape | None: ...
    def resolve(self, link: Link, steps: Steps) -> tuple[Shape, Steps] | None: ...
    def sources(self, path: Alias) -> list[tuple[Shape, Steps]] | None: ...


def loop_around(plan: Plan, place: str) -> StepPlan | None:
    """The innermost loop with a place inside one of its iterations."""
    for at in enclosing(place):
        step = plan.steps.get(address.parent(at) or "")
        if step is not None and at == address.iteration(step.address):
            return step
    return None


def of_loop(shapes: Shaping, plan: Plan, step: StepPlan) -> Shape:
    """What `loop` is inside a loop."""
    assert step.loop is not None
    index = {"type": "integer", "minimum": 0, "maximum": step.loop.max - 1}
    return Fields({"index": Contract(index, True), "state": _state(shapes, plan, step)}, "")


def _state(shapes: Shaping, plan: Plan, step: StepPlan) -> Shape:
    """The state: at first only the fields that `state` has, later those of `next` too."""
    assert step.loop is not None
    initial, changed = entries(step.loop.state), entries(step.loop.next)
    fields = {
        name: shapes.grown(step, name) or _field(shapes, plan, step, name)
        for name in {**initial, **changed}
    }
    first = Fields({name: fields[name] for name in initial}, "")
    if initial.keys() == fields.keys():
        return first
    return Either((("'loop.state'", first), ("'loop.next'", Fields(fields, ""))))


def _field(shapes: Shaping, plan: Plan, step: StepPlan, name: str) -> Shape:
    """All that a field of the state can be."""
    inside = address.iteration(step.address)
    pending: list[tuple[Shape, Steps]] = [(Alias("loop", ("state", name), inside), ())]
    seen: set[tuple[str, Steps]] = set()
    found: list[Shape] = []
    exact = True
    while pending:
        shape, steps = pending.pop()
        if len(found) + len(pending) + len(seen) > MOST_OPTIONS:
            return ANYTHING
        fed = fed_by(shapes, plan, shape, steps)
        if fed is not None:
            at, way, sources = fed
            if (at, way) not in seen:
                seen.add((at, way))
                pending.extend(reversed(sources))
        elif isinstance(shape, Either):
            exact &= shape.exact
            pending.extend((option, steps) for _, option in reversed(shape.options))
        elif isinstance(shape, Link) and not isinstance(shape, Some) and not _is_loop(shape):
            resolved = shapes.resolve(shape, steps)
            if resolved is None:
                return ANYTHING
            pending.append(resolved)
        elif isinstance(shape, Fields) and steps and steps[0] in shape.entries:
            pending.append((shapes.entry(shape, str(steps[0])), steps[1:]))
        else:
            found.append(Inside(shape, steps) if steps else shape)
    return found[0] if len(found) == 1 and exact else either(found, exact=exact)


def _is_loop(link: Link) -> bool:
    """Is this `loop.index`, or `loop` or its state as a whole, which is looked at later?"""
    return isinstance(link, Alias) and link.root == "loop"


def fed_by(
    shapes: Shaping, plan: Plan, shape: Shape, steps: Steps
) -> tuple[str, Steps, list[tuple[Shape, Steps]]] | None:
    """If this is a field of the state of a loop: which, and the values that it comes from."""
    if not isinstance(shape, Alias) or shape.root != "loop":
        return None
    step = loop_around(plan, shape.place)
    way = (*shape.steps, *steps)
    if step is None or step.loop is None or len(way) < 2 or way[0] != "state":
        return None
    going_on = NOTHING_GIVEN
    if step.loop.until is not None:
        going_on = going_on.assuming(step.loop.until, False)
    places = (
        (step.loop.state, step.address, NOTHING_GIVEN),
        (step.loop.next, address.iteration(step.address), going_on),
    )
    sources = [
        (shapes.of(written, place, given), way[2:])
        for template, place, given in places
        if (written := entry(template, str(way[1]))) is not None
    ]
    return step.address, way, sources


def entry(template: Template, name: str) -> Template | None:
    """One field of a map that the author wrote; None if there is none."""
    match template:
        case MapOf():
            return template.named.get(name)
        case Constant(dict() as value) if name in value:
            return Constant(value[name])
    return None


def entries(template: Template) -> Mapping[str, Template]:
    """The fields of a map that the author wrote; none if it could not be read."""
    match template:
        case MapOf():
            return template.named
        case Constant(dict() as value):
            return {name: Constant(part) for name, part in value.items()}
    return {}
