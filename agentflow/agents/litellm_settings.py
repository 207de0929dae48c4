"""Imports LiteLLM, as the only module that does, and takes from it what it would do by itself.

Found in 1.106: importing it fetches a price list, and loads a `.env` from the current folder, which
may be a stranger's; its own HTTP handler sends a request again after a connection that broke, even
if the server has the first one; its aiohttp transport reports such a connection as one that never
was; a finish reason that it does not know, or that means a failure, becomes `stop`; what a provider
has not counted at the end of a stream it counts itself; it prints.
"""

import logging
import os
import warnings
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"

import litellm as _litellm
from litellm.litellm_core_utils import core_helpers
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

#: The providers' words for a complete answer. A call of a tool is among them because that is how
#: some are made to answer in a given form; it counts if LiteLLM has made an answer of it.
COMPLETE = frozenset(
    {"stop", "STOP", "end_turn", "stop_sequence", "COMPLETE", "eos", "eos_token"}
    | {"tool_use", "tool_calls"}
)
#: The library. Its own types leave out much of what it documents.
litellm: Any = _litellm


async def _raise_instead(*_: Any, **__: Any) -> None:
    """Takes the place of the second request, which is made while the error is being handled."""
    raise  # noqa: PLE0704 - the error that the caller handles


class _Reasons(dict[str, Any]):
    """LiteLLM's words for the providers' finish reasons, and one for all that are not among them."""

    def get(self, reason: str, _default: Any = None) -> Any:
        return super().get(reason, "finish_reason_unspecified")


core_helpers._FINISH_REASON_MAP = _Reasons(  # type: ignore[misc]
    (sent, word)
    for sent, word in core_helpers._FINISH_REASON_MAP.items()
    if word != "stop" or sent in COMPLETE
)
litellm.stream_chunk_builder = lambda *_, **__: None
AsyncHTTPHandler.single_connection_post_request = _raise_instead  # type: ignore[method-assign]
litellm.disable_aiohttp_transport = True
litellm.suppress_debug_info = True
litellm.telemetry = False
litellm.cache = None
# A call that is cancelled early leaves a coroutine behind that it has made in a thread.
warnings.filterwarnings("ignore", message="coroutine '.*acompletion.*' was never awaited")
# It goes through the fields of pydantic's objects in a stream in an old way.
warnings.filterwarnings("ignore", message="Accessing the 'model_.*fields' attribute")
for _name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
    logging.getLogger(_name).disabled = True
