"""What an author can say: the pipeline language as frozen pydantic models.

These models are the one source of the language. `spec.schema` publishes their JSON Schema,
`spec.parse` fills them from a located document and turns what does not fit into findings. They
hold plain data: expressions are still text, names are not resolved, files are not read. That is
the work of `agentflow.plan`.

Agent kinds bring their own keys: each is a subclass of `Agent` in `agentflow.agents`, and the set
of kinds is passed in as a `Vocabulary`, so that this layer knows no agent by itself.
"""

from agentflow.spec.model.agents import (
    Agent,
    Confidence,
    Model,
    TextFile,
)
from agentflow.spec.model.pipeline import (
    Pattern,
    Pipeline,
    Vocabulary,
)
from agentflow.spec.model.policies import (
    Backoff,
    Budget,
    CatchAction,
    CatchKey,
    Repair,
    Retry,
    RetryPolicy,
    Use,
)
from agentflow.spec.model.steps import (
    PLANNED_STEP_KINDS,
    STEP_KINDS,
    AgentStep,
    Case,
    ForEach,
    GroupStep,
    Step,
    StepBase,
    SwitchStep,
)
from agentflow.spec.model.testing import (
    Address,
    Answer,
    Expectations,
    ExpectedFailure,
    PipelineTest,
    ReportedClass,
    StepEnd,
)
from agentflow.spec.model.values import (
    AMBIGUOUS,
    ANSWERED,
    CONTRACT_NAME_PATTERN,
    DURATION_PATTERN,
    NAME_PATTERN,
    REPAIRABLE,
    Contract,
    ContractName,
    Count,
    Duration,
    Effects,
    Expression,
    FailureClass,
    Json,
    Name,
    Node,
    RetryableClass,
    Value,
    seconds,
)

__all__ = [
    "AMBIGUOUS",
    "ANSWERED",
    "CONTRACT_NAME_PATTERN",
    "DURATION_PATTERN",
    "NAME_PATTERN",
    "PLANNED_STEP_KINDS",
    "REPAIRABLE",
    "STEP_KINDS",
    "Address",
    "Agent",
    "AgentStep",
    "Answer",
    "Backoff",
    "Budget",
    "Case",
    "CatchAction",
    "CatchKey",
    "Confidence",
    "Contract",
    "ContractName",
    "Count",
    "Duration",
    "Effects",
    "Expectations",
    "ExpectedFailure",
    "Expression",
    "FailureClass",
    "ForEach",
    "GroupStep",
    "Json",
    "Model",
    "Name",
    "Node",
    "Pattern",
    "Pipeline",
    "PipelineTest",
    "Repair",
    "ReportedClass",
    "Retry",
    "RetryPolicy",
    "RetryableClass",
    "Step",
    "StepBase",
    "StepEnd",
    "SwitchStep",
    "TextFile",
    "Use",
    "Value",
    "Vocabulary",
    "seconds",
]
