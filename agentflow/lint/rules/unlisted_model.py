"""A model is not known, but its name is close to one that is.

The model is in no table, but the name of a known one differs from it only by a typing error. The
provider would refuse the call in the middle of a run.

The known models are those of the table in LiteLLM's package. Newer models are not in it, so a name
that is far from all others, or differs in its digits only, is taken to be right.

Bad:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-4o-mimi, window: 128000, max_output_tokens: 800}
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

    4:18 no model 'openai/gpt-4o-mimi' is known

Good:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-4o-mini, max_output_tokens: 800}
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
from agentflow.lint.chats import models
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "unlisted-model"
FAMILY = Family.VENDOR
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each model that calls go to, or fall back on, and that is nearly one that is known, once."""
    for chat in models(context):
        if chat.known.nearest is None or chat.model.api_base is not None:
            continue
        path = (*chat.path, "model") if len(chat.path) == 2 else chat.path
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"no model {quoted(chat.model.model)} is known",
            location=context.document.locate(path),
            help=f"did you mean {quoted(chat.known.nearest)}?",
        )
