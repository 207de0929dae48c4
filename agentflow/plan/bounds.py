"""How much a pipeline can use at most, computed before it runs.

The worst case is that everything fails as often as it may and succeeds at last, so that what waits
for it fails as often too: every list is as long as it may be, every loop uses all its iterations,
and a switch takes its most expensive case. A call of an agent is

    n · m · (1 + r)  attempts: n of its retry policy, each with m models that stand in for each
                     other, each of which answers 1 + r times, r of them repairs
    t                requests an attempt: t turns with tools

with `max_calls` calls of each tool besides. After it come the dearest of the agents that `catch`
hands over to, and the levels of the dearest escalation, an attempt each of every model. Around it,
all is multiplied by the longest list of `for_each`, by `loop.max` and `delegate.max_tasks`. A
`budget` cuts off what is beyond it (`plan.budgets`).

    time of a call    t · (n · m · (1 + r) · T + Σ min(cap, initial · factor^i), i = 0 … n-2)
    tokens in         the bytes of the longest prompt: a token is a byte at least; with repairs and
                      tools, what is told again besides (`plan.prompts`)
    tokens out        `max_output_tokens`
    money             tokens in · price in + tokens out · price out

The `timeout` of a step with steps inside cuts off the time of each of its instances, and
`budget.wall` that of the whole.

Not in it is what nobody can know before: that people have a step made again (bounded by
`budget.escalations`), how long it takes them to say whether something has happened, that the other
side asks for longer waits (`Retry-After`), how long calls wait by the `limits` of their model, and
attempts that are lost with their process.

What has no bound has an infinite amount and the field that leaves it open. The work is linear in
the size of the spec: each step is looked at once, and each inner pipeline once.
"""

from collections.abc import Callable, Iterable
from math import ceil, inf

from msgspec import Struct, field
from msgspec.structs import replace

from agentflow.plan.amounts import (
    Bound,
    Most,
    Way,
    scaled,
    total,
)
from agentflow.plan.budgets import Kept, kept, within
from agentflow.plan.calls import tools_in_turn
from agentflow.plan.concurrency import width_of
from agentflow.plan.costs import (
    FREE,
    Cost,
    Load,
    after,
    certain,
    charged_once,
    either,
    if_escalated,
    if_retried,
    repeated,
    together,
)
from agentflow.plan.critical_path import in_order, seconds_of, through
from agentflow.plan.factors import Factors, backoffs, factors_of, turns_of
from agentflow.plan.list_lengths import most_items
from agentflow.plan.requests import Prices, Requests
from agentflow.plan.steps import CallPlan, EscalationPlan, Plan, ScopePlan, StepPlan
from agentflow.plan.types import Types


class Part(Struct, frozen=True):
    """What a step comes to in one turn of the scope that it is in.

    `turns` is how often it is done there, `cost` what it comes to altogether, within its own
    budget, and `own` what that keeps it from. Of another pipeline, `run` says so of each time that
    it is run. `case` is the case of a switch that it is in. `inside` are the steps of a group, of
    all cases, of a loop or of another pipeline, or the workers of a delegate, each in one turn of
    that.
    """

    step: StepPlan
    turns: int
    cost: Cost
    own: Kept
    inside: tuple["Part", ...] = ()
    case: str | None = None
    run: Kept | None = None

    @property
    def most(self) -> Most:
        """The most of each quantity."""
        return self.cost.most

    @property
    def needed(self) -> Most:
        """The most of each quantity, if its own budget did not stop it."""
        return self.own.needed

    @property
    def path(self) -> float:
        """The seconds of the longest way through it, if nothing waits for a slot."""
        return self.cost.way.time


class WorstCase(Struct, frozen=True):
    """What a run comes to at most, and what its own budget keeps it from.

    `seconds` is the time that it can take with as many slots as were asked for.
    """

    own: Kept
    seconds: float
    parts: tuple[Part, ...]

    @property
    def most(self) -> Most:
        """The most of each quantity."""
        return self.own.most

    @property
    def needed(self) -> Most:
        """The most of each quantity, if its own budget did not stop it."""
        return self.own.needed


class _Inside(Struct, frozen=True):
    """What is done one time, and the steps in it."""

    cost: Cost = FREE
    parts: tuple[Part, ...] = ()
    run: Kept | None = None


def worst_case(plan: Plan, prices: Prices | None = None, slots: int = 16) -> WorstCase:
    """The worst case of a plan without errors.

    `prices` are for models of which the spec does not say one, `slots` is how many attempts may be in
    flight at a time.
    """
    return _Arithmetic(plan, _Terms(prices or {}, slots)).of_run()


def dearest(parts: Iterable[Part], what: Callable[[Most], Bound]) -> tuple[Part, ...]:
    """The way to where the most of a quantity is used up, from the outside in."""
    way: list[Part] = []
    parts = tuple(parts)
    while parts:
        worst = max(parts, key=lambda part: what(part.most).amount)
        if what(worst.most).amount == 0:
            break
        way.append(worst)
        parts = worst.inside
    return tuple(way)


class _Terms(Struct):
    """What holds for a plan and for those inside of it, each of which is `known` after the first look."""

    prices: Prices
    slots: int
    known: dict[int, tuple[Plan, _Inside]] = field(default_factory=dict)


