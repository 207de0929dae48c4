"""The longest prompt that the contracts allow does not fit the model's context window.

Such a prompt is not sent, and the step fails as `context_overflow`: on the day when somebody sends
a long letter, not in the test with a short one. The estimate is for plain English; most other text
has more tokens. Give the field a `maxLength` (or `maxItems`) that fits, or use a model with a
larger window.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      required: [letter]
      properties: {letter: {type: string, maxLength: 60000}}
    models:
      small: {model: openai/gpt-5-mini, window: 8192, max_output_tokens: 800}
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

    16:38 'sorter' may be given more than 'small' takes: about 15,000 tokens, and 800 for the answer, into a window of 8,192

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      required: [letter]
      properties: {letter: {type: string, maxLength: 20000}}
    models:
      small: {model: openai/gpt-5-mini, window: 8192, max_output_tokens: 800}
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
from agentflow.lint.chats import ENGLISH, Chat, chats, known_tokens, loads
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "prompt-beyond-window"
FAMILY = Family.CONTEXT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each call whose longest prompt is too long, at the field that has most of it."""
    for chat in chats(context):
        finding = _finding(context, chat)
        if finding is not None:
            yield finding


def _finding(context: Context, chat: Chat) -> Finding | None:
    window = chat.window
    if window is None or context.plan is None:
        return None
    # What has no bound is no proof; a list that grows with its fan-out is told of elsewhere.
    parts = [load for load in loads(context, chat) if not isinf(load.tokens)]
    if not parts or any(load.fan and load.tokens > window.tokens for load in parts):
        return None
    tokens = known_tokens(context, chat, parts)
    answer = chat.model.max_output_tokens
    if window.needed(tokens, answer) <= window.tokens:
        return None
    beside = f", and {answer:,} for the answer," if answer and window.shared else ""
    largest = max(parts, key=lambda load: load.tokens)
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(chat.agent)} may be given more than {quoted(chat.name)} takes: about"
        f" {tokens:,} tokens{beside} into a window of {window.tokens:,}",
        location=context.document.locate(largest.path),
        help=f"give {quoted(largest.field)} a 'maxLength' or 'maxItems' that fits (about"
        f" {ENGLISH} characters to a token), or take a model with a larger window",
        related=(Related("the model is chosen here", context.document.locate_key(chat.path)),),
    )
