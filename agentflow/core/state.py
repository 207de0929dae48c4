"""The state of a run: what the facts and decisions so far add up to.

It is never stored: it is a fold over the log, and exactly one loop owns it, so it may be changed
in place. Deciding then costs time in proportion to what changed, not to the size of the run.

What is still to be decided stands in two queues. `agenda` holds what needs a decision now, one
item for one decision. `ready` holds calls that may start as soon as one of the run's slots is
free. Both are first in, first out, which makes the order of a log a function of its facts.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Literal

from msgspec import Struct, field

from agentflow.contracts.check import Accepted, Rejected
from agentflow.contracts.describe import path_text
from agentflow.core.events import (
    AskPerson,
    Complaint,
    Failure,
    FinalStatus,
    Notify,
    PersonAnswered,
    RunMode,
    StartAttempt,
    TimeLimit,
)
from agentflow.core.purse import NOTHING, Amounts, Purse
from agentflow.core.talks import Asks, Talk
from agentflow.core.traffic import Begun, Traffic
from agentflow.core.views import StepsView
from agentflow.plan import address
from agentflow.plan.steps import (
    CallPlan,
    EscalationPlan,
    FallbackPlan,
    Plan,
    ScopePlan,
    StepPlan,
)
from agentflow.spec.model import Json

StepStatus = Literal[
    "pending", "running", "waiting", "succeeded", "failed", "skipped", "cancelled", "unknown"
]
RunStatus = Literal["running", "waiting", "interrupted", "crashed"] | FinalStatus
ENDED_RUN: frozenset[RunStatus] = frozenset({"succeeded", "failed", "cancelled"})
ENDED: frozenset[StepStatus] = frozenset({"succeeded", "failed", "skipped", "cancelled", "unknown"})


class Need(StrEnum):
    """Why something stands on the agenda."""

    CONDITION = "condition"  # all it waits for has ended: does `when` hold?
    APPROVAL = "approval"  # a tool is to be called, and somebody has to be asked before
    ENTER = "enter"  # a group, a switch, a loop or a `for_each` may open
    ANSWER = "answer"  # an agent answered: does it keep the contract?
    FAILURE = "failure"  # an attempt or all of a scope failed: retry, catch or fail?
    LEVEL = "level"  # an escalation is to be tried at its next level
    UNANSWERED = "unanswered"  # a question's time was up, or it could not be delivered
    ABORTED = "aborted"  # a person gave the step up
    LOST = "lost"  # an attempt was in flight when its process ended
    STOP = "stop"  # it is active in a scope that has failed, or the run's time is up
    FAIL_FAST = "fail_fast"  # it is in flight beside a step that failed, and is not to go on
    TOO_LATE = "too_late"  # its own time is over
    OUTPUT = "output"  # everything inside has ended
    FINISH = "finish"  # the run is through


class Scope(Struct, eq=False):
    """Steps that run together: a pipeline, group, case, iteration, or the items of a `for_each`.

    `parent` is the scope whose steps its expressions see besides its own, None for a pipeline.
    `remaining` counts what has not ended, `active` what has started and not ended. Of the items of
    a `for_each`, `needed` have to succeed, None if none may fail. A scope is
    closed when something in it failed: nothing new starts, and it is over when nothing is active.
    With `fail_fast`, what is in flight in it then is stopped. `unknown` says that something in it
    may have had an effect that must not happen twice, and nobody knows. Of the tasks of a
    `delegate`, `held` are those that wait for room, and `begun` counts the others that wait for
    nothing else.
    """

    address: str
    parent: "Scope | None"
    owner: "Instance | None"
    plan: ScopePlan | None
    env: dict[str, Json]
    purse: Purse
    fail_fast: bool
    steps: dict[str, "Instance"] = field(default_factory=dict)
    items: list["Instance"] = field(default_factory=list)
    values: list[Json] = field(default_factory=list)
    held: deque["Instance"] = field(default_factory=deque)
    begun: int = 0
    limit: int = 0
    needed: int | None = None
    keys: tuple[str | int, ...] = ()
    succeeded: int = 0
    remaining: int = 0
    active: int = 0
    closed: bool = False
    over: bool = False
    unknown: bool = False
    failure: Failure | None = None

    @property
    def of_tasks(self) -> bool:
        """Are these the tasks of a `delegate`?"""
        owner = self.owner
        return owner is not None and owner.step.kind == "delegate" and not owner.expands

    @property
    def of_calls(self) -> bool:
        """Are these the calls of tools that a model asks for?"""
        owner = self.owner
        return owner is not None and owner.step.kind == "agent" and not owner.expands

    def children(self) -> Iterator["Instance"]:
        """The instances in it, in order."""
        yield from self.steps.values()
        yield from self.items


class Ladder(Struct):
    """Where a step stands on its escalation: at which level, after which failure.

    `call` is what the level calls instead of the step's agent. `denied` says why no level may be
    tried at all, and `left` why the last one was left.
    """

    plan: EscalationPlan
    failure: Failure
    level: int = 0
    call: CallPlan | None = None
    denied: str | None = None
    left: str | None = None

    @property
    def rule(self) -> str:
        """The level as a path in the spec."""
        return path_text(self.plan.levels[self.level].path)


class Instance(Struct, eq=False):
    """One step in one place of the run: the step itself, or its instance for one item.

    `chosen` is what it calls since its first attempt, and `choice` the agent that it began with,
    whoever has taken over. `attempt` counts attempts, `failures` those that failed and count for
    the retry policy, and `repairs` how often the agent was asked again since the last of them.
    `said` is its last answer as it came and `wrong` what is wrong with it, both out of reach of
    every expression; `complaint` is what the agent is told about it. `intent` is that of its first
    attempt, whose input and key all others carry. `in_doubt` says that an attempt may have had an
    effect which must not happen twice, `acted` that one has had it and its answer was not accepted,
    `instead` are the arguments that a person gave a call of a tool in the place of those of its
    model. `inside` is the scope that a group, switch, loop or `for_each` has opened; of a loop,
    that of the iteration it is in. `inner_purse` is there if what is inside has a time of its own.
    `held` is what is kept back for the attempt in flight, which is `held_up` as long as nothing of
    it can have left this machine, `charged` says that its key has been charged to the meters.
    `link` counts the models of the chain that have failed in this attempt of the retry policy, and
    `counted` are the tokens of the prompt that the last one was to be sent, if they were counted.
    `queued_for` is the model in whose queue it stands, or has come from, `begun` what the attempt
    in flight counts for by the limits of its model. `question` is what a person is being asked
    about the step, `ladder` where its escalation stands, and `offered` a value that keeps the
    contract and was held back: approving lets it pass. `talk` is that with a model which has tools,
    `turns` counts its turns that are over, in earlier talks too; such a model has `acted` when a
    tool has.
    """

    address: str
    step: StepPlan
    scope: Scope
    env: dict[str, Json]
    is_item: bool = False
    chosen: CallPlan | None = None
    choice: str | None = None
    handed_over: bool = False
    status: StepStatus = "pending"
    waits_for: int = 0
    active: bool = False
    attempt: int = 0
    failures: int = 0
    repairs: int = 0
    said: Json = None
    wrong: tuple[str, ...] = ()
    complaint: Complaint | None = None
    retry_after: float | None = None
    due: float | None = None
    answer: Accepted | Rejected | Asks | None = None
    output: Json = None
    outcomes: list[Json] | None = None
    failure: Failure | None = None
    inside: Scope | None = None
    intent: StartAttempt | None = None
    in_doubt: bool = False
    acted: bool = False
    instead: Json = None
    question: AskPerson | None = None
    own_purse: Purse | None = None
    inner_purse: Purse | None = None
    held: Amounts = field(default_factory=lambda: NOTHING)
    held_up: bool = False
    charged: bool = False
    link: int = 0
    counted: int | None = None
    queued_for: str | None = None
    begun: Begun | None = None
    ladder: Ladder | None = None
    offered: Accepted | None = None
    talk: Talk | None = None
    turns: int = 0

    @property
    def purse(self) -> Purse:
        """What pays for the step: its own budget, or that of the scope it is in."""
        return self.own_purse or self.scope.purse

    @property
    def funds(self) -> Purse:
        """What pays for what is inside."""
        return self.inner_purse or self.purse

    @property
    def call(self) -> CallPlan | None:
        """The call that it makes; before its first attempt, the one whose contract others share.

        An escalation may have put another in its place, or its model has failed and a fallback is
        asked.
        """
        call = self.own_call
        return call.fallbacks[self.link - 1].call if call is not None and self.link else call

    @property
    def fallbacks_left(self) -> "Sequence[tuple[int, FallbackPlan]]":
        """The models that can still be asked, with their numbers in the chain."""
        call = self.own_call
        return tuple(enumerate(call.fallbacks))[self.link :] if call is not None else ()

    @property
    def own_call(self) -> CallPlan | None:
        """The same, with the model that is asked first."""
        return self.stand_in or self.chosen or self.step.call

    @property
    def stand_in(self) -> CallPlan | None:
        """What an escalation calls in the place of the step's agent."""
        return self.ladder.call if self.ladder is not None else None

    @property
    def seeks_approval(self) -> bool:
        """Is it the call of a tool that somebody is being asked about?"""
        ladder = self.ladder
        return ladder is not None and ladder.plan is self.step.approval

    @property
    def expands(self) -> bool:
        """Is this a `for_each` step that stands for all its items?"""
        return self.step.for_each is not None and not self.is_item


