"""Agents of kind `llm`: one answer of a chat model, through LiteLLM.

    kind: llm
    model: small                          an alias of `models:`, or a model as LiteLLM names it
    instructions: {file: prompts/extract.md}
    prompt: "Extract the order of this ticket: ${{ input.body }}"

The model is told the instructions in the system role. What comes from outside reaches it in the
user role only, between delimiters; without a `prompt` that is the whole input as JSON. The output
contract is sent as the response format, or in words to models that have no such thing. Keys and
addresses are those of the operator's environment, as LiteLLM documents them.
"""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta

from agentflow.spec.model import Agent, Effects, TextFile, Tool

if TYPE_CHECKING:
    from agentflow.agents.protocol import Connection, Host


class Options(Agent, frozen=True, kw_only=True):
    """A chat model."""

    default_effects: ClassVar[Effects] = Effects.NONE
    takes_key: ClassVar[bool] = False

    kind: Literal["llm"]
    model: Annotated[str, Meta(min_length=1, examples=["small", "openai/gpt-5-mini"])]
    """An alias of `models`, or a model as LiteLLM names it."""

    instructions: str | TextFile | None = None
    """What the model is told in the system role: a text, or {file: PATH}."""

    prompt: str | None = None
    """What the model is asked; ${{ input.NAME }} stands for data. Left out, the input is sent as
    JSON."""

    images: list[str] = []
    """What the model is shown besides: paths in the project, or addresses; ${{ input.NAME }} is
    one, or a list of them."""

    tools: list[Tool] = []
    """What the model may call before it answers: agents and functions."""

    max_turns: Annotated[int, Meta(ge=1, le=100)] = 10
    """How many turns a model with tools has; the last has to be its answer."""


def connect(host: "Host") -> "Connection":
    """The chats of one run. LiteLLM takes seconds to import, so it begins in a thread now."""
    from agentflow.agents.chats import Chats

    return Chats(host)
