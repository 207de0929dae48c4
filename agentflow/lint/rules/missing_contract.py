"""An agent has no input or no output contract.

What it is given and what it answers would be checked by nobody: a wrong answer goes on to the next
step, and comes up again where nobody can tell where it came from. An agent of kind `mcp` has those of its
tool, if the server has `definitions` and they say what the tool answers.

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

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.servers import ServerPlan, definition_for, tool_named
from agentflow.spec.model import Agent
from agentflow.spec.wording import quoted

NAME = "missing-contract"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each agent without one of its contracts, at its name."""
    if context.pipeline is None:
        return
    servers = context.plan.servers if context.plan is not None else {}
    for name, agent in context.pipeline.agents.items():
        if _left_to_a_file(agent, servers):
            continue
        tool = definition_for(agent, servers)
        known = (None, None) if tool is None else (tool.input, tool.output)
        sides = (("input", agent.input, known[0]), ("output", agent.output, known[1]))
        for side, contract, of_tool in sides:
            if contract is None and of_tool is None:
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"agent {quoted(name)} has no {side} contract",
                    location=context.document.locate_key(("agents", name)),
                    help=f"add '{side}:' with a JSON Schema or the name of a contract",
                )


def _left_to_a_file(agent: Agent, servers: Mapping[str, ServerPlan]) -> bool:
    """Is there a file that has the contracts, and it cannot be read? That is said elsewhere."""
    server = servers.get((tool_named(agent) or ("",))[0])
    return server is not None and server.options.definitions is not None and not server.definitions
