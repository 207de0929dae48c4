"""An agent has no input or no output contract.

Nobody would check its input or its answers: a wrong answer is passed on to the next step, and is
noticed only where nobody can tell where it came from. An agent of kind `mcp` takes the contracts of
its tool if the server has `definitions` and they say what the tool answers.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    4:3 agent 'writer' has no output contract

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator, Mapping

from agentflow.contracts.keywords import Schema
from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.servers import ServerPlan, definition_for, definition_of, tool_named
from agentflow.spec.document import Path
from agentflow.spec.model import (
    Agent,
    Contract,
    DescribedTool,
    McpTool,
    Pipeline,
    offered_tools,
    tool_names,
)
from agentflow.spec.wording import quoted

NAME = "missing-contract"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each agent without one of its contracts, at its name."""
    if context.pipeline is None:
        return
    servers = context.plan.servers if context.plan is not None else {}
    for what, path, sides in _described(context.pipeline, servers):
        for side, contract in zip(("input", "output"), sides, strict=True):
            if contract is None:
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"{what} has no {side} contract",
                    location=context.document.locate_key(path),
                    help=f"add '{side}:' with a JSON Schema or the name of a contract",
                )


def _described(
    pipeline: Pipeline, servers: Mapping[str, ServerPlan]
) -> Iterator[tuple[str, Path, tuple[Schema | Contract | None, Schema | Contract | None]]]:
    """Everything that has contracts: what it is called, where it stands, and the two of them."""
    for name, agent in pipeline.agents.items():
        if not _left_to_a_file(agent, servers) and not _misnamed(agent, servers):
            known = definition_for(agent, servers)
            given = agent.input if known is None or agent.input is not None else known.input
            answered = agent.output if known is None or agent.output is not None else known.output
            yield f"agent {quoted(name)}", ("agents", name), (given, answered)
        for index, tool in enumerate(offered_tools(agent)):
            if not isinstance(tool, DescribedTool):
                continue
            for called in tool_names(tool):
                server = tool.mcp if isinstance(tool, McpTool) else ""
                known = definition_of(server, called, servers)
                given = tool.input if known is None or tool.input is not None else known.input
                answered = tool.output if known is None or tool.output is not None else known.output
                if not _unread(servers.get(server)) and not _unknown(server, called, servers):
                    path = ("agents", name, "tools", index)
                    yield f"tool {quoted(called)}", path, (given, answered)


def _left_to_a_file(agent: Agent, servers: Mapping[str, ServerPlan]) -> bool:
    """Is there a file that has the contracts, and it cannot be read? That is said elsewhere."""
    return _unread(servers.get((tool_named(agent) or ("",))[0]))


def _misnamed(agent: Agent, servers: Mapping[str, ServerPlan]) -> bool:
    named = tool_named(agent)
    return named is not None and _unknown(*named, servers)


def _unknown(server: str, tool: str, servers: Mapping[str, ServerPlan]) -> bool:
    """Does the file of the server's definitions lack a tool? Then it lacks the contracts, too."""
    plan = servers.get(server)
    return plan is not None and bool(plan.definitions) and tool not in (plan.definitions or {})


def _unread(server: ServerPlan | None) -> bool:
    return server is not None and server.options.definitions is not None and not server.definitions
