"""The output limit of a model conflicts with the contract, or with the model itself.

`max_output_tokens` cuts an answer off wherever it is, and an answer that is cut off is `truncated`.
If even the shortest answer that satisfies the contract is longer, none can ever be accepted. And a
limit above what the model can give is refused by most providers, in every call.

Bad:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 200}
    agents:
      writer:
        kind: llm
        model: small
        input: {type: object}
        output: {type: object, required: [text], properties: {text: {type: string, minLength: 2000}}}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output.text }}"}

Says:

    10:5 the shortest answer of 'writer' has about 501 tokens, and 'small' ends it after 200

Good:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 2000}
    agents:
      writer:
        kind: llm
        model: small
        input: {type: object}
        output: {type: object, required: [text], properties: {text: {type: string, minLength: 2000}}}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output.text }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.length import shortest
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.chats import ENGLISH, Chat, chats, models
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "output-limit"
FAMILY = Family.CONTEXT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each limit that is too small for an agent's contract, or too large for its model."""
    told: set[str] = set()
    for chat in chats(context):
        limit, least = chat.model.max_output_tokens, shortest(chat.call.output.schema) / ENGLISH
        if limit is not None and least > limit and chat.agent not in told:
            told.add(chat.agent)
            yield _too_small(context, chat, int(least), limit)
    for chat in models(context):
        limit, most = chat.model.max_output_tokens, chat.known.output_limit
        if most is not None and limit is not None and limit > most:
            at = (*chat.path, "max_output_tokens")
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(chat.model.model)} gives answers of {most:,} tokens at most,"
                f" not of {limit:,}",
                location=context.document.locate_key(at),
                help=f"write max_output_tokens: {most}, or less",
            )


def _too_small(context: Context, chat: Chat, least: int, limit: int) -> Finding:
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"the shortest answer of {quoted(chat.agent)} has about {least:,} tokens,"
        f" and {quoted(chat.name)} ends it after {limit:,}",
        location=context.document.locate_key(("agents", chat.agent, "output")),
        help="raise 'max_output_tokens', or ask for less",
        related=(Related("the model is chosen here", context.document.locate_key(chat.path)),),
    )
