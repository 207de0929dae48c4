"""What depends on an answer: which of its values every condition treats alike."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from agentflow.lint.conditions import constant
from agentflow.lint.rule import Context
from agentflow.lint.verdicts import filled
from agentflow.plan.loop_states import loop_around
from agentflow.plan.scopes import step_in_reach
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.logic import leaves
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import Expr, Has, Select
from agentflow.spec.document import Path
from agentflow.spec.expressions import references
from agentflow.spec.templates import Whole, parse_template
from agentflow.spec.yaml.nodes import Scalar


class Part(Struct, frozen=True):
    """A part of a step's answer, and the values of an answer that can get there."""

    step: str
    way: Steps
    values: frozenset[str]


class Consequences:
    """How the conditions of a plan react to answers."""

    def __init__(self, context: Context, plan: Plan) -> None:
        self._context = context
        self._plan = plan
        self._conditions: dict[Path, Expr] = {}
        self._outputs: dict[Path, StepPlan] = {}
        for step in plan.steps.values():
            if step.when is not None:
                self._conditions[(*step.path, "when")] = step.when
            for scope in step.scopes:
                self._outputs[(*scope.path, "output")] = step
            if step.loop is not None and step.loop.until is not None and step.body is not None:
                self._conditions[(*step.body.path, "until")] = step.loop.until

    def alike(self, step: StepPlan, way: Steps, values: Sequence[str]) -> tuple[str, ...]:
        """The first group of values of a part of an answer that no condition tells apart.

        It is empty if anything else gets to see the value, or if no condition distinguishes any
        values at all.
        """
        found: dict[str, list[object]] = {value: [] for value in values}
        seen = set[tuple[str, Steps]]()
        pending = [Part(step.address, way, frozenset(values))]
        while pending:
            part = pending.pop()
            if (part.step, part.way) in seen:
                continue
            seen.add((part.step, part.way))
            for use in self._uses(part):
                if use.path in self._conditions:
                    if not self._tell(part, use, found):
                        return ()
                    continue
                further = self._carried(part, use)
                if further is None:
                    return ()
                pending.append(further)
        groups: dict[tuple[object, ...], list[str]] = {}
        for value, outcomes in found.items():
            groups.setdefault(tuple(outcomes), []).append(value)
        several = (group for group in groups.values() if len(group) > 1)
        return tuple(next(several, ())) if len(groups) > 1 else ()

    def ends_loop(self, step: StepPlan, way: Steps, value: str) -> bool:
        """May the loop around a question end after an answer? True if there is no loop."""
        around = loop_around(self._plan, step.address)
        if around is None or around.body is None or around.loop is None:
            return True
        path, until = (*around.body.path, "until"), around.loop.until
        for reference in references(until) if until is not None else ():
            target = step_in_reach(self._plan, str(reference.path[0]), around.body.address)
            if reference.root == "steps" and target is step and reference.path[2:] == way:
                assert until is not None
                known = {(reference.root, reference.path): value}
                return path in self._conditions and constant(filled(until, known)) is not False
        return True

    def _uses(self, part: Part) -> Iterator[Use]:
        """The references to a part, to something inside it, or to what it is inside of."""
        for use in self._context.uses_of.get(part.step, ()):
            if use.reference.path[1:2] == ("output",):
                read = use.reference.path[2:]
                length = min(len(read), len(part.way))
                if read[:length] == part.way[:length]:
                    yield use

    def _tell(self, part: Part, use: Use, found: dict[str, list[object]]) -> bool:
        """Collect what parts of a condition come to for each value; false if that is unknown."""
        read = ("steps", use.reference.path)
        for leaf in leaves(self._conditions[use.path]):
            if isinstance(leaf, Has) or read not in [
                (one.root, one.path) for one in references(leaf)
            ]:
                continue  # it asks for something else, or whether there is an answer
            for value, outcomes in found.items():
                comes_to = constant(filled(leaf, {read: value}))
                if comes_to is None or use.reference.path[2:] != part.way:
                    return False
                outcomes.append(comes_to if value in part.values else None)
        return True

    def _carried(self, part: Part, use: Use) -> Part | None:
        """The part of a scope's output that a reference makes up alone; None if it is not alone."""
        lengths = range(len(use.path), 0, -1)
        path = next((use.path[:n] for n in lengths if use.path[:n] in self._outputs), None)
        node = self._context.document.node(use.path)
        if path is None or not isinstance(node, Scalar):
            return None
        template = parse_template(node.text)
        around = self._outputs[path]
        plain = isinstance(template, Whole) and isinstance(template.expr, Select)
        read = use.reference.path[2:]
        if not plain or around.for_each is not None or len(read) > len(part.way):
            return None
        way = (*use.path[len(path) :], *part.way[len(read) :])
        values = part.values
        asked = self._plan.steps.get(part.step)
        if around.loop is not None and asked is not None:
            values = frozenset(each for each in values if self.ends_loop(asked, part.way, each))
        return Part(around.address, way, values)
