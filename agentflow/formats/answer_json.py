"""What became of an answer, for programs. Format 1; `schemas/answer.v1.schema.json`."""

from collections.abc import Sequence

from agentflow.core.events import AskPerson
from agentflow.formats.values import document

FORMAT = 1


def render(
    run_id: str,
    question: AskPerson,
    status: str,
    taken: bool | None,
    reason: str,
    changed: Sequence[str],
) -> str:
    """One JSON object; `taken` is null as long as nobody has taken the answer in."""
    return document(
        {
            "format": FORMAT,
            "run": run_id,
            "step": question.step,
            "question": question.question,
            "taken": taken,
            "reason": reason,
            "status": status,
            "changed": list(changed),
        }
    )
