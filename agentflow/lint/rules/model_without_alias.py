"""An agent names a model directly, although the pipeline has aliases for its models.

`models` shows what a pipeline runs on, and is the place where models are changed, priced and given
fallbacks. A model that an agent names directly is easily overlooked there.

Bad:

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
        output: {type: object, properties: {text: {type: string}}, required: [text]}
      checker:
        kind: llm
        model: openai/gpt-4o
        instructions: Check the letter.
        input: {type: object, properties: {text: {type: string}}, required: [text]}
        output: {type: boolean}
    steps:
      write: {agent: writer}
      check: {agent: checker, with: {text: "${{ steps.write.output.text }}"}}
    outputs: {letter: "${{ steps.write.output.text }}", right: "${{ steps.check.output }}"}

Says:

    14:12 'openai/gpt-4o' has no name under 'models'

Good:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 800}
      strong: {model: openai/gpt-4o, max_output_tokens: 100}
    agents:
      writer:
        kind: llm
        model: small
        instructions: Write a letter.
        input: {type: object}
        output: {type: object, properties: {text: {type: string}}, required: [text]}
      checker:
        kind: llm
        model: strong
        instructions: Check the letter.
        input: {type: object, properties: {text: {type: string}}, required: [text]}
        output: {type: boolean}
    steps:
      write: {agent: writer}
      check: {agent: checker, with: {text: "${{ steps.write.output.text }}"}}
    outputs: {letter: "${{ steps.write.output.text }}", right: "${{ steps.check.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.windows import window_of
from agentflow.spec.model import Model
from agentflow.spec.wording import quoted

NAME = "model-without-alias"
FAMILY = Family.VENDOR
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each agent whose model is none of `models`, where there are any."""
    pipeline = context.pipeline
    if pipeline is None or not pipeline.models:
        return
    for name, agent in pipeline.agents.items():
        # Only agents that call a model have this key; this layer does not know which these are.
        model = getattr(agent, "model", None)
        if not isinstance(model, str) or "/" not in model or model in pipeline.models:
            continue
        # Of a window that is not known it is said elsewhere that the model needs a name.
        if window_of(Model(model=model), context.known(model)) is not None:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(model)} has no name under 'models'",
                location=context.document.locate(("agents", name, "model")),
                help=f"give it one: models: {{NAME: {{model: {model}}}}}",
            )
