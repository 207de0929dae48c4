"""Who does the work: what all kinds of agents have in common, and chat models."""

from collections.abc import Set
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from agentflow.spec.model.policies import Repair, Retry
from agentflow.spec.model.values import (
    Contract,
    Count,
    Duration,
    Effects,
    EffectsReason,
    Json,
    Name,
    Node,
    Objection,
    Value,
)
from agentflow.spec.wording import quoted


class TextFile(Node, frozen=True, kw_only=True):
    """A text that lies in a file of its own."""

    file: Annotated[str, Meta(min_length=1)]
    """A path relative to the spec."""


class Secret(Node, frozen=True, kw_only=True):
    """A value that only the environment of a run has."""

    secret: Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    """The environment variable that holds it."""

    prefix: str = ""
    """What stands before it, such as Bearer and a space."""


class Confidence(Node, frozen=True, kw_only=True):
    """How sure of its answer an agent has to be."""

    field: Annotated[str, Meta(min_length=1)]
    """The field of the output that holds a number from 0 to 1."""

    min: Annotated[float, Meta(ge=0, le=1)]
    """The least that passes; an answer below it fails as low_confidence."""


class Agent(Node, frozen=True, kw_only=True):
    """What every kind of agent has in common. A kind subclasses it and adds its own keys."""

    default_effects: ClassVar[Effects] = Effects.WRITE
    #: Can it hand an idempotency key on to the world?
    takes_key: ClassVar[bool] = True

    kind: str
    description: str | None = None
    input: Contract | None = None
    """The contract of what the agent is given."""

    output: Contract | None = None
    """The contract of what the agent answers."""

    effects: Effects | None = None
    """What the agent does to the world."""

    effects_reason: EffectsReason | None = None
    timeout: Duration | None = None
    """How long one attempt may take."""

    retry: Retry | None = None
    repair: Repair = 0
    confidence: Confidence | None = None
    """A gate: answers that are less sure than this are not accepted."""

    charges: dict[Name, Value] = {}
    """What a call takes from the budget's `meters`, by the input."""


class Price(Node, frozen=True, kw_only=True):
    """What a chat model costs."""

    input: Annotated[float, Meta(ge=0)]
    """US dollars for a million tokens that go in."""

    output: Annotated[float, Meta(ge=0)]
    """US dollars for a million tokens that come out."""


_LIMITS = ("concurrency", "requests_per_minute", "tokens_per_minute")


class Limits(Node, frozen=True, kw_only=True):
    """How much of a chat model is used at a time, and in a minute."""

    also = {"anyOf": [{"required": [each]} for each in _LIMITS]}

    concurrency: Count | None = None
    """Calls that are in flight at a time."""

    requests_per_minute: Count | None = None
    """Calls that start in a minute."""

    tokens_per_minute: Count | None = None
    """Tokens, in and out, of the calls that start in a minute."""

    across: Literal["run", "machine"] = "run"
    """Who shares them: the steps of a run, or all your runs on the machine."""

    def objection(self, given: Set[str]) -> Objection | None:
        return None if given - {"across"} else Objection("there is no limit in it")


#: What a request has besides `params`, in the words of the providers: keys of `Model` or of an
#: agent, what follows from the contract, and where a request goes.
RESERVED_PARAMS = frozenset(
    {"model", "messages", "system", "contents", "prompt", "input", "instructions", "tools"}
    | {"tool_choice", "functions", "function_call", "response_format", "n", "stream"}
    | {"stream_options", "temperature", "top_p", "seed", "stop", "stop_sequences"}
    | {"reasoning_effort", "max_tokens", "max_completion_tokens", "max_output_tokens", "num_ctx"}
    | {"timeout", "max_retries", "num_retries", "api_base", "base_url", "api_key", "headers"}
    | {"extra_headers", "extra_body", "extra_query"}
)


_Data = Annotated[Json, Meta(description="A JSON value, as the provider takes it.")]


class Model(Node, frozen=True, kw_only=True):
    """A chat model under a name of our own."""

    model: Annotated[str, Meta(min_length=1)]
    """The model as LiteLLM names it: openai/gpt-5-mini."""

    window: Count | None = None
    """The tokens that it has room for, those of prompt and answer together."""

    max_output_tokens: Count | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: int | None = None
    stop: Annotated[list[str], Meta(min_length=1, max_length=4)] | None = None
    """Texts at which an answer ends."""

    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    """How much a model thinks before it answers, where it does so."""

    params: dict[str, _Data] | None = None
    """What else the provider takes, in its own words."""

    api_base: Annotated[
        Annotated[str, Meta(pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$")] | None,
        Meta(examples=["http://localhost:8000/v1"]),
    ] = None
    """Where the model is, if not with its provider. It gets keys only if the operator allows."""

    stream: bool | None = None
    """Ask for answers as a stream? Left out, where somebody watches the run on a terminal."""

    price: Price | None = None
    """Its price, if LiteLLM does not know it or it is another one."""

    fallbacks: Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(max_length=10)] = []
    """Who is asked in its place when it fails: other aliases, or models as LiteLLM names them, in
    order."""

    limits: Limits | None = None
    """How much of it all steps of a run together may use at a time."""

    def objection(self, given: Set[str]) -> Objection | None:  # noqa: ARG002
        for name in self.params or ():
            if name in RESERVED_PARAMS:
                said = f"{quoted(name)} is not for 'params': it is set otherwise, or never"
                return Objection(said, ("params",))
        return None
