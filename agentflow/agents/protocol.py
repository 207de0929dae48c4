"""The seam between an engine and the agents: what an attempt gets and what it answers.

An agent kind is a module of this package, listed in `agentflow.agents.AGENT_KINDS`. It has

    Options                      its keys in a spec: a subclass of `agentflow.spec.model.Agent`
    connect(host) -> Connection  opens what the calls of one run share (worker processes, clients)

Importing such a module has to be cheap, because the linter does it: whatever is heavy (asyncio,
subprocess, litellm) is imported inside `connect` or by a module that `connect` imports.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from msgspec import Struct, field

from agentflow.spec.model import Agent, FailureClass, Json, Model

if TYPE_CHECKING:  # the linter imports this module, and needs no event
    from agentflow.core.events import Complaint, Excess, Receipt, Usage
    from agentflow.core.talks import ToolCall, Turn
    from agentflow.plan.servers import Found, ServerPlan, Tools


#: Is told each piece of an answer as it comes. They are for looking at only: an answer counts when
#: it is there as a whole, if at all.
Ear: TypeAlias = Callable[[str], None]


class Host(Struct, frozen=True):
    """Where a run takes place.

    `folder` is the folder of the spec, `root` the project root above it; both absolute. Programs
    start in `folder`; modules of `python` agents are looked up in `folder`, then in `root`.
    `models` are the `models:` of the spec by alias. `texts` are the files that the spec names
    with `{file: …}`, by that name, as they were read when the run was planned. `servers` are those
    whose tools agents call, by name. The engine makes at most `concurrency` calls at a time.
    `watcher` makes the ear for a call of a step, if somebody looks on while models answer.
    """

    root: Path
    folder: Path
    models: Mapping[str, Model]
    texts: Mapping[str, str]
    concurrency: int = 16
    watcher: Callable[[str], Ear] | None = None
    servers: "Mapping[str, ServerPlan]" = field(default_factory=dict)


#: Takes the receipt of a prompt and its messages, which are None where nothing is sent.
Note: TypeAlias = "Callable[[Receipt, Sequence[Mapping[str, Json]] | None], None]"


def unnoted(_receipt: "Receipt", _prompt: Sequence[Mapping[str, Json]] | None) -> None:
    """Nobody wants to know what a model is sent."""


#: How far an attempt has come: its request leaves, or the first of an answer is there. Some are
#: told in a thread.
Stage: TypeAlias = Literal["sent", "answering"]
Reach: TypeAlias = Callable[[Stage], None]


def unwatched(_stage: Stage) -> None:
    """Nobody wants to know how far an attempt has come."""


class ToolOffer(Struct, frozen=True):
    """What a chat model is told about a tool: its name, its purpose, its arguments' schema."""

    name: str
    description: str | None
    parameters: Mapping[str, Json] | bool


class Call(Struct, frozen=True):
    """One attempt: everything an agent may know.

    `input` is checked against the agent's input contract before. `output_schema` is its output
    contract with all references resolved. `timeout` is in seconds: the engine ends the attempt
    then, whatever the agent does. `complaint` is set if the agent is asked again because its last
    answer was not accepted. `idempotency_key` is the same in every attempt of the step; an agent
    hands it on to the world, where it can. `note` is told what a chat model is sent, before it is:
    so that is known however the attempt ends. `reached` is told how far it has come, by the
    connections that are `WarmingUp`. `tools` is what a chat model may call, and `turns` are those
    in which it has.
    """

    run_id: str
    step: str
    attempt: int
    agent: str
    input: Mapping[str, Json]
    output_schema: Mapping[str, Json] | bool
    timeout: float
    complaint: "Complaint | None" = None
    idempotency_key: str | None = None
    note: Note = unnoted
    reached: Reach = unwatched
    tools: "tuple[ToolOffer, ...]" = ()
    turns: "tuple[Turn, ...]" = ()


class Reply(Struct, frozen=True):
    """What an agent answered: a JSON value, or `text` that the orchestrator has yet to read.

    Exactly one of both is meant: if `text` is not None, `value` is ignored. `answered` and
    `first_token` are as in `events.AttemptSucceeded`. With `calls`, a chat model asks for these
    tools instead, `text` is what it says besides, and `thoughts` are as in `Turn`. With `excess`,
    the text is no more than the beginning of what was answered.
    """

    value: Json = None
    text: str | None = None
    usage: "Usage | None" = None
    answered: str | None = None
    first_token: float | None = None
    calls: "tuple[ToolCall, ...]" = ()
    thoughts: Mapping[str, Json] | None = None
    excess: "Excess | None" = None


class AttemptError(Exception):
    """An attempt failed in a way the language has a class for.

    `message` is one line for a person. `retry_after` is in seconds, as the other side asked.
    `detail` is what the log keeps for whoever looks closer: the end of stderr, a traceback. `reply`
    is an answer that came and does not count, with what it used up.
    """

    def __init__(
        self,
        failure: FailureClass,
        message: str,
        *,
        retry_after: float | None = None,
        detail: str | None = None,
        reply: Reply | None = None,
    ) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message
        self.retry_after = retry_after
        self.detail = detail
        self.reply = reply


class Connection(Protocol):
    """What the calls of one run share."""

    async def call(self, options: Any, call: Call) -> Reply:
        """Make one attempt. Raises `AttemptError`.

        When cancelled it stops what it started, processes with all their children included, and
        only then lets `CancelledError` through, with what would be the `detail` as its argument.
        """

    async def close(self) -> None:
        """Give back what `connect` opened; nothing of it may be left behind."""


@runtime_checkable
class Examined(Protocol):
    """A connection whose other side says by itself what it can do, which may change."""

    async def examine(
        self, tools: "Mapping[str, Sequence[str]]", before: "Tools", accept: "bool | None"
    ) -> "Found":
        """The definitions of tools, by their servers, as far as these can be asked.

        Each is held against the spec, and against what was found `before`. What is found here is
        what calls expect from then on. Where a run goes on, `accept` says whether it may do so with
        tools that have changed. Raises `ToolChanged`.
        """


@runtime_checkable
class WarmingUp(Protocol):
    """A connection that takes its time before its calls, which is not that of their attempts.

    `library` is what it waits for before the first of them, and each tells how far it has come: one
    that has not said that its request leaves has done nothing.
    """

    library: str
    is_ready: bool

    async def ready(self) -> None:
        """Return as soon as calls can be made, or can fail."""


class AgentKind(Protocol):
    """A module of `agentflow.agents`."""

    @property
    def Options(self) -> type[Agent]:  # noqa: N802 - a class, and only read
        """The keys of this kind."""

    def connect(self, host: Host) -> Connection:
        """Open what the calls of one run share."""
