"""Lists that are read by the index of another list's items: `inputs.amounts[index]` for each of
`inputs.names`.

The author assumes that both have the same length, but nothing guarantees it.
"""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.lint.rule import Context
from agentflow.lint.written import expressions
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.repeats import ForEachPlan
from agentflow.plan.schemas import shortest_list
from agentflow.plan.scopes import step_in_reach
from agentflow.plan.steps import Plan
from agentflow.plan.uses import Use
from agentflow.spec.cel.logic import every, way_of
from agentflow.spec.cel.syntax import Expr, Identifier, Index, Select, spine
from agentflow.spec.document import Path
from agentflow.spec.templates import Whole


class Zipped(Struct, frozen=True):
    """A reference to an item of a list by the index of another list's item, and both lists."""

    use: Use
    items: Expr
    over: Expr


def zipped(context: Context) -> Iterator[Zipped]:
    """Each such reference to a list that may have fewer items than the other."""
    plan, uses = context.plan, dict[tuple[Path, int, int], Use]()
    assert plan is not None
    for expr, path, offset, place in expressions(plan):
        for part in every(expr):
            items = _numbered(part)
            found = _for_each(plan, place) if items is not None else None
            if items is None or found is None or not isinstance(found[1].over, Whole):
                continue
            outer, (at, for_each) = found[1].over.expr, found
            one, other = _source(plan, items, place), _source(plan, outer, address.parent(at) or "")
            if (
                "" in (one[0], other[0])
                or one == other
                or _is_long(context, items, place, for_each)
            ):
                continue
            uses = uses or {(use.path, use.start, use.end): use for use in plan.uses}
            use = uses.get((path, offset + part.start, offset + part.end))
            if use is not None and not use.reference.guarded:
                yield Zipped(use, items, outer)


def _numbered(part: Expr) -> Expr | None:
    """The list whose item number `index` a path reads, if that is what it does."""
    for node in spine(part) if isinstance(part, Select | Index) else ():
        if (
            isinstance(node, Index)
            and isinstance(node.key, Identifier)
            and node.key.name == "index"
        ):
            return node.operand
    return None


def _for_each(plan: Plan, place: str) -> tuple[str, ForEachPlan] | None:
    """The `for_each` that an `index` belongs to, with its address."""
    for at in enclosing(place):
        step = plan.steps.get(at)
        if step is not None and step.for_each is not None:
            return at, step.for_each
    return None


def _source(plan: Plan, path: Expr, place: str) -> tuple[str, object]:
    """The list that a path leads to, or whose items those there correspond to: its root and way.

    No root if that is not known. If items may be left out, `shifted-items` reports it.
    """
    root, way = way_of(path)
    if root == "steps":
        step = step_in_reach(plan, str(way[0]), place)
        if step is None or step.for_each is None or way[1:] not in (("output",), ("items",)):
            return root, (step.address if step is not None else "", way[1:])
        over = step.for_each.over
        inner = address.parent(step.address) or ""
        return _source(plan, over.expr, inner) if isinstance(over, Whole) else ("", ())
    return root, way


def _is_long(context: Context, items: Expr, place: str, for_each: ForEachPlan) -> bool:
    """Does a list certainly have as many items as a `for_each` goes over at most?"""
    return shortest_list(context.types.of(items, place)) >= for_each.max
