"""A model has tools but no turns to call them in.

The last turn of a model has to be its answer. With `max_turns: 1` the first turn is also the last:
the model is offered tools, and if it asks for one, its step fails as `exhausted`. Allow more turns,
or take the tools out.

Bad:

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
        max_turns: 1
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    15:5 'writer' has tools, and its only turn has to be its answer

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
        max_turns: 3
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.model import offered_tools
from agentflow.spec.wording import quoted

NAME = "idle-tools"
FAMILY = Family.BOUND
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each agent with tools and a single turn."""
    for name, agent in context.pipeline.agents.items() if context.pipeline else ():
        if offered_tools(agent) and getattr(agent, "max_turns", None) == 1:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(name)} has tools, and its only turn has to be its answer",
                location=context.document.locate_key(("agents", name, "max_turns")),
                help="give it a turn more than calls of tools may follow each other",
            )
