"""What an author says about people: what they are asked, where it goes, and when."""

from typing import Annotated, Literal

from msgspec import Meta

from agentflow.spec.model.channels import ChannelName
from agentflow.spec.model.values import ByKey, Contract, Duration, Name, Node, Value

Who = Annotated[
    Annotated[str, Meta(min_length=1)] | None, Meta(description="Who is meant, for people.")
]


class Asking(Node, frozen=True, kw_only=True):
    """What a person is asked."""

    ask: Annotated[str, Meta(min_length=1)]
    """What is asked; ${{ EXPRESSION }} in it stands for data."""

    who: Who = None
    channel: ChannelName = "inbox"
    four_eyes: bool = False
    """Whoever started the run may not answer."""


class Question(Asking, frozen=True, kw_only=True):
    """The question of a step, with the contract of its answer."""

    answer: Contract
    """The contract of the answer."""


class Notice(Node, frozen=True, kw_only=True):
    """What a person is told; nobody waits for an answer."""

    text: Annotated[str, Meta(min_length=1)]
    """What is told; ${{ EXPRESSION }} in it stands for data."""

    who: Who = None
    channel: ChannelName = "inbox"


class ModelLevel(Node, frozen=True, kw_only=True):
    """The agent of the step is asked again, with another model."""

    model: Annotated[str, Meta(min_length=1)]
    """An alias of `models`, or a model as LiteLLM names it."""

    within: Duration | None = None
    """How long that may take; by default the timeout of the step."""


class AgentLevel(Node, frozen=True, kw_only=True):
    """Another agent is given the same."""

    agent: Name
    """Another agent, by its name under `agents`."""

    within: Duration | None = None
    """How long that may take; by default the timeout of the agent."""


class HumanLevel(Node, frozen=True, kw_only=True):
    """A person is asked."""

    human: Asking
    """The question."""

    within: Duration
    """How long the answer is waited for."""


class NotifyLevel(Node, frozen=True, kw_only=True):
    """A person is told, and the next level follows at once."""

    notify: Notice
    """The notice."""


#: People are the last resort of this, too.
Level = Annotated[
    ModelLevel | AgentLevel | HumanLevel | NotifyLevel,
    ByKey({"model": ModelLevel, "agent": AgentLevel, "notify": NotifyLevel}, otherwise=HumanLevel),
]


class LastValue(Node, frozen=True, kw_only=True):
    """Go on with this value in the place of the output; it is checked against the contract."""

    use: Value


class Escalation(Node, frozen=True, kw_only=True):
    """Who is turned to, one after the other, and what follows if nobody helps."""

    description: str | None = None
    levels: Annotated[list[Level], Meta(min_length=1)]
    """They are tried in this order."""

    on_exhausted: Literal["fail", "skip"] | LastValue
    """What follows if no level helps: fail, skip, or {use: VALUE}."""
