"""Imports LiteLLM, as the only module that does, and takes from it what it would do by itself.

Found in 1.106: importing it fetches a price list, and loads a `.env` from the current folder, which
may be a stranger's; its own HTTP handler sends a request again after a connection that broke, even
if the server has the first one; its aiohttp transport reports such a connection as one that never
was; it prints.
"""

import logging
import os
import warnings
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"

import litellm as _litellm
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

#: The library. Its own types leave out much of what it documents.
litellm: Any = _litellm


async def _raise_instead(*_: Any, **__: Any) -> None:
    """Takes the place of the second request, which is made while the error is being handled."""
    raise  # noqa: PLE0704 - the error that the caller handles


AsyncHTTPHandler.single_connection_post_request = _raise_instead  # type: ignore[method-assign]
litellm.disable_aiohttp_transport = True
litellm.suppress_debug_info = True
litellm.telemetry = False
litellm.cache = None
# A call that is cancelled early leaves a coroutine behind that it has made in a thread.
warnings.filterwarnings("ignore", message="coroutine '.*acompletion.*' was never awaited")
for _name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
    logging.getLogger(_name).disabled = True
