"""The provider of a model is not known.

What stands before the slash in the name of a model says which provider is asked, and by which
protocol. LiteLLM refuses a name whose provider it does not know, in the middle of a run. Only for
widely used models does it know the provider without a slash.

A server of your own is named by the protocol that it speaks, with any name after it:
`openai/llama3` with an `api_base`.

Bad:

    agentflow: 1
    name: letters
    models:
      small: {model: opneai/gpt-5-mini, max_output_tokens: 800}
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

    4:18 no provider 'opneai' is known

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
from agentflow.lint.rule import Context, Family
from agentflow.plan.providers import has_provider, meant
from agentflow.spec.document import Path
from agentflow.spec.model import Pipeline
from agentflow.spec.wording import quoted

NAME = "unknown-provider"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR
_HELP = (
    "name it as PROVIDER/MODEL, as LiteLLM has them; a server of your own by the protocol that it"
    " speaks: openai/{}, with an 'api_base'"
)


def check(context: Context) -> Iterator[Finding]:
    """Each name of a model at LiteLLM that has no provider, or none that is known."""
    if context.pipeline is None:
        return
    for path, model in _names(context.pipeline):
        known = context.known(model)
        if has_provider(model, known):
            continue
        provider, slash, name = model.partition("/")
        near = meant(model, known)
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"no provider {quoted(provider)} is known"
            if slash
            else f"model {quoted(model)} is of no known provider",
            location=context.document.locate(path),
            help=f"did you mean {quoted(near)}?" if near else _HELP.format(name or model),
        )


def _names(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    """All names of models that are handed on to LiteLLM."""
    for name, model in pipeline.models.items():
        yield ("models", name, "model"), model.model
    for path, model_name in named_models(pipeline):
        # Without a slash it is meant to be an alias.
        if model_name not in pipeline.models and "/" in model_name:
            yield path, model_name
