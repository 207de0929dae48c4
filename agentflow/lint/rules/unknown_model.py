"""An agent names a model that `models` does not define.

A name without a slash is an alias of `models`. The provider would be asked for a model of this
name, and refuse it in the middle of a run. Correct the name, or define it under `models`.

Bad:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 800}
    agents:
      writer:
        kind: llm
        model: smal
        instructions: Write a letter.
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    8:12 unknown model 'smal'

Good:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 800}
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
from agentflow.lint.named import named_models
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.plan.providers import meant
from agentflow.spec.wording import quoted

NAME = "unknown-model"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each agent, fallback and level with a model that is no alias and names no provider."""
    if context.pipeline is None:
        return
    models = context.pipeline.models
    suggestions = Suggestions()
    for path, model in named_models(context.pipeline):
        if model in models or "/" in model:
            continue
        place = context.document.locate(path)
        near = meant(model, context.known(model)) or "PROVIDER/MODEL"
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"unknown model {quoted(model)}",
            location=place,
            help=suggestions.help(model, models, f"define it under 'models', or name it as {near}"),
            fix=suggestions.fix(context.document, place, model, models),
        )
