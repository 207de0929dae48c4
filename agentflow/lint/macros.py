"""What the variables of macros stand for, and the fields that are read of them.

In `steps.read.output.all(s, s.kind == "bill")` the `s` is an item of a list, of which the type of the
list says what it has. Where that is not known, nothing is said.
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from agentflow.contracts.descent import SOME_ITEM, Descent
from agentflow.contracts.shape import types_of
from agentflow.lint.traces import Gap
from agentflow.lint.written import expressions
from agentflow.plan.fields import part_of
from agentflow.plan.schemas import Contract, past_references
from agentflow.plan.steps import Path, Plan
from agentflow.plan.types import Types
from agentflow.spec.cel.references import known_steps
from agentflow.spec.cel.syntax import (
    Binary,
    Coalesce,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Identifier,
    Index,
    Select,
    parts,
    spine,
)

#: The variables of the macros around, each with its type, or None where that is not known.
_Variables: TypeAlias = Mapping[str, Contract | None]


class Missing(Struct, frozen=True):
    """A field that a variable of a macro does not have, or that its contract does not name.

    `start` and `end` are where the path to it stands in the text at `path`. `holder` is the path
    before the field, as it is written.
    """

    path: Path
    start: int
    end: int
    holder: str
    field: str
    gap: Gap


def missing_fields(plan: Plan, types: Types) -> Iterator[Missing]:
    """Each such field in the expressions of a plan."""
    for expr, path, offset, place in expressions(plan):
        yield from _Walk(types, place, path, offset).of(expr, {})


class _Walk(Struct, frozen=True):
    """One walk over an expression that is read at `place`."""

    types: Types
    place: str
    path: Path
    offset: int

    def of(self, expr: Expr, variables: _Variables) -> Iterator[Missing]:
        if isinstance(expr, Comprehension):
            yield from self.of(expr.source, variables)
            inner = {**variables, expr.variable: self._item(expr.source, variables)}
            yield from self.of(expr.body, inner)
            return
        if isinstance(expr, Select | Index):
            yield from self._field(expr, variables)
            for node in spine(expr):
                if isinstance(node, Index):
                    yield from self.of(node.key, variables)
            if not isinstance(spine(expr)[-1], Identifier):
                yield from self.of(spine(expr)[-1], variables)
            return
        for part in parts(expr):
            found = self.of(part, variables)
            if isinstance(expr, Conditional | Default | Coalesce) or _is_and(expr):
                # An author who asks first may well know of more than the contract names.
                found = (missing for missing in found if missing.gap.lack == "never")
            yield from found

    def _item(self, source: Expr, variables: _Variables) -> Contract | None:
        """What an item of a list is."""
        whole = self._value(source, variables)
        if whole is None or types_of(whole.schema, whole.root) != {"array"}:
            return None
        return Contract(Descent().into(whole.schema, whole.root, SOME_ITEM), whole.root)

    def _value(self, expr: Expr, variables: _Variables) -> Contract | None:
        if isinstance(expr, Comprehension) and expr.macro == "filter":
            return self._value(expr.source, variables)
        start = spine(expr)[-1] if isinstance(expr, Identifier | Select | Index) else None
        if not isinstance(start, Identifier) or start.name not in variables:
            if variables and not isinstance(start, Identifier):
                return None  # it may be made of the variables
            schema = self.types.of(expr, self.place)
            return Contract(schema, schema)
        found = variables[start.name]
        for step in known_steps(spine(expr)):
            if found is None or step is None:
                return None
            found = part_of(found, step).inside
        return found

    def _field(self, expr: Select | Index, variables: _Variables) -> Iterator[Missing]:
        """The first field on a path from a variable that is not there."""
        nodes = spine(expr)
        start = nodes[-1]
        found = variables.get(start.name) if isinstance(start, Identifier) else None
        written = start.name if isinstance(start, Identifier) else ""
        for step in known_steps(nodes):
            if found is None or step is None:
                return
            part = part_of(found, step)
            if _is_nowhere(found, step):
                return  # what was to be handed on is not there, and that is told where it was
            if part.lack in ("never", "unnamed") and isinstance(step, str):
                at, end = self.offset + expr.start, self.offset + expr.end
                gap = Gap(0, part.lack, part.known, part.what, part.case)
                yield Missing(self.path, at, end, written, step, gap)
                return
            found = part.inside
            written += f"[{step}]" if isinstance(step, int) else f".{step}"


def _is_and(expr: Expr) -> bool:
    return isinstance(expr, Binary) and expr.operator == "&&"


def _is_nowhere(holder: Contract, field: str | int) -> bool:
    schema = past_references(holder)
    return isinstance(schema, dict) and schema.get("properties", {}).get(field) is False
