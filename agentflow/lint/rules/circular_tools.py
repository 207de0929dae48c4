"""An agent is its own tool, directly or through other agents.

A model that could call itself would have no bound but the budget, and each level would know less
than the one above. So the pipeline is refused; the finding names all agents of the cycle. Take one
of them out of the `tools` of another.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        tools: [{agent: critic}]
        input: {type: object}
        output: {type: string}
      critic:
        kind: llm
        model: openai/gpt-5-mini
        tools: [{agent: writer}]
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    7:13 'writer' has the tool 'critic', which has the tool 'writer'

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        tools: [{agent: critic}]
        input: {type: object}
        output: {type: string}
      critic:
        kind: llm
        model: openai/gpt-5-mini
        description: Says what is wrong with a letter.
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.graph import cycles
from agentflow.spec.model import AgentTool, offered_tools
from agentflow.spec.wording import quoted

NAME = "circular-tools"
FAMILY = Family.BOUND
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each circle, at the tool of its first agent that leads into it."""
    if context.pipeline is None:
        return
    agents = context.pipeline.agents
    tools = {
        name: [
            tool.agent
            for tool in offered_tools(agent)
            if isinstance(tool, AgentTool) and tool.agent in agents
        ]
        for name, agent in agents.items()
    }
    for circle in cycles(tools):
        first, second = circle[0], circle[1 % len(circle)]
        index = next(
            number
            for number, tool in enumerate(offered_tools(agents[first]))
            if isinstance(tool, AgentTool) and tool.agent == second
        )
        named = [quoted(name) for name in (*circle, first)]
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{named[0]} has the tool {', which has the tool '.join(named[1:])}",
            location=context.document.locate(("agents", first, "tools", index)),
            help="take one of these tools out; what is to go round is a 'loop', with a bound",
        )
