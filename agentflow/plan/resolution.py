"""What a value finally is, if a path leads to one thing only: past all that stands for it."""

from agentflow.plan.fields import part_of
from agentflow.plan.loop_states import Shaping
from agentflow.plan.schemas import Contract
from agentflow.plan.shape_kinds import Alias, Fields, Inside, Items, Shape, Some
from agentflow.spec.cel.references import Steps

#: How many links are followed on the way to a value.
_MOST_LINKS = 50


def resolved(shapes: Shaping, shape: Shape, steps: Steps = ()) -> Shape | None:
    """The value that a way leads to from a shape; None if there may be several, or none is known.

    The state of a loop may be made of itself, so it is left alone.
    """
    for _ in range(_MOST_LINKS):
        match shape:
            case Some() | Alias("loop"):
                return None
            case Alias() | Inside():
                found = shapes.resolve(shape, steps)
                if found is None:
                    return None
                shape, steps = found
            case _ if not steps:
                return shape
            case Fields(entries) if steps[0] in entries:
                shape, steps = shapes.entry(shape, str(steps[0])), steps[1:]
            case Items(item) if isinstance(steps[0], int):
                shape, steps = item, steps[1:]
            case Contract() if steps[0] is not None:
                inside = part_of(shape, steps[0]).inside
                if inside is None:
                    return None
                shape, steps = inside, steps[1:]
            case _:
                return None
    return None
