"""A model may change the world with a tool, without approval by a person and without a key.

What a model asks for depends on everything that it has read, including what others wrote. A call of
such a tool that is cut off is not repeated, and fails the step until a person has looked; one that
the model asks for twice is made twice. `approve` puts a person before it, `idempotency_key`
identifies the piece of work, and `effects_reason` says why neither is needed.

Bad:

    agentflow: 1
    name: letters
    agents:
      sender:
        kind: command
        argv: [./send]
        effects: write
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object}
      writer:
        kind: llm
        model: openai/gpt-5-mini
        tools: [{agent: sender}]
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    13:13 a model may call 'sender', which changes the world, unasked and without a key

Good:

    agentflow: 1
    name: letters
    agents:
      sender:
        kind: command
        argv: [./send]
        effects: write
        description: Sends a letter.
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: object}
      writer:
        kind: llm
        model: openai/gpt-5-mini
        tools: [{agent: sender, idempotency_key: "${{ run.id }}/${{ input.text }}"}]
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import callers, tools_of
from agentflow.spec.model import Effects
from agentflow.spec.wording import quoted

NAME = "unguarded-tool"
FAMILY = Family.EFFECT
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each tool that writes, once; about those that cannot be undone another rule speaks."""
    if context.plan is None:
        return
    seen = set()
    for tool in (tool for step in callers(context.plan) for tool in tools_of(step)):
        call = tool.call
        if call is None or call.effects is not Effects.WRITE or (tool.path, tool.id) in seen:
            continue
        seen.add((tool.path, tool.id))
        if tool.approval is None and call.key is None and call.options.effects_reason is None:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"a model may call {quoted(tool.id)}, which changes the world,"
                " unasked and without a key",
                location=context.document.locate(tool.path),
                help="give it an 'approve' or an 'idempotency_key', or declare the 'effects' that it has",
            )
