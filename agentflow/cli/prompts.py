"""`agentflow show --prompt`: what a chat model saw in an attempt, from the log alone."""

from collections.abc import Iterable

from agentflow.core.events import AttemptFailed, AttemptLost, AttemptSucceeded, Entry, StartAttempt
from agentflow.errors import UsageError
from agentflow.formats import prompt_json, prompt_text


def prompt(
    run_id: str, entries: Iterable[Entry], step: str, attempt: int | None, *, json: bool
) -> str:
    """The prompt of an attempt of a step; without a number that of the last one that was sent.

    Raises:
        UsageError: there is no such attempt, or none of a chat model with a known prompt.
    """
    begun: list[int] = []
    lost: set[int] = set()
    outcomes: dict[int, AttemptSucceeded | AttemptFailed] = {}
    for entry in entries:
        begun += [
            decision.attempt
            for decision in entry.decisions
            if isinstance(decision, StartAttempt) and decision.step == step
        ]
        match entry.fact:
            case AttemptSucceeded() | AttemptFailed() as fact if fact.step == step:
                outcomes[fact.attempt] = fact
            case AttemptLost(step=other, attempt=number) if other == step:
                lost.add(number)
    if attempt is None:
        sent = [number for number, fact in outcomes.items() if fact.prompt is not None]
        attempt = max(sent, default=max(begun, default=None))
    if attempt not in begun:
        there = f"it has {', '.join(map(str, begun))}" if begun else "it has none"
        raise UsageError(f"'{step}' has no attempt {attempt or 1}: {there}")
    outcome = outcomes.get(attempt)
    if outcome is None or outcome.prompt is None:
        raise UsageError(f"attempt {attempt} of '{step}' {_why_not(outcome, attempt in lost)}")
    return prompt_json.render(run_id, outcome) if json else prompt_text.render(outcome.prompt)


def _why_not(outcome: AttemptSucceeded | AttemptFailed | None, lost: bool) -> str:
    """Why the log has no prompt of an attempt."""
    if outcome is None:
        why = "was lost when its process died" if lost else "is not over yet"
        return f"{why}: the prompt is written down with the outcome"
    if outcome.receipt is None:
        return "sent nothing to a chat model"
    assert isinstance(outcome, AttemptFailed)
    return f"was sent nothing: {outcome.message}"
