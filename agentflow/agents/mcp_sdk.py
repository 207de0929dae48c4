"""What is taken from the official SDK for MCP, in one place, and how its logging is kept quiet.

It logs what servers send it, tracebacks included. If nobody has configured logging, that goes to
stderr and so to a terminal. The failures of calls say what matters of it.

Found in 2.3: its own client for stdio cannot say which process it has started; over HTTP, an error
of the transport ends the whole session with all its calls, and the status of a response is lost.
Transports of our own (`mcp_stdio`, `mcp_http`) do better. Its check of results compiles whatever
schema a server sends; we check against the contract instead.
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
