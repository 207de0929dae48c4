"""What an author says about people: what they are asked, where it goes, and when it comes to that."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from agentflow.spec.model.channels import ChannelName
from agentflow.spec.model.values import Contract, Duration, Name, Node, Value

Who = Annotated[str | None, Field(min_length=1, description="Who is meant, for people.")]


class Asking(Node):
    """What a person is asked."""

    ask: str = Field(
        min_length=1, description="What is asked; ${{ EXPRESSION }} in it stands for data."
    )
    who: Who = None
    channel: ChannelName = "inbox"
    four_eyes: bool = Field(False, description="Whoever started the run may not answer.")


class Question(Asking):
    """The question of a step, with the contract of its answer."""

    answer: Contract = Field(description="The contract of the answer.")


class Notice(Node):
    """What a person is told; nobody waits for an answer."""

    text: str = Field(
        min_length=1, description="What is told; ${{ EXPRESSION }} in it stands for data."
    )
    who: Who = None
    channel: ChannelName = "inbox"


class ModelLevel(Node):
    """The agent of the step is asked again, with another model."""

    model: str = Field(
        min_length=1, description="An alias of `models`, or a model as LiteLLM names it."
    )
    within: Duration | None = Field(
        None, description="How long that may take; by default the timeout of the step."
    )


class AgentLevel(Node):
    """Another agent is given the same."""

    agent: Name = Field(description="Another agent, by its name under `agents`.")
    within: Duration | None = Field(
        None, description="How long that may take; by default the timeout of the agent."
    )


class HumanLevel(Node):
    """A person is asked."""

    human: Asking = Field(description="The question.")
    within: Duration = Field(description="How long the answer is waited for.")


class NotifyLevel(Node):
    """A person is told, and the next level follows at once."""

    notify: Notice = Field(description="The notice.")


def _level_kind(value: Any) -> str:
    """Which kind of level a mapping is; people are the last resort of this, too."""
    for kind in ("model", "agent", "notify"):
        if isinstance(value, dict) and kind in value:
            return kind
    return "human"


Level = Annotated[
    Annotated[ModelLevel, Tag("model")]
    | Annotated[AgentLevel, Tag("agent")]
    | Annotated[HumanLevel, Tag("human")]
    | Annotated[NotifyLevel, Tag("notify")],
    Discriminator(_level_kind),
]


class LastValue(Node):
    """Go on with this value in the place of the output; it is checked against the contract."""

    use: Value


class Escalation(Node):
    """Who is turned to, one after the other, and what follows if nobody helps."""

    description: str | None = None
    levels: Annotated[list[Level], Field(min_length=1)] = Field(
        description="They are tried in this order."
    )
    on_exhausted: Literal["fail", "skip"] | LastValue = Field(
        description="What follows if no level helps: fail, skip, or {use: VALUE}."
    )
