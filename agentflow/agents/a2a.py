"""Agents of kind `a2a`: a remote agent that speaks the Agent2Agent protocol, 1.0 or 0.3.

    kind: a2a
    url: https://agents.example/research
    headers:
      Authorization: {secret: RESEARCH_TOKEN, prefix: "Bearer "}

The agent's card is read once per run, from `.well-known/agent-card.json` below the URL of the
agent, or from the URL itself if it ends with `.json`. A call sends the input as one message, and
the task that results is polled until it has ended. The id of the message is the idempotency key of
the step, or else identifies run, step and attempt.

`a2a_remote` has the rules.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from agentflow.spec.model import Agent, Secret

if TYPE_CHECKING:
    from agentflow.agents.a2a_remote import Remotes
    from agentflow.agents.protocol import Connection, Host


class Options(Agent, frozen=True, kw_only=True):
    """A remote agent that speaks the Agent2Agent protocol."""

    kind: Literal["a2a"]
    url: Annotated[str, Meta(min_length=1, examples=["https://agents.example/research"])]
    """Where the agent is, by http or https: its card is at `/.well-known/agent-card.json` below.
    The address of a card itself ends with `.json`."""

    headers: dict[str, str | Secret] = {}
    """Headers besides those that every request has."""

    card_hosts: list[str] = []
    """Hosts that the card may send messages to, besides the one of the url. The headers go there
    too."""


def connect(host: "Host") -> "Connection":  # noqa: ARG001 - it needs nothing of the run's place
    """The remote agents of one run. The SDK is imported in a thread, which begins now."""
    from agentflow.agents.importing import Delayed

    return Delayed("a2a-sdk", _import_remotes)


def _import_remotes() -> "Remotes":
    from agentflow.agents.a2a_remote import Remotes

    return Remotes()
