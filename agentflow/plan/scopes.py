"""Which names exist where: scopes of steps, and the references that reach into them.

`steps.ID` means the step ID of the same scope or, failing that, of an enclosing one. A reference
from inside a group to a step outside makes the group wait for that step, so each reference is also
handed up, scope by scope, until it reaches the one where ID stands.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field

from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.document import Path
from agentflow.spec.expressions import references

#: Roots that exist in every expression.
GLOBAL_ROOTS = frozenset({"inputs", "run", "steps"})
#: Roots that exist inside a `for_each`.
ITEM_NAMES = frozenset({"item", "index"})
#: Roots that exist in an `assert`, where there is an input.
OUTPUT_NAMES = frozenset({"output", "input"})
#: Roots that exist in the tasks of a `delegate`.
TASK_NAMES = frozenset({"task"})
#: Roots that exist inside a `loop`.
LOOP_NAMES = frozenset({"loop"})


class Frame(Struct, frozen=True):
    """The names that one scope adds: its steps by id (to their addresses), and its locals."""

    address: str
    parent: "Frame | None"
    ids: Mapping[str, str]
    locals: frozenset[str]

    def find(self, step_id: str) -> "Frame | None":
        """The innermost frame from here outwards that has this step."""
        frame: Frame | None = self
        while frame is not None and step_id not in frame.ids:
            frame = frame.parent
        return frame

    def with_locals(self, names: Iterable[str]) -> "Frame":
        """The same scope with further local names, as inside a `for_each` or a loop."""
        return Frame(self.address, self.parent, self.ids, self.locals | frozenset(names))


class Place(Struct, frozen=True):
    """Where an expression stands: the frame it is read in and the step it belongs to.

    `reader` is the address of that step, or of the group, case or iteration whose output it makes;
    `""` is the pipeline. `inside` has the ids on the way there, one for each scope from the outside
    in.
    """

    frame: Frame
    reader: str
    inside: tuple[str, ...]

    def with_locals(self, names: Iterable[str]) -> "Place":
        """The same place with further local names, as inside a `for_each` or a loop."""
        return Place(self.frame.with_locals(names), self.reader, self.inside)


def step_in_reach(plan: Plan, name: str, place: str) -> StepPlan | None:
    """The step that a name means where an expression is read; None if there is none."""
    inside = (address.child(outer, name) for outer in enclosing(place))
    return next((plan.steps[at] for at in inside if at in plan.steps), None)


def read_outside(step: StepPlan, path: Path) -> bool:
    """Is a place inside a step read before the step, or one of its items, begins?"""
    inside = path[len(step.path) :]
    return inside[:1] == ("when",) or (inside[:1] == ("for_each",) and inside[1:2] != ("key",))


class Uses(Struct):
    """Collects the references of a pipeline, and for each scope what its steps wait for.

    `waits` maps the address of a scope to pairs (waiting id, awaited id).
    """

    found: list[Use] = field(default_factory=list)
    waits: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def add(self, expr: Expr, path: Path, offset: int, place: Place) -> None:
        """Record the references of an expression that starts at `offset` of the text at `path`."""
        frame = place.frame
        for reference in references(expr):
            target = None
            if reference.root == "steps" and reference.path and isinstance(reference.path[0], str):
                home = frame.find(reference.path[0])
                if home is not None:
                    target = home.ids[reference.path[0]]
                    self.wait(home, reference.path[0], place.inside)
            self.found.append(
                Use(
                    path=path,
                    start=offset + reference.start,
                    end=offset + reference.end,
                    reference=reference,
                    reader=place.reader,
                    scope=frame.address,
                    locals=frame.locals,
                    target=target,
                )
            )

    def wait(self, home: Frame, awaited: str, inside: tuple[str, ...]) -> None:
        """The step of `home` that encloses the reader waits for `awaited`."""
        depth = sum(1 for _ in _outwards(home)) - 1
        if depth < len(inside):
            waiting = inside[depth]
            self.waits.setdefault(home.address, {}).setdefault(waiting, set()).add(awaited)


def _outwards(frame: Frame | None) -> Iterator[Frame]:
    while frame is not None:
        yield frame
        frame = frame.parent
