"""Agents of kind `mcp`: one tool of an MCP server, called with the input as its arguments.

    kind: mcp
    server: tickets                       one of `servers:`
    tool: create_ticket

The server is started, or connected to, once per run and shared by all calls. Its tools are compared
with the definitions in the spec before any of them is called. The idempotency key of the step is
sent in the `_meta` of the request, as `agentflow/idempotency-key`.

`mcp_calls` has the connection, and `mcp_servers` the rules.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from agentflow.spec.model import Agent

if TYPE_CHECKING:
    from agentflow.agents.protocol import Connection, Host


class Options(Agent, frozen=True, kw_only=True):
    """A tool of an MCP server."""

    kind: Literal["mcp"]
    server: str
    """The server, by its name under `servers`."""

    tool: Annotated[str, Meta(min_length=1)]
    """The tool, by the name that the server gives it."""


def connect(host: "Host") -> "Connection":
    """The servers of one run. The SDK takes a second to import, so it begins in a thread now."""
    from agentflow.agents.mcp_calls import Calls

    return Calls(host)
