"""The escalation that should approve a tool call asks no person.

A call with `approve` is made only after a person says yes. Levels that call a model or an agent
cannot approve anything and are passed over, and a notice waits for no answer. If there is no other
level, every call is refused and the tool is never called. Add a level that asks a person.

Bad:

    agentflow: 1
    name: shop
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 800}
    escalations:
      desk:
        levels: [{agent: checker}]
        on_exhausted: fail
    agents:
      checker: {kind: command, argv: [./check], effects: none, input: {}, output: {}}
      booker:
        kind: command
        argv: [./book]
        effects: write
        description: Books an order.
        input: {type: object, required: [order], properties: {order: {type: string, maxLength: 40}}}
        output: {type: object}
      clerk:
        kind: llm
        model: small
        instructions: Book what is asked for.
        tools: [{agent: booker, approve: desk}]
        input: {type: object}
        output: {type: string, maxLength: 400}
    steps:
      serve: {agent: clerk}
    outputs: {said: "${{ steps.serve.output }}"}

Says:

    22:38 no level of 'desk' asks a person, so no call is ever approved

Good:

    agentflow: 1
    name: shop
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 800}
    escalations:
      desk:
        levels: [{human: {ask: "Book it?"}, within: 2h}]
        on_exhausted: fail
    agents:
      booker:
        kind: command
        argv: [./book]
        effects: write
        description: Books an order.
        input: {type: object, required: [order], properties: {order: {type: string, maxLength: 40}}}
        output: {type: object}
      clerk:
        kind: llm
        model: small
        instructions: Book what is asked for.
        tools: [{agent: booker, approve: desk}]
        input: {type: object}
        output: {type: string, maxLength: 400}
    steps:
      serve: {agent: clerk}
    outputs: {said: "${{ steps.serve.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.tools import offers
from agentflow.spec.wording import quoted

NAME = "approval-by-nobody"
FAMILY = Family.ESCALATION
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each tool that is to be approved by an escalation without people."""
    plan = context.plan
    for path, tool in offers(plan) if plan is not None else ():
        if plan is None or not isinstance(tool.approve, str):
            continue
        escalation = plan.escalations.get(tool.approve)
        if escalation is None or any(level.kind == "human" for level in escalation.levels):
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"no level of {quoted(tool.approve)} asks a person, so no call is ever approved",
            location=context.document.locate((*path, "approve")),
            help="add a level with 'human', or write the question here: approve: {ask: …, within: …}",
        )
