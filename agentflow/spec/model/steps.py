"""What is to be done: the kinds of steps."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from agentflow.spec.model.people import Question
from agentflow.spec.model.policies import Bounds, CatchAction, CatchKey, Repair, Retry
from agentflow.spec.model.values import (
    AgentName,
    ByKey,
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
    Meta(description="Stop what is in flight in `steps` at once when one of them fails."),
]

TimeForAll = Annotated[
    Duration | None,
    Meta(description="How long all of it may take; in a `for_each`, each instance."),
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


class ForEach(Node, frozen=True, kw_only=True):
    """One instance of the step per item of a list."""

    over: Value
    """The list: ${{ EXPRESSION }}, or a list written here."""

    max: Count
    """How many items there may be; more is an error."""

    as_: Name | None = None
    """A name for the item besides `item`."""

    parallel: Count | None = None
    """How many instances at a time."""

    min_success: (
        Literal["all"] | Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0, le=1)]
    ) = "all"
    """How many instances have to succeed: a number, or a share such as 0.9; with `all`, none may
    fail."""

    key: Value | None = None
    """What each item is called, `${{ EXPRESSION }}`; no two the same."""

    fail_fast: bool | None = None
    """Stop the other instances at once when they fail as a whole."""


class Assertion(Node, frozen=True, kw_only=True):
    """What has to be true of an output, and what is said if it is not."""

    that: Expression
    """A bare expression of type bool over `output`, and `input` of an agent's step."""

    message: Annotated[str, Meta(min_length=1)]
    """What is wrong if it is not true; the agent is told so when it is asked again."""


class StepBase(Node, frozen=True, kw_only=True):
    """What every step has in common."""

    #: Keys that other steps have and this one cannot, with the reason and where they belong.
    elsewhere: ClassVar[Mapping[str, str]] = {}

    description: str | None = None
    needs: list[Name] = []
    """Steps that have to end before this one starts."""

    when: Expression | None = None
    """A bare expression of type bool; false skips the step."""

    for_each: ForEach | None = None
    assert_: list[Assertion] = []
    """What has to be true of the output before it is accepted."""

    budget: Bounds | None = None
    """What the step may use up, carved out of what is around it."""

    catch: dict[CatchKey, CatchAction] = {}
    """What follows a failure, by its class; `any` is the last resort."""


class AgentStep(StepBase, frozen=True, kw_only=True):
    """A call of an agent."""

    agent: AgentName
    """The agent, by its name under `agents`, or `${{ EXPRESSION }}` that comes to one of
    `among`."""

    among: Annotated[list[Name], Meta(min_length=1)] | None = None
    """The agents that the expression of `agent` may choose from."""

    with_: dict[Name, Value] = {}
    """The agent's input, field by field."""

    retry: Retry | None = None
    timeout: Duration | None = None
    """How long one attempt may take."""

    effects: Effects | None = None
    effects_reason: EffectsReason | None = None
    repair: Repair | None = None
    idempotency_key: Annotated[str, Meta(min_length=1)] | None = None
    """Text with ${{ EXPRESSION }} that names this piece of work: every repeat carries it."""


class PipelineStep(StepBase, frozen=True, kw_only=True):
    """Another pipeline, run in the place of the step."""

    elsewhere = _IN_OTHER_PIPELINE

    pipeline: Annotated[str, Meta(min_length=1, examples=["enrich/company.yaml"])]
    """The file of the other pipeline, relative to this one."""

    timeout: TimeForAll = None
    with_: dict[Name, Value] = {}
    """The inputs of the other pipeline."""

    fail_fast: bool | None = None
    """Instead of what the other pipeline says of itself."""


class HumanStep(StepBase, frozen=True, kw_only=True):
    """A question to a person; the step waits for the answer."""

    human: Question
    with_: dict[Name, Value] = {}
    """What the person is shown, field by field."""

    timeout: Duration
    """How long the answer is waited for."""


class GroupStep(StepBase, frozen=True, kw_only=True):
    """Steps that belong together, with an output of their own."""

    elsewhere = _ON_STEPS_INSIDE

    steps: Annotated[dict[Name, "Step"], Meta(min_length=1)]
    output: Value | None = None
    timeout: TimeForAll = None
    fail_fast: FailFast = None


class Case(Node, frozen=True, kw_only=True):
    """One way a switch can go."""

    steps: dict[Name, "Step"] = {}
    output: Value | None = None
    fail_fast: FailFast = None


class SwitchStep(StepBase, frozen=True, kw_only=True):
    """Exactly one case runs."""

    elsewhere = _ON_STEPS_INSIDE

    switch: Value
    """${{ EXPRESSION }} whose text chooses the case."""

    cases: Annotated[dict[str, Case], Meta(min_length=1)]
    """What happens for each text; exactly one case runs."""

    default: Case | None = None
    """What happens for any other text."""

    timeout: TimeForAll = None


class Loop(Node, frozen=True, kw_only=True):
    """Steps that are gone through again and again until a condition holds."""

    max: Count
    """How many iterations there may be at most."""

    until: Expression
    """A bare expression of type bool; true after an iteration ends the loop."""

    state: dict[Name, Value] = {}
    """What the first iteration sees as `loop.state`, field by field."""

    next: dict[Name, Value] = {}
    """The fields of the state that an iteration changes for the next."""

    no_progress: Literal["fail", "continue"] = "fail"
    """What follows when `next` leaves the state as it was."""

    steps: Annotated[dict[Name, "Step"], Meta(min_length=1)]
    output: Value | None = None
    fail_fast: FailFast = None


class LoopStep(StepBase, frozen=True, kw_only=True):
    """Steps that are repeated until they have come to something, a bounded number of times."""

    elsewhere = _ON_STEPS_INSIDE

    loop: Loop
    """What is repeated, until when, and what it remembers."""

    timeout: TimeForAll = None


class Delegate(Node, frozen=True, kw_only=True):
    """A plan that an agent made, and those who carry it out."""

    plan: Value
    """The tasks: ${{ EXPRESSION }} for a list of {id, worker, input, needs}."""

    workers: Annotated[dict[Name, Name], Meta(min_length=1)]
    """The agents that tasks can be for, by the names that plans call them."""

    with_: dict[Name, Value] | None = None
    """What a worker is given, field by field; left out, the `input` of its task."""

    max_tasks: Count
    """How many tasks a plan may have; more is an error."""

    parallel: Count | None = None
    """How many tasks at a time."""

    fail_fast: bool | None = None
    """Stop the other tasks at once when one fails."""

    catch: dict[CatchKey, CatchAction] = {}
    """What follows the failure of one task, by its class."""


class DelegateStep(StepBase, frozen=True, kw_only=True):
    """Tasks that an agent has planned, carried out by others."""

    elsewhere = _ON_WORKERS

    delegate: Delegate
    """What is to be done, and by whom."""

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


Step = Annotated[
    AgentStep | HumanStep | SwitchStep | PipelineStep | GroupStep | LoopStep | DelegateStep,
    ByKey(STEP_KINDS),
]
