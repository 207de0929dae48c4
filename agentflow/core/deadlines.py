"""Deadlines propagate: nothing is begun that has no time to end.

The time of a run, of a pipeline and of what is inside it is over at one moment (`budget.wall`). No
wait is begun that would last until then, no attempt is given longer than what is left, and when
nothing is left nothing starts: the timer that ends the run is due.
"""

from agentflow.core.events import Reason
from agentflow.core.purse import Purse
from agentflow.core.state import Instance
from agentflow.spec.model import Json


def time_left(instance: Instance, now: float) -> float:
    """Seconds until the first of the budgets around a step is over."""
    return round(_nearest(instance).until - now, 6)


def no_time_to_wait(instance: Instance, now: float, delay: float) -> Reason | None:
    """Why a wait of `delay` seconds is not begun; None if there is time for it."""
    left = time_left(instance, now)
    if delay < left:
        return None
    purse = _nearest(instance)
    whose = f"'{purse.owner}'" if purse.owner else "the run"
    figures: dict[str, Json] = {"budget": purse.wall, "left": left, "delay": delay}
    text = f"{whose} is over in {left:g} s (budget.wall), before a wait of {delay:g} s"
    return Reason("budget.wall", text, figures)


def with_time(reason: Reason, timeout: float, left: float) -> Reason:
    """The reason to start an attempt that is given less than its timeout."""
    if timeout <= left:
        return reason
    text = f"{reason.text}; {left:g} s are left (budget.wall)"
    return Reason(reason.rule, text, {**reason.figures, "timeout": timeout, "left": left})


def _nearest(instance: Instance) -> Purse:
    return min(instance.purse.outwards(), key=lambda purse: purse.until)
