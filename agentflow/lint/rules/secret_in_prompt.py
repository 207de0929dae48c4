"""Something that looks like a credential goes into a prompt.

A prompt is sent to the provider and written to the log, and a model can be talked into revealing
whatever it knows. A model needs no credential: the agent that uses one takes it from the
environment, with {secret: NAME}.

A field of the prompt's input is taken for a credential if it, or what it is read from, is named
like one, or if its contract says `format: password` or `writeOnly: true`. Fixed text is taken for
one if it has the form of a key.

Bad:

    agentflow: 1
    name: refunds
    inputs:
      type: object
      required: [letter, shop_api_key]
      properties: {letter: {type: string}, shop_api_key: {type: string}}
    agents:
      clerk:
        kind: llm
        model: openai/gpt-5-mini
        input:
          type: object
          required: [letter, api_key]
          properties: {letter: {type: string}, api_key: {type: string}}
        output: {type: object}
    steps:
      refund:
        agent: clerk
        with: {letter: "${{ inputs.letter }}", api_key: "${{ inputs.shop_api_key }}"}
    outputs: {done: "${{ steps.refund.output }}"}

Says:

    19:53 'api_key' looks like a credential, and the prompt of 'clerk' has it

Good:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [letter], properties: {letter: {type: string}}}
    agents:
      clerk:
        kind: llm
        model: openai/gpt-5-mini
        input: {type: object, required: [letter], properties: {letter: {type: string}}}
        output: {type: object, required: [order], properties: {order: {type: string}}}
      refunder:
        kind: http
        url: https://shops.example/refunds
        headers: {Authorization: {secret: SHOP_API_KEY, prefix: "Bearer "}}
        input: {type: object, required: [order], properties: {order: {type: string}}}
        output: {type: object}
    steps:
      read: {agent: clerk, with: {letter: "${{ inputs.letter }}"}}
      refund: {agent: refunder, with: {order: "${{ steps.read.output.order }}"}}
    outputs: {done: "${{ steps.refund.output }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.descent import Descent
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Location, Severity
from agentflow.lint.chats import Chat, chats, shown
from agentflow.lint.credentials import FORMS, NAMES
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import Plan
from agentflow.spec.document import Path
from agentflow.spec.model import TextFile
from agentflow.spec.templates import Constant
from agentflow.spec.wording import quoted

NAME = "secret-in-prompt"
FAMILY = Family.TRUST
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each credential in the words of an agent or among the fields of its prompt."""
    told: set[str] = set()
    for chat in chats(context):
        assert context.plan is not None
        if chat.agent not in told:
            told.add(chat.agent)
            yield from _in_words(context, context.plan, chat)
        yield from _in_fields(context, chat)


def _in_words(context: Context, plan: Plan, chat: Chat) -> Iterator[Finding]:
    for key in ("instructions", "prompt"):
        said = getattr(chat.call.options, key, None)
        text = plan.texts.get(said.file, "") if isinstance(said, TextFile) else said or ""
        if FORMS.search(text):
            path: Path = ("agents", chat.agent, key)
            yield _finding(chat, f"a part of '{key}'", context.document.locate(path))


def _in_fields(context: Context, chat: Chat) -> Iterator[Finding]:
    root, descent = chat.call.input.schema, Descent()
    for name, template, path in shown(chat):
        schema = descent.into(root, root, name)
        hidden = isinstance(schema, dict) and (
            schema.get("format") == "password" or schema.get("writeOnly") is True
        )
        named = NAMES.search(name) and "string" in types_of(schema, root)
        written = isinstance(template, Constant) and FORMS.search(str(template.value))
        if hidden or named or written:
            yield _finding(chat, quoted(name), context.document.locate(path))
            continue
        read = next((each for each in _read(context, path) if NAMES.search(each)), None)
        made = context.types.of(template, chat.step.address)
        if read is not None and "string" in types_of(made, made):
            yield _finding(chat, quoted(read), context.document.locate(path))


def _read(context: Context, path: Path) -> Iterator[str]:
    """The names of the fields that a value is made of."""
    for use in context.uses_within.get(path, ()):
        yield from (str(part) for part in use.reference.path[-1:] if isinstance(part, str))


def _finding(chat: Chat, what: str, location: Location) -> Finding:
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{what} looks like a credential, and the prompt of {quoted(chat.agent)} has it",
        location=location,
        help="keep it from the model: the agent that needs it takes it with {secret: NAME},"
        " or leave the field out of 'prompt'",
    )
