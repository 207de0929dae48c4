"""What a call of a tool comes to: the result of the protocol as a reply, or as a failure."""

from typing import Any, NoReturn

from agentflow.agents.mcp_sdk import MCPError, types
from agentflow.agents.protocol import AttemptError, Call, Reply
from agentflow.agents.worker import Failed, plain
from agentflow.contracts.checker import compile_schema
from agentflow.spec.model import FailureClass

#: Characters that a message shows of what a server says, and those that the log keeps of it.
EXCERPT, DETAIL = 300, 4_000
#: What a server says instead of doing what it was asked for. Of every other error nobody knows
#: what was done before.
_REFUSALS = frozenset(
    {
        types.PARSE_ERROR,
        types.INVALID_REQUEST,
        types.METHOD_NOT_FOUND,
        types.INVALID_PARAMS,
        types.HEADER_MISMATCH,
        types.MISSING_REQUIRED_CLIENT_CAPABILITY,
        types.UNSUPPORTED_PROTOCOL_VERSION,
        types.URL_ELICITATION_REQUIRED,
    }
)


def reply_of(shown: str, result: Any, call: Call) -> Reply:
    """The reply that a result is: its structured content if it has one, otherwise its text.

    A text is the value itself where the contract takes only texts, and is read as JSON elsewhere.
    Raises `AttemptError`: server_error if the tool says that it failed, which says nothing about
    what it did before; invalid_output for what no contract has a word for.
    """
    if isinstance(result, types.InputRequiredResult):
        message = f"{shown} asks for more than its input, and there is nobody to ask"
        raise AttemptError(FailureClass.REJECTED, message)
    texts = [part.text for part in result.content if isinstance(part, types.TextContent)]
    if result.is_error:
        said = "\n".join(texts)
        line = " ".join(said.split())[:EXCERPT]
        message = f"{shown} failed: {line}" if line else f"{shown} failed and does not say why"
        raise AttemptError(FailureClass.SERVER_ERROR, message, detail=said[:DETAIL] or None)
    if "structured_content" in result.model_fields_set and result.structured_content is not None:
        try:
            return Reply(plain(result.structured_content))
        except Failed as problem:
            raise AttemptError(FailureClass.INVALID_OUTPUT, problem.message) from problem
    other = next((part.type for part in result.content if part.type != "text"), None)
    if other is not None:
        message = f"{shown} answered with content of type '{other}', which is no output"
        raise AttemptError(FailureClass.INVALID_OUTPUT, message)
    if not texts:
        return Reply(None)
    text = "\n".join(texts)
    if compile_schema(call.output_schema).types == {"string"}:
        return Reply(text)
    return Reply(text=text)


def refuse(shown: str, error: MCPError) -> NoReturn:
    """Raise what an error that the server answered with comes to."""
    line = " ".join(error.message.split())[:EXCERPT]
    if error.code in _REFUSALS:
        raise AttemptError(FailureClass.REJECTED, f"{shown} was refused: {line}") from error
    raise AttemptError(FailureClass.SERVER_ERROR, f"{shown} failed: {line}") from error


def hints_of(said: types.ToolAnnotations | None) -> tuple[str, ...]:
    """What a server claims of the effects of a tool, in words."""
    if said is None:
        return ()
    claims = {
        "reads only": said.read_only_hint,
        "destroys": said.destructive_hint,
        "can be repeated": said.idempotent_hint,
        "reaches out": said.open_world_hint,
    }
    return tuple(claim for claim, made in claims.items() if made)
