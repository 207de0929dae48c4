"""What the variables of macros stand for, and so what is known of expressions inside a macro.

In `steps.read.output.all(s, s.kind == "bill")`, `s` is an item of a list, and has the type that the
list gives its items. If that type is unknown, so is the variable's.
"""

from collections.abc import Mapping
from math import isinf

from msgspec import Struct, field
from msgspec.structs import replace

from agentflow.contracts.descent import SOME_ITEM, Descent
from agentflow.contracts.shape import types_of
from agentflow.plan.fields import part_of
from agentflow.plan.schemas import Contract, longest_list, self_contained
from agentflow.plan.types import Types
from agentflow.spec.cel.references import known_steps
from agentflow.spec.cel.syntax import Comprehension, Expr, Identifier, Index, Select, spine


class Variables(Struct, frozen=True):
    """The variables of the macros around a part of an expression that is read at `place`.

    `known` has the contract of each, or None if that is unknown.
    """

    types: Types
    place: str
    known: Mapping[str, Contract | None] = field(default_factory=dict)

    def inside(self, macro: Comprehension) -> "Variables":
        """The same in the body of a macro."""
        return replace(self, known={**self.known, macro.variable: self.item(macro.source)})

    def of(self, expr: Expr) -> Contract | None:
        """The contract of a part's value; None if it is unknown."""
        if isinstance(expr, Comprehension) and expr.macro == "filter":
            return self._some_of(expr.source)
        start = spine(expr)[-1] if isinstance(expr, Identifier | Select | Index) else None
        if not isinstance(start, Identifier) or start.name not in self.known:
            if self.known and not isinstance(start, Identifier):
                return None  # it may be made of the variables
            schema = self.types.of(expr, self.place)
            return self_contained(schema)
        found = self.known[start.name]
        for step in known_steps(spine(expr)):
            if found is None or step is None:
                return None
            found = part_of(found, step).inside
        return found

    def _some_of(self, source: Expr) -> Contract | None:
        """The contract of any of the items of a list, in its order: there may be none."""
        whole, item = self.of(source), self.item(source)
        if whole is None or item is None:
            return None
        longest = longest_list(whole.schema, whole.root)
        bound = {} if isinf(longest) else {"maxItems": int(longest)}
        return Contract({"type": "array", "items": item.schema, **bound}, item.root)

    def item(self, source: Expr) -> Contract | None:
        """The contract of the items of a list."""
        whole = self.of(source)
        if whole is None or types_of(whole.schema, whole.root) != {"array"}:
            return None
        return Contract(Descent().into(whole.schema, whole.root, SOME_ITEM), whole.root)
