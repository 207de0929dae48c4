"""Which step's output the tasks of a `delegate` are read from."""

from msgspec import Struct

from agentflow.spec.cel.references import known_steps
from agentflow.spec.cel.syntax import Identifier, spine
from agentflow.spec.templates import Template, Whole


class Planner(Struct, frozen=True):
    """The step that plans, by its id, and the way to the tasks in its output."""

    step: str
    way: tuple[str, ...]


def planner_of(tasks: Template) -> Planner | None:
    """The step that planned the tasks; None if they are composed of more than one field."""
    if not isinstance(tasks, Whole):
        return None
    nodes = spine(tasks.expr)
    start, steps = nodes[-1], known_steps(nodes)
    names = tuple(part for part in steps if isinstance(part, str))
    if not isinstance(start, Identifier) or start.name != "steps" or len(names) < len(steps):
        return None
    return Planner(names[0], names[2:]) if names[1:2] == ("output",) else None
