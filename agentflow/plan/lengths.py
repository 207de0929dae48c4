"""How many items the list that an expression makes can have, as far as its sources tell."""

from math import inf

from agentflow.contracts.descent import SOME_ITEM
from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.plan.loop_states import Shaping
from agentflow.plan.numbers import size_of
from agentflow.plan.resolution import resolved
from agentflow.plan.schemas import Contract, longest_list, past_references, shortest_list
from agentflow.plan.shape_kinds import Inside, Items, Shape, Some, either

#: How many lists are followed, each made of the one before.
_DEEPEST = 20


class Lengths:
    """The lengths of the lists of one plan, which are worked out when a shape is made of them."""

    def __init__(self, shapes: Shaping) -> None:
        self._shapes = shapes
        self._depth = 0

    def of(self, shape: Shape) -> tuple[int, int | None]:
        """The least and the most items of a list; None if it is unbounded."""
        if isinstance(shape, Some):
            return 0, self.of(shape.source)[1]
        found = self._resolved(shape)
        if isinstance(found, Items):
            return found.least, found.most
        if not isinstance(found, Contract) or not _keeps_lists(found):
            return 0, None
        most = longest_list(found.schema, found.root)
        return shortest_list(past_references(found)), None if most == inf else int(most)

    def joined(self, one: Shape, other: Shape) -> Items | None:
        """The shape of two lists joined; None if they may not be lists."""
        if not (self._is_list(one) and self._is_list(other)):
            return None
        (least, most), (more, at_most) = self.of(one), self.of(other)
        item = either([Inside(side, (SOME_ITEM,)) for side in (one, other)])
        longest = None if most is None or at_most is None else most + at_most
        return Items(item, least + more, longest)

    def as_number(self, measured: Shape) -> Schema:
        """The type of the size of a text, a list or an object."""
        most: float | None = None
        if self._is_list(measured):
            most = self.of(measured)[1]
        elif isinstance(found := self._resolved(measured), Contract):
            span = size_of(found)
            most = span.high if span is not None and span.high < inf else None
        return {"type": "integer", "minimum": 0, **({} if most is None else {"maximum": most})}

    def _is_list(self, shape: Shape) -> bool:
        found = shape if isinstance(shape, Some) else self._resolved(shape)
        if isinstance(found, Contract):
            return _keeps_lists(found)
        return isinstance(found, Items | Some)

    def _resolved(self, shape: Shape) -> Shape | None:
        if self._depth == _DEEPEST:
            return None
        self._depth += 1
        found = resolved(self._shapes, shape)
        self._depth -= 1
        return found


def _keeps_lists(contract: Contract) -> bool:
    return types_of(contract.schema, contract.root) == {"array"}
