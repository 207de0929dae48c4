"""Steps that are repeated: once for each item of a list, or until a condition holds."""

from msgspec import Struct

from agentflow.spec.cel.syntax import Expr
from agentflow.spec.templates import Template


class ForEachPlan(Struct, frozen=True):
    """`over` is evaluated outside the items; `names` are what an item is called inside.

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

    What `next` does not name stays as it is. With `must_progress`, a state that `next` leaves as
    it was ends the loop.
    """

    max: int
    until: Expr | None
    until_text: str
    state: Template
    next: Template
    must_progress: bool
