"""The calls that are out: what is lost if the log cannot be written any more."""

from collections.abc import Sequence

from agentflow.core.events import (
    AttemptFailed,
    AttemptSucceeded,
    CancelAttempt,
    Entry,
    StartAttempt,
)
from agentflow.errors import LostCall


class CallsMade:
    """The attempts whose intent is in the log and whose outcome is not, by the step's address."""

    def __init__(self) -> None:
        self._intents: dict[str, StartAttempt] = {}

    def note(self, entries: Sequence[Entry]) -> None:
        """These entries are in the log."""
        for entry in entries:
            if isinstance(entry.fact, AttemptSucceeded | AttemptFailed):
                self._intents.pop(entry.fact.step, None)
            for decision in entry.decisions:
                if isinstance(decision, StartAttempt):
                    self._intents[decision.step] = decision
                elif isinstance(decision, CancelAttempt):
                    self._intents.pop(decision.step, None)

    def unperformed(self, entries: Sequence[Entry]) -> tuple[LostCall, ...]:
        """What is lost if these entries are in the log and their decisions were not performed."""
        self.note(entries)
        for entry in entries:
            for decision in entry.decisions:
                if isinstance(decision, StartAttempt):
                    self._intents.pop(decision.step, None)
        return self.lost()

    def lost(self, entries: Sequence[Entry] = ()) -> tuple[LostCall, ...]:
        """What the log does not know; `entries` were to tell it some of that."""
        facts = {getattr(entry.fact, "step", None): entry.fact for entry in entries}
        return tuple(
            LostCall(
                step=intent.step,
                attempt=intent.attempt,
                agent=intent.agent,
                effects=str(intent.effects),
                key=intent.key,
                outcome=_in_words(facts.get(intent.step)),
            )
            for intent in self._intents.values()
        )


def _in_words(fact: object) -> str:
    match fact:
        case AttemptSucceeded():
            return "it was answered"
        case AttemptFailed():
            return f"it failed: {fact.failure}: {fact.message}"
        case _:
            return "it was in flight"
