"""LiteLLM as a thin client.

What it is not allowed to do by itself is settled in `litellm_settings`. It reports a finish reason
that is missing or unknown to it as `stop`; the reason is therefore read from what the provider has
sent, and an answer without a known one does not count.
"""

import json
from collections.abc import Sequence
from typing import Any

from agentflow.agents.litellm_failures import failure_of
from agentflow.agents.litellm_settings import litellm
from agentflow.agents.protocol import AttemptError, Reply
from agentflow.agents.worker import ANSWER_LIMIT
from agentflow.core.events import Usage
from agentflow.plan.windows import cuts
from agentflow.spec.model import FailureClass, Model

#: Where the reason stands in the bodies of OpenAI, Gemini, Anthropic, Bedrock, Ollama and Cohere.
_REASON_AT: tuple[tuple[str | int, ...], ...] = (
    ("choices", 0, "finish_reason"),
    ("candidates", 0, "finishReason"),
    ("stop_reason",),
    ("stopReason",),
    ("done_reason",),
    ("finish_reason",),
)
#: The providers' words for a complete answer. A call of a tool is among them because that is how
#: some are made to answer in a given form; it counts if LiteLLM has made an answer of it.
_COMPLETE = frozenset(
    {"stop", "STOP", "end_turn", "stop_sequence", "COMPLETE", "eos", "eos_token"}
    | {"tool_use", "tool_calls"}
)
#: LiteLLM's words for an answer that is not complete.
_INCOMPLETE = {
    "length": (FailureClass.TRUNCATED, "stopped at the limit of its output tokens"),
    "content_filter": (FailureClass.REJECTED, "withheld its answer: content filter"),
}


class LiteLLM:
    """The client of one run."""

    def takes_schema(self, model: str) -> bool:
        """Does the model take a JSON Schema as its response format?"""
        return bool(litellm.supports_response_schema(model))

    async def complete(
        self,
        model: Model,
        messages: Sequence[dict[str, str]],
        response_format: dict[str, Any] | None,
        timeout: float,
    ) -> Reply:
        """Make one request, which may take `timeout` seconds. Raises `AttemptError`."""
        sent: list[Any] = []

        def note(details: dict[str, Any]) -> None:
            sent.append(details.get("original_response"))

        try:
            response = await litellm.acompletion(
                model=model.model,
                messages=list(messages),
                response_format=response_format,
                max_tokens=model.max_output_tokens,
                temperature=model.temperature,
                **_window(model),
                timeout=timeout,
                max_retries=0,
                num_retries=0,
                logger_fn=note,
            )
        except Exception as error:  # LiteLLM raises whatever its adapters meet
            raise failure_of(error, model.model, timeout) from error
        text = _complete_text(response, sent[-1] if sent else None, model.model)
        usage = _usage(response, model.model)
        return Reply(text=text, usage=usage, answered=response.model or None)

    async def close(self) -> None:
        """Close the connections to the providers."""
        await litellm.close_litellm_async_clients()
        # They would be found again by an event loop that happens to get the same id.
        litellm.in_memory_llm_clients_cache.flush_cache()


def _window(model: Model) -> dict[str, int]:
    """The window that a server is to give the model, where it would otherwise choose one itself."""
    return {"num_ctx": model.window} if model.window is not None and cuts(model.model) else {}


def _complete_text(response: Any, sent: Any, model: str) -> str:
    """The answer, if it is known to be whole. Raises `AttemptError` if not."""
    if not response.choices:
        raise AttemptError(FailureClass.SERVER_ERROR, f"{model} answered without any choice")
    choice = response.choices[0]
    if choice.finish_reason in _INCOMPLETE:
        failure, what = _INCOMPLETE[choice.finish_reason]
        raise AttemptError(failure, f"{model} {what}")
    reason = _reason(sent)
    if reason is None:
        message = f"{model} answered without saying that the answer is complete"
        raise AttemptError(FailureClass.TRUNCATED, message)
    if choice.finish_reason != "stop" or reason not in _COMPLETE:
        raise AttemptError(FailureClass.SERVER_ERROR, f"{model} stopped with '{reason[:100]}'")
    text = choice.message.content
    if not isinstance(text, str) or not text.strip():
        raise AttemptError(FailureClass.INVALID_OUTPUT, f"{model} answered nothing")
    if len(text) > ANSWER_LIMIT:
        message = f"{model} answered more than {ANSWER_LIMIT // 10**6} MB"
        raise AttemptError(FailureClass.INVALID_OUTPUT, message)
    return text


def _reason(sent: Any) -> str | None:
    """The finish reason in the body that the provider sent, which LiteLLM keeps as text."""
    try:
        body = json.loads(sent)
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


def _usage(response: Any, model: str) -> Usage | None:
    """What the provider counted; None if it has not said. A price of 0 is one that is not known."""
    usage = getattr(response, "usage", None)
    if usage is None or not usage.total_tokens:
        return None
    try:
        usd = litellm.completion_cost(completion_response=response, model=model)
    except Exception:  # noqa: BLE001 - it raises a bare Exception for a model without a price
        usd = None
    return Usage(model, usage.prompt_tokens, usage.completion_tokens, usd or None)