class Timed(Struct, frozen=True):
    """A time that a step has, and when it is over, in seconds since 1970."""

    instance: Instance
    until: float


class People(Struct):
    """What goes on between the run and people.

    `open` are the steps that wait for an answer, by the question's id; `closed` says of older
    questions how they ended. `mail` are answers on which is still to be decided, `tickets` the ids
    of all that came. `undelivered` are messages not known to be delivered, in order; `messages`
    counts all there were. `heard` says that an answer counts on which nobody has acted yet, since
    no process is at work.
    """

    open: dict[str, Instance] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)
    mail: deque[PersonAnswered] = field(default_factory=deque)
    tickets: set[str] = field(default_factory=set)
    undelivered: dict[str, AskPerson | Notify] = field(default_factory=dict)
    messages: int = 0
    heard: bool = False


class State(Struct, eq=False):
    """Everything that is known of a run. `now` is the time of the last fact, `by` who started it.

    `timed` are the times of steps that are over before those around them, by address. `prices` are
    those of chat models, in US dollars for a million tokens in and out, `windows` what they take
    in, in tokens, where the spec does not say it, `traffic` what goes to those that have limits,
    which do not hold where a recording is `played`. `cancelled` says who ends the run for good and
    why, as soon as somebody does.
    """

    plan: Plan
    status: RunStatus = "running"
    run_id: str = ""
    mode: RunMode = "live"
    by: str | None = None
    started_at: float = 0.0
    now: float = 0.0
    concurrency: int = 1
    root: Scope | None = None
    agenda: deque[tuple[Need, Instance | None]] = field(default_factory=deque)
    ready: deque[Instance] = field(default_factory=deque)
    running: dict[str, Instance] = field(default_factory=dict)
    waiting: dict[str, Instance] = field(default_factory=dict)
    timed: dict[tuple[str, TimeLimit], Timed] = field(default_factory=dict)
    people: People = field(default_factory=People)
    prices: Mapping[str, Sequence[float]] = field(default_factory=dict)
    windows: Mapping[str, int] = field(default_factory=dict)
    traffic: dict[str, Traffic] = field(default_factory=dict)
    played: bool = False
    cancelled: str | None = None
    outputs: Mapping[str, Json] | None = None
    failure: Failure | None = None


