"""What an author says about failure and cost: retries, what `catch` does, budgets."""

from collections.abc import Set
from typing import Annotated, Literal

from msgspec import Meta, field

from agentflow.spec.model.values import (
    ByKey,
    Count,
    Duration,
    Name,
    Node,
    Objection,
    RetryableClass,
    Value,
)


class Backoff(Node, frozen=True, kw_only=True):
    """How long to wait between attempts: initial · factor^i, at most `max`, times the jitter."""

    initial: Duration = "1s"
    factor: Annotated[float, Meta(ge=1, le=10)] = 2
    max: Duration = "30s"
    jitter: Literal["full", "none"] = "full"
    """'full' waits between 0 and the computed time, by a hash of the attempt."""


class RetryPolicy(Node, frozen=True, kw_only=True):
    """When a failed attempt is made again."""

    max_attempts: Annotated[int, Meta(ge=1, le=100)]
    """How many attempts in total, the first one included."""

    on: list[RetryableClass] = field(
        default_factory=lambda: ["not_sent", "rate_limited", "server_error", "timeout"]
    )
    """The failure classes that are retried."""

    backoff: Backoff = Backoff()


Retry = Annotated[
    Name | RetryPolicy,
    Meta(description="A policy of `retries` by name, or a policy written here."),
]


Repair = Annotated[
    int,
    Meta(
        ge=0,
        le=10,
        description="How often the agent is asked again with what was wrong with its answer.",
    ),
]


class Use(Node, frozen=True, kw_only=True):
    """Go on with this value in the place of the output, or with the answer of another agent."""

    also = {"minProperties": 1, "maxProperties": 1}

    use: Value = None
    """A value, checked against the output contract."""

    agent: Name | None = None
    """Another agent, which is given the same and shares the contract."""

    def objection(self, given: Set[str]) -> Objection | None:
        return Objection("an action has either 'use' or 'agent'") if len(given) != 1 else None


class Escalate(Node, frozen=True, kw_only=True):
    """Turn to the levels of an escalation."""

    escalate: Name
    """An escalation, by its name under `escalations`."""


CatchAction = Annotated[
    Annotated[
        Literal["fail", "skip"],
        Meta(examples=["{use: VALUE}", "{agent: OTHER}", "{escalate: NAME}"]),
    ]
    | Use
    | Escalate,
    ByKey({"escalate": Escalate}, otherwise=Use),
    Meta(description="fail (the default), skip, {use: VALUE}, {agent: OTHER} or {escalate: NAME}."),
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


Amount = Annotated[float, Meta(gt=0)]


class Bounds(Node, frozen=True, kw_only=True):
    """What a step, or a run, may use up."""

    calls: Count | None = None
    """Attempts that may be started."""

    retries: Annotated[int, Meta(ge=0)] | None = None
    """Attempts that may be made again, over all steps."""

    escalations: Annotated[int, Meta(ge=0)] | None = None
    """Escalations that may be begun."""

    tokens: Count | None = None
    """Tokens of chat models, in and out."""

    usd: Amount | None = None
    """US dollars for chat models."""

    meters: dict[Name, Amount] = {}
    """Quantities of your own, which agents charge."""

    wall: Duration | None = None
    """How long all of the step may take, waits and instances included."""


class Budget(Bounds, frozen=True, kw_only=True):
    """What a run may use up. What is left out has its default here, or is not bounded."""

    calls: Count = 10_000
    """Attempts that may be started."""

    retries: Annotated[int, Meta(ge=0)] = 100
    """Attempts that may be made again, over all steps."""

    escalations: Annotated[int, Meta(ge=0)] = 100
    """Escalations that may be begun."""

    wall: Duration = "24h"
    """How long the run may take, from start to end."""
