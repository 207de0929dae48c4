"""A message as it leaves the run: plain data for people and programs, with all they need.

Format 1; the schemas are `schemas/question.v1.schema.json` and `schemas/notice.v1.schema.json`.
"""

from agentflow.channels.protocol import Message
from agentflow.core.asking import contract_of
from agentflow.core.events import AskPerson, Failure, Notify
from agentflow.core.state import State
from agentflow.plan.calls import step_at
from agentflow.spec.model import Json

FORMAT = 1


def parcel_of(state: State, message: AskPerson | Notify) -> Message:
    """What is delivered. Whoever answers copies `run`, `step`, `question` and `payload`."""
    head: dict[str, Json] = {
        "format": FORMAT,
        "kind": "notice",
        "run": state.run_id,
        "pipeline": state.plan.pipeline.name,
        "step": message.step,
        "who": message.who,
        "failure": _failure(message.failure),
    }
    if isinstance(message, Notify):
        document = {**head, "message": message.message, "text": message.text}
        return Message(message.message, message.step, document, ())
    contract = contract_of(step_at(state.plan, message.step)[1], message)
    document = {
        **head,
        "kind": "question",
        "question": message.question,
        "payload": message.payload,
        "ask": message.ask,
        "tool": message.tool,
        "shown": message.input,
        "output": message.output,
        "answers": list(message.answers),
        "contract": dict(contract.schema) if contract is not None else {},
        "asked": message.asked,
        "due": message.due,
        "four_eyes": message.four_eyes,
    }
    return Message(message.question, message.step, document, tuple(message.answers))


def _failure(failure: Failure | None) -> Json:
    if failure is None:
        return None
    return {"kind": str(failure.kind), "message": failure.message}
