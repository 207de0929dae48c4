"""All fallbacks of a model are with the same provider as the model.

A provider that is down is down for all of its models. `fallbacks` help against that only if one of
them is with another provider; within one provider they help only when a model is overloaded or
refuses.

Bad:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 800, fallbacks: [openai/gpt-4o-mini]}
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

    4:72 all models that take over for 'small' are with 'openai', too

Good:

    agentflow: 1
    name: letters
    models:
      small:
        model: openai/gpt-5-mini
        max_output_tokens: 800
        fallbacks: [openai/gpt-4o-mini, anthropic/claude-haiku-4-5]
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

from collections.abc import Iterator, Mapping

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.model import Model
from agentflow.spec.wording import quoted

NAME = "same-provider-fallback"
FAMILY = Family.VENDOR
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each model whose fallbacks are all where it is."""
    models = context.pipeline.models if context.pipeline else {}
    for name, model in models.items():
        places = {_place(other, models) for other in _after(name, models)}
        if places != {_place(name, models)} or model.api_base is not None:
            continue
        provider = model.model.partition("/")[0]
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"all models that take over for {quoted(name)} are with {quoted(provider)}, too",
            location=context.document.locate(("models", name, "fallbacks")),
            help="add one of another provider, which is up when this one is down",
        )


def _after(name: str, models: Mapping[str, Model]) -> set[str]:
    """The models that may take over for one, and for those in turn."""
    found: set[str] = set()
    left = [name]
    while left:
        model = models.get(left.pop())
        new = set(model.fallbacks) - found if model is not None else set()
        found |= new
        left += new
    return found


def _place(name: str, models: Mapping[str, Model]) -> str:
    """Where a model is: the address that the spec says, or its provider."""
    model = models.get(name) or Model(model=name)
    return model.api_base or model.model.partition("/")[0]
