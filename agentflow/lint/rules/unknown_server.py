"""An agent names a server that `servers` does not define.

There is no server that could be started or asked for the tool. Correct the name, or define it under
`servers`.

Bad:

    agentflow: 1
    name: desk
    servers:
      tickets:
        command: ./ticket-server
        pins: {create_ticket: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
    agents:
      creator:
        kind: mcp
        server: ticket
        tool: create_ticket
        input: {type: object}
        output: {type: string}
    steps:
      create: {agent: creator}
    outputs: {ticket: "${{ steps.create.output }}"}

Says:

    10:13 unknown server 'ticket'

Good:

    agentflow: 1
    name: desk
    servers:
      tickets:
        command: ./ticket-server
        pins: {create_ticket: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
    agents:
      creator:
        kind: mcp
        server: tickets
        tool: create_ticket
        input: {type: object}
        output: {type: string}
    steps:
      create: {agent: creator}
    outputs: {ticket: "${{ steps.create.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.plan.servers import named_tools
from agentflow.spec.wording import quoted

NAME = "unknown-server"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each server that is not defined, where an agent or a tool names it."""
    if context.pipeline is None:
        return
    servers, suggestions = context.pipeline.servers, Suggestions()
    for named in named_tools(context.pipeline):
        if named.server in servers:
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"unknown server {quoted(named.server)}",
            location=context.document.locate(named.server_at),
            help=suggestions.help(named.server, servers, "define it under 'servers'"),
        )
