"""LiteLLM as a thin client.

`litellm_settings` switches off what LiteLLM must not do by itself; `litellm_answers` says which
answers count.
"""

import asyncio
import inspect
from typing import Any

from msgspec.structs import replace

from agentflow.agents.chat_request import ChatRequest
from agentflow.agents.credentials import has_key, keys_of, may_see_keys
from agentflow.agents.litellm_answers import (
    INCOMPLETE,
    Answer,
    content_of,
    kept_of,
    said_in,
    usage_of,
    word_of,
)
from agentflow.agents.litellm_failures import failure_of
from agentflow.agents.litellm_settings import is_litellm_owned_kwarg, litellm
from agentflow.agents.litellm_streams import hear
from agentflow.agents.litellm_thoughts import Thoughts, thinks
from agentflow.agents.litellm_tools import asked, offered, why_no_tools
from agentflow.agents.litellm_wire import WIRE, Wire
from agentflow.agents.protocol import AttemptError, Reply
from agentflow.plan.windows import cuts
from agentflow.spec.model import FailureClass, Json, Model


class LiteLLM:
    """The client of one run."""

    def __init__(self) -> None:
        self._takes_schema: dict[str, bool] = {}

    def takes_schema(self, model: str) -> bool:
        """Does the model take a JSON Schema as response format, and does LiteLLM pass it on?"""
        if model not in self._takes_schema:
            handed_on = litellm.get_supported_openai_params(model) or ()
            able = "response_format" in handed_on and litellm.supports_response_schema(model)
            self._takes_schema[model] = bool(able)
        return self._takes_schema[model]

    async def complete(self, request: ChatRequest) -> Reply:
        """Make exactly one request. Raises `AttemptError`."""
        model = request.model.model
        lacking = why_no_tools(model) if request.tools else None
        if lacking is not None:
            raise AttemptError(FailureClass.REJECTED, lacking)
        parameters = _parameters(request)
        withheld = "api_key" in parameters
        wire = Wire(request.timeout, keys_of(model), withheld, request.reached)
        before = WIRE.set(wire)  # this task makes one request at a time
        sent = asyncio.get_running_loop().time()
        try:
            answer, began = await _answer(request, parameters, wire)
        except AttemptError:
            raise
        except Exception as error:  # LiteLLM raises whatever its adapters meet
            raise failure_of(error, model, wire) from error
        finally:
            wire.over = True
            WIRE.reset(before)
        reply = Reply(
            text=answer.text,
            usage=usage_of(answer, model),
            answered=word_of(answer.response.model),
            first_token=began - sent if began is not None else None,
        )
        try:
            text, calls = content_of(answer, model, has_tools=bool(request.tools))
        except AttemptError as error:
            # What came is kept, and what it cost is charged.
            error.reply = kept_of(answer, reply)
            raise
        return replace(reply, text=text, calls=calls, thoughts=answer.thoughts if calls else None)

    async def close(self) -> None:
        """Close the connections to the providers."""
        await litellm.close_litellm_async_clients()
        # They would be found again by an event loop that happens to get the same id.
        litellm.in_memory_llm_clients_cache.flush_cache()


async def _answer(
    request: ChatRequest, parameters: dict[str, Any], wire: Wire
) -> tuple[Answer, float | None]:
    """The answer as it came, and when it began to come, if it came as a stream."""
    response = await litellm.acompletion(**parameters)
    if request.ear is not None:
        return await hear(response, request.model.model, request.ear, request.reached)
    said = said_in(wire.body)
    # Of some providers LiteLLM says that every answer is complete.
    why = litellm.map_finish_reason(said.reason) if said.reason else None
    response.model = said.model or response.model
    if not response.choices:
        return Answer(None, "", None, response, began=False), None
    choice = response.choices[0]
    message = choice.message
    calls = asked(message)
    thoughts = Thoughts()
    thoughts.add(message)
    thoughts.add_details(message)
    text = message.content
    answer = Answer(
        thoughts.take_from(text) if isinstance(text, str) else None,
        why if why in INCOMPLETE else choice.finish_reason,
        said.reason,
        response,
        calls,
        began=bool(message.content or calls or thinks(message)),
        thoughts=thoughts.for_again(request.model.model),
        refusal=said.refusal,
    )
    return answer, None


def _parameters(request: ChatRequest) -> dict[str, Any]:
    """The arguments of LiteLLM's call; none of them lets it ask twice."""
    model = request.model
    parameters: dict[str, Any] = {
        "model": model.model,
        "messages": list(request.messages),
        "response_format": request.response_format,
        "max_tokens": model.max_output_tokens,
        "temperature": model.temperature,
        "tools": offered(request.tools) or None,
        "top_p": model.top_p,
        "seed": model.seed,
        "stop": model.stop,
        "reasoning_effort": model.reasoning_effort,
        "api_base": model.api_base,
        "timeout": request.timeout,
        **_own_parameters(model),
    }
    if model.api_base is not None and not (may_see_keys(model.api_base) and has_key(model.model)):
        parameters["api_key"] = "none"  # or else LiteLLM would look for one
    if model.window is not None and cuts(model.model):
        # The server would otherwise choose a window itself.
        parameters["num_ctx"] = model.window
    if request.ear is not None:
        parameters |= {"stream": True, "stream_options": {"include_usage": True}}
    return parameters


def _own_parameters(model: Model) -> dict[str, Json]:
    """The parameters in the provider's own words. Raises `AttemptError` for one of LiteLLM's."""
    if model.params is None:
        return {}
    own = inspect.signature(litellm.acompletion).parameters
    for name in model.params:
        if name in own or is_litellm_owned_kwarg(name):
            message = f"{model.model}: the parameter '{name}' is for LiteLLM, not for the provider"
            raise AttemptError(FailureClass.REJECTED, message)
    return dict(model.params)
