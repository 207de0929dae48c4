"""Which kinds of values a shape can have: ints, doubles and the others that operators tell apart."""

from agentflow.contracts.descent import SOME_ITEM
from agentflow.contracts.kinds import kinds_of
from agentflow.plan.fields import part_of
from agentflow.plan.loop_states import Shaping
from agentflow.plan.schemas import Contract
from agentflow.plan.shape_kinds import Alias, Either, Entries, Fields, Inside, Items, Shape, Some
from agentflow.spec.cel.functions import Kinds
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.signatures import ANY
from agentflow.spec.cel.values import Kind

_LIST: Kinds = frozenset({"list"})
_MAP: Kinds = frozenset({"map"})
#: Of a value that is put together from more shapes nothing is known.
_MOST_SHAPES = 100
#: How many paths are looked up one behind the other, as where each field of a state becomes the next.
_DEEPEST = 30


class ValueKinds:
    """The kinds of the values of one plan; what a path leads to is looked up once."""

    def __init__(self, shapes: Shaping) -> None:
        self._shapes = shapes
        self._known: dict[Alias, Kinds] = {}
        self._depth = 0

    def of(self, shape: Shape, steps: Steps = ()) -> Kinds:
        """All kinds that a part of a shape can have; any where that is not known."""
        found: set[str] = set()
        pending = [(shape, steps)]
        for _ in range(_MOST_SHAPES):
            if not pending:
                return ANY.intersection(found)
            found |= self._next(*pending.pop(), pending)
        return ANY

    def _next(self, shape: Shape, steps: Steps, pending: list[tuple[Shape, Steps]]) -> Kinds:
        """The kinds of one shape; those that it stands for, or is one of, become `pending`."""
        match shape:
            case Alias():
                return self._of_alias(Alias(shape.root, (*shape.steps, *steps), shape.place))
            case Inside(whole, before):
                pending.append((whole, (*before, *steps)))
            case Either(options):
                pending.extend((option, steps) for _, option in options)
            case Contract(schema, root) if not steps:
                return kinds_of(schema, root)
            case Contract() if steps[0] is not None:
                inside = part_of(shape, steps[0]).inside
                if inside is None:
                    return ANY
                pending.append((inside, steps[1:]))
            case Fields() if steps and steps[0] in shape.entries:
                pending.append((self._shapes.entry(shape, str(steps[0])), steps[1:]))
            case Items(item) if steps and isinstance(steps[0], int):
                pending.append((item, steps[1:]))
            case Some(source) if steps:
                pending.append((source, (SOME_ITEM, *steps[1:])))
            case Items() | Some() if not steps:
                return _LIST
            case Fields() | Entries() if not steps:
                return _MAP
            case _:
                return ANY
        return frozenset()

    def _of_alias(self, path: Alias) -> Kinds:
        if path not in self._known:
            if self._depth == _DEEPEST:
                return ANY
            self._depth += 1
            self._known[path] = ANY  # what it is made of may lead back here
            self._known[path] = self._looked_up(path)
            self._depth -= 1
        return self._known[path]

    def _looked_up(self, path: Alias) -> Kinds:
        sources = self._shapes.sources(path)
        if sources is not None:
            return frozenset[Kind]().union(*(self.of(*source) for source in sources))
        if path.root == "loop":
            return ANY
        found = self._shapes.resolve(path, ())
        return ANY if found is None else self.of(*found)
