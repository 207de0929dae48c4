"""What an author says about failure and cost: retries, what `catch` does, budgets."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from agentflow.spec.model.values import Count, Duration, Name, Node, RetryableClass, Value


class Backoff(Node):
    """How long to wait between attempts: initial · factor^i, at most `max`, times the jitter."""

    initial: Duration = "1s"
    factor: Annotated[float, Field(ge=1, le=10)] = 2
    max: Duration = "30s"
    jitter: Literal["full", "none"] = Field(
        "full",
        description="'full' waits between 0 and the computed time, by a hash of the attempt.",
    )


class RetryPolicy(Node):
    """When a failed attempt is made again."""

    max_attempts: Annotated[int, Field(ge=1, le=100, strict=True)] = Field(
        description="How many attempts in total, the first one included."
    )
    on: list[RetryableClass] = Field(
        default=["not_sent", "rate_limited", "server_error", "timeout"],
        description="The failure classes that are retried.",
    )
    backoff: Backoff = Backoff()


Retry = Annotated[
    Name | RetryPolicy,
    Field(description="A policy of `retries` by name, or a policy written here."),
]


Repair = Annotated[
    int,
    Field(
        ge=0,
        le=10,
        strict=True,
        description="How often the agent is asked again with what was wrong with its answer.",
    ),
]


class Use(Node):
    """Go on with this value in the place of the output, or with the answer of another agent."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    use: Value = Field(None, description="A value, checked against the output contract.")
    agent: Name | None = Field(
        None, description="Another agent, which is given the same and shares the contract."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("an action has either 'use' or 'agent'")
        return self


class Escalate(Node):
    """Turn to the levels of an escalation."""

    escalate: Name = Field(description="An escalation, by its name under `escalations`.")


def _action_kind(value: Any) -> str:
    if isinstance(value, dict):
        return "escalate" if "escalate" in value else "use"
    return "word"


CatchAction = Annotated[
    Annotated[
        Literal["fail", "skip"],
        Tag("word"),
        Field(examples=["{use: VALUE}", "{agent: OTHER}", "{escalate: NAME}"]),
    ]
    | Annotated[Use, Tag("use")]
    | Annotated[Escalate, Tag("escalate")],
    Discriminator(_action_kind),
    Field(
        description="fail (the default), skip, {use: VALUE}, {agent: OTHER} or {escalate: NAME}."
    ),
]
CatchKey = Literal[
    "not_sent",
    "rate_limited",
    "server_error",
    "timeout",
    "rejected",
    "context_overflow",
    "truncated",
    "invalid_output",
    "low_confidence",
    "budget_exceeded",
    "exhausted",
    "unknown_effect",
    "any",
]


Amount = Annotated[float, Field(gt=0)]


class Bounds(Node):
    """What a step, or a run, may use up."""

    calls: Count | None = Field(None, description="Attempts that may be started.")
    retries: Annotated[int, Field(ge=0, strict=True)] | None = Field(
        None, description="Attempts that may be made again, over all steps."
    )
    escalations: Annotated[int, Field(ge=0, strict=True)] | None = Field(
        None, description="Escalations that may be begun."
    )
    tokens: Count | None = Field(None, description="Tokens of chat models, in and out.")
    usd: Amount | None = Field(None, description="US dollars for chat models.")
    meters: dict[Name, Amount] = Field(
        default={}, description="Quantities of your own, which agents charge."
    )
    wall: Duration | None = Field(
        None, description="How long all of the step may take, waits and instances included."
    )


class Budget(Bounds):
    """What a run may use up. What is left out has its default here, or is not bounded."""

    calls: Count = Field(10_000, description="Attempts that may be started.")
    retries: Annotated[int, Field(ge=0, strict=True)] = Field(
        100, description="Attempts that may be made again, over all steps."
    )
    escalations: Annotated[int, Field(ge=0, strict=True)] = Field(
        100, description="Escalations that may be begun."
    )
    wall: Duration = Field("24h", description="How long the run may take, from start to end.")
