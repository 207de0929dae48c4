"""What has to go wrong so that a claim is tested: several ways, the likeliest first."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from agentflow.core.fallbacks import MOVES_ON
from agentflow.drill.carriers import Carrier
from agentflow.drill.claims import APPROVAL, Claim
from agentflow.drill.scenarios import Asked, Attempted, Fault
from agentflow.plan.calls import calls_of
from agentflow.plan.failures import failures_of
from agentflow.plan.steps import StepPlan
from agentflow.spec.model import REPAIRABLE, FailureClass


class Way(Struct, frozen=True):
    """Faults that bring a claim about in a run which gets to the step called `via`."""

    faults: tuple[Fault, ...]
    via: str


#: The steps of a run by name.
Steps = Mapping[str, Carrier]

#: Classes in the order in which they are tried for `any`: first what leaves no doubt about effects.
_ORDER = (
    FailureClass.NOT_SENT,
    FailureClass.REJECTED,
    FailureClass.INVALID_OUTPUT,
    FailureClass.SERVER_ERROR,
    FailureClass.TIMEOUT,
    FailureClass.LOW_CONFIDENCE,
    FailureClass.RATE_LIMITED,
    FailureClass.TRUNCATED,
    FailureClass.CONTEXT_OVERFLOW,
    FailureClass.EXHAUSTED,
    FailureClass.UNKNOWN_EFFECT,
    FailureClass.BUDGET_EXCEEDED,
)
#: How a question ends as a failure of its step.
_OF_QUESTIONS: Mapping[FailureClass, Asked] = {
    FailureClass.TIMEOUT: "silence",
    FailureClass.REJECTED: "abort",
    FailureClass.NOT_SENT: "undelivered",
}
#: How a call uses up what there is: its time, the tokens and the money, the attempts.
_USED_UP: tuple[Attempted, ...] = (
    FailureClass.TIMEOUT,
    "slow",
    "waste",
    "spend",
    FailureClass.NOT_SENT,
    FailureClass.INVALID_OUTPUT,
)
#: How many steps inside are tried as those that fail.
_MOST_INSIDE = 4
_MOST_CALLERS = 60


def ways(claim: Claim, steps: Steps) -> Iterator[Way]:
    """The ways to a claim."""
    carrier = steps[claim.step]
    at = carrier.pattern
    match claim.what:
        case "retry":
            yield Way(tuple(_once(carrier, FailureClass(claim.key), claim.detail)), claim.start)
        case "repair":
            kind = FailureClass.INVALID_OUTPUT
            yield Way((_by(carrier, Fault(at, kind, times=1), claim.detail),), claim.start)
        case "fallback":
            yield Way(tuple(_down_to(carrier, claim)), claim.start)
        case "tolerated" | "too_few":
            yield from _items(carrier, claim, steps)
        case "catch":
            yield from failing(carrier, claim.key, steps)
        case _:
            for way in failing(carrier, claim.key, steps):
                for levels in _ladders(carrier, claim):
                    yield Way((*levels, *way.faults), way.via)


def goes_on(claim: Claim, steps: Steps) -> bool:
    """Does a run go on when a claim has come up, so that others can come up in it too?"""
    if steps[claim.step].step.kind not in ("agent", "human"):
        return False
    last = claim.escalation.on_exhausted.action if claim.escalation is not None else "skip"
    match claim.what:
        case "catch" | "last":
            return claim.action is not None and claim.action.action != "fail"
        case "answer":
            return claim.detail in ("approve", "replace")
        case "left" | "unanswered":
            return last != "fail"
        case _:
            return True


def _once(carrier: Carrier, kind: FailureClass, agent: str) -> Iterator[Fault]:
    """One attempt fails, after all repairs and fallbacks."""
    call = next((call for call in calls_of(carrier.step) if call.agent == agent), None)
    times = 1
    if call is not None and kind in REPAIRABLE and call.effects.repeatable:
        times += call.repair
    if call is not None and kind in MOVES_ON:
        times += len(call.fallbacks)
    yield _by(carrier, Fault(carrier.pattern, kind, times=times), agent)


def _down_to(carrier: Carrier, claim: Claim) -> Iterator[Fault]:
    """All models of a chain fail that come before the one of the claim."""
    call = next(call for call in calls_of(carrier.step) if call.agent == claim.key)
    last = [fallback.name for fallback in call.fallbacks].index(claim.detail)
    for link in range(last + 1):
        fault = Fault(carrier.pattern, FailureClass.NOT_SENT, link=link, times=1)
        yield _by(carrier, fault, claim.key)


def _by(carrier: Carrier, fault: Fault, agent: str) -> Fault:
    """A fault of one of the agents that a step chooses from, wherever it does choose it."""
    return replace(fault, agent=agent, everywhere=True) if carrier.step.among else fault


def _items(carrier: Carrier, claim: Claim, steps: Steps) -> Iterator[Way]:
    """The first item of a list fails, or all do."""
    inside = [other for other in steps.values() if carrier.at(other.pattern)]
    own = [carrier] if carrier.step.kind in ("agent", "human") else []
    able = [other for other in (*own, *inside) if _can(other.step, FailureClass.REJECTED)]
    for other in able[:_MOST_INSIDE]:
        fault = _hard(other, FailureClass.REJECTED, everywhere=claim.what == "too_few")
        yield Way((fault,), claim.start)


def _ladders(carrier: Carrier, claim: Claim) -> Iterator[tuple[Fault, ...]]:
    """What becomes of the levels; silence may take longer than there is time around it."""
    silent = tuple(_at_levels(carrier, claim, "silence"))
    yield silent
    undelivered = tuple(_at_levels(carrier, claim, "undelivered"))
    if undelivered != silent:
        yield undelivered


def _at_levels(carrier: Carrier, claim: Claim, lack: Asked) -> Iterator[Fault]:
    """What becomes of the levels of an escalation: none helps, up to that of the claim."""
    plan, at = claim.escalation, carrier.pattern
    assert plan is not None
    for number, level in enumerate(plan.levels):
        does: Attempted | Asked = lack if level.kind == "human" else FailureClass.NOT_SENT
        if number != claim.level:
            yield Fault(at, does, number)
        elif claim.what == "helps":
            yield Fault(at, "answer", number)
        elif claim.what == "left":
            yield Fault(at, does, number)
        elif claim.what in ("answer", "unanswered"):
            # Whoever says that it is to be tried again says it once.
            yield Fault(at, claim.detail, number, times=1 if claim.detail == "retry" else None)  # type: ignore[arg-type]
            if claim.detail == "retry":
                yield Fault(at, "abort", number)


def failing(carrier: Carrier, key: str, steps: Steps) -> Iterator[Way]:
    """How a step has to fail to reach an entry of its `catch`, or to get a tool called at all."""
    if key == APPROVAL:
        yield Way((), carrier.name)
        return
    step = carrier.step
    possible = failures_of(step)
    kinds = [FailureClass(key)] if key != "any" else _ORDER
    taken = {FailureClass(other) for other in step.catch if other not in ("any", key)}
    for kind in kinds:
        if kind in possible and kind not in taken:
            yield from _as(carrier, kind, steps)


def _as(carrier: Carrier, kind: FailureClass, steps: Steps) -> Iterator[Way]:
    """How a step fails with a class."""
    step, at = carrier.step, carrier.pattern
    if step.kind == "human":
        if kind in _OF_QUESTIONS:
            yield Way((Fault(at, _OF_QUESTIONS[kind]),), carrier.name)
        return
    if kind is FailureClass.BUDGET_EXCEEDED:
        yield from _using_up(carrier, steps)
        return
    if step.kind != "agent":
        yield from _inside(carrier, kind, steps)
        return
    if kind is FailureClass.UNKNOWN_EFFECT:
        yield from _in_doubt(carrier)
        # Of a model, only its tools change the world.
        inside = (other for other in steps.values() if carrier.at(other.pattern))
        for other in [one for one in inside if _can(one.step, kind)][:_MOST_INSIDE]:
            yield from _in_doubt(other)
        return
    tools = kind is FailureClass.EXHAUSTED
    yield Way((Fault(at, "tools" if tools else kind),), carrier.name)


def _in_doubt(carrier: Carrier) -> Iterator[Way]:
    """How to leave open what a call has done; with a key, it is repeated after each crash."""
    yield Way((Fault(carrier.pattern, "crash", times=1),), carrier.name)
    for does in (FailureClass.TIMEOUT, FailureClass.SERVER_ERROR):
        yield Way((Fault(carrier.pattern, does),), carrier.name)


def _inside(carrier: Carrier, kind: FailureClass, steps: Steps) -> Iterator[Way]:
    """How a step fails because of one inside of it, or because of itself."""
    inside = [other for other in steps.values() if carrier.at(other.pattern)]
    if kind is FailureClass.EXHAUSTED and carrier.step.loop is not None:
        calls = [one for one in inside if one.step.kind in ("agent", "human")][:_MOST_CALLERS]
        lingering = (Fault(other.pattern, "linger", everywhere=True) for other in calls)
        yield Way(tuple(lingering), carrier.name)
    able = [other for other in inside if _can(other.step, kind)]
    for other in able[:_MOST_INSIDE]:
        yield Way((_hard(other, kind, everywhere=False),), other.name)
        yield Way((_hard(other, kind, everywhere=True),), other.name)
        if kind is FailureClass.UNKNOWN_EFFECT:
            yield from _in_doubt(other)


def _can(step: StepPlan, kind: FailureClass) -> bool:
    return step.kind in ("agent", "human") and kind in failures_of(step)


def _hard(carrier: Carrier, kind: FailureClass, *, everywhere: bool) -> Fault:
    """A failure that nobody helps with: whoever is called fails so, whoever is asked is silent."""
    does: Attempted | Asked = kind
    if carrier.step.kind == "human":
        does = _OF_QUESTIONS.get(kind, "silence")
    elif kind is FailureClass.UNKNOWN_EFFECT:
        does = "crash"
    elif kind is FailureClass.EXHAUSTED:
        does = "tools"
    times = 1 if does == "crash" else None
    return Fault(carrier.pattern, does, "any", times=times, everywhere=everywhere)


def _using_up(carrier: Carrier, steps: Steps) -> Iterator[Way]:
    """How there is nothing left: the calls in it use it up, or those before it."""
    own = [carrier] if carrier.step.kind == "agent" else []
    inside = (other for other in steps.values() if carrier.at(other.pattern))
    within = list(_callers(chain(own, inside)))
    others = [other for other in _callers(steps.values()) if other not in within]
    for does in _USED_UP:
        yield _all(within, does, carrier)
    for does in ("spend", "slow"):
        yield _all(others, does, carrier)


def _all(every: Iterable[Carrier], does: Attempted, carrier: Carrier) -> Way:
    faults = (Fault(other.pattern, does, "any", everywhere=True) for other in every)
    return Way(tuple(faults), carrier.name)


def _callers(every: Iterable[Carrier]) -> list[Carrier]:
    return [other for other in every if other.step.kind == "agent"][:_MOST_CALLERS]
