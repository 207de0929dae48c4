"""Runs made by hand: a plan of a few steps, and entries as an engine would have reported them."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from agentflow.core import events
from agentflow.core.events import Decision, Entry, Fact, Failure, Reason, RunMode, Usage
from agentflow.plan import address
from agentflow.plan.steps import CallPlan, Plan, ScopePlan, StepPlan
from agentflow.spec.model import Confidence, Effects, FailureClass
from agentflow.spec.templates import MapOf
from agentflow.trace import Trace

START = 1_800_000_000.0
WHY = Reason("language.needs", "it waits for nothing")


def step(
    name: str,
    agent: str | None = None,
    *,
    inside: str = "",
    body: tuple[StepPlan, ...] = (),
    cases: Mapping[str, tuple[StepPlan, ...]] | None = None,
    confidence: Confidence | None = None,
    loops: bool = False,
) -> StepPlan:
    """A step of the scope at the address `inside`; `agent`, `body` or `cases` make its kind."""
    at = address.child(inside, name)
    scopes = {
        label: ScopePlan(address.child(at, label), (), steps, None)
        for label, steps in (cases or {}).items()
    }
    return StepPlan(
        id=name,
        address=at,
        path=("steps", name),
        kind="agent" if agent else "loop" if loops else "group" if body else "switch",
        upstream=(),
        downstream=(),
        when=None,
        when_text="",
        for_each=None,
        catch={},
        agent=agent,
        call=cast(
            "CallPlan",
            SimpleNamespace(agent=agent, effects=Effects.NONE, confidence=confidence, key=None),
        )
        if agent
        else None,
        body=ScopePlan(address.iteration(at) if loops else at, (), body, None) if body else None,
        cases=scopes,
    )


def plan(*steps: StepPlan, name: str = "incidents") -> Plan:
    """As much of a plan as a trace reads."""
    found: dict[str, StepPlan] = {}

    def collect(inner: tuple[StepPlan, ...]) -> None:
        for each in inner:
            found[each.address] = each
            if each.body:
                collect(each.body.steps)
            for case in each.cases.values():
                collect(case.steps)

    collect(steps)
    fake = SimpleNamespace(
        pipeline=SimpleNamespace(name=name),
        outputs=MapOf(()),
        root=ScopePlan("", (), steps, None),
        steps=found,
    )
    return cast("Plan", fake)


class Run:
    """A run that is told step by step. Times are seconds since its start."""

    def __init__(self, pipeline: Plan, *, mode: RunMode = "live") -> None:
        self.plan = pipeline
        self.trace = Trace(pipeline)
        self.entries: list[Entry] = []
        self._mode = mode

    def happens(self, fact: Fact, *decisions: Decision) -> Entry:
        """Add an entry."""
        entry = Entry(len(self.entries), fact, decisions)
        self.entries.append(entry)
        self.trace.apply(entry)
        return entry

    def starts(self, *decisions: Decision) -> Entry:
        """Begin."""
        fact = events.RunStarted(
            at=START,
            run_id="20261120-133000-4f2a91",
            spec="incidents.yaml",
            folder="/specs",
            sources={},
            inputs={},
            mode=self._mode,
            seed="0",
            concurrency=16,
            agentflow="0.1.0",
        )
        return self.happens(fact, *decisions)

    def answers(
        self,
        at: float,
        name: str,
        *decisions: Decision,
        attempt: int = 1,
        usage: Usage | None = None,
    ) -> Entry:
        """An agent answers."""
        fact = events.AttemptSucceeded(START + at, name, attempt, value={}, usage=usage)
        return self.happens(fact, *decisions)

    def fails(
        self,
        at: float,
        name: str,
        kind: FailureClass,
        message: str,
        *decisions: Decision,
        attempt: int = 1,
    ) -> Entry:
        """An attempt fails."""
        fact = events.AttemptFailed(START + at, name, attempt, kind, message)
        return self.happens(fact, *decisions)

    def timer(self, at: float, name: str | None, *decisions: Decision) -> Entry:
        """A wait is over."""
        return self.happens(events.TimerFired(START + at, name), *decisions)


def call(name: str, agent: str, attempt: int = 1) -> Decision:
    """An agent is to be called."""
    return events.StartAttempt(name, attempt, agent, {}, 60.0, Effects.NONE, WHY)


def accept(name: str, attempt: int = 1) -> Decision:
    """The answer is the output."""
    reason = Reason("contract.output", "the answer keeps its contract")
    return events.AcceptOutput(name, attempt, reason)


def again(name: str, attempt: int, delay: float, text: str) -> Decision:
    """Another attempt after a while."""
    return events.Retry(name, attempt, delay, True, Reason(f"{name}.retry", text))


def expand(name: str, number: int) -> Decision:
    """A list has so many items."""
    return events.ExpandItems(
        name, number, Reason(f"{name}.for_each", f"the list has {number} items")
    )


def take(name: str, case: str | None) -> Decision:
    """A switch goes one way."""
    return events.TakeCase(name, case, Reason(f"{name}.cases.{case}", f"the value is '{case}'"))


def enter(name: str) -> Decision:
    """A group opens."""
    return events.EnterGroup(name, WHY)


def iterate(name: str, index: int, most: int) -> Decision:
    """A loop goes round once more."""
    reason = Reason(f"{name}.loop", "'steps.judge.output.good' is false", {"max": most})
    return events.BeginIteration(name, index, {"text": str(index)}, reason)


def complete(name: str) -> Decision:
    """All inside is through."""
    return events.CompleteStep(name, None, Reason("language.scope", "every step inside has ended"))


def skip(name: str, text: str, rule: str | None = None) -> Decision:
    """A step does not take place."""
    return events.SkipStep(name, Reason(rule or f"{name}.when", text))


def fail(
    name: str, kind: FailureClass, message: str, no_retry: str | None = None, **changes: Any
) -> Decision:
    """A step fails."""
    figures = {"no_retry": no_retry} if no_retry else {}
    status = changes.get("status", "failed")
    reason = Reason(f"catch.{kind}", message, figures)
    return events.FailStep(name, status, Failure(kind, message), reason)


def finish(message: str | None = None) -> Decision:
    """The run ends: well, or with a failure."""
    if message is None:
        reason = Reason("language.scope", "every step has ended")
        return events.FinishRun("succeeded", {"report": "all is well"}, None, reason)
    failure = Failure(FailureClass.TIMEOUT, message)
    return events.FinishRun("failed", None, failure, Reason("language.failure", message))
