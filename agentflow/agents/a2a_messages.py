"""What goes to a remote agent and what comes back: the input as a message, a task as a reply."""

from collections.abc import Iterator, Sequence

from agentflow.agents.a2a_sdk import (
    AgentCard,
    Message,
    MessageToDict,
    ParseDict,
    Part,
    Role,
    Task,
    TaskState,
    Value,
)
from agentflow.agents.excerpts import detail, line
from agentflow.agents.payload import payload
from agentflow.agents.protocol import AttemptError, Call, Reply
from agentflow.agents.worker import Failed, plain
from agentflow.contracts.checker import compile_schema
from agentflow.spec.model import FailureClass, Json

#: The media types that inputs and outputs can have.
JSON, TEXT = "application/json", "text/plain"
#: Whole numbers beyond this have no double of their own.
MOST = 2**53
#: States of a task that is not over.
UNDER_WAY = frozenset(
    {
        TaskState.TASK_STATE_UNSPECIFIED,
        TaskState.TASK_STATE_SUBMITTED,
        TaskState.TASK_STATE_WORKING,
    }
)
#: States of a task that goes on if it is told more.
ASKING = frozenset({TaskState.TASK_STATE_INPUT_REQUIRED, TaskState.TASK_STATE_AUTH_REQUIRED})
#: What the other ends of a task come to, in words too.
_ENDS = {
    TaskState.TASK_STATE_FAILED: (FailureClass.SERVER_ERROR, "failed"),
    TaskState.TASK_STATE_CANCELED: (FailureClass.SERVER_ERROR, "has cancelled the task"),
    TaskState.TASK_STATE_REJECTED: (FailureClass.REJECTED, "refused"),
    TaskState.TASK_STATE_INPUT_REQUIRED: (
        FailureClass.REJECTED,
        "asks for more than its input, and there is nobody to ask",
    ),
    TaskState.TASK_STATE_AUTH_REQUIRED: (
        FailureClass.REJECTED,
        "asks for credentials that the request does not have",
    ),
}


def message_of(shown: str, card: AgentCard, call: Call) -> Message:
    """The input of a call as one part: as data if the card takes JSON, and as text otherwise.

    Of an input that is one text, the text is that itself. Raises `AttemptError` rejected for a
    number that no double is.
    """
    given = call.input
    texts = list(given.values())
    if JSON in card.default_input_modes:
        for path, number in _beyond(given, "input"):
            message = f"{shown} cannot be told {path}: the protocol has no such number as {number}"
            raise AttemptError(FailureClass.REJECTED, message)
        part = Part(data=ParseDict(dict(given), Value()), media_type=JSON)
    elif len(texts) == 1 and isinstance(texts[0], str):
        part = Part(text=texts[0], media_type=TEXT)
    else:
        part = Part(text=payload(given).decode(), media_type=TEXT)
    name = call.idempotency_key or f"{call.run_id}/{call.step}/{call.attempt}"
    return Message(message_id=name, role=Role.ROLE_USER, parts=[part])


def reply_of_task(shown: str, task: Task, call: Call) -> Reply:
    """The reply that a task is which has ended. Raises `AttemptError` if it has not ended well."""
    if task.status.state in _ENDS:
        failure, what = _ENDS[task.status.state]
        said = "\n".join(part.text for part in task.status.message.parts if part.text)
        words = line(said)
        message = f"{shown} {what}{f': {words}' if words else ''}"
        raise AttemptError(failure, message, detail=detail(said))
    parts = [part for artifact in task.artifacts for part in artifact.parts]
    return reply_of_parts(shown, parts or task.status.message.parts, call)


def reply_of_parts(shown: str, parts: Sequence[Part], call: Call) -> Reply:
    """The reply that parts are: the data if there is one piece of it, otherwise the text.

    A text is the value itself where the contract takes only texts, and is read as JSON elsewhere.
    Raises `AttemptError` invalid_output for what no contract has a word for.
    """
    kinds = [part.WhichOneof("content") for part in parts]
    if "raw" in kinds or "url" in kinds:
        message = f"{shown} answered with a file, which is no output"
        raise AttemptError(FailureClass.INVALID_OUTPUT, message)
    data = [part.data for part in parts if part.HasField("data")]
    if len(data) > 1:
        message = f"{shown} answered with {len(data)} pieces of data, and an output is one"
        raise AttemptError(FailureClass.INVALID_OUTPUT, message)
    if data:
        try:
            return Reply(plain(_whole(MessageToDict(data[0]))))
        except Failed as problem:
            raise AttemptError(FailureClass.INVALID_OUTPUT, problem.message) from problem
    if not parts:
        return Reply(None)
    text = "\n".join(part.text for part in parts)
    if compile_schema(call.output_schema).types == {"string"}:
        return Reply(text)
    return Reply(text=text)


def _beyond(value: Json, path: str) -> Iterator[tuple[str, int]]:
    """The whole numbers in a value that no double is, with their paths."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _beyond(item, f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _beyond(item, f"{path}[{index}]")
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > MOST:
        yield path, value


def _whole(value: Json) -> Json:
    """A value whose doubles are whole numbers again where they are."""
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= MOST:
        return int(value)
    return value
