"""Before anything is called, the servers of a run are asked what their tools are.

A tool that is not what the spec pins, or not what it was when the run began, stops the run there. A
server that cannot be asked yet stops nothing: the calls of its tools fail, as their steps provide
for, and a tool that turns out to have changed later is not called (`agents.mcp_servers`).
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from msgspec.structs import replace

from agentflow.agents.protocol import Connection, Examined
from agentflow.core.events import Entry, Fact, RunResumed, RunStarted
from agentflow.plan.calls import calls_in, plans_within
from agentflow.plan.definitions import as_data, from_data
from agentflow.plan.servers import Tools, tool_named
from agentflow.plan.steps import Plan
from agentflow.spec.model import Json

#: What facts hold of tools: their definitions by pipeline file, server and tool.
Recorded: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Json]]]


async def examine(
    plan: Plan,
    connections: Mapping[tuple[str, str], Connection],
    first: RunStarted | RunResumed,
    before: Recorded,
    *,
    accept: bool,
    by: str | None,
) -> Fact:
    """The first fact of a process that works on a run, with the definitions of the tools in it.

    `before` is what earlier processes of the run have found. One that goes on may `accept` tools
    that have changed, `by` whose word is recorded then. Raises `ToolChanged`.
    """
    found: dict[str, dict[str, dict[str, Json]]] = {}
    accepted: dict[str, Mapping[str, Mapping[str, str]]] = {}
    asked = accept if isinstance(first, RunResumed) else None
    for within in plans_within(plan):
        for connection in (c for (file, _), c in connections.items() if file == within.file):
            if isinstance(connection, Examined):
                known = _definitions(before.get(within.file, {}))
                seen = await connection.examine(_tools_called(within), known, asked)
                found[within.file] = _as_data(seen.tools)
                if seen.accepted:
                    accepted[within.file] = seen.accepted
    if isinstance(first, RunResumed) and accepted:
        return replace(first, tools=found, accepted=accepted, by=by)
    return replace(first, tools=found) if found else first


def tools_recorded(entries: Iterable[Entry]) -> Recorded:
    """What the processes of a run have found of its tools so far.

    The first finding counts, until somebody accepts another one.
    """
    found: dict[str, dict[str, dict[str, Json]]] = {}
    for entry in entries:
        if isinstance(entry.fact, RunStarted | RunResumed):
            for file, servers in entry.fact.tools.items():
                for server, tools in servers.items():
                    kept = found.setdefault(file, {}).setdefault(server, {})
                    anew = _accepted(entry.fact, file, server)
                    kept |= {
                        name: tool
                        for name, tool in tools.items()
                        if name not in kept or name in anew
                    }
    return found


def _accepted(fact: RunStarted | RunResumed, file: str, server: str) -> Mapping[str, str]:
    """The tools of a server that are accepted as they are now."""
    return fact.accepted.get(file, {}).get(server, {}) if isinstance(fact, RunResumed) else {}


def _tools_called(plan: Plan) -> dict[str, list[str]]:
    """The tools that the steps of a pipeline may call, by their servers."""
    found: dict[str, list[str]] = {}
    for call in calls_in(plan):
        named = tool_named(call.options)
        if named is not None and named[1] not in found.setdefault(named[0], []):
            found[named[0]].append(named[1])
    return found


def _definitions(servers: Mapping[str, Mapping[str, Json]]) -> Tools:
    return {
        server: {name: from_data(name, data) for name, data in tools.items()}
        for server, tools in servers.items()
    }


def _as_data(servers: Tools) -> dict[str, dict[str, Json]]:
    return {
        server: {name: as_data(tool) for name, tool in tools.items()}
        for server, tools in servers.items()
    }
