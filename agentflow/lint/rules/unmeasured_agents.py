"""The spec gives a reason for several agents, but no single agent to compare them with.

`why_multi_agent` says what several agents are for. Whether they are worth their price can only be
told by comparison with a single agent that does the same work: `baseline` names its spec, and
`agentflow plan` compares the two. If the bottleneck is `context`, there can be no such agent: the
work does not fit into one prompt.

Bad:

    agentflow: 1
    name: letters
    why_multi_agent: {bottleneck: expertise, evidence: The outlines of the writer were poor.}
    inputs:
      type: object
      additionalProperties: false
      required: [topic]
      properties: {topic: {type: string, maxLength: 400}}
    agents:
      outliner:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Outline a letter about it.
        input: {type: object, required: [topic], properties: {topic: {type: string, maxLength: 400}}}
        output: {type: string, maxLength: 2000}
      writer:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Write the letter by the outline.
        input: {type: object, required: [outline], properties: {outline: {type: string, maxLength: 2000}}}
        output: {type: string, maxLength: 4000}
    steps:
      outline: {agent: outliner, with: {topic: "${{ inputs.topic }}"}}
      write: {agent: writer, with: {outline: "${{ steps.outline.output }}"}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    3:1 2 agents with models, and no single one to compare them with

Good:

    agentflow: 1
    name: letters
    why_multi_agent:
      bottleneck: expertise
      evidence: The outlines of the writer were poor.
      baseline: single.yaml
    inputs:
      type: object
      additionalProperties: false
      required: [topic]
      properties: {topic: {type: string, maxLength: 400}}
    agents:
      outliner:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Outline a letter about it.
        input: {type: object, required: [topic], properties: {topic: {type: string, maxLength: 400}}}
        output: {type: string, maxLength: 2000}
      writer:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Write the letter by the outline.
        input: {type: object, required: [outline], properties: {outline: {type: string, maxLength: 2000}}}
        output: {type: string, maxLength: 4000}
    steps:
      outline: {agent: outliner, with: {topic: "${{ inputs.topic }}"}}
      write: {agent: writer, with: {outline: "${{ steps.outline.output }}"}}
    outputs: {letter: "${{ steps.write.output }}"}
    --- # single.yaml
    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [topic]
      properties: {topic: {type: string, maxLength: 400}}
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Outline a letter about it for yourself, and then write it.
        input: {type: object, required: [topic], properties: {topic: {type: string, maxLength: 400}}}
        output: {type: string, maxLength: 4000}
    steps:
      write: {agent: writer, with: {topic: "${{ inputs.topic }}"}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.chats import chats
from agentflow.lint.rule import Context, Family

NAME = "unmeasured-agents"
FAMILY = Family.ECONOMY
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """The reasons for many agents, if they name no baseline and there can be one."""
    if context.plan is None:
        return
    reasons = context.plan.pipeline.why_multi_agent
    if reasons is None or reasons.baseline is not None or reasons.bottleneck == "context":
        return
    count = len({chat.agent for chat in chats(context)})
    if count > 1:
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{count} agents with models, and no single one to compare them with",
            location=context.document.locate_key(("why_multi_agent",)),
            help="write the same work as a spec with one agent, and name it: 'baseline: FILE'",
        )
