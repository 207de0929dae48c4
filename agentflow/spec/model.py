"""What an author can say: the pipeline language as frozen pydantic models.

These models are the one source of the language. `spec.schema` publishes their JSON Schema,
`spec.parse` fills them from a located document and turns what does not fit into findings. They
hold plain data: expressions are still text, names are not resolved, files are not read. That is
the work of `agentflow.plan`.

Agent kinds bring their own keys: each is a subclass of `Agent` in `agentflow.agents`, and the set
of kinds is passed in as a `Vocabulary`, so that this layer knows no agent by itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, Union

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    create_model,
)

#: A value as JSON knows it: None, bool, int, float, str, list or dict with string keys.
Json: TypeAlias = Any

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
CONTRACT_NAME_PATTERN = r"^[A-Z][A-Za-z0-9]{0,62}$"
DURATION_PATTERN = r"^0*[1-9][0-9]{0,8}(ms|s|m|h|d)$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
ContractName = Annotated[str, StringConstraints(pattern=CONTRACT_NAME_PATTERN)]
Duration = Annotated[
    str,
    Field(
        pattern=DURATION_PATTERN,
        description="A duration: 500ms, 30s, 15m, 4h or 2d.",
        examples=["30s"],
    ),
]
Count = Annotated[int, Field(ge=1, strict=True)]
Contract = Annotated[
    ContractName | dict[str, Json],
    Field(description="A contract's name, an inline JSON Schema, or {$ref: file.json#/pointer}."),
]
Expression = Annotated[str, Field(description="A bare expression, without ${{ }}.")]
Value = Annotated[Json, Field(description="A value; a string in it may hold ${{ EXPRESSION }}.")]

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(duration: str) -> float:
    """The length of a `Duration` in seconds."""
    match = re.fullmatch(r"([0-9]+)(ms|s|m|h|d)", duration)
    if match is None:
        raise ValueError(f"not a duration: {duration!r}")
    return int(match[1]) * _SECONDS[match[2]]


class Effects(StrEnum):
    """What a step does to the world; retry and resume ask this before they repeat it."""

    NONE = "none"
    READ = "read"
    IDEMPOTENT = "idempotent"
    WRITE = "write"
    IRREVERSIBLE = "irreversible"

    @property
    def repeatable(self) -> bool:
        """May an attempt whose outcome is not known be made again without asking?"""
        return self in (Effects.NONE, Effects.READ, Effects.IDEMPOTENT)


class FailureClass(StrEnum):
    """What can go wrong with an attempt. The table with the meaning of each is in `docs`."""

    NOT_SENT = "not_sent"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    REJECTED = "rejected"
    CONTEXT_OVERFLOW = "context_overflow"
    TRUNCATED = "truncated"
    INVALID_OUTPUT = "invalid_output"
    BUDGET_EXCEEDED = "budget_exceeded"
    CANCELLED = "cancelled"
    UNKNOWN_EFFECT = "unknown_effect"

    @property
    def ambiguous(self) -> bool:
        """May the effect have happened although the attempt failed?"""
        return self in AMBIGUOUS


#: The classes with which another attempt of the same call can succeed.
RetryableClass = Literal[
    "not_sent", "rate_limited", "server_error", "timeout", "truncated", "invalid_output"
]
#: The call may have done its work although no answer came.
AMBIGUOUS = frozenset({FailureClass.SERVER_ERROR, FailureClass.TIMEOUT})
#: The agent has certainly acted: it answered, only not as its contract asks.
ANSWERED = frozenset({FailureClass.TRUNCATED, FailureClass.INVALID_OUTPUT})


class Node(BaseModel):
    """A mapping of the language: frozen, and closed against keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    #: Keys that the language has and this version does not: refused by name, never ignored.
    planned: ClassVar[frozenset[str]] = frozenset()


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


class Use(Node):
    """Go on with this value in the place of the output; it is checked against the contract."""

    planned = frozenset({"escalate", "agent"})

    use: Value


CatchAction = Annotated[
    Literal["fail", "skip"] | Use,
    Field(description="fail (the default), skip, or {use: VALUE}."),
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
    "budget_exceeded",
    "unknown_effect",
    "any",
]


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


class ForEach(Node):
    """One instance of the step per item of a list."""

    planned = frozenset({"min_success", "key"})

    over: Value = Field(description="The list: ${{ EXPRESSION }}, or a list written here.")
    max: Count = Field(description="How many items there may be; more is an error.")
    as_: Name | None = Field(None, alias="as", description="A name for the item besides `item`.")
    parallel: Count | None = Field(None, description="How many instances at a time.")


class StepBase(Node):
    """What every step has in common."""

    planned = frozenset({"assert", "repair", "idempotency_key"})

    description: str | None = None
    needs: list[Name] = Field(
        default=[], description="Steps that have to end before this one starts."
    )
    when: Expression | None = Field(
        None, description="A bare expression of type bool; false skips the step."
    )
    for_each: ForEach | None = None
    catch: dict[CatchKey, CatchAction] = Field(
        default={}, description="What follows a failure, by its class; `any` is the last resort."
    )


