"""The servers of a pipeline, with what is known of their tools before anything is started."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from agentflow.contracts.keywords import Schema
from agentflow.contracts.resolve import FileReader
from agentflow.errors import FileProblem
from agentflow.plan.definitions import Definition, NoDefinitions, changes, read_definitions
from agentflow.spec.document import Path
from agentflow.spec.model import Agent, McpTool, Pipeline, Server, offered_tools, tool_names
from agentflow.spec.wording import quoted

#: Reports a problem: the rule, the message, the place in the spec, what to do.
Report = Callable[[str, str, Path, str | None], None]

#: Definitions by server and tool.
Tools: TypeAlias = Mapping[str, Mapping[str, Definition]]


class Found(Struct, frozen=True):
    """What servers say of their tools; `accepted` are earlier pins of tools that have changed."""

    tools: Tools
    accepted: Mapping[str, Mapping[str, str]]


_DRAFT_7 = ("http://json-schema.org/draft-07/schema", "http://json-schema.org/draft-07/schema#")


class ServerPlan(Struct, frozen=True):
    """A server. `definitions` are those of its file, by tool; None if it has none, or a broken one.

    `pins` are the hashes of the tools that are pinned, one way or the other.
    """

    options: Server
    definitions: Mapping[str, Definition] | None = None
    pins: Mapping[str, str] = field(default_factory=dict)


def plan_servers(pipeline: Pipeline, read: FileReader, report: Report) -> dict[str, ServerPlan]:
    """The servers of a pipeline; `read` gives the files that it names."""
    return {
        name: _planned(server, ("servers", name, "definitions"), read, report)
        for name, server in pipeline.servers.items()
    }


def _planned(server: Server, path: tuple[str, ...], read: FileReader, report: Report) -> ServerPlan:
    if server.definitions is None:
        return ServerPlan(server, pins=server.pins)
    advice = f"'agentflow tools SPEC --write' makes {quoted(server.definitions)}"
    try:
        known = read_definitions(read(server.definitions))
    except FileProblem as problem:
        report("unreadable-file", problem.message, path, advice)
        return ServerPlan(server)
    except NoDefinitions as problem:
        message = f"{quoted(server.definitions)} holds no definitions of tools: {problem}"
        report("unreadable-file", message, path, advice)
        return ServerPlan(server)
    return ServerPlan(server, known, {name: tool.pin for name, tool in known.items()})


def tool_named(agent: Agent) -> tuple[str, str] | None:
    """The server and the tool that an agent calls; None if it calls no tool of a server."""
    # Only some kinds have these keys; this layer does not know which ones.
    server, tool = getattr(agent, "server", None), getattr(agent, "tool", None)
    return (server, tool) if isinstance(server, str) and isinstance(tool, str) else None


class NamedTool(Struct, frozen=True):
    """A tool of a server that a spec names, with the places of the two names."""

    server: str
    tool: str
    server_at: Path
    tool_at: Path


def named_tools(pipeline: Pipeline) -> Iterator[NamedTool]:
    """The tools of servers that agents call, and those that models are offered."""
    for name, agent in pipeline.agents.items():
        path: Path = ("agents", name)
        named = tool_named(agent)
        if named is not None:
            yield NamedTool(*named, (*path, "server"), (*path, "tool"))
        for index, offered in enumerate(offered_tools(agent)):
            if isinstance(offered, McpTool):
                here = (*path, "tools", index)
                several = not isinstance(offered.tool, str)
                for number, tool in enumerate(tool_names(offered)):
                    at = (*here, "tool", number) if several else (*here, "tool")
                    yield NamedTool(offered.mcp, tool, (*here, "mcp"), at)


def definition_of(server: str, tool: str, servers: Mapping[str, ServerPlan]) -> Definition | None:
    """The known definition of a server's tool."""
    return (servers[server].definitions or {}).get(tool) if server in servers else None


def definition_for(agent: Agent, servers: Mapping[str, ServerPlan]) -> Definition | None:
    """The known definition of the tool that an agent calls."""
    named = tool_named(agent)
    return definition_of(*named, servers) if named is not None else None


def as_contract(schema: Schema) -> Schema:
    """A schema of a tool as a contract.

    Many servers declare draft 7 for schemas that mean the same in 2020-12. Forms that do not are
    invalid there, and are refused.
    """
    if isinstance(schema, dict) and schema.get("$schema") in _DRAFT_7:
        return {key: value for key, value in schema.items() if key != "$schema"}
    return schema


def with_known(server: ServerPlan, tools: Mapping[str, Definition]) -> ServerPlan:
    """A server with these definitions of its tools, replacing what was known before."""
    definitions = {**(server.definitions or {}), **tools}
    pins = {**server.pins, **{name: tool.pin for name, tool in tools.items()}}
    return replace(server, definitions=definitions, pins=pins)


def difference(name: str, tool: str, known: ServerPlan, now: Definition | None) -> str | None:
    """How a tool of a server differs from what is known of it, in words; None if it does not.

    `now` is what the server says; None if it has no such tool.
    """
    shown = f"tool {quoted(tool)} of server {quoted(name)}"
    if now is None:
        return f"server {quoted(name)} has no tool {quoted(tool)}"
    pin = known.pins.get(tool)
    if pin is None or pin == now.pin:
        return None
    then = (known.definitions or {}).get(tool)
    if then is None:
        return f"{shown} has changed: its definition is {now.pin}, pinned is {pin}"
    changed = " and ".join(changes(then, now))
    return f"{shown} has changed: its {changed}"


def state(name: str, known: ServerPlan, now: Definition) -> str:
    """How a tool that a server has compares with its pin, in words."""
    if now.name not in known.pins:
        return "not pinned"
    return difference(name, now.name, known, now) or "as pinned"
