"""What became of an answer, for programs. Format 1; `schemas/answer.v1.schema.json`."""

from agentflow.formats.answered import Answered
from agentflow.formats.values import document

FORMAT = 1


def render(answered: Answered) -> str:
    """One JSON object; `taken` is null as long as nobody has judged the answer."""
    return document(
        {
            "format": FORMAT,
            "run": answered.run_id,
            "step": answered.question.step,
            "question": answered.question.question,
            "taken": answered.taken,
            "reason": answered.reason,
            "status": answered.status,
            "changed": list(answered.changed),
        }
    )
