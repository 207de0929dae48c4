"""A step calls an agent that the pipeline does not define.

The run could not start. It is mostly a misspelt name, so the nearest known one is offered.

Bad:

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
      write: {agent: wrter}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    11:18 unknown agent 'wrter'

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

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "unknown-agent"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each step whose agent is not among `agents`."""
    if context.plan is None:
        return
    agents = context.plan.pipeline.agents
    suggestions = Suggestions()
    for step in context.plan.steps.values():
        if step.agent is None or step.agent in agents:
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"unknown agent {quoted(step.agent)}",
            location=context.document.locate((*step.path, "agent")),
            help=suggestions.help(step.agent, agents, "define it under 'agents'"),
        )
