"""A tool that has changed and was accepted, in words."""

from agentflow.formats.safe import safe
from agentflow.trace import Accepted

_LIMIT = 300


def accepted_tool(tool: Accepted) -> str:
    """`tool 'echo' of server 'a' has changed, accepted by ada: sha256:70d3… is now sha256:1f9a…`"""
    by = f" by {tool.by}" if tool.by else ""
    changed = f"tool '{tool.tool}' of server '{tool.server}' has changed, accepted{by}"
    return safe(f"{changed}: {tool.was} is now {tool.now}", limit=_LIMIT, oneline=True)
