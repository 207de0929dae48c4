"""The fields that are read of the variables of macros, and are not there."""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.lint.macro_variables import Variables
from agentflow.lint.traces import Gap
from agentflow.lint.written import expressions
from agentflow.plan.fields import part_of
from agentflow.plan.schemas import Contract, past_references
from agentflow.plan.steps import Plan
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
from agentflow.spec.document import Path


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
        yield from _Walk(path, offset).of(expr, Variables(types, place))


class _Walk(Struct, frozen=True):
    """One walk over an expression that begins at `offset` in the text at `path`."""

    path: Path
    offset: int

    def of(self, expr: Expr, variables: Variables) -> Iterator[Missing]:
        if isinstance(expr, Comprehension):
            yield from self.of(expr.source, variables)
            yield from self.of(expr.body, variables.inside(expr))
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

    def _field(self, expr: Select | Index, variables: Variables) -> Iterator[Missing]:
        """The first field on a path from a variable that is not there."""
        nodes = spine(expr)
        start = nodes[-1]
        found = variables.known.get(start.name) if isinstance(start, Identifier) else None
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
