"""What a spec claims: that a failure is handled, at a place and in a way that it names.

    sort.catch.timeout                  the entry `timeout` of `catch` of step `sort`
    sort.catch.any.levels[0].helps      a level of the escalation that it turns to helps
    sort.catch.any.levels[0].left       it does not help, and the next one is tried
    sort.catch.any.levels[1].told       a person is told
    sort.catch.any.levels[2].replace    what a person answers is what follows
    sort.catch.any.levels[2].silence    nobody answers, and the next level is tried
    sort.catch.any.on_exhausted         no level helps
    sort.retry.timeout                  an attempt that failed so is made again
    sort.for_each.tolerated             some items fail, and `min_success` lets it go on
    sort.for_each.too_few               too few succeed, and it fails as `exhausted`
    sort.repair                         the agent is asked again with what was wrong
    sort.fallbacks.strong               the model `strong` is asked in the place of another
    answer/find.approve.levels[0].abort what a person says about the call of a tool

The steps of another pipeline are written with its file and `#` before them.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from agentflow.drill.carriers import Carrier, carriers
from agentflow.plan.calls import calls_of, home_of, is_repeatable
from agentflow.plan.failures import failures_of, is_passed_by
from agentflow.plan.steps import CallPlan, CatchPlan, EscalationPlan, Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.model import ANSWERED, FailureClass
from agentflow.spec.wording import quoted

What: TypeAlias = Literal[
    "catch", "retry", "repair", "fallback", "tolerated", "too_few",
    "helps", "left", "told", "answer", "unanswered", "last",
]  # fmt: skip
#: What of `catch` leads to an escalation is under this name; what a tool has is under the other.
APPROVAL = "approve"


class Claim(Struct, frozen=True):
    """One claim. `name` is unique in a plan, `step` the name of its carrier, `path` leads to what
    makes it in the document of its pipeline.

    `key` is the entry of `catch` that it is about, and of a retry the class of failures. `detail`
    is the agent, the model, or what a person answers, `level` the number of a level of
    `escalation`. `via` is what a run has to get to, if that is more than the step: one of several
    agents, or several items. `dead` says why it cannot be reached, where the plan alone proves
    that.
    """

    name: str
    step: str
    path: Path
    what: What
    key: str = ""
    detail: str = ""
    level: int | None = None
    escalation: EscalationPlan | None = None
    action: CatchPlan | None = None
    dead: str | None = None
    via: str = ""

    @property
    def start(self) -> str:
        """What a run has to get to so that it can come up, in the words of `evidence.begun`."""
        return self.via or self.step


def claims_of(plan: Plan) -> tuple[tuple[Claim, ...], Mapping[str, Carrier]]:
    """All claims of a plan and of the pipelines that it runs, and the steps that make them."""
    steps = carriers(plan)
    return tuple(claim for carrier in steps.values() for claim in _of(carrier)), steps


def _of(carrier: Carrier) -> Iterator[Claim]:
    step = carrier.step
    if step.kind == "agent":
        calls = tuple(step.among.values()) or ((step.call,) if step.call is not None else ())
        for call in calls:
            yield from _of_call(carrier, call, f"@{call.agent}" if step.among else "")
    yield from _of_list(carrier)
    possible = failures_of(step)
    for key, action in step.catch.items():
        dead = _dead(carrier, key, possible)
        yield from _of_catch(carrier, key, action, dead)
    if step.approval is not None:
        yield from _of_ladder(carrier, APPROVAL, step.approval, None)


def _of_list(carrier: Carrier) -> Iterator[Claim]:
    """What `min_success` says: as many items may fail as are not needed, and no more."""
    for_each = carrier.step.for_each
    least = for_each.min_success if for_each is not None else None
    path: Path = (*carrier.step.path, "for_each", "min_success")
    whats: list[What] = ["tolerated"] if least is not None and not _is_whole(least) else []
    if least:
        whats.append("too_few")
    for what in whats:
        via = carrier.of_several if what == "tolerated" else ""
        yield Claim(f"{carrier.name}.for_each.{what}", carrier.name, path, what, via=via)


def _is_whole(least: int | float) -> bool:
    """Is it all of a list, as a share?"""
    return isinstance(least, float) and least >= 1


def _of_call(carrier: Carrier, call: CallPlan, suffix: str) -> Iterator[Claim]:
    name, home = carrier.name, home_of(carrier.step, call)
    via = f"{name}{suffix}"
    possible = failures_of(carrier.step)
    if call.retry is not None and call.retry.max_attempts > 1:
        for kind in map(FailureClass, call.retry.on):
            lost = kind in ANSWERED or kind.ambiguous
            if kind in possible and (is_repeatable(call) or not lost):
                yield Claim(
                    f"{name}.retry.{kind}{suffix}",
                    name,
                    carrier.step.path,
                    "retry",
                    key=kind,
                    detail=call.agent,
                    via=via,
                )
    if call.repair and call.effects.repeatable:
        path = carrier.step.path
        yield Claim(f"{name}.repair{suffix}", name, path, "repair", detail=call.agent, via=via)
    for fallback in call.fallbacks:
        yield Claim(
            f"{name}.fallbacks.{fallback.name}{suffix}",
            name,
            home,
            "fallback",
            key=call.agent,
            detail=fallback.name,
            via=via,
        )


def _dead(carrier: Carrier, key: str, possible: frozenset[FailureClass]) -> str | None:
    """Why an entry of `catch` is never asked for, as far as the plan alone tells."""
    step = carrier.step
    if key != "any":
        if is_passed_by(step, key):
            return f"no other agent is asked: {quoted(step.id)} has acted then, or may have"
        if FailureClass(key) in possible:
            return _shadowed(step, FailureClass(key))
        return f"{quoted(step.id)} never fails as {quoted(key)}"
    left = possible - {FailureClass(other) for other in step.catch if other != "any"}
    if left:
        return None
    return f"every failure that {quoted(step.id)} can have has an entry of its own"


def _shadowed(step: StepPlan, kind: FailureClass) -> str | None:
    """Why another entry takes every failure of a class: what a failed write has done is unknown.

    An agent that is to take over may not be allowed to, and may fail otherwise than the step's own.
    """
    unknown = FailureClass.UNKNOWN_EFFECT
    writes = step.kind == "agent" and not any(c.effects.repeatable for c in calls_of(step))
    handed_over = any(action.action == "agent" for action in step.catch.values())
    if not (kind.ambiguous and unknown in step.catch and calls_of(step) and writes) or handed_over:
        return None
    return f"{quoted(step.id)} fails as {quoted(unknown)} instead, which has an entry of its own"


def _of_catch(carrier: Carrier, key: str, action: CatchPlan, dead: str | None) -> Iterator[Claim]:
    home = carrier.step.path[:-2] if carrier.is_task else carrier.step.path
    path: Path = (*home, "catch", key)
    name = f"{carrier.name}.catch.{key}"
    yield Claim(name, carrier.name, path, "catch", key=key, action=action, dead=dead)
    if action.escalation is not None:
        yield from _of_ladder(carrier, f"catch.{key}", action.escalation, dead)


def _of_ladder(
    carrier: Carrier, way: str, plan: EscalationPlan, dead: str | None
) -> Iterator[Claim]:
    def claim(what: What, name: str, path: Path, level: int | None, detail: str = "") -> Claim:
        return Claim(
            f"{carrier.name}.{way}.{name}",
            carrier.name,
            path,
            what,
            key=way.removeprefix("catch."),
            detail=detail,
            level=level,
            escalation=plan,
            action=plan.on_exhausted if what == "last" else None,
            dead=dead,
        )

    for number, level in enumerate(plan.levels):
        at = f"levels[{number}]"
        if level.kind == "notify":
            yield claim("told", f"{at}.told", level.path, number)
        elif level.kind == "human":
            for answer in _answers(carrier, way):
                yield claim("answer", f"{at}.{answer}", level.path, number, answer)
            for lack in ("silence", "undelivered"):
                yield claim("unanswered", f"{at}.{lack}", level.path, number, lack)
        elif level.calls:  # a level that has nobody to call for this step may have for others
            yield claim("helps", f"{at}.helps", level.path, number)
            yield claim("left", f"{at}.left", level.path, number)
    yield claim("last", "on_exhausted", ("escalations", plan.name, "on_exhausted"), None)


def _answers(carrier: Carrier, way: str) -> Iterator[str]:
    """What a person can say at a level."""
    step = carrier.step
    if way == APPROVAL:
        yield from ("approve", "replace", "abort")
        return
    sure = ("catch.low_confidence", "catch.any")
    gated = any(call.confidence is not None for call in _own_calls(carrier))
    taken = way == "catch.any" and "low_confidence" in step.catch
    if way in sure and gated and not taken:
        yield "approve"
    yield "replace"
    if step.kind == "agent":
        yield "retry"
    yield "abort"


def _own_calls(carrier: Carrier) -> tuple[CallPlan, ...]:
    step = carrier.step
    return tuple(step.among.values()) or ((step.call,) if step.call is not None else ())
