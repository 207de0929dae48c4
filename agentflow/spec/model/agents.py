"""Who does the work: what all kinds of agents have in common, and chat models."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

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
    Value,
)
from agentflow.spec.wording import quoted


class TextFile(Node):
    """A text that lies in a file of its own."""

    file: str = Field(min_length=1, description="A path relative to the spec.")


class Secret(Node):
    """A value that only the environment of a run has."""

    secret: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] = Field(
        description="The environment variable that holds it."
    )
    prefix: str = Field("", description="What stands before it, such as Bearer and a space.")


class Confidence(Node):
    """How sure of its answer an agent has to be."""

    field: str = Field(
        min_length=1, description="The field of the output that holds a number from 0 to 1."
    )
    min: Annotated[float, Field(ge=0, le=1)] = Field(
        description="The least that passes; an answer below it fails as low_confidence."
    )


class Agent(Node):
    """What every kind of agent has in common. A kind subclasses it and adds its own keys."""

    default_effects: ClassVar[Effects] = Effects.WRITE
    #: Can it hand an idempotency key on to the world?
    takes_key: ClassVar[bool] = True

    kind: str
    description: str | None = None
    input: Contract | None = Field(None, description="The contract of what the agent is given.")
    output: Contract | None = Field(None, description="The contract of what the agent answers.")
    effects: Effects | None = Field(None, description="What the agent does to the world.")
    effects_reason: EffectsReason | None = None
    timeout: Duration | None = Field(None, description="How long one attempt may take.")
    retry: Retry | None = None
    repair: Repair = 0
    confidence: Confidence | None = Field(
        None, description="A gate: answers that are less sure than this are not accepted."
    )
    charges: dict[Name, Value] = Field(
        default={}, description="What a call takes from the budget's `meters`, by the input."
    )


class Price(Node):
    """What a chat model costs."""

    input: Annotated[float, Field(ge=0)] = Field(
        description="US dollars for a million tokens that go in."
    )
    output: Annotated[float, Field(ge=0)] = Field(
        description="US dollars for a million tokens that come out."
    )


_LIMITS = ("concurrency", "requests_per_minute", "tokens_per_minute")


class Limits(Node):
    """How much of a chat model is used at a time, and in a minute."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [{"required": [each]} for each in _LIMITS]}
    )

    concurrency: Count | None = Field(None, description="Calls that are in flight at a time.")
    requests_per_minute: Count | None = Field(None, description="Calls that start in a minute.")
    tokens_per_minute: Count | None = Field(
        None, description="Tokens, in and out, of the calls that start in a minute."
    )
    across: Literal["run", "machine"] = Field(
        "run", description="Who shares them: the steps of a run, or all your runs on the machine."
    )

    @model_validator(mode="after")
    def _is_a_limit(self) -> Self:
        if not self.model_fields_set - {"across"}:
            raise ValueError("there is no limit in it")
        return self


#: What a request has besides `params`, in the words of the providers: keys of `Model` or of an agent,
#: what follows from the contract, and where a request goes.
RESERVED_PARAMS = frozenset(
    {"model", "messages", "system", "contents", "prompt", "input", "instructions", "tools"}
    | {"tool_choice", "functions", "function_call", "response_format", "n", "stream"}
    | {"stream_options", "temperature", "top_p", "seed", "stop", "stop_sequences"}
    | {"reasoning_effort", "max_tokens", "max_completion_tokens", "max_output_tokens", "num_ctx"}
    | {"timeout", "max_retries", "num_retries", "api_base", "base_url", "api_key", "headers"}
    | {"extra_headers", "extra_body", "extra_query"}
)


_Data = Annotated[Json, Field(description="A JSON value, as the provider takes it.")]


def _free(params: dict[str, Json]) -> dict[str, Json]:
    for name in params:
        if name in RESERVED_PARAMS:
            raise ValueError(f"{quoted(name)} is not for 'params': it is set otherwise, or never")
    return params


class Model(Node):
    """A chat model under a name of our own."""

    model: str = Field(
        min_length=1, description="The model as LiteLLM names it: openai/gpt-5-mini."
    )
    window: Count | None = Field(
        None, description="The tokens that it has room for, those of prompt and answer together."
    )
    max_output_tokens: Count | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    seed: Annotated[int, Field(strict=True)] | None = None
    stop: Annotated[list[str], Field(min_length=1, max_length=4)] | None = Field(
        None, description="Texts at which an answer ends."
    )
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = Field(
        None, description="How much a model thinks before it answers, where it does so."
    )
    params: Annotated[dict[str, _Data], AfterValidator(_free)] | None = Field(
        None, description="What else the provider takes, in its own words."
    )
    api_base: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$")] | None = Field(
        None,
        description="Where the model is, if not with its provider. It gets keys only if the operator allows.",
        examples=["http://localhost:8000/v1"],
    )
    stream: bool | None = Field(
        None,
        description="Ask for answers as a stream? Left out, where somebody watches the run on a terminal.",
    )
    price: Price | None = Field(
        None, description="Its price, if LiteLLM does not know it or it is another one."
    )
    fallbacks: Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=10)] = Field(
        default=[],
        description="Who is asked in its place when it fails: other aliases, or models as LiteLLM"
        " names them, in order.",
    )
    limits: Limits | None = Field(
        None, description="How much of it all steps of a run together may use at a time."
    )
