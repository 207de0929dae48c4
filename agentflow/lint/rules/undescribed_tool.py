"""A model is offered a tool without a description of what it does.

A model chooses among tools by their descriptions. Without a description it knows only the name and
the fields, and calls the tool when it should not, or not at all.

Bad:

    agentflow: 1
    name: letters
    agents:
      finder:
        kind: command
        argv: [./find]
        effects: read
        input: {type: object, required: [number], properties: {number: {type: integer}}}
        output: {type: object}
      writer:
        kind: llm
        model: openai/gpt-5-mini
        tools: [{agent: finder}]
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    13:13 'writer' is not told what its tool 'finder' is for

Good:

    agentflow: 1
    name: letters
    agents:
      finder:
        kind: command
        argv: [./find]
        effects: read
        description: Finds an earlier letter by its number.
        input: {type: object, required: [number], properties: {number: {type: integer}}}
        output: {type: object}
      writer:
        kind: llm
        model: openai/gpt-5-mini
        tools: [{agent: finder}]
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.lint.tools import offered
from agentflow.spec.wording import quoted

NAME = "undescribed-tool"
FAMILY = Family.CONTEXT
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each tool without a description, once."""
    for owner, name, tool in offered(context):
        # What a server says of a tool that nobody pins is known when the run begins.
        is_pinned = tool.step.call is None or tool.step.call.options.kind != "mcp"
        if is_pinned and not (tool.description or "").strip():
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(owner)} is not told what its tool {quoted(name)} is for",
                location=context.document.locate(tool.step.path),
                help="give it a 'description'",
            )
