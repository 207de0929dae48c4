"""Why a step ended as it did, and why nothing more was tried before that."""

from typing import TypeAlias

from agentflow.contracts.describe import excerpt
from agentflow.core import events
from agentflow.plan.unknown_effects import WHETHER_IT_HAPPENED

#: Decisions that bring a failure to its end, one way or the other.
GivingUp: TypeAlias = (
    events.FailStep | events.SkipStep | events.UseValue | events.HandOver | events.Escalate
)


def turned_to(decision: events.Escalate) -> str:
    """To whom: `escalated to 'desk'`."""
    if decision.escalation == WHETHER_IT_HAPPENED.name:
        return "a person is to say whether it happened"
    return f"escalated to '{decision.escalation}'"


def answered(decision: events.TakeAnswer) -> str:
    """What a person has said, by whom and why; of a value that they gave, its beginning."""
    text = decision.reason.text
    if decision.answer != "replace":
        return text
    said = f"'{decision.answer}'"
    return text.replace(said, f"{said} with {excerpt(decision.value)}", 1)


def why(decision: GivingUp) -> str:
    """What went wrong, in one line, with the reason why it was not tried again."""
    text = decision.reason.text
    if isinstance(decision, events.FailStep):
        text = decision.failure.message
    tried = no_more(decision)
    return f"{text} ({tried})" if tried else text


def went_on(decision: events.UseValue) -> str:
    """Which value of the author's took the place of an output, and why."""
    last = decision.reason.rule.endswith(".on_exhausted")
    return f"went on with the value of '{'on_exhausted' if last else 'catch'}': {why(decision)}"


def no_more(decision: GivingUp) -> str:
    """Why there was no retry, no other model and no repair, as far as the spec speaks of them."""
    figures = decision.reason.figures
    words = (
        ("no retry: ", figures.get("no_retry")),
        ("", figures.get("no_fallback")),  # it says so itself
        ("not asked again: ", figures.get("no_repair")),
    )
    return "; ".join(f"{head}{text}" for head, text in words if text)
