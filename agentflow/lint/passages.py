"""The conditions on the way to a step: each `when`, and each case of a `switch` around it."""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.cases import Case, case_at
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.document import Path


class Passage(Struct, frozen=True):
    """Something on the way to a step, which runs only if all of these `conditions` hold.

    They are read at `place` and written at `path`; `of` is the step with the `when`, or the case.
    """

    conditions: tuple[Expr, ...]
    place: str
    path: Path
    of: StepPlan | Case


def passages(plan: Plan, at: str) -> Iterator[Passage]:
    """The passages on the way to an address, from the inside out.

    A switch over a text with expressions in it is left out: no condition describes its value.
    """
    for each in enclosing(at):
        step, case = plan.steps.get(each), case_at(plan, each)
        if step is not None and step.when is not None:
            place = address.parent(each) or ""
            yield Passage((step.when,), place, (*step.path, "when"), step)
        elif case is not None and case.value is not None:
            switch = case.switch
            conditions = tuple(case.conditions(case.value))
            yield Passage(conditions, switch.address, (*switch.path, "switch"), case)
