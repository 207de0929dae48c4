"""The provider does not hold the model to all of the contract, and nothing is done if it is broken.

OpenAI's models can be made to answer in a given form, but only some of JSON Schema counts there. The rest
of a contract, such as `uniqueItems`, is told to the model in words, and checked when the answer is there.
An answer that breaks it fails the step at once, since the agent is not asked again. Bounds of lengths and
formats of texts are not complained of: models seldom break them.

Bad:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 800}
    agents:
      writer:
        kind: llm
        model: small
        instructions: Find words for a letter.
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [words]
          properties: {words: {type: array, uniqueItems: true, items: {type: string}}}
    steps:
      write: {agent: writer}
    outputs: {words: "${{ steps.write.output.words }}"}

Says:

    11:5 'openai/gpt-5-mini' is not held to 'uniqueItems'

Good:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, max_output_tokens: 800}
    agents:
      writer:
        kind: llm
        model: small
        instructions: Find words for a letter.
        repair: 1
        input: {type: object}
        output:
          type: object
          additionalProperties: false
          required: [words]
          properties: {words: {type: array, uniqueItems: true, items: {type: string}}}
    steps:
      write: {agent: writer}
    outputs: {words: "${{ steps.write.output.words }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.chats import Chat, chats
from agentflow.lint.rule import Context, Family
from agentflow.plan.enforced import enforced
from agentflow.spec.wording import quoted

NAME = "unenforced-contract"
FAMILY = Family.VENDOR
SEVERITY = Severity.ADVICE

_SELDOM = frozenset({"format", "maxLength", "minLength"})
_ACTS = frozenset({"invalid_output", "any"})


def check(context: Context) -> Iterator[Finding]:
    """Each agent of which an answer may be refused for what its provider does not look after."""
    seen: set[str] = set()
    for chat in chats(context):
        form = enforced(chat.call.output.schema, chat.model.model)
        lost = [keyword for keyword in form.lost if keyword not in _SELDOM] if form else []
        if not lost or chat.agent in seen or _is_mended(chat):
            continue
        seen.add(chat.agent)
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(chat.model.model)} is not held to {', '.join(map(quoted, lost))}",
            location=context.document.locate_key(("agents", chat.agent, "output")),
            help="ask it again with what was wrong: repair: 1",
        )


def _is_mended(chat: Chat) -> bool:
    """Does something follow when an answer is refused?"""
    retried = chat.call.retry is not None and "invalid_output" in chat.call.retry.on
    return chat.call.repair > 0 or retried or not _ACTS.isdisjoint(chat.step.catch)
