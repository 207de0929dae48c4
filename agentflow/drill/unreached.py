"""Why no run of a drill reached a step."""

from agentflow.drill.carriers import Carrier
from agentflow.drill.claims import Claim
from agentflow.drill.conditions import wanted
from agentflow.drill.leads import enough
from agentflow.plan.address import enclosing
from agentflow.plan.cases import case_at, in_words
from agentflow.plan.steps import StepPlan
from agentflow.spec.wording import quoted

_A_TEST = "a test that gets there would show it"


def never_begun(carrier: Carrier) -> str | None:
    """Why a step never takes place, whatever the data; None if that is not known."""
    for at in enclosing(carrier.step.address):
        step = carrier.plan.steps.get(at)
        if step is not None and step.when is not None and not wanted(step.when, True):
            return f"'{step.when_text}' is never true"
    return None


def came_instead(carrier: Carrier, claim: Claim, run: int, end: str, *, failed: bool) -> str:
    """What is said of a claim that did not come up when it was brought about: how its step ended,
    and the run.
    """
    how = "failed" if failed else "succeeded"
    shown = _shown_by_a_list(carrier.step) if claim.what == "tolerated" else _A_TEST
    return f"what came instead in run {run}, which {how}: {end}; {shown}"


def _shown_by_a_list(step: StepPlan) -> str:
    """What it takes for an item to fail and the list to go on."""
    items, for_each = enough(step), step.for_each
    if for_each is not None and items > for_each.max:
        return f"it takes a list of {items}, and 'max' is {for_each.max}"
    return f"a test with a list of {items} would show it"


def why_unreached(
    carrier: Carrier,
    *,
    got_there: bool,
    bounded: bool,
    failed: tuple[int, str] | None,
    any_sound: bool,
) -> str:
    """What is said of a claim that never came up, whether or not its step was begun.

    `failed` is the first run without faults that failed by itself: its number, and why. Where none
    was sound, it is that which was in the way, and no condition behind it.
    """
    if bounded:
        return "the drill had made all its runs before it came to this"
    if got_there:
        return "the drill found no way to bring it about"
    name = quoted(carrier.step.id)
    if failed is not None and not any_sound:
        return _failed_before(name, failed)
    for at in enclosing(carrier.step.address):
        step = carrier.plan.steps.get(at)
        if step is not None and step.when is not None:
            return f"the drill does not know which values make '{step.when_text}' true; {_A_TEST}"
        case = case_at(carrier.plan, at)
        if case is not None:
            return f"the drill does not know which values lead to {in_words(case)}; {_A_TEST}"
    if failed is not None:
        return _failed_before(name, failed)
    return f"no run of the drill got to {name}; {_A_TEST}"


def _failed_before(name: str, failed: tuple[int, str]) -> str:
    number, why = failed
    return f"no run of the drill got to {name}: run {number} failed before ({why}); {_A_TEST}"
