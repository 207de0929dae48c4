"""What is certain about the first iteration of a loop.

It sees the state as `state` sets it, before `next` has changed anything. What does not fit that
state fails in every run of the loop, whatever later iterations would see.
"""

from collections.abc import Iterator

from agentflow.lint.macro_variables import Variables
from agentflow.lint.operands import Operands, Operated
from agentflow.lint.written import expressions
from agentflow.plan.address import enclosing
from agentflow.plan.loop_states import loop_around
from agentflow.plan.schemas import constant, self_contained
from agentflow.plan.shape_kinds import Fields
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.types import Types
from agentflow.spec.cel.syntax import (
    Binary,
    Coalesce,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Has,
    parts,
)
from agentflow.spec.document import Path
from agentflow.spec.expressions import references

#: Help for a first value that does not fit.
AT_FIRST = "let 'state' begin with a value of the type that 'next' makes"
#: Keys whose expressions an iteration need not reach: lists may be empty, and nothing may fail.
_NEED_NOT = frozenset({"assert", "catch", "for_each"})


class FirstRounds:
    """The types in the first iterations of the loops of a plan."""

    def __init__(self, plan: Plan, types: Types) -> None:
        self._plan = plan
        self._types = types
        self._first: dict[str, Types] = {}
        #: The addresses of everything with a loop inside.
        self._with_loops = {
            at
            for step in plan.steps.values()
            if step.loop is not None
            for at in enclosing(step.address)
        }

    def at(self, path: Path, place: str) -> Types | None:
        """The types of what stands at `path`, for its first reading at `place`.

        None if it is not certainly read in a first iteration, as after a `when`, or if there are
        loops inside, where `loop` means another one.
        """
        around = loop_around(self._plan, place)
        if around is None or not self._is_certain(around, path, place):
            return None
        if around.address not in self._first:
            self._first[around.address] = self._of(around)
        return self._first[around.address]

    def _of(self, step: StepPlan) -> Types:
        assert step.loop is not None
        state = self_contained(self._types.of(step.loop.state, step.address))
        return Types(self._plan, {"loop": Fields({"index": constant(0), "state": state}, "")})

    def _is_certain(self, around: StepPlan, path: Path, place: str) -> bool:
        body = around.body
        assert body is not None
        inside = path[len(body.path) :]
        if path[: len(body.path)] != body.path or _NEED_NOT & set(inside):
            return False
        if inside[:1] not in (("until",), ("next",), ("steps",)):
            return False
        for at in enclosing(place):
            if at == body.address:
                break
            step = self._plan.steps.get(at)
            if step is None or step.when is not None or step.for_each is not None:
                return False
        return body.address not in self._with_loops


def operated_at_first(plan: Plan, types: Types, rounds: FirstRounds) -> Iterator[Operated]:
    """The expressions that are certain to fail when they are first read."""
    for expr, path, offset, place in expressions(plan):
        first = rounds.at(path, place) if _reads_state(expr) else None
        if first is None:
            continue
        always, at_first = Operands(), Operands()
        always.of(expr, Variables(types, place))
        at_first.of(expr, Variables(first, place))
        known, certain = {id(each.part) for each in always.misfits}, set(map(id, _certain(expr)))
        found = [
            each
            for each in at_first.misfits
            if id(each.part) in certain and id(each.part) not in known
        ]
        if found:
            yield Operated(path, offset, found, ())


def _reads_state(expr: Expr) -> bool:
    return any(one.root == "loop" and one.path[:1] == ("state",) for one in references(expr))


def _certain(expr: Expr) -> Iterator[Expr]:
    """The parts of an expression that fail it whenever they fail."""
    yield expr
    match expr:
        case Conditional(condition):
            yield from _certain(condition)
        case Comprehension(_, source):
            yield from _certain(source)
        case Binary("&&" | "||") | Default() | Coalesce() | Has():
            return
        case _:
            for part in parts(expr):
                yield from _certain(part)
