"""An agent calls a tool that is not among the definitions of its server.

The file named by `definitions` says which tools the server has. A call of any other tool would be
made with contracts that nobody has compared with anything. If the server has a new tool,
`agentflow tools SPEC --write` writes the file anew.

Bad:

    agentflow: 1
    name: desk
    servers:
      tickets: {command: ./ticket-server, definitions: tickets.json}
    agents:
      creator: {kind: mcp, server: tickets, tool: creat_ticket, input: {type: object}, output: {}}
    steps:
      create: {agent: creator}
    outputs: {ticket: "${{ steps.create.output }}"}
    --- # tickets.json
    {"format": 1, "tools": {"create_ticket": {"inputSchema": {"type": "object"}}}}

Says:

    6:47 server 'tickets' has no tool 'creat_ticket'

Good:

    agentflow: 1
    name: desk
    servers:
      tickets: {command: ./ticket-server, definitions: tickets.json}
    agents:
      creator: {kind: mcp, server: tickets, tool: create_ticket, input: {type: object}, output: {}}
    steps:
      create: {agent: creator}
    outputs: {ticket: "${{ steps.create.output }}"}
    --- # tickets.json
    {"format": 1, "tools": {"create_ticket": {"inputSchema": {"type": "object"}}}}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.plan.servers import named_tools
from agentflow.spec.wording import quoted

NAME = "unknown-tool"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each tool that its server is known not to have, at its name."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    for named in named_tools(context.plan.pipeline):
        server, tool = named.server, named.tool
        plan = context.plan.servers.get(server)
        if plan is None or plan.definitions is None or tool in plan.definitions:
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"server {quoted(server)} has no tool {quoted(tool)}",
            location=context.document.locate(named.tool_at),
            help=suggestions.help(
                tool, plan.definitions, "'agentflow tools SPEC --write' writes its definitions anew"
            ),
        )
