"""Who does the work: what all kinds of agents have in common, and chat models."""

from typing import Annotated, ClassVar

from pydantic import Field

from agentflow.spec.model.policies import Retry
from agentflow.spec.model.values import Contract, Count, Duration, Effects, Node


class TextFile(Node):
    """A text that lies in a file of its own."""

    file: str = Field(min_length=1, description="A path relative to the spec.")


class Agent(Node):
    """What every kind of agent has in common. A kind subclasses it and adds its own keys."""

    planned = frozenset({"confidence", "repair", "charges"})
    default_effects: ClassVar[Effects] = Effects.WRITE

    kind: str
    description: str | None = None
    input: Contract | None = Field(None, description="The contract of what the agent is given.")
    output: Contract | None = Field(None, description="The contract of what the agent answers.")
    effects: Effects | None = Field(None, description="What the agent does to the world.")
    timeout: Duration | None = Field(None, description="How long one attempt may take.")
    retry: Retry | None = None


class Model(Node):
    """A chat model under a name of our own."""

    planned = frozenset({"fallbacks", "api_base", "window", "price", "parameters"})

    model: str = Field(
        min_length=1, description="The model as LiteLLM names it: openai/gpt-5-mini."
    )
    max_output_tokens: Count | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
