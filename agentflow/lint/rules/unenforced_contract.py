"""The provider does not enforce all of the contract, and nothing handles a broken one.

Models of OpenAI, Anthropic, Google and xAI can be made to answer in a given form, but each enforces
only some keywords of JSON Schema. The rest of a contract, such as `uniqueItems`, is told to the
model in words, and checked when the answer arrives. Other models get the whole contract in words,
or as a tool, and enforce nothing. An answer that breaks it fails the step at once, since the agent
is not asked again. Bounds of numbers, texts and lists, and formats of texts are not reported, since
models seldom break them. Nor is a field that accepts anything because a keyword of the contract is
misspelt, which [`misspelt-keyword`](#misspelt-keyword) reports.

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

from collections.abc import Iterator, Mapping

from agentflow.contracts.keywords import Schema
from agentflow.findings import Finding, Severity
from agentflow.lint.chats import Chat, chats
from agentflow.lint.rule import Context, Family
from agentflow.lint.slips import has_slip
from agentflow.plan.dialects import manner
from agentflow.plan.enforced_schemas import ADMITS_ANY
from agentflow.plan.enforcement import held
from agentflow.plan.providers import has_provider
from agentflow.plan.schemas import Contract, past_references
from agentflow.spec.wording import quoted

NAME = "unenforced-contract"
FAMILY = Family.VENDOR
SEVERITY = Severity.ADVICE

_SELDOM = frozenset(
    {"exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength", "maximum"}
    | {"minItems", "minLength", "minimum"}
)
_ACTS = frozenset({"invalid_output", "any"})


def check(context: Context) -> Iterator[Finding]:
    """Each agent of which an answer may be refused for what its provider does not look after."""
    seen: set[str] = set()
    for chat in chats(context):
        what = _unheld(chat)
        if what is None or chat.agent in seen or _is_mended(chat):
            continue
        seen.add(chat.agent)
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(chat.model.model)} is {what}",
            location=context.document.locate_key(("agents", chat.agent, "output")),
            help="ask it again with what was wrong: repair: 1",
        )


def _unheld(chat: Chat) -> str | None:
    """What of its contract a model is not held to, in words; None if that is nothing."""
    contract = chat.call.output.schema
    if not _names_fields(contract):
        return None
    if not has_provider(chat.model.model, chat.known):
        return None  # it is no model at all, which is told where it is named
    given = manner(chat.model.model, chat.known)
    how = held(contract, given, has_tools=bool(chat.call.tools))
    match how.given:
        case "told" if how.why is not None:
            return f"told its contract in words, and held to nothing of it, since {how.why}"
        case "told":
            return "told its contract in words, and held to nothing of it"
        case "tool":
            return "offered its contract as a tool, and held to nothing of it"
        case "asked" if how.why == ADMITS_ANY and has_slip(contract):
            return None  # a keyword that is misspelt leaves the field open, which is told there
        case "asked" if how.why is None:
            return "sent its contract as a wish, and held to nothing of it"
        case "asked":
            return f"held to nothing of its contract, since {how.why}"
    lost = [keyword for keyword in how.lost if keyword not in _SELDOM]
    return f"not held to {', '.join(map(quoted, lost))}" if lost else None


def _names_fields(contract: Schema) -> bool:
    """Is it about an object with fields, or a list of such?"""
    if not isinstance(contract, Mapping):
        return False
    items = contract.get("items")
    if isinstance(items, Mapping):
        items = past_references(Contract(items, contract))
    return bool(
        contract.get("properties") or (isinstance(items, Mapping) and items.get("properties"))
    )


def _is_mended(chat: Chat) -> bool:
    """Does something follow when an answer is refused?"""
    retried = chat.call.retry is not None and "invalid_output" in chat.call.retry.on
    return chat.call.repair > 0 or retried or not _ACTS.isdisjoint(chat.step.catch)
