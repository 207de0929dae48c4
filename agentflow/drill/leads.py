"""What leads to a step: inputs and answers that fulfil the conditions on the way to it.

`when`, the case of a switch and the length of a list are traced back to the inputs and the answers
that they read, through the outputs of groups, the items of lists and the inputs of other pipelines.
What is computed on the way is not understood, and nothing is demanded of it.
"""

import json
from collections.abc import Iterator, Mapping
from math import ceil

from msgspec import Struct

from agentflow.contracts.keywords import Schema
from agentflow.drill.carriers import Carrier, name_of
from agentflow.drill.conditions import (
    Demand,
    Demands,
    coming_to,
    inside,
    joined,
    sized,
    wanted,
)
from agentflow.drill.scenarios import Lead
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.cases import case_at, values_of_label
from agentflow.plan.scopes import step_in_reach
from agentflow.plan.steps import Plan, ScopePlan, StepPlan
from agentflow.spec.cel.logic import way_of
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.templates import MapOf, Template, Whole

#: How far a value is followed from where it is read.
_FURTHEST = 12


class _Place(Struct, frozen=True):
    """Where something is read: an address in the plan of a carrier."""

    carrier: Carrier
    at: str

    @property
    def plan(self) -> Plan:
        return self.carrier.plan


class Leads:
    """Finds leads in one plan, whose steps are known by name."""

    def __init__(self, plan: Plan, steps: Mapping[str, Carrier]) -> None:
        self._plan = plan
        self._steps = steps

    def to(self, carrier: Carrier, items: int = 1, agent: str = "") -> Iterator[tuple[Lead, ...]]:
        """What leads to a step, in one of several ways; the lists on the way have so many `items`.

        A step that chooses its agent chooses the one that is named.
        """
        every = list(self._conditions(carrier, items))
        choice = carrier.step.dispatch
        if agent and isinstance(choice, Whole):
            every.append((_Place(carrier, carrier.step.address), coming_to(choice.expr, [agent])))
        for ways in joined([[(_Held(place, way),) for way in ways] for place, ways in every]):
            found: dict[str, list[Schema]] = {}
            for held in ways:
                for demand in held.demands:
                    for at, schema in self._followed(demand.path, demand.schema, held.place, 0):
                        found.setdefault(at, []).append(schema)
            yield tuple(
                Lead(at, json.dumps({"allOf": schemas}, sort_keys=True))
                for at, schemas in found.items()
            )

    def _conditions(self, carrier: Carrier, items: int) -> Iterator[tuple[_Place, list[Demands]]]:
        """The conditions on the way to a step, from the outside in."""
        caller = self._caller(carrier)
        if caller is not None:
            yield from self._conditions(caller, items)
        for at in reversed(list(enclosing(carrier.step.address))):
            step = carrier.plan.steps.get(at)
            outer = _Place(carrier, address.parent(at) or "")
            if step is None:
                yield from _of_case(carrier, at)
                continue
            if step.when is not None:
                yield outer, wanted(step.when, True)
            if step.for_each is not None:
                yield outer, _of(step.for_each.over, sized(min(items, step.for_each.max)))

    def _caller(self, carrier: Carrier) -> Carrier | None:
        """The step that runs the pipeline of another one; None if it is in the outermost."""
        if carrier.plan is self._plan:
            return None
        others = (one for one in self._steps.values() if one.step.nested is not None)
        return next(
            (o for o in others if o.step.nested and o.step.nested.plan is carrier.plan), None
        )

    def _followed(
        self, path: Expr, schema: Schema, place: _Place, depth: int
    ) -> Iterator[tuple[str, Schema]]:
        """The inputs (`""`) and answers, by pattern, that a path reads, and what they must be."""
        root, keys = way_of(path)
        if depth > _FURTHEST or not root:
            return
        if root == "inputs":
            yield from self._of_inputs(keys, schema, place, depth)
        elif root == "steps" and len(keys) > 1 and keys[1] == "output":
            found = step_in_reach(place.plan, str(keys[0]), place.at)
            if found is not None:
                yield from self._of_output(found, keys[2:], schema, place, depth)
        else:
            yield from self._of_item(root, keys, schema, place, depth)

    def _of_inputs(
        self, keys: Steps, schema: Schema, place: _Place, depth: int
    ) -> Iterator[tuple[str, Schema]]:
        caller = self._caller(place.carrier)
        if caller is None:
            yield "", inside(keys, schema)
        elif caller.step.nested is not None and keys:
            outer = _Place(caller, address.parent(caller.step.address) or "")
            if caller.step.for_each is not None:
                outer = _Place(caller, caller.step.address)
            yield from self._written(caller.step.nested.arguments, keys, schema, outer, depth)

    def _of_output(
        self,
        step: StepPlan,
        keys: Steps,
        schema: Schema,
        place: _Place,
        depth: int,
    ) -> Iterator[tuple[str, Schema]]:
        if step.for_each is not None:
            if not keys and isinstance(schema, dict) and "minItems" in schema:
                least = {"minItems": schema["minItems"]}
                outer = _Place(place.carrier, address.parent(step.address) or "")
                yield from self._written(step.for_each.over, (), least, outer, depth)
            return
        if step.kind in ("agent", "human"):
            carrier = self._steps.get(name_of(self._plan, place.plan, step))
            if carrier is not None:
                yield carrier.pattern, inside(keys, schema)
            return
        scope: ScopePlan | None = step.body
        if step.nested is not None:
            plan = step.nested.plan
            child = next((c for c in self._steps.values() if c.plan is plan), None)
            if child is not None:
                yield from self._written(plan.outputs, keys, schema, _Place(child, ""), depth)
        elif scope is not None and scope.output is not None:
            inner = _Place(place.carrier, scope.address)
            yield from self._written(scope.output, keys, schema, inner, depth)

    def _of_item(
        self,
        root: str,
        keys: Steps,
        schema: Schema,
        place: _Place,
        depth: int,
    ) -> Iterator[tuple[str, Schema]]:
        for at in enclosing(place.at):
            step = place.plan.steps.get(at)
            if step is None or step.for_each is None or root not in ("item", *step.for_each.names):
                continue
            items = {"minItems": 1, "items": inside(keys, schema)}
            outer = _Place(place.carrier, address.parent(at) or "")
            yield from self._written(step.for_each.over, (), items, outer, depth)
            return

    def _written(
        self,
        template: Template,
        keys: Steps,
        schema: Schema,
        place: _Place,
        depth: int,
    ) -> Iterator[tuple[str, Schema]]:
        """The same for a part of what a template comes to."""
        if isinstance(template, MapOf) and keys:
            entry = dict(template.entries).get(str(keys[0]))
            if entry is not None:
                yield from self._written(entry, keys[1:], schema, place, depth)
        elif isinstance(template, Whole):
            for way in _of(template, inside(keys, schema)):
                for demand in way:
                    yield from self._followed(demand.path, demand.schema, place, depth + 1)


class _Held(Struct, frozen=True):
    """Demands that are read at a place."""

    place: _Place
    demands: Demands


def _of(template: Template, schema: Schema) -> list[Demands]:
    """What is demanded of a template that is one path."""
    if isinstance(template, Whole) and way_of(template.expr)[0]:
        return [(Demand(template.expr, schema),)]
    return [()]


def _of_case(carrier: Carrier, at: str) -> Iterator[tuple[_Place, list[Demands]]]:
    """The value of a switch that leads to the case at an address, if it is one."""
    case = case_at(carrier.plan, at)
    if case is None or case.value is None:
        return
    outside = case.switch.for_each is None
    at = case.switch.address
    place = _Place(carrier, address.parent(at) or "" if outside else at)
    values = [value for label in case.labels for value in values_of_label(label)]
    yield place, coming_to(case.value, values, others=case.others)


def enough(step: StepPlan) -> int:
    """How many items a list has of which one may fail."""
    least = step.for_each.min_success if step.for_each is not None else None
    if isinstance(least, float) and least < 1:
        return ceil(round(1 / (1 - least), 9))
    return (least if isinstance(least, int) else 1) + 1
