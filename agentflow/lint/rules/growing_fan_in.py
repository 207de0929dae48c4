"""All results of a `for_each` go into one prompt, and they may not fit.

The prompt grows with the list. It works with three items; with as many as `max` allows, the results
together exceed the context window of the model. Summarize in groups, bound the size of each result
(`max_output_tokens`, `maxLength`), or lower `max`.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      required: [letters]
      properties: {letters: {type: array, maxItems: 500, items: {type: string, maxLength: 2000}}}
    models:
      small: {model: openai/gpt-5-mini, window: 100000, max_output_tokens: 800}
    agents:
      reader:
        kind: llm
        model: small
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: string}
      editor:
        kind: llm
        model: small
        input: {type: object, required: [notes], properties: {notes: {type: array}}}
        output: {type: string}
    steps:
      read:
        for_each: {over: "${{ inputs.letters }}", max: 500, as: letter}
        agent: reader
        with: {text: "${{ letter }}"}
      report: {agent: editor, with: {notes: "${{ steps.read.output }}"}}
    outputs: {report: "${{ steps.report.output }}"}

Says:

    25:41 'editor' may be given 500 results of 'read' at once: about 400,000 tokens into a window of 100,000

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      required: [letters]
      properties: {letters: {type: array, maxItems: 500, items: {type: string, maxLength: 2000}}}
    models:
      small: {model: openai/gpt-5-mini, window: 100000, max_output_tokens: 800}
      brief: {model: openai/gpt-5-mini, window: 100000, max_output_tokens: 100}
    agents:
      reader:
        kind: llm
        model: brief
        input: {type: object, required: [text], properties: {text: {type: string}}}
        output: {type: string}
      editor:
        kind: llm
        model: small
        input: {type: object, required: [notes], properties: {notes: {type: array}}}
        output: {type: string}
    steps:
      read:
        for_each: {over: "${{ inputs.letters }}", max: 500, as: letter}
        agent: reader
        with: {text: "${{ letter }}"}
      report: {agent: editor, with: {notes: "${{ steps.read.output }}"}}
    outputs: {report: "${{ steps.report.output }}"}
"""

from collections.abc import Iterator
from math import isinf

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.chats import Chat, Load, chats, loads
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "growing-fan-in"
FAMILY = Family.CONTEXT
SEVERITY = Severity.WARNING

#: Tokens that a result has where nothing says how long it may be: a short paragraph.
_PARAGRAPH = 100


def check(context: Context) -> Iterator[Finding]:
    """Each list of results that does not fit into the prompt that it is for."""
    for chat in chats(context):
        for load in loads(context, chat) if chat.window is not None else ():
            finding = _finding(context, chat, load)
            if finding is not None:
                yield finding


def _finding(context: Context, chat: Chat, load: Load) -> Finding | None:
    fan, window = load.fan, chat.window
    if fan is None or fan.for_each is None or window is None:
        return None
    count, open_ = fan.for_each.max, isinf(load.tokens)
    tokens = int(count * _PARAGRAPH if open_ else load.tokens)
    if tokens <= window.tokens:
        return None
    each = f", at only {_PARAGRAPH} each," if open_ else ""
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(chat.agent)} may be given {count:,} results of {quoted(fan.id)} at once:"
        f" about {tokens:,} tokens{each} into a window of {window.tokens:,}",
        location=context.document.locate(load.path),
        help="sum up in groups, bound what each result may have ('max_output_tokens', 'maxLength'),"
        " or lower 'max'",
        related=(
            Related(
                "the length of the list is set here",
                context.document.locate_key((*fan.path, "for_each", "max")),
            ),
            Related("the model is chosen here", context.document.locate_key(chat.path)),
        ),
    )
