"""The definition of a tool is not pinned, so it may change before it is called.

A server can describe a tool differently tomorrow, and models read descriptions as instructions; it
can also ask for more arguments, or give the name another meaning. A pin is the hash of the
definition that you have looked at; with it, a run refuses a changed tool before any call.
`agentflow tools SPEC` prints the pins. With `definitions: FILE`, `agentflow tools SPEC --write`
keeps the definitions themselves, and agents can take their contracts from them.

Bad:

    agentflow: 1
    name: desk
    servers:
      tickets: {command: ./ticket-server}
    agents:
      creator: {kind: mcp, server: tickets, tool: create_ticket, input: {type: object}, output: {}}
    steps:
      create: {agent: creator}
    outputs: {ticket: "${{ steps.create.output }}"}

Says:

    6:47 tool 'create_ticket' of server 'tickets' is not pinned

Good:

    agentflow: 1
    name: desk
    servers:
      tickets:
        command: ./ticket-server
        pins: {create_ticket: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
    agents:
      creator: {kind: mcp, server: tickets, tool: create_ticket, input: {type: object}, output: {}}
    steps:
      create: {agent: creator}
    outputs: {ticket: "${{ steps.create.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.servers import named_tools
from agentflow.spec.wording import quoted

NAME = "unpinned-tool"
FAMILY = Family.TRUST
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each tool that is not pinned, at its name.

    Where there is a file of definitions, a tool that is not in it is unknown, which says enough.
    """
    if context.pipeline is None:
        return
    for named in named_tools(context.pipeline):
        server, tool = named.server, named.tool
        options = context.pipeline.servers.get(server)
        if options is None or options.definitions is not None or tool in options.pins:
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"tool {quoted(tool)} of server {quoted(server)} is not pinned",
            location=context.document.locate(named.tool_at),
            help="'agentflow tools' prints what to write under 'pins' of the server",
        )
