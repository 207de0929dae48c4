"""The tools of servers, for programs. Format 1; `schemas/tools.v1.schema.json`."""

from collections.abc import Mapping

from agentflow.formats.values import document
from agentflow.plan.definitions import Definition
from agentflow.plan.servers import ServerPlan, state
from agentflow.spec.model import Json

FORMAT = 1


def render(servers: Mapping[str, ServerPlan], found: Mapping[str, Mapping[str, Definition]]) -> str:
    """One JSON object with the servers and their tools."""
    listed = [
        {
            "name": name,
            "tools": [_tool(name, servers[name], tool) for tool in tools.values()],
            "missing": [tool for tool in servers[name].pins if tool not in tools],
        }
        for name, tools in found.items()
    ]
    return document({"format": FORMAT, "servers": listed})


def _tool(server: str, known: ServerPlan, tool: Definition) -> dict[str, Json]:
    return {
        "name": tool.name,
        "description": tool.description,
        "pin": tool.pin,
        "state": state(server, known, tool),
        "input": tool.input,
        "output": tool.output,
        "claims": list(tool.hints),
    }
