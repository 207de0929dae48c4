"""What an author says about people: what they are asked, and where the question goes."""

from typing import Annotated

from pydantic import Field

from agentflow.spec.model.values import Contract, Name, Node

#: The channels that every pipeline has.
BUILT_IN_CHANNELS = ("inbox",)

Channel = Annotated[Name, Field(description="Where it goes: inbox.")]


class Question(Node):
    """What a person is asked."""

    ask: str = Field(
        min_length=1, description="What is asked; ${{ EXPRESSION }} in it stands for data."
    )
    answer: Contract = Field(description="The contract of the answer.")
    who: str | None = Field(None, min_length=1, description="Who is meant to answer, for people.")
    channel: Channel = "inbox"
