"""A step calls an agent that the pipeline does not define.

The run could not start. Usually the name is misspelt, so the nearest known one is offered;
otherwise define the agent under `agents`.

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
from agentflow.lint.named import named_agents
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.spec.wording import quoted

NAME = "unknown-agent"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each agent that is not among `agents`: of a step, level, `among`, `catch` or tool."""
    if context.plan is None:
        return
    agents = context.plan.pipeline.agents
    suggestions = Suggestions()
    for name, path in named_agents(context.document, context.plan):
        if name not in agents:
            place = context.document.locate(path)
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"unknown agent {quoted(name)}",
                location=place,
                help=suggestions.help(name, agents, "define it under 'agents'"),
                fix=suggestions.fix(context.document, place, name, agents),
            )
