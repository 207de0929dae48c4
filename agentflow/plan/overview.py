"""A pipeline at a glance, before it runs: what follows what, what is handed on, what it costs.

The tree is that of `plan.bounds`, so that each figure stands at the step that causes it. In each
scope, steps of the same `level` can run side by side: a step is one level below the last of those
that it waits for. The `critical` ones are on the way that takes longest in the worst case, from the
outside in: nothing is that stands inside of a step that is not.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from agentflow.contracts.keywords import Schema
from agentflow.plan.amounts import Bound, Most
from agentflow.plan.bounds import Part, WorstCase, dearest, worst_case
from agentflow.plan.calls import every_call, tools_of
from agentflow.plan.graph import topological_order
from agentflow.plan.people import Question, questions_of
from agentflow.plan.requests import Prices, single_calls
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.types import Types
from agentflow.plan.windows import Fit, Fits
from agentflow.spec.expressions import parse_expression


class Node(Struct, frozen=True):
    """A step. `takes` and `gives` are the types of what goes in and what comes out of it.

    `fits` are those of its calls of chat models, and of the calls of their tools.
    """

    part: Part
    level: int
    critical: bool
    takes: Mapping[str, Schema] | None
    gives: Mapping[str, Schema]
    fits: tuple[Fit, ...]
    inside: tuple["Node", ...]


class Capabilities(Struct, frozen=True):
    """What a run would touch, each once.

    `variables` are those of secrets, and those that may hold the key for a model at its provider.
    """

    programs: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


class Alone(Struct, frozen=True):
    """One agent instead of many: a pipeline of the author's or, without one, a single call."""

    baseline: str | None
    most: Most


class Overview(Struct, frozen=True):
    """A pipeline. `people` are its questions; its worst case is compared with that of `alone`."""

    plan: Plan
    worst: WorstCase
    nodes: tuple[Node, ...]
    touches: Capabilities
    people: tuple[Question, ...] = ()
    alone: Alone | None = None

    @property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """The ids of the outermost steps, those of a level together."""
        found: dict[int, list[str]] = {}
        for node in self.nodes:
            found.setdefault(node.level, []).append(node.part.step.id)
        return tuple(tuple(found[level]) for level in sorted(found))

    @property
    def dearest(self) -> tuple[str, tuple[Part, ...]] | None:
        """Of what most is used up on which way, from the outside in: money, or else calls."""
        for what, of in (("money", _usd), ("calls", _calls)):
            way = dearest(self.worst.parts, of)
            if way:
                return what, way
        return None

    @property
    def critical(self) -> tuple[Node, ...]:
        """The outermost steps of the way that takes longest, in their order."""
        return tuple(sorted((node for node in self.nodes if node.critical), key=_level))


def overview(
    plan: Plan,
    prices: Prices,
    slots: int,
    touches: Capabilities,
    fits: Fits,
    baseline: Alone | None = None,
) -> Overview:
    """The overview of a plan without errors; see `plan.bounds` for `prices` and `slots`.

    Without a `baseline` it is measured against a single call, if there is a model to call.
    """
    worst = worst_case(plan, prices, slots)
    nodes = _nodes(worst.parts, plan, Types(plan), fits)
    alone = baseline or _single_call(plan, prices)
    return Overview(plan, worst, nodes, touches, questions_of(plan), alone)


def _single_call(plan: Plan, prices: Prices) -> Alone | None:
    """One call of the dearest model of the pipeline, with all its inputs as the prompt."""
    singles = list(single_calls(every_call(plan), plan.inputs.schema, prices))
    if not singles:
        return None
    return Alone(None, max(singles, key=lambda most: (most.usd.amount, most.tokens_out.amount)))


def times(many: Most, alone: Most) -> tuple[str, float] | None:
    """How many times as much one worst case is as another, and of what.

    Money if both have a bound of it, else tokens, else calls; None if there is none for any.
    """
    for what, one, other in (
        ("money", many.usd, alone.usd),
        ("tokens", _tokens(many), _tokens(alone)),
        ("calls", many.calls, alone.calls),
    ):
        if one.field is None and other.field is None and other.amount > 0:
            return what, one.amount / other.amount
    return None


def _tokens(most: Most) -> Bound:
    one, other = most.tokens_in, most.tokens_out
    return Bound(one.amount + other.amount, one.field or other.field)


