"""A model does not accept this parameter.

Reasoning models accept no `temperature` other than 1, no `top_p` and usually no `stop`; other
models accept no `reasoning_effort`. A call with such a parameter is refused: the attempt fails as
`rejected` before anything is sent, and so does every repeat. Take the parameter out.

What is known is what LiteLLM refuses, and its table of models. For a model that is not in it, or
one at an address of its own, only this is reported: `stream: true` is refused where LiteLLM cannot
read the streams of a provider, such as those of Cohere.

Bad:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 800, temperature: 0.2}
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

    4:74 'openai/gpt-5-mini' takes no 'temperature' other than 1

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
from agentflow.plan.providers import streams
from agentflow.plan.windows import KnownModel
from agentflow.spec.model import Model
from agentflow.spec.wording import quoted

NAME = "unsupported-parameter"
FAMILY = Family.VENDOR
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each parameter of a model with which its calls are refused."""
    for name, model in context.pipeline.models.items() if context.pipeline else ():
        for key, what, advice in _refused(model, context.known(model.model)):
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(model.model)} takes no {what}",
                location=context.document.locate(("models", name, key)),
                help=advice,
            )


def _refused(model: Model, known: KnownModel) -> Iterator[tuple[str, str, str]]:
    """The keys with what is not taken, and what to do."""
    if model.stream and not streams(model.model, known):
        yield "stream", "'stream'", "take it out: LiteLLM cannot read the streams of its provider"
    if model.api_base is not None:
        return
    effort = model.reasoning_effort
    if effort is not None and known.reasoning is False:
        advice = "take it out, or choose a model that thinks before it answers"
        yield "reasoning_effort", "'reasoning_effort'", advice
    elif effort in known.refused_efforts:
        advice = "write 'low', 'medium' or 'high', or choose a model that takes it"
        yield "reasoning_effort", f"'reasoning_effort: {effort}'", advice
    elif effort == "none":
        return  # it does not think then, and takes what others take
    advice = "take it out, or choose a model that takes it"
    if "temperature" in known.refuses and model.temperature not in (None, 1):
        yield "temperature", "'temperature' other than 1", advice
    for key in ("top_p", "seed", "stop"):
        if key in known.refuses and getattr(model, key) is not None:
            yield key, quoted(key), advice
