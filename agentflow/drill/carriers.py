"""The steps that claim to handle failures, and where they are in a run."""

from collections.abc import Iterator, Mapping
from itertools import islice

from msgspec import Struct

from agentflow.plan.calls import step_at, tools_of
from agentflow.plan.patterns import ANY_CALL, ANY_ITEM, ANY_ITERATION, ANY_TASK, patterns_of
from agentflow.plan.steps import Plan, StepPlan

#: Of a spec with more steps, those of pipelines inside it counted each time, the rest is left out.
MOST_STEPS = 50_000
#: An address that a pattern stands for.
_EXAMPLES = {ANY_ITEM: "[0]", ANY_ITERATION: "[#0]", ANY_TASK: "[:a]", ANY_CALL: "[@1.1]"}


class Carrier(Struct, frozen=True):
    """A step of one of the pipelines of a run, a worker or a tool, as it is carried out.

    `name` is unique in the run's plan: the address of the step, after the file of its pipeline if
    that is another one. `pattern` stands for its instances in a run, `plan` is that of its
    pipeline.
    """

    name: str
    plan: Plan
    step: StepPlan
    pattern: str

    @property
    def of_several(self) -> str:
        """What a run is known by that has several items of it."""
        return f"{self.name}[+]"

    @property
    def is_task(self) -> bool:
        """Is it a worker of a delegate, whose `catch` it shares with the others?"""
        return self.pattern.endswith(ANY_TASK)

    @property
    def has_inside(self) -> bool:
        """Can there be steps inside of it?"""
        return self.step.kind not in ("agent", "human") or any(True for _ in tools_of(self.step))

    def at(self, inner: str) -> bool:
        """Is the step that a pattern stands for inside of this one?"""
        return inner.startswith((f"{self.pattern}/", f"{self.pattern}[#*]/"))


def name_of(whole: Plan, within: Plan, step: StepPlan) -> str:
    """The name of a step of a pipeline `within` a whole run."""
    return step.address if within is whole else f"{within.file}#{step.address}"


def carriers(plan: Plan) -> Mapping[str, Carrier]:
    """All steps by name, in the order of the file, each at the first place where it is run."""
    found: dict[str, Carrier] = {}
    for carrier in _all(plan):
        found.setdefault(carrier.name, carrier)
    return found


def _all(plan: Plan) -> Iterator[Carrier]:
    for pattern, step, carried_out in islice(patterns_of(plan), MOST_STEPS):
        if carried_out:
            within, _ = step_at(plan, _example(pattern))
            yield Carrier(name_of(plan, within, step), within, step, pattern)


def _example(pattern: str) -> str:
    for mark, number in _EXAMPLES.items():
        pattern = pattern.replace(mark, number)
    return pattern
