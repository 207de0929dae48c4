"""The stated reason for several agents does not hold for this pipeline.

`why_multi_agent` says what several agents are for. If it says `parallelism`, but each step waits
for the one before it, the reason was given for some other pipeline.

Bad:

    agentflow: 1
    name: letters
    why_multi_agent:
      bottleneck: parallelism
      evidence: It took twice as long.
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

Says:

    4:15 'parallelism' is no reason here: each step waits for the one before it

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
from agentflow.lint.concurrency import is_parallel
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import plans_within
from agentflow.spec.wording import quoted

NAME = "reason-contradicted"
FAMILY = Family.ECONOMY
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """The bottleneck, if the graph contradicts it; the other reasons no spec can contradict."""
    if context.plan is None or context.plan.pipeline.why_multi_agent is None:
        return
    bottleneck = context.plan.pipeline.why_multi_agent.bottleneck
    reason = _against_parallelism(context) if bottleneck == "parallelism" else None
    if reason is not None:
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(bottleneck)} is no reason here: {reason}",
            location=context.document.locate(("why_multi_agent", "bottleneck")),
            help="name the reason that there is, or do the work with one agent",
        )


def _against_parallelism(context: Context) -> str | None:
    assert context.plan is not None
    if any(is_parallel(plan) for plan in plans_within(context.plan)):
        return None
    return "each step waits for the one before it"
