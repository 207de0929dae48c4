"""A pipeline before it runs, for people: its steps, what it touches, and what it may cost at most.

    1 * plan  agent 'planner'
              at most 2 calls · 9,120 tokens in · 1,600 tokens out · $0.0055
              context proven for 'planner': at most 9,120 of the 128,000 tokens of 'small'
              contract enforced for 'planner', but for 'uniqueItems'
              takes {topic: string}
              gives {searches: [{query: string}]}

The number is the level: steps of the same level can run side by side. A star marks the path that
takes longest.
"""

from collections.abc import Iterator

from agentflow.formats.plan_words import (
    asking,
    at_most,
    case,
    effects,
    every,
    fitting,
    holding,
    kind,
    multiplied,
    passed,
    time,
    would_be,
)
from agentflow.formats.safe import safe
from agentflow.formats.words import count
from agentflow.plan.bounds import Part
from agentflow.plan.overview import Node, Overview, times

_INDENT = "    "
#: So many questions are shown.
_NAMED = 12


def render(plan: Overview) -> str:
    """The overview as plain text."""
    return "\n".join(_lines(plan))


def _lines(plan: Overview) -> Iterator[str]:
    steps = count(sum(1 for _ in every(plan.nodes)), "step")
    yield f"{plan.plan.pipeline.name}  {steps} in {count(len(plan.levels), 'level')}"
    yield ""
    for node in plan.nodes:
        yield from _step(node, "")
    yield ""
    yield f"order         {' → '.join(', '.join(level) for level in plan.levels)}"
    way = " → ".join(node.part.step.id for node in plan.critical)
    yield f"longest way   {way}"
    yield from _touches(plan)
    yield from _people(plan)
    yield from _worst(plan)
    yield from _alone(plan)


def _step(node: Node, indent: str) -> Iterator[str]:
    step = node.part.step
    says = filter(None, [kind(step), case(node.part), effects(step)])
    yield f"{indent}{node.level} {'*' if node.critical else ' '} {step.id}  {' · '.join(says)}"
    beneath = indent + _INDENT
    yield f"{beneath}at most {' · '.join([*at_most(node.part.most), time(node.part.path)])}"
    yield from _kept(node.part, beneath)
    for fit in node.fits:
        yield f"{beneath}context {fitting(fit)}"
        yield f"{beneath}contract {holding(fit)}"
    takes, gives = passed(node)
    if takes is not None:
        yield f"{beneath}takes {takes}"
    yield f"{beneath}gives {gives}"
    for inner in node.inside:
        yield from _step(inner, beneath)


def _kept(part: Part, indent: str) -> Iterator[str]:
    """What the budgets of a step, and of the pipeline that it runs, keep it from."""
    own = would_be(part.own)
    if own is not None:
        yield f"{indent}would be {own}"
    run = would_be(part.run) if part.run is not None else None
    if run is not None:
        yield f"{indent}each run would be {run}"


def _touches(plan: Overview) -> Iterator[str]:
    touched = plan.touches
    for what in ("programs", "modules", "hosts", "servers", "models", "variables"):
        names: tuple[str, ...] = getattr(touched, what)
        if names:
            yield f"{what:<14}{', '.join(safe(name, oneline=True) for name in names)}"


def _people(plan: Overview) -> Iterator[str]:
    asked = [asking(question) for question in plan.people[:_NAMED]]
    if not asked:
        return
    if len(plan.people) > _NAMED:
        asked.append(f"… {len(plan.people) - _NAMED:,} more")
    asked.append(
        "where no process waits for them, 'agentflow tick' goes on once they have answered"
    )
    for number, line in enumerate(asked):
        yield f"{'people' if number == 0 else '':<14}{line}"


def _worst(plan: Overview) -> Iterator[str]:
    worst = plan.worst
    yield f"{'at most':<14}{' · '.join([*at_most(worst.most), time(worst.seconds)])}"
    kept = would_be(worst.own)
    if kept is not None:
        yield f"{'would be':<14}{kept}"
    if plan.dearest is not None:
        what, way = plan.dearest
        yield f"{'dearest':<14}{' / '.join(map(_dear, way))} (by {what})"


def _dear(part: Part) -> str:
    """A step on the dearest way, with what its calls are multiplied by."""
    name = " / ".join(filter(None, [case(part), part.step.id]))
    by = " \u00d7 ".join(multiplied(part))
    return f"{name}: {by}" if by else name


def _alone(plan: Overview) -> Iterator[str]:
    alone = plan.alone
    if alone is None:
        return
    than = f"'{safe(alone.baseline, oneline=True)}'" if alone.baseline else "a single call"
    found = times(plan.worst.most, alone.most)
    if found is None:
        yield f"{'compared':<14}cannot be told: {than} or this pipeline is unbounded"
        return
    what, ratio = found
    yield f"{'compared':<14}{ratio:,.1f} times the {what} of {than}, at most"