class AgentStep(StepBase):
    """A call of an agent."""

    planned = StepBase.planned | {"among"}

    agent: Name = Field(description="The agent, by its name under `agents`.")
    with_: dict[Name, Value] = Field(
        default={}, alias="with", description="The agent's input, field by field."
    )
    retry: Retry | None = None
    timeout: Duration | None = Field(None, description="How long one attempt may take.")
    effects: Effects | None = None


class GroupStep(StepBase):
    """Steps that belong together, with an output of their own."""

    planned = StepBase.planned | {"retry", "timeout", "effects"}

    steps: Annotated[dict[Name, "Step"], Field(min_length=1)]
    output: Value | None = None


class Case(Node):
    """One way a switch can go."""

    steps: dict[Name, "Step"] = {}
    output: Value | None = None


class SwitchStep(StepBase):
    """Exactly one case runs."""

    planned = StepBase.planned | {"retry", "timeout", "effects"}

    switch: Value = Field(description="${{ EXPRESSION }} whose text chooses the case.")
    cases: Annotated[dict[str, Case], Field(min_length=1)] = Field(
        description="What happens for each text; exactly one case runs."
    )
    default: Case | None = Field(None, description="What happens for any other text.")


#: The keys that make a step what it is, and the steps that have them.
STEP_KINDS: Mapping[str, type[StepBase]] = {
    "agent": AgentStep,
    "switch": SwitchStep,
    "steps": GroupStep,
}
PLANNED_STEP_KINDS = ("human", "pipeline", "loop", "delegate")


def _step_kind(value: Any) -> str | None:
    """Which kind of step a mapping is, by the one key that decides."""
    for key in STEP_KINDS:
        if isinstance(value, dict) and key in value:
            return key
    return None


Step = Annotated[
    Annotated[AgentStep, Tag("agent")]
    | Annotated[SwitchStep, Tag("switch")]
    | Annotated[GroupStep, Tag("steps")],
    Discriminator(_step_kind),
]


class Model(Node):
    """A chat model under a name of our own."""

    planned = frozenset({"fallbacks", "api_base", "window", "price", "parameters"})

    model: str = Field(
        min_length=1, description="The model as LiteLLM names it: openai/gpt-5-mini."
    )
    max_output_tokens: Count | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None


class Budget(Node):
    """What a run may use up. What is left out has the default of `BUDGET_DEFAULTS`."""

    planned = frozenset({"tokens", "usd", "escalations", "meters"})

    calls: Count = Field(10_000, description="Attempts that may be started.")
    retries: Annotated[int, Field(ge=0, strict=True)] = Field(
        100, description="Attempts that may be made again, over all steps."
    )
    wall: Duration = Field("24h", description="How long the run may take, from start to end.")


Pattern = Literal["chain", "router", "parallel"]


class Pipeline(Node):
    """A whole spec. `Vocabulary.pipeline` narrows `agents` to the kinds that exist."""

    planned = frozenset({"why_multi_agent", "escalations", "tests"})

    agentflow: Literal[1] = Field(description="The version of the language.")
    name: Name = Field(description="The pipeline's name.")
    description: str | None = Field(None, description="What the pipeline is for.")
    pattern: Pattern | None = Field(None, description="The shape the author decided on.")
    inputs: Contract | None = Field(None, description="The contract of the pipeline's inputs.")
    contracts: dict[ContractName, dict[str, Json]] = Field(
        default={}, description="JSON Schemas under names of their own."
    )
    models: dict[Name, Model] = Field(
        default={}, description="Chat models under names of their own."
    )
    retries: dict[Name, RetryPolicy] = Field(
        default={}, description="Retry policies under names of their own."
    )
    budget: Budget = Field(default=Budget(), description="What a run may use up.")
    agents: dict[Name, Agent] = Field(default={}, description="Who does the work.")
    steps: Annotated[dict[Name, Step], Field(min_length=1)] = Field(
        description="What is to be done. The order follows from references and `needs`."
    )
    outputs: dict[Name, Value] = Field(
        default={}, description="What the pipeline answers, field by field."
    )


@dataclass(frozen=True)
class Vocabulary:
    """The words that upper layers bring: the agent kinds, and the names of those not built yet."""

    agent_kinds: tuple[type[Agent], ...]
    planned_agent_kinds: tuple[str, ...] = ("http", "mcp", "a2a")

    @cached_property
    def pipeline(self) -> type[Pipeline]:
        """The model of a whole spec with these agent kinds."""
        kinds = Annotated[Union[self.agent_kinds], Discriminator("kind")]  # type: ignore[name-defined]  # noqa: UP007
        said = Pipeline.model_fields["agents"].description
        field: Any = Field(default={}, description=said)
        return create_model("Pipeline", __base__=Pipeline, agents=(dict[Name, kinds], field))
