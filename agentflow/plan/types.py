"""The type of every template and expression, as JSON Schema.

A type comes from what is known about the producer: the contract of an agent or of the inputs, the
templates that make up the output of a group, the cases of a switch, the list of a `for_each`,
the result of an operator. Whatever value there is at run time fits its type. Where nothing is known
the type is `{}`.
"""

import json

from agentflow.contracts.assembly import Assembly, TooLarge
from agentflow.contracts.descent import SOME_ITEM, Descent, one_of
from agentflow.contracts.keywords import Schema
from agentflow.plan.narrowing import NOTHING_GIVEN, Given
from agentflow.plan.schemas import Contract
from agentflow.plan.shape_kinds import (
    MOST_OPTIONS,
    Alias,
    Either,
    Entries,
    Fields,
    Inside,
    Items,
    Shape,
    Some,
    Variables,
    Written,
)
from agentflow.plan.shapes import Shapes
from agentflow.plan.steps import Plan
from agentflow.spec.cel.references import Steps

#: How many values are looked at for one type, and how many of them inside of each other or one
#: behind the other; what would need more is not known.
_MOST_VALUES = 500
_DEEPEST = 60


class Types:
    """The types of one plan; `place` is the address where a template is read.

    `variables` are names that mean the same wherever they are read.
    """

    def __init__(self, plan: Plan, variables: Variables | None = None) -> None:
        self.shapes = Shapes(plan, variables)
        self._descent = Descent()
        # By identity; the template is kept beside its type so that its id stays taken.
        self._known: dict[tuple[int, str, Given], tuple[Written, dict[str, Schema], bool]] = {}
        #: Of paths, which many expressions have in common.
        self._paths: dict[Alias, tuple[dict[str, Schema], bool]] = {}

    def of(self, written: Written, place: str, given: Given = NOTHING_GIVEN) -> dict[str, Schema]:
        """The type of a template or expression where something is `given`.

        It is a self-contained schema (draft 2020-12).
        """
        return self._typed(written, place, given)[1]

    def exact(self, written: Written, place: str, given: Given = NOTHING_GIVEN) -> bool:
        """Can the value come to all that its type allows, if the contracts mean what they say?

        It need not where a condition chose it or an operator worked it out.
        """
        return self._typed(written, place, given)[2]

    def _typed(
        self, written: Written, place: str, given: Given
    ) -> tuple[Written, dict[str, Schema], bool]:
        known = self._known.get((id(written), place, given))
        if known is None:
            found = self._described(self.shapes.of(written, place, given))
            known = self._known[id(written), place, given] = (written, *found)
        return known

    def _described(self, shape: Shape) -> tuple[dict[str, Schema], bool]:
        if isinstance(shape, Alias) and shape in self._paths:
            return self._paths[shape]
        description = _Description(self.shapes, self._descent)
        try:
            schema = description.whole(shape)
        except TooLarge:
            schema = {}
        if isinstance(shape, Alias):
            self._paths[shape] = schema, description.exact
        return schema, description.exact


class _Description:
    """One type in the making."""

    def __init__(self, shapes: Shapes, descent: Descent) -> None:
        self._shapes = shapes
        self._descent = descent
        self._assembly = Assembly()
        self._left = _MOST_VALUES
        self._depth = 0
        self.exact = True

    def whole(self, shape: Shape) -> dict[str, Schema]:
        return self._assembly.whole(self._of(shape, ()))

    def _of(self, shape: Shape, steps: Steps) -> Schema:
        """The schema of what a way leads to from a shape."""
        self._left -= 1
        self._depth += 1
        if self._left < 0 or self._depth > _DEEPEST:
            raise TooLarge
        schema = True if None in steps else self._found(shape, steps)
        self._depth -= 1
        return schema

    def _found(self, shape: Shape, steps: Steps) -> Schema:
        match shape:
            case Contract(schema, root, exact):
                self.exact &= exact
                for step in steps:
                    assert step is not None
                    schema = self._descent.into(schema, root, step)
                return self._assembly.take(schema, root)
            case Either(options, exact):
                self.exact &= exact
                if len(options) > MOST_OPTIONS:
                    return True
                each = [self._of(option, steps) for _, option in options]
                return one_of(list({json.dumps(one, sort_keys=True): one for one in each}.values()))
            case Fields():
                return self._of_fields(shape, steps)
            case Items():
                return self._of_items(shape, steps)
            case Entries(value, most):
                inner = self._of(value, steps[1:])
                entries = {"type": "object", "additionalProperties": inner, "maxProperties": most}
                return inner if steps else entries
            case Some(source):
                self.exact = False
                # Which item stands at an index of the rest is not known.
                inner = self._of(source, (SOME_ITEM, *steps[1:]))
                return inner if steps else self._some(source, inner)
            case Alias() | Inside():
                resolved = self._shapes.resolve(shape, steps)
                return True if resolved is None else self._of(*resolved)

    def _of_fields(self, fields: Fields, steps: Steps) -> Schema:
        if steps:
            if steps[0] == SOME_ITEM:
                # A macro over a map takes its keys.
                return {"enum": list(fields.entries)} if len(steps) == 1 else False
            first = str(steps[0])
            if steps[0] not in fields.entries:
                return False
            return self._of(self._shapes.entry(fields, first), steps[1:])
        properties = {
            name: self._of(self._shapes.entry(fields, name), ()) for name in fields.entries
        }
        return {
            "type": "object",
            "additionalProperties": False,
            "required": list(properties),
            "properties": properties,
        }

    def _some(self, source: Shape, item: Schema) -> dict[str, Schema]:
        most = self._shapes.lengths.of(source)[1]
        return {"type": "array", "items": item, **({} if most is None else {"maxItems": most})}

    def _of_items(self, items: Items, steps: Steps) -> Schema:
        self.exact &= items.exact
        if steps:
            return False if isinstance(steps[0], str) else self._of(items.item, steps[1:])
        schema: dict[str, Schema] = {"type": "array", "items": self._of(items.item, ())}
        if items.least:
            schema["minItems"] = items.least
        if items.most is not None:
            schema["maxItems"] = items.most
        return schema
