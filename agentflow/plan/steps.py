"""The plan: a checked pipeline as the core reads it.

Names are resolved, expressions compiled, defaults filled in, durations in seconds. What runs
inside what is a tree of scopes; what waits for what are the `upstream` ids of each step.

    Plan ── root ─▶ ScopePlan ── steps ─▶ StepPlan ──┬─ body ──▶ ScopePlan   (group, loop)
                                                     ├─ cases ─▶ ScopePlan … (switch)
                                                     └─ nested ▶ Plan        (pipeline)

Another pipeline is a plan of its own, in which addresses begin anew; it is made once, however many
steps run it. `plan.calls.step_at` finds a step by its address in the run.

All of it is frozen. The same sources give the same plan on every machine.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from agentflow.findings import Finding
from agentflow.plan.contracts import ContractPlan, Contracts
from agentflow.plan.repeats import ForEachPlan, LoopPlan
from agentflow.plan.scripts import ScriptPlan
from agentflow.plan.servers import ServerPlan
from agentflow.plan.uses import Use
from agentflow.plan.worker_inputs import KnownField
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.document import Document, Path
from agentflow.spec.model import (
    Agent,
    Confidence,
    Contract,
    Effects,
    Json,
    Limits,
    Pipeline,
    RetryPolicy,
)
from agentflow.spec.templates import Template

StepKind = Literal["agent", "human", "group", "switch", "loop", "pipeline", "delegate"]

#: How long an attempt may take where neither step nor agent says it, in seconds.
DEFAULT_TIMEOUT = 300.0


class AssertPlan(Struct, frozen=True):
    """A condition on the output of a step; `text` is what it was parsed from."""

    that: Expr
    text: str
    message: str


class LevelPlan(Struct, frozen=True):
    """One level of an escalation.

    `model` and `agent` have a `call`, on the terms of the step that escalates; it is None if the
    step has no call that could be made so. Where the step chooses its agent, a `model` has one for
    each in `among` instead. `human` and `notify` have the rest: `within` is how long an answer is
    waited for, in seconds.
    """

    kind: Literal["model", "agent", "human", "notify"]
    path: Path
    target: str
    call: "CallPlan | None" = None
    among: Mapping[str, "CallPlan"] = {}
    text: Template | None = None
    who: str | None = None
    within: float | None = None
    four_eyes: bool = False

    @property
    def calls(self) -> "tuple[CallPlan, ...]":
        """What it may come to."""
        return tuple(self.among.values()) if self.call is None else (self.call,)


class EscalationPlan(Struct, frozen=True):
    """Whom to turn to; `on_exhausted` is what follows if no level helps.

    `is_question` says that it is the one question of an approval, and has no name of its own.
    """

    name: str
    levels: tuple[LevelPlan, ...]
    on_exhausted: "CatchPlan"
    is_question: bool = False


class ChatPlan(Struct, frozen=True):
    """What a call of a chat model may come to.

    `model` is its name at LiteLLM, `price` what the spec says of US dollars for a million tokens in
    and out, `window` what it says of the tokens of prompt and answer together, `limits` how much of
    the model is used at a time, `api_base` where it is. `overhead` are the bytes of what it is told
    besides data, and `prompt` is what the author says with data in it; without one it is shown all
    of its input.
    """

    model: str
    max_output_tokens: int | None
    price: tuple[float, float] | None
    overhead: int
    prompt: Template | None
    window: int | None = None
    limits: Limits | None = None
    api_base: str | None = None


class FallbackPlan(Struct, frozen=True):
    """A model that takes over for another: its name in the spec, where that stands, its call."""

    name: str
    rule: str
    call: "CallPlan"


class CallPlan(Struct, frozen=True):
    """The agent a step calls and on which terms. `timeout` is in seconds, for one attempt.

    `repair` is how often it is asked again about an answer, `confidence` the gate for its answers.
    `key` comes to text: what the world is to know repeats of this call by. `charges` come to what a
    call takes from the meters of the budget, `chat` is about agents that call a chat model.
    `fallbacks` are the models that take over for its own, in order, and `tools` what these may call
    in at most `max_turns` turns, by the names that they call them.

    What a model with tools does to the world it does through them. So `effects` are those of an
    attempt, none for such a model, and `reach` is the gravest that a whole call can come to.
    """

    agent: str
    options: Agent
    arguments: Template
    input: ContractPlan
    output: ContractPlan
    effects: Effects
    timeout: float
    retry: RetryPolicy | None
    repair: int
    confidence: Confidence | None
    key: Template | None = None
    charges: Mapping[str, Template] = field(default_factory=dict)
    chat: ChatPlan | None = None
    fallbacks: tuple[FallbackPlan, ...] = ()
    tools: Mapping[str, "ToolPlan"] = field(default_factory=dict)
    max_turns: int = 1
    reach: Effects = Effects.NONE

    def chats(self) -> tuple[ChatPlan, ...]:
        """What is known of its model and of those that take over for it."""
        chats = (self.chat, *(fallback.call.chat for fallback in self.fallbacks))
        return tuple(chat for chat in chats if chat is not None)


class ToolPlan(Struct, frozen=True):
    """What a chat model may call, at most `max_calls` times for one answer.

    `step` is what one such call is. The model is told the `description`.
    """

    description: str | None
    max_calls: int
    step: "StepPlan"


class NestedPlan(Struct, frozen=True):
    """Another pipeline that a step runs, and what it is given as inputs.

    `output` is the type of its outputs; it is `exact` as in `plan.schemas.Contract`. `contract`
    holds what people put in their place against it, where the step turns to an escalation.
    """

    plan: "Plan"
    arguments: Template
    output: Mapping[str, Json]
    exact: bool
    fail_fast: bool | None = None
    contract: ContractPlan | None = None


class QuestionPlan(Struct, frozen=True):
    """What a `human` step asks a person, and what it shows. `timeout` is in seconds.

    `named` is the contract of the answer as the author wrote it.
    """

    ask: Template
    shown: Template
    answer: ContractPlan
    named: Contract
    who: str | None
    channel: str
    timeout: float
    four_eyes: bool = False


class DelegatePlan(Struct, frozen=True):
    """Who carries out the tasks of a plan, and on which terms.

    `tasks` is evaluated outside of them. The workers are the steps that a task can be, by the names
    that plans call them; their `catch` is about one task. `whole` says that a worker is given the
    `input` of its task and nothing else; `known_fields` is what each is given of its task alone
    otherwise.
    """

    address: str
    tasks: Template
    workers: Mapping[str, "StepPlan"]
    known_fields: Mapping[str, tuple[KnownField, ...]]
    whole: bool
    max_tasks: int
    parallel: int | None
    fail_fast: bool | None


class PlanCheck(Struct, frozen=True):
    """Tasks for a `delegate` that an agent plans: where they stand in its output."""

    way: tuple[str, ...]
    delegate: DelegatePlan


class CatchPlan(Struct, frozen=True):
    """`value` belongs to `use` and is read where `place` is, `call` to `agent`: who takes over.

    `call` is None too if there is no such agent. `escalation` belongs to `escalate`.
    """

    action: Literal["fail", "skip", "use", "agent", "escalate"]
    value: Template | None = None
    place: str = ""
    call: CallPlan | None = None
    escalation: EscalationPlan | None = None

    @property
    def last(self) -> "CatchPlan":
        """What is done in the end: of an escalation, if no level helps."""
        return self.escalation.on_exhausted if self.escalation is not None else self

    @property
    def may_skip(self) -> bool:
        """Can it come to the step being skipped?"""
        return self.last.action == "skip"


class ScopePlan(Struct, frozen=True):
    """Steps that see each other, in file order, and the output they add up to.

    `address` is that of the group, case or iteration, `""` for the pipeline. `fail_fast` is None
    where the author leaves it to what is around.
    """

    address: str
    path: Path
    steps: tuple["StepPlan", ...]
    output: Template | None
    fail_fast: bool | None = None


class StepPlan(Struct, frozen=True):
    """One step.

    `upstream` and `downstream` are ids in the same scope: a step inside a group that reads a step
    outside makes the whole group wait. `address` has no numbers of items or iterations. `agent` is
    the name the author wrote; `call` is None if there is no such agent. `wall` is the time in
    seconds for all that the step comes to, `timeout` that for what is inside, once for each
    instance. `plans` are the tasks for others that its agent is to answer.

    With `dispatch`, one of `among` is called, by the name that it comes to, and `call` is the first
    of them, whose contract all share. `approval` belongs to the call of a tool: whom to ask before
    it.
    """

    id: str
    address: str
    path: Path
    kind: StepKind
    upstream: tuple[str, ...]
    downstream: tuple[str, ...]
    when: Expr | None
    when_text: str
    for_each: ForEachPlan | None
    catch: Mapping[str, CatchPlan]
    budget: Mapping[str, float] | None = None
    wall: float | None = None
    timeout: float | None = None
    agent: str | None = None
    dispatch: Template | None = None
    among: Mapping[str, CallPlan] = field(default_factory=dict)
    call: CallPlan | None = None
    question: QuestionPlan | None = None
    body: ScopePlan | None = None
    switch: Template | None = None
    cases: Mapping[str, ScopePlan] = field(default_factory=dict)
    default: ScopePlan | None = None
    loop: LoopPlan | None = None
    asserts: tuple[AssertPlan, ...] = ()
    nested: NestedPlan | None = None
    delegate: DelegatePlan | None = None
    plans: tuple[PlanCheck, ...] = ()
    approval: EscalationPlan | None = None

    @property
    def contract(self) -> ContractPlan | None:
        """What the output keeps, if it comes from an agent or a person."""
        if self.call is not None:
            return self.call.output
        return self.question.answer if self.question is not None else None

    @property
    def scopes(self) -> tuple[ScopePlan, ...]:
        """What is inside: the body, the cases and the default, as far as there are any."""
        every = (self.body, *self.cases.values(), self.default)
        return tuple(scope for scope in every if scope is not None)

    @property
    def answerable(self) -> ContractPlan | None:
        """What is held against an answer that people put in the place of the output."""
        return self.nested.contract if self.nested is not None else self.contract


class BudgetPlan(Struct, frozen=True):
    """The bounds of a run, by quantity (see `core.purse`); `wall` is in seconds."""

    bounds: Mapping[str, float]
    wall: float


class Child(Struct, frozen=True):
    """A file that a `pipeline` step names, as far as it could be understood.

    `file` is its path from the folder of the spec that the run is about. `problems` are those of
    reading it, before any rule has looked at it.
    """

    file: str
    document: Document
    pipeline: Pipeline | None
    plan: "Plan | None"
    problems: tuple[Finding, ...]


class Plan(Struct, frozen=True):
    """A whole pipeline.

    `findings` is what was wrong on the way: a plan with errors among them is for the linter only.
    `file` is the pipeline's path from the folder of the spec that the run is about. `steps` are all
    steps by address, `uses` all references in file order. `texts` are the files that agents name,
    `files` the schemas in files that contracts refer to, both by their name in the spec. `servers`
    are those that agents call tools of, by name. `children` are the other pipelines, by the address
    of the step that runs them, `escalations` those that are defined, before any step turns to one,
    and `scripts` the tests, both by name.
    """

    file: str
    pipeline: Pipeline
    root: ScopePlan
    outputs: Template
    inputs: ContractPlan
    contracts: Contracts
    budget: BudgetPlan
    steps: Mapping[str, StepPlan]
    uses: tuple[Use, ...]
    texts: Mapping[str, str]
    files: Mapping[str, Json]
    servers: Mapping[str, ServerPlan]
    escalations: Mapping[str, EscalationPlan]
    scripts: Mapping[str, ScriptPlan]
    children: Mapping[str, Child]
    findings: tuple[Finding, ...]
