"""Images are sent to a model that does not accept them.

Every call of the agent is refused before it is made, or the model that should take over cannot.
What is known comes from the table of models in LiteLLM's package; a model that is not in it is
assumed to accept images.

Bad:

    agentflow: 1
    name: toys
    agents:
      looker:
        kind: llm
        model: openai/gpt-3.5-turbo
        prompt: Which toy is this?
        images: ["${{ input.photo }}"]
        input: {type: object, required: [photo], properties: {photo: {type: string}}}
        output: {type: string}
    steps:
      look: {agent: looker, with: {photo: bear.png}}
    outputs: {toy: "${{ steps.look.output }}"}

Says:

    8:13 'openai/gpt-3.5-turbo' takes no images

Good:

    agentflow: 1
    name: toys
    agents:
      looker:
        kind: llm
        model: openai/gpt-4o-mini
        prompt: Which toy is this?
        images: ["${{ input.photo }}"]
        input: {type: object, required: [photo], properties: {photo: {type: string}}}
        output: {type: string}
    steps:
      look: {agent: looker, with: {photo: bear.png}}
    outputs: {toy: "${{ steps.look.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.chats import chats, fallbacks
from agentflow.lint.rule import Context, Family
from agentflow.plan.windows import sees_nothing
from agentflow.spec.wording import quoted

NAME = "unseen-images"
FAMILY = Family.VENDOR
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each model that an agent with images calls and that takes none, once for the agent."""
    seen: set[tuple[str, str]] = set()
    for chat in chats(context):
        if not getattr(chat.call.options, "images", None):
            continue
        for each in (chat, *(other for other, _ in fallbacks(context, chat))):
            key = chat.agent, each.model.model
            if key not in seen and sees_nothing(each.model, each.known):
                seen.add(key)
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"{quoted(each.model.model)} takes no images",
                    location=context.document.locate(("agents", chat.agent, "images")),
                    help="choose a model that takes them, or take 'images' out",
                )