class _Arithmetic:
    """The worst case of one plan."""

    def __init__(self, plan: Plan, terms: _Terms) -> None:
        self._plan = plan
        self._types = Types(plan)
        self._terms = terms
        self._requests = Requests(plan, self._types, terms.prices)

    def of_run(self) -> WorstCase:
        plan, slots = self._plan, self._terms.slots
        inside = self._scope(plan.root)
        cost = within(inside.cost, plan.budget.bounds)
        shared = slots if width_of(plan, slots) > slots else None
        needed = seconds_of(inside.cost.whole, shared)
        return WorstCase(
            own=kept(inside.cost, cost, needed, plan.budget.bounds, plan.budget.wall),
            seconds=min(seconds_of(cost.whole, shared), plan.budget.wall),
            parts=inside.parts,
        )

    def _scope(self, scope: ScopePlan | None, case: str | None = None) -> _Inside:
        if scope is None:
            return _Inside()
        parts = tuple(replace(self._part(step), case=case) for step in scope.steps)
        ordered = in_order(scope.steps)

        def way(load: Callable[[Cost], Load]) -> Way:
            return through(ordered, {part.step.id: load(part.cost).way for part in parts})

        return _Inside(together((part.cost for part in parts), way), parts)

    def _part(self, step: StepPlan) -> Part:
        turns, lanes = 1, 1
        if step.for_each is not None:
            turns = most_items(step, self._types)
            lanes = ceil(turns / (step.for_each.parallel or self._terms.slots))
        once = self._once(step)
        cost = repeated(after((once.cost, self._escalated(step))), turns, lanes)
        budget, wall = step.budget or {}, step.wall or inf
        left = within(cost, budget, wall)
        own = kept(cost, left, cost.way.time, budget, wall)
        return Part(step, turns, left, own, once.parts, run=once.run)

    def _once(self, step: StepPlan) -> _Inside:
        """What it comes to for one item, before it turns to anybody."""
        inside = self._inside(step)
        if step.timeout is None:
            return inside
        return replace(inside, cost=within(inside.cost, {}, step.timeout))

    def _inside(self, step: StepPlan) -> _Inside:
        if step.question is not None:
            return _Inside(certain(_waiting(step.question.timeout)))
        if step.delegate is not None:
            tasks = step.delegate.max_tasks
            workers = [self._part(each) for each in step.delegate.workers.values()]
            cost = either(worker.cost for worker in workers)
            return _Inside(repeated(cost, tasks), tuple(workers))
        if step.nested is not None:
            return self._nested(step.nested.plan)
        if step.kind == "agent":
            return _Inside(self._agent(step))
        rounds = step.loop.max if step.loop is not None else 1
        found = [self._scope(step.body), self._scope(step.default, "default")]
        found[1:1] = [self._scope(scope, case) for case, scope in step.cases.items()]
        cost = repeated(either(inside.cost for inside in found), rounds)
        return _Inside(cost, tuple(part for inside in found for part in inside.parts))

    def _nested(self, plan: Plan) -> _Inside:
        known = self._terms.known
        if id(plan) not in known:
            inside = _Arithmetic(plan, self._terms)._scope(plan.root)
            cost, budget = inside.cost, plan.budget
            left = within(cost, budget.bounds, budget.wall)
            run = kept(cost, left, cost.way.time, budget.bounds, budget.wall)
            known[id(plan)] = (plan, replace(inside, cost=left, run=run))
        return known[id(plan)][1]

    # --- calls -----------------------------------------------------------------------------

    def _agent(self, step: StepPlan) -> Cost:
        """The dearest of its agents, and after it the dearest of those that `catch` hands over to."""
        own = step.among.values() if step.dispatch is not None else (step.call,)
        takers = (action.call for action in step.catch.values())
        return after(
            either(self._call(call, step.address) for call in calls if call is not None)
            for calls in (own, takers)
        )

    def _call(self, call: CallPlan, place: str) -> Cost:
        made = factors_of(call)
        waits = backoffs(call)
        once = self._requests.answered(call, made, place)
        chain = after(once)
        paused = Most(retries=Bound(made.attempts - 1), pauses=Bound(sum(waits)))
        pauses = certain(Load(paused, Way(sum(waits), sum(waits))))
        again = FREE
        if made.attempts > 1:
            repeats = after((repeated(chain, made.attempts - 1), repeated(pauses, made.turns)))
            again = if_retried(repeats, _brought(once, made, max(waits, default=0.0)))
        cost = after((chain, again, self._tools(call)))
        return cost if call.key is None or call.tools else charged_once(cost)

    def _tools(self, call: CallPlan) -> Cost:
        """All calls of tools that a model may ask for, one after the other; in its last turn, none."""
        found = []
        for tool in call.tools.values() if tools_in_turn(call) else ():
            once = [self._part(tool.step).cost]
            if tool.step.approval is not None:
                once.append(self._levels(tool.step.approval, tool.step.address))
            found.append(repeated(after(once), tool.max_calls))
        return after(found)

    def _escalated(self, step: StepPlan) -> Cost:
        """The levels of the dearest of its escalations, and the longest that one takes."""
        ladders = [action.escalation for action in step.catch.values() if action.escalation]
        return either(self._levels(ladder, step.address) for ladder in ladders)

    def _levels(self, ladder: EscalationPlan, place: str) -> Cost:
        found = [certain(Load(Most(escalations=Bound(1))))]
        for level in ladder.levels:
            found.append(certain(_waiting(level.within or 0.0)))
            found.append(either(self._called(call, place) for call in level.calls))
        return if_escalated(after(found))

    def _called(self, call: CallPlan, place: str) -> Cost:
        """A call of a level, with the tools of its model."""
        turns = Factors(1, 1, turns=turns_of(call))
        return after([*self._requests.answered(call, turns, place), self._tools(call)])


def _waiting(seconds: float) -> Load:
    return Load(way=Way(seconds, seconds, seconds))


def _brought(once: list[Cost], made: Factors, pause: float) -> Load:
    """What one retry brings: in a turn, the answers of all models again, and the wait before."""
    again = total(scaled(answers.single, made.answers) for answers in once)
    seconds = again.work.amount + pause
    return Load(again._replace(retries=Bound(1), pauses=Bound(pause)), Way(seconds, pause))
