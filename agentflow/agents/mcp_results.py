"""What a call of a tool comes to: the result of the protocol as a reply, or as a failure."""

import json
from typing import Any, NoReturn

from agentflow.agents.excerpts import detail, line
from agentflow.agents.mcp_sdk import MCPError, types
from agentflow.agents.protocol import AttemptError, Call, Reply
from agentflow.agents.worker import Failed, plain
from agentflow.contracts.checker import compile_schema
from agentflow.spec.model import FailureClass

#: What a server says instead of doing what it was asked for. Of every other error nobody knows
#: what was done before.
_REFUSALS = frozenset(
    {
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
        raise _failed(shown, "\n".join(texts), result.structured_content)
    if "structured_content" in result.model_fields_set and result.structured_content is not None:
        try:
            return Reply(plain(result.structured_content))
        except Failed as problem:
            raise AttemptError(FailureClass.INVALID_OUTPUT, problem.message) from problem
    other = next((part.type for part in result.content if part.type != "text"), None)
    if other is not None:
        message = f"{shown} answered with content of type '{other}', which is no output"
        raise AttemptError(FailureClass.INVALID_OUTPUT, message, detail=detail(*texts))
    if not texts:
        return Reply(None)
    text = "\n".join(texts)
    if compile_schema(call.output_schema).types == {"string"}:
        return Reply(text)
    return Reply(text=text)


def _failed(shown: str, said: str, structured: Any) -> AttemptError:
    """The failure that a tool reports: in its texts, or else in its structured content."""
    words = said if said.strip() or structured is None else _as_text(structured)
    short = line(words)
    message = f"{shown} failed: {short}" if short else f"{shown} failed and does not say why"
    return AttemptError(FailureClass.SERVER_ERROR, message, detail=detail(words))


def _as_text(data: Any) -> str:
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, default=str)


def refuse(shown: str, error: MCPError) -> NoReturn:
    """Raise what an error that the server answered with comes to; all that it says is the detail.

    One that nobody could read is no refusal: by then the tool has done its work.
    """
    said = detail(error.message, None if error.data is None else _as_text(error.data))
    if error.code == types.PARSE_ERROR:
        message = f"{shown} answered with what is no message of the protocol"
        raise AttemptError(FailureClass.INVALID_OUTPUT, message, detail=said) from error
    refused = error.code in _REFUSALS
    failure = FailureClass.REJECTED if refused else FailureClass.SERVER_ERROR
    message = f"{shown} {'was refused' if refused else 'failed'}: {line(error.message)}"
    raise AttemptError(failure, message, detail=said) from error


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
