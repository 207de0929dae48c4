"""Where values come from: answers of agents and people, followed through the outputs of steps."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from agentflow.lint.rule import Context
from agentflow.plan import address
from agentflow.plan.steps import StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.references import Steps
from agentflow.spec.document import Path

#: How many references are followed on the way to a value.
_MOST_PARTS = 200


class Origin(Struct, frozen=True):
    """A part of a step's answer; without a step, of what comes from elsewhere: inputs, items."""

    step: str
    way: Steps

    def overlaps(self, other: "Origin") -> bool:
        """Is one of them the other, or a part of it?"""
        length = min(len(self.way), len(other.way))
        return self.step == other.step and self.way[:length] == other.way[:length]


def origins(context: Context, *paths: Path) -> tuple[Origin, ...]:
    """Where the values at paths of the document, or further in, come from."""
    return origins_of(context, (use for path in paths for use in within(context, path)))


def within(context: Context, path: Path) -> Iterable[Use]:
    """The references at a path or further in."""
    return context.uses_within.get(path, ())


def origins_of(context: Context, uses: Iterable[Use]) -> tuple[Origin, ...]:
    """The answers that references lead to, through groups, loops and cases around the steps."""
    assert context.plan is not None
    found: dict[Origin, None] = {}
    pending = list(uses)
    seen = set[tuple[str, Steps]]()
    while pending and len(seen) < _MOST_PARTS:
        use = pending.pop(0)
        step = context.plan.steps.get(use.target or "")
        path = use.reference.path
        if step is None:
            found[Origin("", (use.reference.root, *path))] = None
        elif path[1:2] == ("output",) and (step.address, path) not in seen:
            seen.add((step.address, path))
            if step.scopes:
                pending.extend(_inside(context, step, path[2:]))
            else:
                found[Origin(step.address, path[2:])] = None
    return tuple(found)


def _inside(context: Context, step: StepPlan, way: Steps) -> Iterator[Use]:
    """The references that make up a part of the output of a group, a loop or a switch."""
    if step.for_each is not None:
        way = way[1:]
    for scope in step.scopes:
        given: Path = (*scope.path, "output")
        for key in way:
            if not isinstance(key, str) or context.document.node((*given, key)) is None:
                break
            given = (*given, key)
        yield from within(context, given)


def deciding(context: Context, step: StepPlan) -> tuple[StepPlan, ...]:
    """The questions to people whose answers decide whether a step runs."""
    plan = context.plan
    assert plan is not None
    places: list[Path] = []
    for at in address.enclosing(step.address):
        around, switch = plan.steps.get(at), plan.steps.get(address.parent(at) or "")
        if around is not None:
            places.append((*around.path, "when"))
        elif switch is not None:
            places.append((*switch.path, "switch"))
    steps = (plan.steps.get(origin.step) for origin in origins(context, *places))
    asked = {each.address: each for each in steps if each is not None and each.question is not None}
    return tuple(asked.values())


def shown_by(context: Context, asked: StepPlan) -> tuple[Origin, ...]:
    """What a person is shown with a question, or reads in it."""
    return origins(context, (*asked.path, "with"), (*asked.path, "human", "ask"))
