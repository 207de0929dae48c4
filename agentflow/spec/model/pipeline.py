"""A whole spec, and the words that upper layers bring into it."""

from functools import cached_property
from typing import Annotated, Any, Literal, Union, cast, get_args

from msgspec import Meta, Struct, defstruct, field

from agentflow.spec.model.agents import Agent, Model
from agentflow.spec.model.channels import AnyChannel
from agentflow.spec.model.people import Escalation
from agentflow.spec.model.policies import Budget, RetryPolicy
from agentflow.spec.model.servers import Server
from agentflow.spec.model.steps import Step
from agentflow.spec.model.testing import PipelineTest
from agentflow.spec.model.values import ByKind, Contract, ContractName, Json, Name, Node, Value

Pattern = Literal["chain", "router", "parallel"]


class WhyMultiAgent(Node, frozen=True, kw_only=True):
    """What many agents are for here, and what one alone would come to."""

    bottleneck: Literal["context", "parallelism", "isolation", "expertise", "compliance"]
    """What a single agent would fail at."""

    evidence: Annotated[
        str, Meta(min_length=1, examples=["Only the refund agent may hold the payment tool."])
    ]
    """How that is known."""

    baseline: Annotated[str, Meta(min_length=1)] | None = None
    """The spec of a single agent for the same work; `plan` compares the worst cases."""


class Pipeline(Node, frozen=True, kw_only=True):
    """A whole spec. `Vocabulary.pipeline` narrows `agents` to the kinds that exist."""

    agentflow: Literal[1]
    """The version of the language."""

    name: Name
    """The pipeline's name."""

    description: str | None = None
    """What the pipeline is for."""

    pattern: Pattern | None = None
    """The shape the author decided on."""

    why_multi_agent: WhyMultiAgent | None = None
    """What many agents are for, and the single one they are measured against."""

    inputs: Contract | None = None
    """The contract of the pipeline's inputs."""

    contracts: dict[ContractName, dict[str, Json]] = {}
    """JSON Schemas, or classes, under names of their own."""

    models: dict[Name, Model] = {}
    """Chat models under names of their own."""

    servers: dict[Name, Server] = {}
    """MCP servers under names of their own."""

    retries: dict[Name, RetryPolicy] = {}
    """Retry policies under names of their own."""

    escalations: dict[Name, Escalation] = {}
    """Who is turned to when a step fails, under names of their own."""

    channels: dict[Name, AnyChannel] = {}
    """Ways to people, under names of their own."""

    budget: Budget = Budget()
    """What a run may use up."""

    agents: dict[Name, Agent] = {}
    """Who does the work."""

    steps: Annotated[dict[Name, Step], Meta(min_length=1)]
    """What is to be done. The order follows from references and `needs`."""

    fail_fast: bool = False
    """Stop what is in flight at once when a step fails for good."""

    outputs: dict[Name, Value] = {}
    """What the pipeline answers, field by field."""

    tests: dict[Name, PipelineTest] = {}
    """Runs with scripted answers, for `agentflow test`."""


class Vocabulary(Struct, frozen=True, dict=True):
    """The words that upper layers bring: the agent kinds."""

    agent_kinds: tuple[type[Agent], ...]

    @cached_property
    def pipeline(self) -> type[Pipeline]:
        """The model of a whole spec with these agent kinds."""
        kinds = Annotated[Union[self.agent_kinds], ByKind()]  # type: ignore[name-defined]  # noqa: UP007
        agents: Any = ("agents", dict[Name, kinds], field(default_factory=dict))
        made = defstruct("Pipeline", [agents], bases=(Pipeline,), frozen=True, kw_only=True)
        return cast(type[Pipeline], made)

    def agent(self, kind: str, **keys: Json) -> Agent:
        """The agent that these keys describe, which are right."""
        model = next(
            each for each in self.agent_kinds if get_args(each.__annotations__["kind"]) == (kind,)
        )
        return model(kind=kind, **keys)
