"""The loops of a plan, each with the references that stand inside it."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct, field

from agentflow.plan.address import enclosing
from agentflow.plan.calls import callers, calls_of, every_call, steps_within
from agentflow.plan.loop_states import entries
from agentflow.plan.repeats import LoopPlan
from agentflow.plan.steps import CallPlan, Plan, ScopePlan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.logic import way_of
from agentflow.spec.model import Effects
from agentflow.spec.templates import Template, Whole


class Round(Struct, frozen=True, dict=True):
    """A loop; `uses` stand in its iterations, of which `own` mean its own `loop`; `calls` are made in them."""

    step: StepPlan
    loop: LoopPlan
    body: ScopePlan
    uses: list[Use] = field(default_factory=list)
    own: list[Use] = field(default_factory=list)
    calls: list[CallPlan] = field(default_factory=list)

    @cached_property
    def known(self) -> frozenset[str]:
        """The fields that the state has, at first or later."""
        return frozenset((*entries(self.loop.state), *entries(self.loop.next)))

    @cached_property
    def changing(self) -> frozenset[str]:
        """The fields of the state that an iteration gives the next, and not as they were."""
        given = entries(self.loop.next).items()
        return frozenset(name for name, value in given if not gives_back(name, value))

    def misnames(self, use: Use) -> bool:
        """Does a reference to `loop` read a field that the state does not have, and may mean any?"""
        root, *way = use.reference.path[:2] or (None,)
        return (
            root == "state" and bool(way) and isinstance(way[0], str) and way[0] not in self.known
        )

    def part(self, use: Use) -> str:
        """The key of the loop that a reference stands under: `until`, `next`, `steps`, `output`.

        `catch` for what follows the last iteration.
        """
        length = len(self.body.path)
        return str(use.path[length]) if use.path[:length] == self.body.path else "catch"

    def is_inside(self, use: Use) -> bool:
        """Does a reference read a step of the same iteration?"""
        return use.target is not None and self.body.address in enclosing(use.target)


def loops(plan: Plan) -> Iterator[Round]:
    """All loops, in the order of the plan's steps."""
    found = {
        step.body.address: Round(step, step.loop, step.body)
        for step in plan.steps.values()
        if step.loop is not None and step.body is not None
    }
    for use in plan.uses if found else ():
        around = [found[at] for at in enclosing(use.reader) if at in found]
        for each in around:
            each.uses.append(use)
        if use.reference.root == "loop" and around:
            around[0].own.append(use)
    for address, calls in _calls(plan) if found else ():
        for at in enclosing(address):
            if at in found:
                found[at].calls.extend(calls)
    return iter(found.values())


def _calls(plan: Plan) -> Iterator[tuple[str, Iterable[CallPlan]]]:
    """The calls that steps make, those of pipelines inside among them, by address."""
    for caller in callers(plan):
        yield caller.address, calls_of(caller)
    for step in plan.steps.values():
        if step.nested is not None:
            yield step.address, every_call(step.nested.plan)


def gives_back(name: str, value: Template) -> bool:
    """Does `next` give a field of the state the value that it has?"""
    return isinstance(value, Whole) and way_of(value.expr) == ("loop", ("state", name))


def same_each_time(plan: Plan, each: Round, step: StepPlan) -> bool:
    """Is a step inside a loop, of no effect, given the same in every iteration?"""
    pending, seen = [step], {step.address}
    while pending:
        here = pending.pop()
        calls = [call for caller in steps_within(here) for call in calls_of(caller)]
        if here.nested is not None or any(call.effects is not Effects.NONE for call in calls):
            return False
        if any(inner.question or inner.delegate or inner.loop for inner in steps_within(here)):
            return False
        for use in (use for use in each.uses if here.address in enclosing(use.reader)):
            if use.reference.root == "loop" and (use not in each.own or changes(each, use)):
                return False
            other = plan.steps.get(use.target or "")
            if other is not None and each.is_inside(use) and other.address not in seen:
                seen.add(other.address)
                pending.append(other)
    return True


def reads_field(use: Use, name: str) -> bool:
    """Does a reference to `loop` read this field of the state, by itself or with the whole?"""
    return reads_all(use) or use.reference.path[:2] == ("state", name)


def reads_all(use: Use) -> bool:
    """Does a reference to `loop` read the whole state, or a field of it that is not known?"""
    return not use.reference.path or use.reference.path in (("state",), ("state", None))


def next_field(use: Use, body: ScopePlan) -> str | None:
    """The field of `next` that a reference stands in."""
    inside = use.path[len(body.path) :]
    return str(inside[1]) if inside[:1] == ("next",) and len(inside) > 1 else None


def lost_fields(each: Round) -> list[str]:
    """The fields of `next` that nobody reads but `next` itself, for the next one."""
    readers: dict[str, set[str | None]] = {}
    of_all: set[str | None] = set()
    for use in each.own:
        field = next_field(use, each.body)
        if reads_all(use) or each.misnames(use):
            of_all.add(field)
        elif use.reference.path[:1] == ("state",):
            readers.setdefault(str(use.reference.path[1]), set()).add(field)
    return [
        name
        for name in sorted(each.changing)
        if of_all <= {name} and readers.get(name, set()) <= {name}
    ]


def is_unchanging(each: Round) -> bool:
    """Is every iteration of a loop given the same, with nothing inside that reads or changes the world?"""
    if each.loop.max == 1 or any(call.effects is not Effects.NONE for call in each.calls):
        return False
    inside = (use for use in each.own if each.part(use) == "steps")
    return not any(changes(each, use) for use in inside)


def changes(each: Round, use: Use) -> bool:
    """Does a reference to the `loop` read what need not be the same in the next iteration?"""
    if use.reference.path[:1] == ("index",) or each.misnames(use):
        return True
    return any(reads_field(use, name) for name in each.changing)
