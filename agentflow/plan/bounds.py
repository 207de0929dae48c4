"""How much a pipeline can come to at most, worked out before it runs.

The worst case is that everything fails as often as it may and succeeds at last, so that what waits
for it fails as often too: every list is as long as it may be, every loop goes on to its end, a
switch takes its dearest case. A call of an agent is

    n · m · (1 + r)  attempts: n of its retry policy, each with m models that stand in for each
                     other, each of which answers 1 + r times, r of them repairs
    t                requests an attempt: t turns with tools

with `max_calls` calls of each tool besides. After it come the dearest of the agents that `catch`
hands over to, and the levels of the dearest escalation, an attempt each of every model. Around it,
all is multiplied by `for_each.max`, `loop.max` and `delegate.max_tasks`. A `budget` of a step or of a pipeline inside cuts off what is beyond it.

    time of a call    t · (n · m · (1 + r) · T + Σ min(cap, initial · factor^i), i = 0 … n-2)
    tokens in         the bytes of the longest prompt: a token is a byte at least; with tools, what is
                      told again in each turn besides (`plan.prompts`)
    tokens out        `max_output_tokens`
    money             tokens in · price in + tokens out · price out

The `timeout` of a step with steps inside cuts off the time of each of its instances, and `budget.wall` that of
the whole.

Not in it is what nobody can know before: that people have a step made again (bounded by
`budget.escalations`), that the other side asks for longer waits (`Retry-After`), how long calls wait
by the `limits` of their model, and attempts that are lost with their process.

What has no bound has an infinite amount and the field that leaves it open. Work goes with the size
of the spec: each step is looked at once, and each pipeline inside once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf

from agentflow.contracts.keywords import Schema
from agentflow.contracts.size import size_of
from agentflow.plan.amounts import NOTHING, Bound, Most, greatest, plus, scaled, times, total
from agentflow.plan.calls import tools_in_turn
from agentflow.plan.graph import topological_order
from agentflow.plan.prompts import first_prompt, grown_altogether, model_of, said_by
from agentflow.plan.steps import CallPlan, ChatPlan, EscalationPlan, Plan, ScopePlan, StepPlan
from agentflow.plan.waits import backoff
from agentflow.plan.widths import width_of
from agentflow.spec.model import ANSWERED, FailureClass
from agentflow.spec.templates import Constant

_MILLION = 1_000_000
#: Of these nothing is held back before a call.
_CHARGED_AFTERWARDS = frozenset({"retries", "escalations"})
#: US dollars for a million tokens in and out, by the model's name at LiteLLM.
Prices = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Part:
    """What a step comes to in one turn of the scope that it is in.

    `turns` is how often it is done there, `most` what it comes to altogether, within its own budget,
    and `path` the seconds of the longest way through it, if nothing waits for a slot. `inside` are the
    steps of a group, of all cases, of a loop or of another pipeline, or the workers of a delegate, each
    in one turn of that.
    """

    step: StepPlan
    turns: int
    most: Most
    path: float
    inside: tuple["Part", ...] = ()


@dataclass(frozen=True, slots=True)
class WorstCase:
    """What a run comes to at most: `needed` if its own budget did not stop it, `most` if it does.

    `seconds` is the time that it can take with as many slots as were asked for.
    """

    needed: Most
    most: Most
    seconds: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class _Inside:
    """What is done one time, the longest way through it, and the steps in it."""

    most: Most = NOTHING
    path: float = 0.0
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Factors:
    """What one call of an agent is multiplied by: n, 1 + r, m and t of the head of this module."""

    attempts: int
    answers: int
    models: int = 1
    turns: int = 1

    @property
    def made(self) -> int:
        """Attempts that a call can become."""
        return self.attempts * self.models * self.answers

    @property
    def requests(self) -> int:
        """Requests that an attempt can become."""
        return self.turns


def factors_of(call: CallPlan) -> Factors:
    """How often a call can be made again, after failures and for a better answer."""
    answers = 1 + call.repair if call.effects.repeatable else 1
    return Factors(_attempts(call), answers, models_of(call), turns_of(call))


def turns_of(call: CallPlan) -> int:
    """t: in how many turns a model comes to its answer, if it asks for tools as long as it may."""
    return call.max_turns if call.tools else 1


def models_of(call: CallPlan) -> int:
    """m: how many models are asked in one attempt of the retry policy, if all of them fail."""
    return 1 + len(call.fallbacks)


def call_seconds(call: CallPlan) -> float:
    """The time that a call and all its repeats can take, the waits between them included.

    That of the tools which a model calls is not in it.
    """
    made = factors_of(call)
    retries = range(made.attempts - 1)
    waits = sum(backoff(call.retry.backoff, n, 1) for n in retries) if call.retry else 0.0
    return made.turns * (made.made * call.timeout + waits)


def worst_case(plan: Plan, prices: Prices | None = None, slots: int = 16) -> WorstCase:
    """The worst case of a plan without errors.

    `prices` are for models of which the spec does not say one, `slots` is how many attempts may be in
    flight at a time.
    """
    return _Arithmetic(prices or {}, slots).of_run(plan)


def single_call(call: CallPlan, inputs: Schema, prices: Prices) -> Most:
    """One request of a call's model that is given all inputs of the pipeline instead of its own."""
    assert call.chat is not None
    size = size_of(inputs)
    prompt = Bound(inf, f"inputs{size.field}")
    if size.field is None:
        prompt = Bound(call.chat.overhead + size.bytes)
    return _requests(call, call.chat, prompt, 1, prices)


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


