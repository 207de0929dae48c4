"""A server truncates prompts that are too long, and its window is not set.

Ollama servers have a window of their own, often 2,048 or 4,096 tokens, whatever the model could
take. They cut off the beginning of a longer prompt, instructions first, and answer as if nothing
had happened. Set `window`: then the server is told how much to read, and a prompt that does not fit
is refused before it is sent.

Bad:

    agentflow: 1
    name: letters
    models:
      local: {model: ollama_chat/llama3, max_output_tokens: 800}
    agents:
      writer:
        kind: llm
        model: local
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    4:3 'local' has no 'window', and its server cuts prompts that are too long without saying so

Good:

    agentflow: 1
    name: letters
    models:
      local: {model: ollama_chat/llama3, window: 8192, max_output_tokens: 800}
    agents:
      writer:
        kind: llm
        model: local
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
from agentflow.plan.windows import cuts
from agentflow.spec.wording import quoted

NAME = "silent-cut"
FAMILY = Family.CONTEXT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each model of such a server without a window, once."""
    for chat in models(context):
        if chat.model.window is not None or not cuts(chat.model.model):
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(chat.name)} has no 'window', and its server cuts prompts that are too"
            " long without saying so",
            location=context.document.locate_key(chat.path),
            help="say how many tokens prompt and answer may have together: window: …"
            if len(chat.path) == 2
            else "give the model a name under 'models', with its window: …",
        )
