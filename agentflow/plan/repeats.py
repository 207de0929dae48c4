"""Steps that are repeated: once for each item of a list, or until a condition holds."""

from msgspec import Struct

from agentflow.spec.cel.syntax import Expr
from agentflow.spec.templates import Template


class ForEachPlan(Struct, frozen=True):
    """How a step is repeated: `over` is evaluated outside the items, `names` exist inside.

    `min_success` is a number of instances, or, as a float, a share of them; None if none may fail.
    """

    over: Template
    max: int
    parallel: int | None
    names: tuple[str, ...]
    min_success: int | float | None = None
    key: Template | None = None
    fail_fast: bool | None = None


class LoopPlan(Struct, frozen=True):
    """How a loop goes round. `state` is evaluated outside of it, the rest in each iteration.

    Fields that `next` does not name stay. With `must_progress`, the loop ends once `next` leaves
    the state unchanged.
    """

    max: int
    until: Expr | None
    until_text: str
    state: Template
    next: Template
    must_progress: bool
