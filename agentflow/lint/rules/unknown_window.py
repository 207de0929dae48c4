"""The context window of a model is not known.

The model is not in the table, and its entry has no `window`. So neither the linter nor a run can
tell whether a prompt fits, and a server that cuts off long prompts is noticed only afterwards, by
the tokens that it counts. Give the model a `window`.

Bad:

    agentflow: 1
    name: letters
    models:
      ours: {model: openai/toys-7b, max_output_tokens: 800}
    agents:
      writer:
        kind: llm
        model: ours
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    4:3 the window of model 'ours' is not known

Good:

    agentflow: 1
    name: letters
    models:
      ours: {model: openai/toys-7b, window: 32768, max_output_tokens: 800}
    agents:
      writer:
        kind: llm
        model: ours
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
from agentflow.plan.providers import has_provider
from agentflow.plan.windows import cuts
from agentflow.spec.wording import quoted

NAME = "unknown-window"
FAMILY = Family.CONTEXT
SEVERITY = Severity.ADVICE


def check(context: Context) -> Iterator[Finding]:
    """Each model without a window, once; those that are cut in silence are told of elsewhere."""
    for chat in models(context):
        if chat.window is not None or cuts(chat.model.model):
            continue
        if not has_provider(chat.model.model, chat.known):
            continue  # it is no model at all, which is told where it is named
        if chat.known.nearest is not None and chat.model.api_base is None:
            continue  # it is a misspelt one, which is told there too
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"the window of model {quoted(chat.name)} is not known",
            location=context.document.locate_key(chat.path),
            help="say how many tokens prompt and answer may have together: window: …"
            if len(chat.path) == 2
            else "give the model a name under 'models', with its window: …",
        )