def is_within(instance: Instance, scope: Scope) -> bool:
    """Is it in the scope, or in anything inside that?"""
    around: Scope | None = instance.scope
    while around is not None and around is not scope:
        around = around.owner.scope if around.owner else None
    return around is scope


def open_pipeline(
    plan: Plan, at: str, owner: Instance | None, env: dict[str, Json], purse: Purse
) -> Scope:
    """The scope of a pipeline, with all its steps pending: it sees nothing of what is around it."""
    nested = owner.step.nested if owner is not None else None
    fail_fast = nested.fail_fast if nested is not None else None
    if fail_fast is None:
        fail_fast = bool(plan.root.fail_fast)
    return _with_steps(Scope(at, None, owner, plan.root, env, purse, fail_fast), plan.root)


def open_scope(plan: ScopePlan, at: str, owner: Instance, env: dict[str, Json]) -> Scope:
    """The scope of a group, case or iteration, with all its steps pending.

    Its expressions see `env` and the steps of the scopes around it.
    """
    fail_fast = fails_fast(plan.fail_fast, owner)
    return _with_steps(Scope(at, owner.scope, owner, plan, env, owner.funds, fail_fast), plan)


def open_unplanned(owner: Instance, fail_fast: bool | None, limit: int = 0) -> Scope:
    """An empty scope for what no `ScopePlan` lists: items, tasks, calls of tools.

    At most `limit` are in work at a time of items and tasks, which are entered as there is room.
    """
    around = owner.scope
    fast = fails_fast(fail_fast, owner)
    return Scope(owner.address, around, owner, None, owner.env, owner.funds, fast, limit=limit)


def fails_fast(said: bool | None, owner: Instance) -> bool:
    """What a scope says of itself, or else what holds around it."""
    return owner.scope.fail_fast if said is None else said


def _with_steps(scope: Scope, plan: ScopePlan) -> Scope:
    scope.remaining = len(plan.steps)
    scope.env = {**scope.env, "steps": StepsView(scope)}
    for step in plan.steps:
        instance = scope.steps[step.id] = Instance(
            address=address.child(scope.address, step.id),
            step=step,
            scope=scope,
            env=scope.env,
            waits_for=len(step.upstream),
        )
        if step.budget is not None:
            instance.own_purse = Purse(step.budget, instance.address, scope.purse)
    return scope
