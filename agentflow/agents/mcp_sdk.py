"""What is taken from the official SDK for MCP, in one place, and how it is kept from talking.

It logs what servers send it, tracebacks included, and where nobody has set logging up, that goes to
stderr and so to a terminal. What matters of it is in the failures of calls.

Found in 2.3: its own client for stdio cannot say which process it has started; over HTTP, an error
of the transport ends the whole session with all its calls, and the status of an answer is lost. Its
seams for transports are used to do better (`mcp_stdio`, `mcp_http`). Its check of results compiles
whatever schema a server sends; ours is the contract.
"""

import logging

import httpx2
import mcp_types as types
from mcp.client.client import Client
from mcp.client.session import IncomingMessage
from mcp.client.stdio import get_default_environment
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ListenNotSupportedError, Subscription, SubscriptionLost
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage

__all__ = [
    "Client",
    "IncomingMessage",
    "ListenNotSupportedError",
    "MCPError",
    "SessionMessage",
    "Subscription",
    "SubscriptionLost",
    "get_default_environment",
    "httpx2",
    "streamable_http_client",
    "types",
]

for _name in ("mcp", "client", "httpx2", "httpcore2"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
