"""Which steps look at a person's answer, and what is done after it."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from agentflow.lint.verdicts import Answers, Known, is_presence
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.approvals import part_with_yes
from agentflow.plan.calls import calls_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.uses import Use
from agentflow.spec.cel.logic import ReadPath, leaves
from agentflow.spec.cel.references import Steps
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.document import Path
from agentflow.spec.expressions import references
from agentflow.spec.model import Effects

#: Effects on the world that happen again if a step is repeated.
OUTER = frozenset({Effects.WRITE, Effects.IRREVERSIBLE})


class Heard(Struct, frozen=True):
    """What becomes of an answer.

    It is `heeded` if a step or a condition reads it, and `told` if it is an output of the pipeline.
    `carriers` are the question and the steps around it whose own output contains the answer.
    """

    heeded: bool
    told: bool
    carriers: frozenset[str]


class Hearing:
    """Who reads which answers in a plan."""

    def __init__(self, plan: Plan) -> None:
        self._of: dict[str, list[Use]] = {}
        for use in plan.uses:
            if use.target is not None and not is_presence(use.reference):
                self._of.setdefault(use.target, []).append(use)
        self._outputs: Mapping[Path, str] = {
            (*scope.path, "output"): step.address
            for step in plan.steps.values()
            for scope in step.scopes
        }

    def of(self, step: StepPlan) -> Heard:
        """What becomes of the part of an answer that says yes, or of the whole if there is none."""
        wanted = wanted_field(step)
        heeded = any(_heeds(each.that, step, wanted) for each in step.asserts)
        told, pending, seen = False, [step.address], {step.address}
        while pending:
            at = pending.pop()
            for use in self._of.get(at, ()):
                if at == step.address and not _hears(use.reference.path[2:], wanted):
                    continue
                carrier = self._carrier(use)
                if carrier is None:
                    told |= use.path[0] == "outputs"
                    heeded |= use.path[0] != "outputs"
                elif carrier not in seen:
                    seen.add(carrier)
                    pending.append(carrier)
        return Heard(heeded, told, frozenset(seen))

    def reads(self, step: StepPlan) -> bool:
        """Does anything read any part of the answer?"""
        return step.address in self._of or bool(step.asserts)

    def _carrier(self, use: Use) -> str | None:
        """The step whose output contains a reference."""
        lengths = range(len(use.path), 0, -1)
        return next(
            (self._outputs[use.path[:n]] for n in lengths if use.path[:n] in self._outputs), None
        )


def wanted_field(step: StepPlan) -> str | None:
    """The field of an answer that says yes, if it is one field of several."""
    part = part_with_yes(step.question.answer) if step.question is not None else None
    return next(iter(part)) if isinstance(part, dict) else None


def after(plan: Plan, step: StepPlan) -> set[str]:
    """The steps that wait for one, directly or not, or for a step around it."""
    found: set[str] = set()
    for at in enclosing(step.address):
        around = plan.steps.get(at)
        scope = address.parent(at) or ""
        pending = list(around.downstream) if around is not None else []
        while pending:
            following = address.child(scope, pending.pop())
            if following not in found:
                found.add(following)
                pending.extend(plan.steps[following].downstream)
    return found


def acts(step: StepPlan) -> bool:
    """Does it change the world, by the declared effects of what it calls?"""
    return any(call.effects in OUTER for call in calls_of(step))


def is_final(step: StepPlan) -> bool:
    """Does it do something that cannot be undone?"""
    return any(call.effects is Effects.IRREVERSIBLE for call in calls_of(step))


def is_within(step: StepPlan, reached: set[str]) -> bool:
    """Is a step, or one around it, among those reached?"""
    return not reached.isdisjoint(enclosing(step.address))


def acting_after(plan: Plan, step: StepPlan) -> Iterator[StepPlan]:
    """The steps that change the world and certainly run after this one."""
    reached = after(plan, step)
    for each in plan.steps.values() if reached else ():
        if is_within(each, reached) and acts(each):
            yield each


def _heeds(condition: Expr, step: StepPlan, wanted: str | None) -> bool:
    """Does an assertion on an answer go by what it says, and let no plain no pass?

    `!output.approved || output.person > 0` lets every no pass: it is about what belongs to a yes.
    """
    if not _asks(condition, wanted):
        return False
    if step.question is None or part_with_yes(step.question.answer) is None:
        return True
    a_no: dict[ReadPath, Known] = {("output", (wanted,) if wanted is not None else ()): False}
    answers = Answers()
    asked = [answers.to(leaf, a_no) for leaf in leaves(condition) if _asks(leaf, wanted)]
    return None in asked or answers.to(condition, a_no) is False


def _asks(condition: Expr, wanted: str | None) -> bool:
    """Does a part of an assertion read that part of an answer?"""
    read = (found.path for found in references(condition) if found.root == "output")
    return any(_hears(way, wanted) for way in read)


def _hears(way: Steps, wanted: str | None) -> bool:
    """Does a path read the part of an answer that says yes?"""
    names = [part for part in way if isinstance(part, str)]
    return wanted is None or not names or names[0] == wanted
