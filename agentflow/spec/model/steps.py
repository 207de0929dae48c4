"""What is to be done: the kinds of steps."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag

from agentflow.spec.model.people import Question
from agentflow.spec.model.policies import Bounds, CatchAction, CatchKey, Repair, Retry
from agentflow.spec.model.values import (
    AgentName,
    Count,
    Duration,
    Effects,
    EffectsReason,
    Expression,
    Name,
    Node,
    Value,
)

FailFast = Annotated[
    bool | None,
    Field(description="Stop what is in flight in `steps` at once when one of them fails."),
]

TimeForAll = Annotated[
    Duration | None,
    Field(description="How long all of it may take; in a `for_each`, each instance."),
]

_AGAIN = "what has failed is made again where it failed: write 'retry'"
_DONE = "what it does to the world is done inside: write 'effects'"
_ASKED = "an agent is asked again: write 'repair'"
_NAMED = "a key names one call: write 'idempotency_key'"
#: What belongs to calls of agents, and where that is.
_ON_STEPS_INSIDE: Mapping[str, str] = {
    "retry": f"{_AGAIN} on the steps inside; to go through all of it again is a 'loop'",
    "effects": f"{_DONE} on the steps inside, or on their agents",
    "repair": f"{_ASKED} on its step inside, or on the agent",
    "idempotency_key": f"{_NAMED} on the step inside that makes it",
}
_IN_OTHER_PIPELINE: Mapping[str, str] = {
    "retry": f"{_AGAIN} on the steps of the other pipeline, or on their agents",
    "effects": f"{_DONE} on the steps of the other pipeline, or on their agents",
    "repair": f"{_ASKED} on its step in the other pipeline, or on the agent",
    "idempotency_key": f"{_NAMED} on the step of the other pipeline that makes it",
}
_ON_WORKERS: Mapping[str, str] = {
    "retry": f"{_AGAIN} on the agents of the workers",
    "effects": f"{_DONE} on the agents of the workers",
    "repair": f"{_ASKED} on the planner's step for a bad plan, else on the agents of the workers",
    "idempotency_key": "tasks have no keys: what must not happen twice is a step of its own",
}


class ForEach(Node):
    """One instance of the step per item of a list."""

    over: Value = Field(description="The list: ${{ EXPRESSION }}, or a list written here.")
    max: Count = Field(description="How many items there may be; more is an error.")
    as_: Name | None = Field(None, alias="as", description="A name for the item besides `item`.")
    parallel: Count | None = Field(None, description="How many instances at a time.")
    min_success: (
        Literal["all"]
        | Annotated[int, Field(ge=0, strict=True)]
        | Annotated[float, Field(ge=0, le=1, strict=True)]
    ) = Field(
        "all",
        description="How many instances have to succeed: a number, or a share such as 0.9; with"
        " `all`, none may fail.",
    )
    key: Value | None = Field(
        None, description="What each item is called, `${{ EXPRESSION }}`; no two the same."
    )
    fail_fast: bool | None = Field(
        None, description="Stop the other instances at once when they fail as a whole."
    )


class Assertion(Node):
    """What has to be true of an output, and what is said if it is not."""

    that: Expression = Field(
        description="A bare expression of type bool over `output`, and `input` of an agent's step."
    )
    message: Annotated[str, Field(min_length=1)] = Field(
        description="What is wrong if it is not true; the agent is told so when it is asked again."
    )


class StepBase(Node):
    """What every step has in common."""

    #: Keys that other steps have and this one cannot, with the reason and where they belong.
    elsewhere: ClassVar[Mapping[str, str]] = {}

    description: str | None = None
    needs: list[Name] = Field(
        default=[], description="Steps that have to end before this one starts."
    )
    when: Expression | None = Field(
        None, description="A bare expression of type bool; false skips the step."
    )
    for_each: ForEach | None = None
    assert_: list[Assertion] = Field(
        default=[],
        alias="assert",
        description="What has to be true of the output before it is accepted.",
    )
    budget: Bounds | None = Field(
        None, description="What the step may use up, carved out of what is around it."
    )
    catch: dict[CatchKey, CatchAction] = Field(
        default={}, description="What follows a failure, by its class; `any` is the last resort."
    )


class AgentStep(StepBase):
    """A call of an agent."""

    agent: AgentName = Field(
        description="The agent, by its name under `agents`, or `${{ EXPRESSION }}` that comes to"
        " one of `among`."
    )
    among: Annotated[list[Name], Field(min_length=1)] | None = Field(
        None, description="The agents that the expression of `agent` may choose from."
    )
    with_: dict[Name, Value] = Field(
        default={}, alias="with", description="The agent's input, field by field."
    )
    retry: Retry | None = None
    timeout: Duration | None = Field(None, description="How long one attempt may take.")
    effects: Effects | None = None
    effects_reason: EffectsReason | None = None
    repair: Repair | None = None
    idempotency_key: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="Text with ${{ EXPRESSION }} that names this piece of work: every repeat carries"
        " it.",
    )


class PipelineStep(StepBase):
    """Another pipeline, run in the place of the step."""

    elsewhere = _IN_OTHER_PIPELINE

    pipeline: Annotated[str, Field(min_length=1)] = Field(
        description="The file of the other pipeline, relative to this one.",
        examples=["enrich/company.yaml"],
    )
    timeout: TimeForAll = None
    with_: dict[Name, Value] = Field(
        default={}, alias="with", description="The inputs of the other pipeline."
    )
    fail_fast: bool | None = Field(
        None, description="Instead of what the other pipeline says of itself."
    )


class HumanStep(StepBase):
    """A question to a person; the step waits for the answer."""

    human: Question
    with_: dict[Name, Value] = Field(
        default={}, alias="with", description="What the person is shown, field by field."
    )
    timeout: Duration = Field(description="How long the answer is waited for.")


class GroupStep(StepBase):
    """Steps that belong together, with an output of their own."""

    elsewhere = _ON_STEPS_INSIDE

    steps: Annotated[dict[Name, "Step"], Field(min_length=1)]
    output: Value | None = None
    timeout: TimeForAll = None
    fail_fast: FailFast = None


class Case(Node):
    """One way a switch can go."""

    steps: dict[Name, "Step"] = Field(default={})
    output: Value | None = None
    fail_fast: FailFast = None


class SwitchStep(StepBase):
    """Exactly one case runs."""

    elsewhere = _ON_STEPS_INSIDE

    switch: Value = Field(description="${{ EXPRESSION }} whose text chooses the case.")
    cases: Annotated[dict[str, Case], Field(min_length=1)] = Field(
        description="What happens for each text; exactly one case runs."
    )
    default: Case | None = Field(None, description="What happens for any other text.")
    timeout: TimeForAll = None


class Loop(Node):
    """Steps that are gone through again and again until a condition holds."""

    max: Count = Field(description="How many iterations there may be at most.")
    until: Expression = Field(
        description="A bare expression of type bool; true after an iteration ends the loop."
    )
    state: dict[Name, Value] = Field(
        default={}, description="What the first iteration sees as `loop.state`, field by field."
    )
    next: dict[Name, Value] = Field(
        default={}, description="The fields of the state that an iteration changes for the next."
    )
    no_progress: Literal["fail", "continue"] = Field(
        "fail", description="What follows when `next` leaves the state as it was."
    )
    steps: Annotated[dict[Name, "Step"], Field(min_length=1)]
    output: Value | None = None
    fail_fast: FailFast = None


class LoopStep(StepBase):
    """Steps that are repeated until they have come to something, a bounded number of times."""

    elsewhere = _ON_STEPS_INSIDE

    loop: Loop = Field(description="What is repeated, until when, and what it remembers.")
    timeout: TimeForAll = None


class Delegate(Node):
    """A plan that an agent made, and those who carry it out."""

    plan: Value = Field(
        description="The tasks: ${{ EXPRESSION }} for a list of {id, worker, input, needs}."
    )
    workers: Annotated[dict[Name, Name], Field(min_length=1)] = Field(
        description="The agents that tasks can be for, by the names that plans call them."
    )
    with_: dict[Name, Value] | None = Field(
        None,
        alias="with",
        description="What a worker is given, field by field; left out, the `input` of its task.",
    )
    max_tasks: Count = Field(description="How many tasks a plan may have; more is an error.")
    parallel: Count | None = Field(None, description="How many tasks at a time.")
    fail_fast: bool | None = Field(None, description="Stop the other tasks at once when one fails.")
    catch: dict[CatchKey, CatchAction] = Field(
        default={}, description="What follows the failure of one task, by its class."
    )


class DelegateStep(StepBase):
    """Tasks that an agent has planned, carried out by others."""

    elsewhere = _ON_WORKERS

    delegate: Delegate = Field(description="What is to be done, and by whom.")
    timeout: TimeForAll = None


#: The keys that make a step what it is, and the steps that have them.
STEP_KINDS: Mapping[str, type[StepBase]] = {
    "agent": AgentStep,
    "human": HumanStep,
    "switch": SwitchStep,
    "pipeline": PipelineStep,
    "steps": GroupStep,
    "loop": LoopStep,
    "delegate": DelegateStep,
}


def _step_kind(value: Any) -> str | None:
    """Which kind of step a mapping is, by the one key that decides."""
    for key in STEP_KINDS:
        if isinstance(value, dict) and key in value:
            return key
    return None


Step = Annotated[
    Annotated[AgentStep, Tag("agent")]
    | Annotated[HumanStep, Tag("human")]
    | Annotated[SwitchStep, Tag("switch")]
    | Annotated[PipelineStep, Tag("pipeline")]
    | Annotated[GroupStep, Tag("steps")]
    | Annotated[LoopStep, Tag("loop")]
    | Annotated[DelegateStep, Tag("delegate")],
    Discriminator(_step_kind),
]
