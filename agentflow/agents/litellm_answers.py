"""Which answers of a chat model count.

LiteLLM reports a missing finish reason as `stop`, and empty choices and missing content as success.
An answer counts only if the provider has said that it is complete, and if it is not empty, whether
it came as a whole or as a stream.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from agentflow.agents.evidence import evidence_in
from agentflow.agents.excerpts import line
from agentflow.agents.litellm_settings import COMPLETE, litellm
from agentflow.agents.protocol import AttemptError, Reply
from agentflow.agents.worker import ANSWER_LIMIT
from agentflow.core.events import Usage
from agentflow.core.talks import ToolCall
from agentflow.spec.model import FailureClass, Json

_Places = tuple[tuple[str | int, ...], ...]
#: Where the reason stands in the bodies of OpenAI, Gemini, Anthropic, Bedrock, Ollama and Cohere;
#: of OCI, for models of Cohere's and for others; of SAP; of watsonx; of servers of Hugging Face; of
#: OpenAI's Responses API and of Replicate.
_REASON_AT: _Places = (
    ("choices", 0, "finish_reason"),
    ("candidates", 0, "finishReason"),
    ("stop_reason",),
    ("stopReason",),
    ("done_reason",),
    ("finish_reason",),
    ("chatResponse", "finishReason"),
    ("chatResponse", "choices", 0, "finishReason"),
    ("final_result", "choices", 0, "finish_reason"),
    ("results", 0, "stop_reason"),
    ("details", "finish_reason"),
    ("status",),
)
#: Where a model calls itself by name: most, Gemini, OCI, SAP, watsonx.
_MODEL_AT: _Places = (
    ("model",),
    ("modelVersion",),
    ("modelId",),
    ("final_result", "model"),
    ("model_id",),
)
#: Where OpenAI's models refuse, in a chat, and as the last item of a response.
_REFUSAL_AT: _Places = (
    ("choices", 0, "message", "refusal"),
    ("output", -1, "content", 0, "refusal"),
)
#: LiteLLM's words for a complete answer, and for one that asks for tools.
_FINAL = {False: ("stop",), True: ("stop", "tool_calls")}
#: No provider counts more tokens than that.
_MOST_TOKENS = 2**53
#: LiteLLM's words for an answer that is not complete.
INCOMPLETE = {
    "length": (FailureClass.TRUNCATED, "stopped at the limit of its output tokens"),
    "content_filter": (FailureClass.REJECTED, "withheld its answer: content filter"),
}


class Answer(Struct, frozen=True):
    """An answer as it came, before anything is made of it.

    `reason` is why the model stopped, in LiteLLM's word, and `sent` in the provider's own; None if
    it has not said. `response` is LiteLLM's object, with the model that answered and with what the
    provider counted. `calls` are the tools that the model asks for, `thoughts` as in `Turn`.
    `began` says whether anything at all has come of it, if only a thought. `refusal` is what
    OpenAI's models say in the place of an answer that they do not give.
    """

    text: str | None
    reason: str
    sent: str | None
    response: Any
    calls: tuple[ToolCall, ...] = ()
    began: bool = True
    thoughts: Mapping[str, Json] | None = None
    refusal: str | None = None


def content_of(
    answer: Answer, model: str, *, has_tools: bool
) -> tuple[str | None, tuple[ToolCall, ...]]:
    """The text of an answer that is known to be whole, or the tools that the model asks for.

    With them, the text is what it says besides, if anything. Raises `AttemptError` if the answer is
    not known to be whole.
    """
    calls = answer.calls if has_tools else ()
    if answer.reason in INCOMPLETE:
        failure, what = INCOMPLETE[answer.reason]
        raise AttemptError(failure, f"{model} {what}")
    if answer.sent is None and not answer.began:
        message = f"{model} sent nothing that is an answer"
        raise AttemptError(FailureClass.SERVER_ERROR, message)
    if answer.sent is None:
        message = f"{model} answered without saying that the answer is complete"
        raise AttemptError(FailureClass.TRUNCATED, message)
    if answer.reason not in _FINAL[bool(calls)] or answer.sent not in COMPLETE:
        raise AttemptError(FailureClass.SERVER_ERROR, f"{model} stopped with '{answer.sent[:100]}'")
    text = answer.text if isinstance(answer.text, str) and answer.text.strip() else None
    if text is None and not calls and answer.refusal:
        message = f"{model} refused to answer: {line(answer.refusal)}"
        raise AttemptError(FailureClass.REJECTED, message)
    if text is None and not calls:
        raise AttemptError(FailureClass.INVALID_OUTPUT, f"{model} answered nothing")
    if len(text or "") + sum(len(call.arguments) for call in calls) > ANSWER_LIMIT:
        raise too_much(model)
    return text, calls


def kept_of(answer: Answer, reply: Reply) -> Reply:
    """The reply with what is kept of an answer that does not count: of a long one the beginning."""
    said = [answer.text or "", *(call.arguments for call in answer.calls)]
    if sum(map(len, said)) <= ANSWER_LIMIT:
        return replace(reply, text=answer.text or None)
    kept = evidence_in([text.encode(errors="replace") for text in said], whole=True)
    return replace(reply, text=kept.text, excess=kept.excess)


def too_much(model: str, came: Sequence[str] | None = None) -> AttemptError:
    """The answer is larger than any can be; `came` is what has come of one that was broken off."""
    message = f"{model} answered more than {ANSWER_LIMIT // 10**6} MB"
    kept: Reply | None = None
    if came is not None:
        kept = evidence_in([text.encode(errors="replace") for text in came], whole=False)
    return AttemptError(FailureClass.INVALID_OUTPUT, message, reply=kept)


class Said(Struct, frozen=True):
    """What a body says of itself; None is what it does not say."""

    reason: str | None = None
    model: str | None = None
    refusal: str | None = None


def said_in(body: bytes) -> Said:
    """The finish reason in a body that a provider sent, the name of the model, and a refusal."""
    try:
        said = json.loads(body)
    except ValueError:
        return Said()
    return Said(*(_word_at(said, places) for places in (_REASON_AT, _MODEL_AT, _REFUSAL_AT)))


def _word_at(body: Any, places: _Places) -> str | None:
    for path in places:
        value = body
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                value = None
        if isinstance(value, str) and value:
            return value
    return None


def word_of(value: Any) -> str | None:
    """What stands where a word should be, as one; None if nothing does."""
    return str(value) if value else None


def usage_of(answer: Answer, model: str) -> Usage | None:
    """What the provider counted; None if it has not said. A price of 0 is one that is not known.

    No prompt has no tokens: whoever says so has not counted.
    """
    usage = getattr(answer.response, "usage", None)
    if usage is None or not usage.prompt_tokens:
        return None
    if not _is_count(usage.prompt_tokens) or not _is_count(usage.completion_tokens):
        return None
    try:
        usd = litellm.completion_cost(completion_response=answer.response, model=model)
    except Exception:  # noqa: BLE001 - it raises a bare Exception for a model without a price
        usd = None
    thinking = getattr(usage.completion_tokens_details, "reasoning_tokens", None)
    if not _is_count(thinking):
        thinking = None
    return Usage(model, usage.prompt_tokens, usage.completion_tokens, usd or None, thinking)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and 0 <= value < _MOST_TOKENS
