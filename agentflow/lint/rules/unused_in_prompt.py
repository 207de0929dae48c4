"""A model is given something that its prompt does not use.

With a `prompt`, the model sees what the prompt contains and nothing else of the input. What a
contract asks for and the prompt leaves out is produced and passed on, and the model answers without
it: usually the prompt was written first, or lost a line. Without a `prompt` the model sees the
whole input, as it does with `${{ input }}`. This is advice if the prompt uses other parts of what
the agent is given, since not all of that has to be for the model.

Bad:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [topic]
      properties: {topic: {type: string, maxLength: 200}}
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        prompt: Write a letter.
        input:
          type: object
          additionalProperties: false
          required: [topic]
          properties: {topic: {type: string, maxLength: 200}}
        output: {type: string, maxLength: 2000}
    steps:
      write: {agent: writer, with: {topic: "${{ inputs.topic }}"}}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    12:13 the prompt of 'writer' uses nothing of what it is given: 'topic'

Good:

    agentflow: 1
    name: letters
    inputs:
      type: object
      additionalProperties: false
      required: [topic]
      properties: {topic: {type: string, maxLength: 200}}
    agents:
      writer:
        kind: llm
        model: openai/gpt-5-mini
        prompt: "Write a letter about ${{ input.topic }}."
        input:
          type: object
          additionalProperties: false
          required: [topic]
          properties: {topic: {type: string, maxLength: 200}}
        output: {type: string, maxLength: 2000}
    steps:
      write: {agent: writer, with: {topic: "${{ inputs.topic }}"}}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.chats import Chat, chats, entries
from agentflow.lint.prompts import fields_read, reads
from agentflow.lint.rule import Context, Family
from agentflow.plan.schemas import Contract, past_references
from agentflow.plan.steps import Plan
from agentflow.spec.wording import quoted

NAME = "unused-in-prompt"
FAMILY = Family.CONTEXT
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each prompt that leaves out what its agent is given; advice if it uses other parts."""
    plan = context.plan
    if plan is None or not context.reads_all_known:
        return
    given: dict[str, tuple[Chat, set[str]]] = {}
    for chat in chats(context):
        if chat.prompt is not None:
            given.setdefault(chat.agent, (chat, set()))[1].update(
                name for name, _ in entries(chat.call.arguments)
            )
    for agent, (chat, names) in given.items():
        fields = [name for name in _fields(chat) if name in names]
        unused = [name for name in fields if not _is_used(plan, chat, name)]
        read = fields_read(str(chat.prompt))
        if read is None or not read <= {*_fields(chat)}:
            continue  # what it reads in their place is named by a rule of its own
        some = len(unused) < len(fields)
        # Who shares a contract with others is given what the others want.
        if not unused or (some and _is_shared(plan, chat)):
            continue
        yield Finding(
            rule=NAME,
            severity=Severity.ADVICE if some else SEVERITY,
            message=f"the prompt of {quoted(agent)} does not use {', '.join(map(quoted, unused))}"
            if some
            else f"the prompt of {quoted(agent)} uses nothing of what it is given: {', '.join(map(quoted, unused))}",
            location=context.document.locate(("agents", agent, "prompt")),
            help="write ${{ input." + unused[0] + " }} where it belongs, or do not ask for it",
        )


def _fields(chat: Chat) -> Iterator[str]:
    """The fields that the contract of an agent names."""
    schema = chat.call.input.schema
    own = past_references(Contract(schema, schema))
    yield from own.get("properties", {}) if isinstance(own, dict) else ()


def _is_used(plan: Plan, chat: Chat, name: str) -> bool:
    """Does the prompt read it, an image, what a call takes from a meter, or an assertion?"""
    options = chat.call.options
    texts = [chat.prompt, *getattr(options, "images", ())]
    texts += [each for each in options.charges.values() if isinstance(each, str)]
    return any(reads(text, name) for text in texts) or any(
        use.reference.root == "input" and use.reference.path[:1] in ((), (name,))
        for use in plan.uses
    )


def _is_shared(plan: Plan, chat: Chat) -> bool:
    return any(chat.call.input is each for each in plan.contracts.named.values())
