"""A fallback model has a smaller window than the prompt it may have to take.

A run never gives a prompt to a model that may be too small for it. Such a fallback is passed over,
so it can take only short prompts, and is missing on the day of a long one. Use another model, or
bound the fields of the prompt.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      required: [letter]
      properties: {letter: {type: string, maxLength: 200000}}
    models:
      small: {model: openai/gpt-5-mini, window: 200000, max_output_tokens: 800, fallbacks: [local]}
      local: {model: ollama_chat/llama3, window: 8192, max_output_tokens: 800}
    agents:
      sorter:
        kind: llm
        model: small
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {enum: [question, praise]}
    steps:
      sort: {agent: sorter, with: {text: "${{ inputs.letter }}"}}
    outputs: {kind: "${{ steps.sort.output }}"}

Says:

    8:89 'local' cannot take over for 'small' with long prompts: 'sorter' may be given about 50,000 tokens, and its window has 8,192

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      required: [letter]
      properties: {letter: {type: string, maxLength: 200000}}
    models:
      small: {model: openai/gpt-5-mini, window: 200000, max_output_tokens: 800, fallbacks: [other]}
      other: {model: anthropic/claude-haiku-4-5, window: 180000, max_output_tokens: 800}
    agents:
      sorter:
        kind: llm
        model: small
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {enum: [question, praise]}
    steps:
      sort: {agent: sorter, with: {text: "${{ inputs.letter }}"}}
    outputs: {kind: "${{ steps.sort.output }}"}
"""

from collections.abc import Iterator
from math import isinf

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.chats import SMALL, Chat, chats, fallbacks, known_tokens, loads
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "smaller-fallback"
FAMILY = Family.CONTEXT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each fallback that is too small for a prompt which its model takes, once."""
    seen: set[object] = set()
    for chat in chats(context):
        for other, path in fallbacks(context, chat):
            said = _too_small(context, chat, other)
            if said is not None and path not in seen:
                seen.add(path)
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"{quoted(other.name)} cannot take over for {quoted(chat.name)} with long"
                    f" prompts: {said}, and its window has {_window(other):,}",
                    location=context.document.locate(path),
                    help="take a model with a larger window, or bound what goes into the prompt",
                    related=(
                        Related(
                            "the prompt is here",
                            context.document.locate_key(("agents", chat.agent)),
                        ),
                    ),
                )


def _window(chat: Chat) -> int:
    assert chat.window is not None
    return chat.window.tokens


def _too_small(context: Context, chat: Chat, other: Chat) -> str | None:
    """What a fallback may have to take that its model does and it does not."""
    assert context.plan is not None
    if chat.window is None or other.window is None:
        return None
    parts = list(loads(context, chat))
    endless = next((load.field for load in parts if isinf(load.tokens)), None)
    if endless is not None and other.window.tokens <= SMALL < chat.window.tokens:
        return f"{quoted(endless)} of {quoted(chat.agent)} can have any length"
    tokens = known_tokens(context, chat, parts)
    fits = chat.window.needed(tokens, chat.model.max_output_tokens) <= chat.window.tokens
    if fits and other.window.needed(tokens, other.model.max_output_tokens) > other.window.tokens:
        return f"{quoted(chat.agent)} may be given about {tokens:,} tokens"
    return None