def _usd(most: Most) -> Bound:
    return most.usd


def _calls(most: Most) -> Bound:
    return most.calls


def _level(node: Node) -> int:
    return node.level


def _nodes(
    parts: Sequence[Part], plan: Plan, types: Types, fits: Fits, *, critical: bool = True
) -> tuple[Node, ...]:
    """The parts of one scope, which itself is `critical` or not.

    Those of several cases stand side by side; none waits for another's.
    """
    levels = _levels(parts)
    way = _critical(parts) if critical else set()
    nodes = []
    for part in parts:
        step = part.step
        nested = step.nested.plan if step.nested is not None else plan
        known = types if nested is plan else Types(nested)
        on_it = step.address in way
        nodes.append(
            Node(
                part=part,
                level=levels[step.address],
                critical=on_it,
                takes=_taken(step, types),
                gives=_given(step, plan, types),
                fits=tuple(_fits(step, plan, fits)),
                inside=_nodes(part.inside, nested, known, fits, critical=on_it),
            )
        )
    return tuple(nodes)


def _fits(step: StepPlan, plan: Plan, fits: Fits) -> Iterator[Fit]:
    """Those of a step, and of the tools that its models may call."""
    yield from fits.get((plan.file, step.address), ())
    for tool in tools_of(step):
        yield from _fits(tool, plan, fits)


def _taken(step: StepPlan, types: Types) -> dict[str, Schema] | None:
    if step.call is not None:
        return types.of(step.call.arguments, step.address)
    if step.nested is not None:
        return types.of(step.nested.arguments, step.address)
    if step.question is not None:
        return types.of(step.question.shown, step.address)
    return None


def _given(step: StepPlan, plan: Plan, types: Types) -> dict[str, Schema]:
    if step.address not in plan.steps:  # the worker of a delegate
        return dict(step.contract.schema) if step.contract is not None else {}
    return types.of(parse_expression(f"steps.{step.id}.output"), step.address)


def _upstream(part: Part, here: Mapping[str, Part]) -> list[Part]:
    """The parts of the same scope that one waits for."""
    start = part.step.address.removesuffix(part.step.id)
    found = (here.get(start + name) for name in part.step.upstream)
    return [above for above in found if above is not None]


def _levels(parts: Sequence[Part]) -> dict[str, int]:
    here = {part.step.address: part for part in parts}
    levels: dict[str, int] = {}
    for at in _order(here):
        above = (levels[part.step.address] for part in _upstream(here[at], here))
        levels[at] = 1 + max(above, default=0)
    return levels


def _critical(parts: Sequence[Part]) -> set[str]:
    """The addresses on the longest way, by the seconds that each step can take."""
    here = {part.step.address: part for part in parts}
    ends: dict[str, float] = {}
    before: dict[str, str | None] = {}
    for at in _order(here):
        above = _upstream(here[at], here)
        last = max(above, key=lambda part: ends[part.step.address], default=None)
        before[at] = last.step.address if last is not None else None
        ends[at] = here[at].path + (ends[last.step.address] if last is not None else 0.0)
    way: set[str] = set()
    at_last = max(ends, key=lambda at: ends[at], default=None)
    while at_last is not None:
        way.add(at_last)
        at_last = before[at_last]
    return way


def _order(here: Mapping[str, Part]) -> tuple[str, ...]:
    graph: dict[str, list[str]] = {at: [] for at in here}
    for at, part in here.items():
        for above in _upstream(part, here):
            graph[above.step.address].append(at)
    return topological_order(graph)


class Edge(Struct, frozen=True):
    """One node waits for another; `critical` is a piece of the way that takes longest."""

    before: Node
    after: Node
    critical: bool


def edges(nodes: Sequence[Node]) -> list[Edge]:
    """Who waits for whom among the nodes of one scope."""
    here = {node.part.step.address: node for node in nodes}
    parts = {at: node.part for at, node in here.items()}
    way = sorted((node for node in nodes if node.critical), key=_level)
    pieces = {(id(before), id(after)) for before, after in pairwise(way)}
    return [
        Edge(before, node, (id(before), id(node)) in pieces)
        for node in nodes
        for before in (here[above.step.address] for above in _upstream(node.part, parts))
    ]
