"""A whole spec, and the words that upper layers bring into it."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Union, get_args

from msgspec import Struct
from pydantic import Discriminator, Field, create_model

from agentflow.spec.model.agents import Agent, Model
from agentflow.spec.model.channels import AnyChannel
from agentflow.spec.model.people import Escalation
from agentflow.spec.model.policies import Budget, RetryPolicy
from agentflow.spec.model.servers import Server
from agentflow.spec.model.steps import Step
from agentflow.spec.model.testing import PipelineTest
from agentflow.spec.model.values import Contract, ContractName, Json, Name, Node, Value

Pattern = Literal["chain", "router", "parallel"]


class WhyMultiAgent(Node):
    """What many agents are for here, and what one alone would come to."""

    bottleneck: Literal["context", "parallelism", "isolation", "expertise", "compliance"] = Field(
        description="What a single agent would fail at."
    )
    evidence: Annotated[str, Field(min_length=1)] = Field(
        description="How that is known.",
        examples=["Only the refund agent may hold the payment tool."],
    )
    baseline: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="The spec of a single agent for the same work; `plan` compares the worst cases.",
    )


class Pipeline(Node):
    """A whole spec. `Vocabulary.pipeline` narrows `agents` to the kinds that exist."""

    agentflow: Literal[1] = Field(description="The version of the language.")
    name: Name = Field(description="The pipeline's name.")
    description: str | None = Field(None, description="What the pipeline is for.")
    pattern: Pattern | None = Field(None, description="The shape the author decided on.")
    why_multi_agent: WhyMultiAgent | None = Field(
        None, description="What many agents are for, and the single one they are measured against."
    )
    inputs: Contract | None = Field(None, description="The contract of the pipeline's inputs.")
    contracts: dict[ContractName, dict[str, Json]] = Field(
        default={}, description="JSON Schemas, or classes, under names of their own."
    )
    models: dict[Name, Model] = Field(
        default={}, description="Chat models under names of their own."
    )
    servers: dict[Name, Server] = Field(
        default={}, description="MCP servers under names of their own."
    )
    retries: dict[Name, RetryPolicy] = Field(
        default={}, description="Retry policies under names of their own."
    )
    escalations: dict[Name, Escalation] = Field(
        default={}, description="Who is turned to when a step fails, under names of their own."
    )
    channels: dict[Name, AnyChannel] = Field(
        default={}, description="Ways to people, under names of their own."
    )
    budget: Budget = Field(default=Budget(), description="What a run may use up.")
    agents: dict[Name, Agent] = Field(default={}, description="Who does the work.")
    steps: Annotated[dict[Name, Step], Field(min_length=1)] = Field(
        description="What is to be done. The order follows from references and `needs`."
    )
    fail_fast: bool = Field(
        False, description="Stop what is in flight at once when a step fails for good."
    )
    outputs: dict[Name, Value] = Field(
        default={}, description="What the pipeline answers, field by field."
    )
    tests: dict[Name, PipelineTest] = Field(
        default={}, description="Runs with scripted answers, for `agentflow test`."
    )


class Vocabulary(Struct, frozen=True, dict=True):
    """The words that upper layers bring: the agent kinds, and the names of those not built yet."""

    agent_kinds: tuple[type[Agent], ...]
    planned_agent_kinds: tuple[str, ...] = ("a2a",)

    @cached_property
    def pipeline(self) -> type[Pipeline]:
        """The model of a whole spec with these agent kinds."""
        kinds = Annotated[Union[self.agent_kinds], Discriminator("kind")]  # type: ignore[name-defined]  # noqa: UP007
        said = Pipeline.model_fields["agents"].description
        field: Any = Field(default={}, description=said)
        return create_model("Pipeline", __base__=Pipeline, agents=(dict[Name, kinds], field))

    def agent(self, keys: Mapping[str, Json]) -> Agent:
        """The agent that these keys describe, which are right."""
        return next(
            model.model_validate(keys)
            for model in self.agent_kinds
            if get_args(model.model_fields["kind"].annotation) == (keys["kind"],)
        )
