"""Questions that wait for people, for programs. Format 1; `schemas/inbox.v1.schema.json`."""

from collections.abc import Collection, Iterable, Sequence

from agentflow.formats.asked import Open
from agentflow.formats.trace_json import failure_data
from agentflow.formats.values import document
from agentflow.spec.model import Json

FORMAT = 1


def render(
    questions: Sequence[Open],
    now: float,
    answered: Collection[str] = (),
    left: Sequence[tuple[str, str]] = (),
) -> str:
    """One JSON object with the list of questions, those that are due first at its head.

    `left` are runs that somebody has to resume, with their status.
    """
    return document(
        {
            "format": FORMAT,
            "questions": questions_data(questions, now, answered),
            "left": [{"run": run_id, "status": status} for run_id, status in left],
        }
    )


def questions_data(
    questions: Iterable[Open], now: float, answered: Collection[str] = ()
) -> list[Json]:
    """Questions as plain data, each with all that an answer is bound to.

    `answered` are the ids of those to which an answer lies in the mailbox of the run.
    """
    return [
        {
            "run": one.run_id,
            "step": asked.step,
            "question": asked.question,
            "payload": asked.payload,
            "channel": asked.channel,
            "who": asked.who,
            "ask": asked.ask,
            "tool": asked.tool,
            "failure": failure_data(asked.failure),
            "shown": asked.input,
            "output": asked.output,
            "answers": list(asked.answers),
            "contract": dict(one.contract),
            "asked": asked.asked,
            "due": asked.due,
            "overdue": now > asked.due,
            "answered": asked.question in answered,
            "four_eyes": asked.four_eyes,
        }
        for one in questions
        for asked in (one.question,)
    ]
