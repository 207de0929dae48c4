"""The tools of servers, for people."""

from collections.abc import Mapping

from agentflow.formats.safe import safe
from agentflow.formats.values import compact
from agentflow.plan.definitions import Definition
from agentflow.plan.servers import ServerPlan, state

#: Characters of a description and of a schema that are shown.
_SHOWN, _SCHEMA = 300, 2_000


def render(servers: Mapping[str, ServerPlan], found: Mapping[str, Mapping[str, Definition]]) -> str:
    """Each server with its tools: the pin of each, how that compares, and its contracts."""
    return "\n\n".join(_server(name, servers[name], tools) for name, tools in found.items())


def _server(name: str, known: ServerPlan, tools: Mapping[str, Definition]) -> str:
    where = known.options.command or known.options.url or ""
    lines = [f"{name}  {safe(where, oneline=True)}"]
    for tool in tools.values():
        lines += ["", *_tool(name, known, tool)]
    lines += [
        f"\n  {safe(tool, oneline=True)}  pinned, and the server does not have it"
        for tool in known.pins
        if tool not in tools
    ]
    return "\n".join(lines)


def _tool(server: str, known: ServerPlan, tool: Definition) -> list[str]:
    lines = [f"  {safe(tool.name, oneline=True)}  {state(server, known, tool)}"]
    if tool.description:
        lines.append(f"    {safe(tool.description.strip(), limit=_SHOWN, oneline=True)}")
    lines.append(f"    pin     {tool.pin}")
    lines.append(f"    input   {_schema(tool.input)}")
    if tool.output is not None:
        lines.append(f"    output  {_schema(tool.output)}")
    if tool.hints:
        lines.append(f"    claims  {', '.join(tool.hints)} (nothing relies on that)")
    return lines


def _schema(schema: object) -> str:
    return safe(compact(schema), limit=_SCHEMA, oneline=True)
