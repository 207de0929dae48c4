"""The contracts of an agent do not match those of the tool that it calls.

If a server has `definitions`, it is known what its tools take and answer. An agent with contracts
of its own may narrow them: its input has to be something that the tool accepts, and its answer may
promise more than the server does, but nothing that the tool never answers. Otherwise the server
refuses a call, or no answer satisfies the contract, in the middle of a run.

Bad:

    agentflow: 1
    name: desk
    servers:
      orders: {command: ./orders, definitions: orders.json}
    agents:
      finder:
        kind: mcp
        server: orders
        tool: find
        input: {type: object, required: [id], properties: {id: {type: integer}}}
        output: {type: object}
    steps:
      find: {agent: finder, with: {id: 17}}
    outputs: {order: "${{ steps.find.output }}"}
    --- # orders.json
    {"format": 1, "tools": {"find": {
      "inputSchema": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
      "outputSchema": {"type": "object"}}}}

Says:

    10:12 'finder.input.id' is integer, tool 'find' wants string

Good:

    agentflow: 1
    name: desk
    servers:
      orders: {command: ./orders, definitions: orders.json}
    agents:
      finder:
        kind: mcp
        server: orders
        tool: find
        input: {type: object, required: [id], properties: {id: {type: string}}}
        output: {type: object}
    steps:
      find: {agent: finder, with: {id: "17"}}
    outputs: {order: "${{ steps.find.output }}"}
    --- # orders.json
    {"format": 1, "tools": {"find": {
      "inputSchema": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
      "outputSchema": {"type": "object"}}}}
"""

from collections.abc import Iterator

from agentflow.contracts.keywords import Schema
from agentflow.contracts.wellformed import check_schema
from agentflow.findings import Finding, Severity
from agentflow.lint.handoffs import way_text
from agentflow.lint.rule import Context, Family
from agentflow.plan.handoff_words import Breach
from agentflow.plan.handoffs import Effort, breaches
from agentflow.plan.schemas import Contract
from agentflow.plan.servers import as_contract, definition_for
from agentflow.spec.wording import quoted

NAME = "unfit-tool-contract"
FAMILY = Family.CONTRACT
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each part of an agent's own contracts that does not fit, or need not, at the contract."""
    if context.plan is None:
        return
    effort = Effort()
    for name, agent in context.plan.pipeline.agents.items():
        tool = definition_for(agent, context.plan.servers)
        if tool is None:
            continue
        given = dict(context.plan.contracts.input_of[name].schema)
        taken = dict(context.plan.contracts.output_of[name].schema)
        shown = f"tool {quoted(tool.name)}"
        if agent.input is not None:
            for breach in _breaches(given, tool.input, effort):
                own = quoted(way_text((name, "input", *breach.way)))
                message = f"{own} {breach.found}, {shown} {breach.wanted}"
                yield _finding(context, name, "input", message, breach)
        if agent.output is not None and tool.output is not None:
            for breach in _breaches(tool.output, taken, effort):
                if not breach.always:
                    continue  # an answer that breaks a narrower contract is refused, as any is
                own = quoted(way_text((name, "output", *breach.way)))
                message = f"the answer of {shown} {breach.found}, {own} {breach.wanted}"
                yield _finding(context, name, "output", message, breach)


def _breaches(given: Schema, taken: Schema, effort: Effort) -> Iterator[Breach]:
    producer, consumer = as_contract(given), as_contract(taken)
    if check_schema(producer) or check_schema(consumer):
        return
    yield from breaches(producer, Contract(consumer, consumer), effort)


def _finding(context: Context, name: str, side: str, message: str, breach: Breach) -> Finding:
    return Finding(
        rule=NAME,
        severity=SEVERITY if breach.always else Severity.WARNING,
        message=message,
        location=context.document.locate(("agents", name, side)),
        help=f"change {quoted(side)}, or leave it out: then that of the tool counts",
    )
