"""What a chat model saw in an attempt, for programs. Format 1; `schemas/prompt.v1.schema.json`."""

from agentflow.core.events import AttemptFailed, AttemptSucceeded
from agentflow.formats.values import document

FORMAT = 1


def render(run_id: str, fact: AttemptSucceeded | AttemptFailed) -> str:
    """One JSON object: the messages that were sent in the attempt whose outcome `fact` is."""
    assert fact.receipt is not None
    return document(
        {
            "format": FORMAT,
            "run": run_id,
            "step": fact.step,
            "attempt": fact.attempt,
            "model": fact.receipt.model,
            "sha256": fact.receipt.prompt,
            "tokens": fact.receipt.tokens,
            "exact": fact.receipt.exact,
            "messages": fact.prompt,
        }
    )
