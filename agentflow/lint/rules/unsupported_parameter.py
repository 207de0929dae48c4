"""A parameter that the model does not take.

`reasoning_effort` is for models that think before they answer. Others refuse a call that has it: the
attempt fails as `rejected` before anything is sent, and so does every repeat.

Bad:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-4o-mini, max_output_tokens: 800, reasoning_effort: low}
    agents:
      writer:
        kind: llm
        model: small
        instructions: Write a letter.
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    4:80 'openai/gpt-4o-mini' takes no 'reasoning_effort'

Good:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 800, reasoning_effort: low}
    agents:
      writer:
        kind: llm
        model: small
        instructions: Write a letter.
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "unsupported-parameter"
FAMILY = Family.VENDOR
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each model that is asked to think and does not do so."""
    for name, model in context.pipeline.models.items() if context.pipeline else ():
        if model.reasoning_effort is None or model.api_base is not None:
            continue
        if context.known(model.model).reasoning is False:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(model.model)} takes no 'reasoning_effort'",
                location=context.document.locate(("models", name, "reasoning_effort")),
                help="take it out, or choose a model that thinks before it answers",
            )
