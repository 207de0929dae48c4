"""Imports LiteLLM, as the only module that does, and stops what it would do of its own accord.

Found in 1.106:

- Importing it fetches a price list, and loads a `.env` from the current folder, which may be a
  stranger's. It prints.
- Its own HTTP handler sends a request again after a connection that broke, even if the server has
  got the first one. Its aiohttp transport reports such a connection as one that was never made.
- For most providers that it asks through OpenAI's client, it does not tell that client to ask only
  once, so the client asks three times.
- It follows redirects, with the whole prompt.
- A finish reason that it does not know, or that means a failure, becomes `stop`. In a stream of
  most providers it takes `[DONE]` for a finish reason, wherever it stands, and skips an event that
  is not JSON. In a stream of Gemini every piece has a finish reason.
- A stream that repeats itself is an error. In a stream of Ollama it removes `<think>` wherever it
  stands, with all that follows, and makes up a finish reason.
- What a provider has not counted at the end of a stream it counts itself. To count the tokens of an
  answer whose provider has not, it asks Hugging Face for a tokenizer, again and again if that
  cannot be reached.
- It uses OpenAI's Responses API for models that have no other, and for tools of reasoning models.
  It turns the answer into that of a chat, and loses its status and the name of the model.
"""

import json
import logging
import os
import warnings
from concurrent.futures import Future
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["MAX_IMAGE_URL_DOWNLOAD_SIZE_MB"] = "0"  # it fetches no images for providers that do not
os.environ["LITELLM_MODE"] = "PRODUCTION"

import litellm as _litellm
from litellm.litellm_core_utils import core_helpers, secret_redaction
from litellm.litellm_core_utils.thread_pool_executor import executor
from litellm.llms.base_llm.base_model_iterator import BaseModelResponseIterator
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler
from litellm.llms.ollama.chat.transformation import OllamaChatCompletionResponseIterator
from litellm.llms.vertex_ai.gemini.vertex_and_google_ai_studio_gemini import VertexGeminiConfig
from litellm.types import utils as litellm_types
from openai._models import FinalRequestOptions

from agentflow.agents.litellm_bodies import MOST
from agentflow.agents.litellm_wire import guard

#: The providers' words for a complete answer. A call of a tool is among them because that is how
#: some are made to answer in a given form; it counts if LiteLLM has made an answer of it.
COMPLETE = frozenset(
    {"stop", "STOP", "end_turn", "stop_sequence", "COMPLETE", "eos", "eos_token"}
    | {"tool_use", "tool_calls", "completed", "succeeded"}
)
#: Is this argument of a call for LiteLLM itself?
is_litellm_owned_kwarg = litellm_types.is_litellm_owned_kwarg
#: The library. Its own types leave out much of what it documents.
litellm: Any = _litellm
guard()


async def _raise_instead(*_: Any, **__: Any) -> None:
    """Takes the place of the second request, which is made while the error is being handled."""
    raise  # noqa: PLE0704 - the error that the caller handles


#: What LiteLLM makes of a line that says nothing.
_SILENCE = {"text": "", "is_finished": False, "finish_reason": "", "usage": None, "index": 0}


def _event_in(events: Any, str_line: str) -> Any:
    """What a line of a stream says. Raises `ValueError` for an event that is no JSON."""
    event = BaseModelResponseIterator._string_to_dict_parser(str_line=str_line)
    if event:
        return events.chunk_parser(chunk=event)
    field, _, text = str_line.partition(":")
    if field == "data" and text.strip() not in ("", "[DONE]"):
        json.loads(text)
    return {**_SILENCE, "tool_use": None}


BaseModelResponseIterator._handle_string_chunk = _event_in  # type: ignore[method-assign, assignment]


_check_reason = VertexGeminiConfig._check_finish_reason


def _reason_if_any(message: Any, finish_reason: str | None) -> Any:
    """LiteLLM's word for the reason of a piece of an answer; None if it has none."""
    return _check_reason(message, finish_reason) if finish_reason else None


VertexGeminiConfig._check_finish_reason = staticmethod(_reason_if_any)  # type: ignore[method-assign, assignment]


_parse_ollama = OllamaChatCompletionResponseIterator.chunk_parser


def _of_ollama(events: Any, chunk: dict[str, Any]) -> Any:
    """A piece of an answer of Ollama, with its text and its finish reason as they came."""
    message = chunk.get("message") or {}
    text = message.pop("content", None)
    piece: Any = _parse_ollama(events, chunk)
    piece.choices[0].delta.content = text
    piece.choices[0].finish_reason = chunk.get("done_reason") if chunk.get("done") else None
    return piece


OllamaChatCompletionResponseIterator.chunk_parser = _of_ollama  # type: ignore[method-assign, assignment]


class _Reasons(dict[str, Any]):
    """LiteLLM's words for finish reasons, and one for every reason that it has no word for."""

    def get(self, reason: str, _default: Any = None) -> Any:
        return super().get(reason, "finish_reason_unspecified")


core_helpers._FINISH_REASON_MAP = _Reasons(  # type: ignore[misc]
    (sent, word)
    for sent, word in core_helpers._FINISH_REASON_MAP.items()
    if word != "stop" or sent in COMPLETE
)
_redact = secret_redaction.python_redact_string
# It looks for keys in all that an error says, also in one that comes within a stream.
secret_redaction.python_redact_string = lambda value: _redact(value[:MOST])
# It writes logs, which nobody reads, in threads that outlive the call.
executor.submit = lambda *_, **__: Future()  # type: ignore[method-assign]
litellm.stream_chunk_builder = lambda *_, **__: None
AsyncHTTPHandler.single_connection_post_request = _raise_instead  # type: ignore[method-assign]
# OpenAI's client, by which most providers are asked: LiteLLM tells it so only for some of them.
FinalRequestOptions.get_max_retries = lambda *_: 0  # type: ignore[method-assign]
litellm.disable_aiohttp_transport = True
litellm.suppress_debug_info = True
litellm.telemetry = False
# Variables would have it leave parameters out and change messages, and say nothing of either.
litellm.drop_params = litellm.modify_params = False
litellm.disable_hf_tokenizer_download = True
# From 1.107 on it takes a stream without a finish reason for a connection that broke.
litellm.CustomStreamWrapper._should_fail_on_clean_eof = lambda _: False
# It takes an answer with a hundred equal pieces in a row for a model gone mad, if it is streamed.
litellm.REPEATED_STREAMING_CHUNK_LIMIT = 10**9
litellm.cache = None
# A call that is cancelled early leaves a coroutine behind that it has made in a thread.
warnings.filterwarnings("ignore", message="coroutine '.*acompletion.*' was never awaited")
# It goes through the fields of pydantic's objects in a stream in an old way.
warnings.filterwarnings("ignore", message="Accessing the 'model_.*fields' attribute")
# It puts its own form of what was used into an object of OpenAI's.
warnings.filterwarnings("ignore", message="Pydantic serializer warnings")
for _name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
    logging.getLogger(_name).disabled = True
