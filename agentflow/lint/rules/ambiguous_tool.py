"""Two tools have the same name, so a call could mean either of them.

A model refers to a tool only by its name. As a tool, an agent has its own name, and a function that
of the function unless `name` says otherwise. Agents among which a step chooses, or one of which
takes over from another, must not use one name for different tools either: the address of a call
would not tell which tool it was. Rename one of them.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        tools:
          - python: desk.letters:find
            effects: read
            input: {type: object}
            output: {type: array}
          - python: desk.orders:find
            effects: read
            input: {type: object}
            output: {type: array}
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    12:9 two tools of 'writer' are called 'find'

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        tools:
          - python: desk.letters:find
            description: Finds earlier letters.
            effects: read
            input: {type: object}
            output: {type: array}
          - python: desk.orders:find
            name: find_order
            description: Finds orders.
            effects: read
            input: {type: object}
            output: {type: array}
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Location, Related, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import callers, tools_of
from agentflow.plan.steps import Plan, StepPlan
from agentflow.plan.tools import offers
from agentflow.spec.model import tool_names
from agentflow.spec.wording import quoted

NAME = "ambiguous-tool"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each tool whose name an earlier one of its agent has, or another agent at the same step."""
    if context.plan is None:
        return
    first: dict[tuple[object, str], Location] = {}
    for path, tool in offers(context.plan):
        place = context.document.locate(path)
        for name in tool_names(tool):
            other = first.setdefault((path[1], name), place)
            if other is not place:
                message = f"two tools of {quoted(str(path[1]))} are called {quoted(name)}"
                related = (Related("the other tool is here", other),)
                advice = "give one of them a 'name', or take it out"
                yield Finding(NAME, SEVERITY, message, place, advice, related)
    for step, one, another in _clashes(context.plan):
        owners = " and ".join(quoted(str(tool.path[1])) for tool in (one, another))
        message = (
            f"{owners} mean different tools by {quoted(one.id)}, and step {quoted(step.id)} may"
        )
        place = context.document.locate(another.path)
        related = (Related("the other tool is here", context.document.locate(one.path)),)
        advice = "give one of them a 'name'"
        yield Finding(NAME, SEVERITY, f"{message} call both", place, advice, related)


def _clashes(plan: Plan) -> Iterator[tuple[StepPlan, StepPlan, StepPlan]]:
    """Steps with two tools that have one address and are different agents."""
    for step in callers(plan):
        known: dict[str, StepPlan] = {}
        for tool in tools_of(step):
            first = known.setdefault(tool.id, tool)
            if first.agent != tool.agent:
                yield step, first, tool
