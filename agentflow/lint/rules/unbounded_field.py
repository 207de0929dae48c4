"""A field of unlimited length goes into the prompt of a model with a small window.

What a step or a user passes has no `maxLength` or `maxItems` on either side, so nothing says that
it fits. If it does not, the step fails as `context_overflow`. Bound the field in the contract of
the producer or of the agent: then a value that is too long is refused where it comes from, with a
message that names it, and `validate` can tell whether the rest fits.

Only windows of up to 32,768 tokens are looked at. What does not fit into larger ones is rarely an
accident.

Bad:

    agentflow: 1
    name: pages
    inputs: {type: object, required: [url], properties: {url: {type: string, maxLength: 400}}}
    models:
      local: {model: ollama_chat/llama3, window: 8192, max_output_tokens: 800}
    agents:
      fetcher:
        kind: command
        argv: [./fetch-page]
        effects: read
        input: {type: object, required: [url], properties: {url: {type: string}}}
        output: {type: object, required: [text], properties: {text: {type: string}}}
      reader:
        kind: llm
        model: local
        input: {type: object, required: [page], properties: {page: {type: string}}}
        output: {type: string}
    steps:
      fetch: {agent: fetcher, with: {url: "${{ inputs.url }}"}}
      read: {agent: reader, with: {page: "${{ steps.fetch.output.text }}"}}
    outputs: {summary: "${{ steps.read.output }}"}

Says:

    20:38 'page' of 'reader' can have any length, and the window of 'local' has 8,192 tokens

Good:

    agentflow: 1
    name: pages
    inputs: {type: object, required: [url], properties: {url: {type: string, maxLength: 400}}}
    models:
      local: {model: ollama_chat/llama3, window: 8192, max_output_tokens: 800}
    agents:
      fetcher:
        kind: command
        argv: [./fetch-page]
        effects: read
        input: {type: object, required: [url], properties: {url: {type: string}}}
        output: {type: object, required: [text], properties: {text: {type: string, maxLength: 20000}}}
      reader:
        kind: llm
        model: local
        input: {type: object, required: [page], properties: {page: {type: string}}}
        output: {type: string}
    steps:
      fetch: {agent: fetcher, with: {url: "${{ inputs.url }}"}}
      read: {agent: reader, with: {page: "${{ steps.fetch.output.text }}"}}
    outputs: {summary: "${{ steps.read.output }}"}
"""

from collections.abc import Iterator
from math import isinf

from agentflow.contracts.size import size_of_fields
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.chats import SMALL, chats, loads
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "unbounded-field"
FAMILY = Family.CONTEXT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each field without a bound that goes into a prompt for a small window."""
    for chat in chats(context):
        if chat.window is None or chat.window.tokens > SMALL:
            continue
        for load in loads(context, chat):
            if not isinf(load.tokens) or load.fan is not None:
                continue
            left_open = size_of_fields(chat.call.input.schema, [load.field]).field or ""
            bound = left_open.rpartition(".")[2]
            bound = bound if bound in ("maxLength", "maxItems") else "maxLength' or 'maxItems"
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(load.field)} of {quoted(chat.agent)} can have any length, and the"
                f" window of {quoted(chat.name)} has {chat.window.tokens:,} tokens",
                location=context.document.locate(load.path),
                help=f"give it a '{bound}', in the contract of the agent or of what it comes from",
                related=(
                    Related(
                        "the contract of the field is here",
                        context.document.locate_key(("agents", chat.agent, "input")),
                    ),
                ),
            )
