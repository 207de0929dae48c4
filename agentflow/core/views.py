"""What expressions see of the steps of a run."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from agentflow.spec.cel.evaluate import Absent
from agentflow.spec.model import Json

if TYPE_CHECKING:
    from agentflow.core.state import Instance, Scope


class StepsView(Mapping[str, Json]):
    """`steps` as an expression sees it: the steps of a scope and of the scopes around it."""

    __slots__ = ("_scope",)

    def __init__(self, scope: "Scope") -> None:
        self._scope = scope

    def __getitem__(self, step_id: str) -> "StepView":
        scope: Scope | None = self._scope
        while scope is not None:
            instance = scope.steps.get(step_id)
            if instance is not None:
                return StepView(instance)
            scope = scope.parent
        raise Absent(f"there is no step '{step_id}' here")

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope.steps)

    def __len__(self) -> int:
        return len(self._scope.steps)


class StepView(Mapping[str, Json]):
    """`steps.ID` as an expression sees it: `output` exists only if the step succeeded, and so do
    the `items` of a `for_each`.

    A rejected answer is nowhere in reach: `output` is set by accepting alone.
    """

    __slots__ = ("_instance",)

    def __init__(self, instance: "Instance") -> None:
        self._instance = instance

    def __getitem__(self, key: str) -> Json:
        instance = self._instance
        if key == "output":
            if instance.status == "succeeded":
                return instance.output
            raise Absent(f"step '{instance.step.id}' has no output: it is {instance.status}")
        if key == "status":
            return instance.status
        if key == "items" and instance.step.for_each is not None:
            if instance.outcomes is not None:
                return instance.outcomes
            raise Absent(f"step '{instance.step.id}' has no items: it is {instance.status}")
        raise Absent(f"a step has 'output' and 'status', a 'for_each' also 'items', not '{key}'")

    def __iter__(self) -> Iterator[str]:
        return iter(("output", "status"))

    def __len__(self) -> int:
        return 2
