"""What of a chat model's answer counts.

LiteLLM reports a finish reason that is missing as `stop`; empty choices and a missing content come
back as success. An answer counts only if the provider has said that it is complete, and there is
something in it. It does not matter whether it came as a whole or as a stream.
"""

import json
from dataclasses import dataclass
from typing import Any

from agentflow.agents.litellm_settings import COMPLETE, litellm
from agentflow.agents.protocol import AttemptError
from agentflow.agents.worker import ANSWER_LIMIT
from agentflow.core.events import Usage
from agentflow.spec.model import FailureClass

#: Where the reason stands in the bodies of OpenAI, Gemini, Anthropic, Bedrock, Ollama and Cohere.
_REASON_AT: tuple[tuple[str | int, ...], ...] = (
    ("choices", 0, "finish_reason"),
    ("candidates", 0, "finishReason"),
    ("stop_reason",),
    ("stopReason",),
    ("done_reason",),
    ("finish_reason",),
)
#: LiteLLM's words for an answer that is not complete.
_INCOMPLETE = {
    "length": (FailureClass.TRUNCATED, "stopped at the limit of its output tokens"),
    "content_filter": (FailureClass.REJECTED, "withheld its answer: content filter"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came, before anything is made of it.

    `reason` is why the model stopped, in LiteLLM's word, and `sent` in the provider's own; None if
    it has not said. `response` is LiteLLM's object, with the model that answered and with what the
    provider counted.
    """

    text: str | None
    reason: str
    sent: str | None
    response: Any


def text_of(answer: Answer, model: str) -> str:
    """The text of an answer that is known to be whole. Raises `AttemptError` if it is not."""
    if answer.reason in _INCOMPLETE:
        failure, what = _INCOMPLETE[answer.reason]
        raise AttemptError(failure, f"{model} {what}")
    if answer.sent is None:
        message = f"{model} answered without saying that the answer is complete"
        raise AttemptError(FailureClass.TRUNCATED, message)
    if answer.reason != "stop" or answer.sent not in COMPLETE:
        raise AttemptError(FailureClass.SERVER_ERROR, f"{model} stopped with '{answer.sent[:100]}'")
    if not isinstance(answer.text, str) or not answer.text.strip():
        raise AttemptError(FailureClass.INVALID_OUTPUT, f"{model} answered nothing")
    if len(answer.text) > ANSWER_LIMIT:
        raise too_much(model)
    return answer.text


def too_much(model: str) -> AttemptError:
    """The answer is larger than any can be."""
    message = f"{model} answered more than {ANSWER_LIMIT // 10**6} MB"
    return AttemptError(FailureClass.INVALID_OUTPUT, message)


def reason_in(body: Any) -> str | None:
    """The finish reason in a body that a provider sent, which LiteLLM keeps as text."""
    try:
        body = json.loads(body)
    except (TypeError, ValueError):
        return None
    for path in _REASON_AT:
        value = body
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                value = None
        if isinstance(value, str) and value:
            return value
    return None


def usage_of(answer: Answer, model: str) -> Usage | None:
    """What the provider counted; None if it has not said. A price of 0 is one that is not known."""
    usage = getattr(answer.response, "usage", None)
    if usage is None or not usage.total_tokens:
        return None
    try:
        usd = litellm.completion_cost(completion_response=answer.response, model=model)
    except Exception:  # noqa: BLE001 - it raises a bare Exception for a model without a price
        usd = None
    return Usage(model, usage.prompt_tokens, usage.completion_tokens, usd or None)
