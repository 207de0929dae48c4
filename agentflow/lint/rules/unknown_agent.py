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
from agentflow.lint.escalations import levels
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.plan.steps import Path, StepPlan
from agentflow.plan.tools import offers
from agentflow.spec.document import Document
from agentflow.spec.model import AgentTool
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping, Scalar, Sequence

NAME = "unknown-agent"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each step and level whose agent is not among `agents`, and so for `among`, `catch` and tools."""
    if context.plan is None:
        return
    agents = context.plan.pipeline.agents
    suggestions = Suggestions()
    named = [
        named for step in context.plan.steps.values() for named in _named(context.document, step)
    ]
    named += (
        (level.target, (*level.path, "agent"))
        for level in levels(context.plan)
        if level.kind == "agent"
    )
    named += (
        (tool.agent, (*path, "agent"))
        for path, tool in offers(context.plan)
        if isinstance(tool, AgentTool)
    )
    for name, path in named:
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


def _named(document: Document, step: StepPlan) -> Iterator[tuple[str, Path]]:
    """The agents that a step names, and where."""
    if step.agent is not None:
        yield step.agent, (*step.path, "agent")
    for place in ((*step.path, "catch"), (*step.path, "delegate", "catch")):
        catch = document.node(place)
        for key in catch.entries if isinstance(catch, Mapping) else ():
            named = document.node((*place, key, "agent"))
            if isinstance(named, Scalar):
                yield named.text, (*place, key, "agent")
    among = document.node((*step.path, "among")) if step.dispatch is not None else None
    for index, item in enumerate(among.items if isinstance(among, Sequence) else ()):
        if isinstance(item, Scalar):
            yield item.text, (*step.path, "among", index)
    for worker in step.delegate.workers.values() if step.delegate is not None else ():
        yield str(worker.agent), worker.path