# --- calls ---------------------------------------------------------------------------------


def _attempts(call: CallPlan) -> int:
    """n: how many attempts the policy allows, if there is a failure after which it may be repeated."""
    if call.retry is None:
        return 1
    safe = call.effects.repeatable or call.key is not None
    classes = (FailureClass(name) for name in call.retry.on)
    repeated = any(safe or not (kind.ambiguous or kind in ANSWERED) for kind in classes)
    return call.retry.max_attempts if repeated else 1


def _requests(call: CallPlan, chat: ChatPlan, prompts: Bound, count: int, prices: Prices) -> Most:
    """So many requests, whose prompts have so many tokens altogether."""
    model = model_of(call, chat)
    answers = Bound(inf, f"{model}.max_output_tokens")
    if chat.max_output_tokens is not None:
        answers = Bound(chat.max_output_tokens * count)
    usd, price = Bound(inf, f"{model}.price"), chat.price or prices.get(chat.model)
    if price is not None:
        usd = plus(times(prompts, price[0] / _MILLION), times(answers, price[1] / _MILLION))
    return Most(calls=Bound(count), tokens_in=prompts, tokens_out=answers, usd=usd)


# --- the tree ------------------------------------------------------------------------------


class _Arithmetic:
    """The worst case of one plan and of those inside of it, each of which is looked at once."""

    def __init__(self, prices: Prices, slots: int) -> None:
        self._prices = prices
        self._slots = slots
        self._known: dict[int, tuple[Plan, _Inside]] = {}
        #: May a call have to wait for what calls in flight may give back to a budget?
        self._may_wait = False

    def of_run(self, plan: Plan) -> WorstCase:
        inside = self._scope(plan.root)
        most = self._within(inside.most, plan.budget.bounds)
        # With a slot for every attempt nothing but the longest way takes time. With fewer it goes on
        # while not all of them are busy (Graham, "Bounds on multiprocessing timing anomalies", 1969).
        # Where calls wait for what others give back to a budget, one slot is all that is sure.
        slots = 1 if self._may_wait else self._slots
        seconds = inside.path
        if width_of(plan, self._slots) > slots:
            seconds += inside.most.work.amount / slots
        return WorstCase(inside.most, most, min(seconds, plan.budget.wall), inside.parts)

    def _within(self, most: Most, budget: Mapping[str, float]) -> Most:
        """What is left if a budget cuts off the rest; its tokens are those in and out together."""
        kept = most._asdict()
        for what, bound in budget.items():
            held = what not in _CHARGED_AFTERWARDS
            for name in ("tokens_in", "tokens_out") if what == "tokens" else (what,):
                if name in kept and kept[name].amount > bound:
                    kept[name] = Bound(bound)
                    self._may_wait |= held
            self._may_wait |= held and what != "calls"
        return Most(**kept)

    def _scope(self, scope: ScopePlan | None) -> "_Inside":
        if scope is None:
            return _Inside()
        parts = tuple(self._part(step) for step in scope.steps)
        return _Inside(total(part.most for part in parts), _longest(parts), parts)

    def _part(self, step: StepPlan) -> Part:
        turns, lanes = 1, 1
        if step.for_each is not None:
            turns = step.for_each.max
            over = step.for_each.over
            if isinstance(over, Constant) and isinstance(over.value, list):
                turns = min(turns, len(over.value))
            lanes = ceil(turns / (step.for_each.parallel or self._slots))
        once = self._once(step)
        levels, waits = self._escalated(step)
        most = scaled(total((once.most, levels)), turns)
        path = min((once.path + waits) * lanes, step.wall or inf)
        return Part(step, turns, self._within(most, step.budget or {}), path, once.parts)

    def _once(self, step: StepPlan) -> "_Inside":
        """What it comes to for one item, before it turns to anybody."""
        inside = self._inside(step)
        if step.timeout is None:
            return inside
        return replace(inside, path=min(inside.path, step.timeout))

    def _inside(self, step: StepPlan) -> "_Inside":
        if step.question is not None:
            return _Inside(path=step.question.timeout)
        if step.delegate is not None:
            tasks = step.delegate.max_tasks
            return _dearest([self._worker(each) for each in step.delegate.workers.values()], tasks)
        if step.nested is not None:
            return self._nested(step.nested.plan)
        if step.kind == "agent":
            return self._agent(step)
        rounds = step.loop.max if step.loop is not None else 1
        scopes = (step.body, *step.cases.values(), step.default)
        return _dearest([self._scope(scope) for scope in scopes], rounds)

    def _worker(self, worker: StepPlan) -> "_Inside":
        part = self._part(worker)
        return _Inside(part.most, part.path, (part,))

    def _nested(self, plan: Plan) -> "_Inside":
        known = self._known.get(id(plan))
        if known is None:
            inside = self._scope(plan.root)
            most = self._within(inside.most, plan.budget.bounds)
            inside = _Inside(most, min(inside.path, plan.budget.wall), inside.parts)
            known = self._known[id(plan)] = (plan, inside)
        return known[1]

    # --- calls -----------------------------------------------------------------------------

    def _agent(self, step: StepPlan) -> "_Inside":
        """The dearest of its agents, and after it the dearest of those that `catch` hands over to."""
        own = step.among.values() if step.dispatch is not None else (step.call,)
        takers = (action.call for action in step.catch.values())
        one, other = (
            _dearest([self._call(call) for call in calls if call is not None])
            for calls in (own, takers)
        )
        return _Inside(total((one.most, other.most)), one.path + other.path)

    def _call(self, call: CallPlan) -> "_Inside":
        made = factors_of(call)
        most = scaled(self._chain(call, made), made.attempts * made.answers)
        most = most._replace(retries=Bound((made.attempts - 1) * made.turns))
        tools = self._tools(call)
        return _Inside(total((most, tools.most)), call_seconds(call) + tools.path)

    def _tools(self, call: CallPlan) -> "_Inside":
        """All calls of tools that a model may ask for, one after the other; in its last turn, none."""
        most, path = NOTHING, 0.0
        for tool in call.tools.values() if tools_in_turn(call) else ():
            once = self._part(tool.step)
            asked, waits = NOTHING, 0.0
            if tool.step.approval is not None:
                asked, waits = self._levels(tool.step.approval)
            most = total((most, scaled(total((once.most, asked)), tool.max_calls)))
            path += (once.path + waits) * tool.max_calls
        return _Inside(most, path)

    def _chain(self, call: CallPlan, made: Factors) -> Most:
        """An attempt of its model, and one of each that takes over for it."""
        calls = (call, *(fallback.call for fallback in call.fallbacks))
        said = said_by(call)
        return total(self._attempt(each, made, said) for each in calls)

    def _attempt(self, call: CallPlan, made: Factors, said: Bound) -> Most:
        work = Bound(call.timeout * made.requests)
        if call.chat is None:
            return Most(calls=Bound(made.requests), work=work)
        again = made.answers > 1
        first = first_prompt(call, call.chat, asked_again=again)
        more = grown_altogether(call, said, asked_again=again)
        prompts = plus(times(first, made.requests), more)
        return _requests(call, call.chat, prompts, made.requests, self._prices)._replace(work=work)

    def _escalated(self, step: StepPlan) -> tuple[Most, float]:
        """The levels of the dearest of its escalations, and the longest that one takes."""
        ladders = [action.escalation for action in step.catch.values() if action.escalation]
        found = [self._levels(ladder) for ladder in ladders]
        return greatest(most for most, _ in found), max((time for _, time in found), default=0.0)

    def _levels(self, ladder: EscalationPlan) -> tuple[Most, float]:
        most, seconds = Most(escalations=Bound(1)), 0.0
        for level in ladder.levels:
            seconds += level.within or 0.0
            if level.call is not None:
                turns, tools = turns_of(level.call), self._tools(level.call)
                chain = self._chain(level.call, Factors(1, 1, turns=turns))
                most = total((most, chain, tools.most))
                seconds += models_of(level.call) * turns * level.call.timeout + tools.path
        return most, seconds


def _dearest(found: Sequence[_Inside], rounds: int = 1) -> _Inside:
    """The most of whichever it is, so many times one after the other."""
    return _Inside(
        scaled(greatest(inside.most for inside in found), rounds),
        rounds * max((inside.path for inside in found), default=0.0),
        tuple(part for inside in found for part in inside.parts),
    )


def _longest(parts: Sequence[Part]) -> float:
    """The longest way through steps of which some wait for others, in seconds."""
    by_id = {part.step.id: part for part in parts}
    ends: dict[str, float] = {}
    for step_id in topological_order({name: part.step.downstream for name, part in by_id.items()}):
        part = by_id[step_id]
        ends[step_id] = part.path + max((ends[name] for name in part.step.upstream), default=0.0)
    return max(ends.values(), default=0.0)
