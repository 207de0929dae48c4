"""The result of a replay, for people: all the same, or where the two differ, and how.

the replay differs at entry 3, +2.10s: attempt 1 of 'extract[3]' failed: timeout: no answer
  step   extract[3]
  then   Retry: attempt 2, delay 0.5
         because 'timeout' in attempt 1 of 3 [steps.extract.retry]
  now    FailStep: status failed, failure timeout: no answer
         because no answer [catch.timeout]
  why    another kind of decision is made now
the 2 entries before it: 41 decisions, all the same
"""

from collections.abc import Iterator

from msgspec.structs import fields

from agentflow.core import events
from agentflow.core.cancelling import in_words
from agentflow.core.events import Decision, Fact, Failure
from agentflow.formats.safe import safe
from agentflow.formats.values import compact
from agentflow.formats.words import count, offset
from agentflow.replay import Divergence, Replayed
from agentflow.trace import Trace

_LIMIT = 300


def render(replayed: Replayed, trace: Trace, name: str | None = None) -> str:
    """The verdict of a replay. `trace` is that of the recorded run.

    `name` is the pipeline that decided, if it may be another one.
    """
    recorded = trace.plan.pipeline.name
    verdict = _verdict(replayed, trace)
    if name is None or name == recorded:
        return verdict
    note = f"note: decided by pipeline '{_shown(name)}'; the run is of '{_shown(recorded)}'"
    return f"{note}\n{verdict}"


def _verdict(replayed: Replayed, trace: Trace) -> str:
    entries = count(replayed.entries, "entry", "entries")
    decisions = f"{count(replayed.decisions, 'decision')}, all the same"
    if replayed.reasons:
        decisions += f", {replayed.reasons} for another reason"
    found = replayed.divergence
    if found is None:
        return f"replayed {entries}: {decisions}"
    when = offset(found.entry.fact.at - trace.started)
    fact = _shown(fact_in_words(found.entry.fact))
    lines = [f"the replay differs at entry {found.entry.seq}, {when}: {fact}"]
    if found.step is not None:
        lines.append(f"  step   {_shown(found.step)}")
    if found.then is not None or found.now is not None:
        lines += _decision("then", found.then, found.now)
        lines += _decision("now", found.now, found.then)
    lines.append(f"  why    {_shown(_why(found))}")
    lines.append(f"before that: {decisions}")
    return "\n".join(lines)


def fact_in_words(fact: Fact) -> str:  # noqa: C901 - one case a kind
    """A fact as a sentence; what was said in it is not made safe."""
    match fact:
        case events.RunStarted():
            return f"run {fact.run_id} started"
        case events.RunResumed():
            return "the run was resumed"
        case events.RunInterrupted():
            return f"the run was interrupted by {fact.signal or 'what it could not go on without'}"
        case events.ProcessDied():
            return "the process of the run was found dead"
        case events.CancelRequested():
            return f"the run was {in_words(fact)}"
        case events.AttemptSucceeded():
            return f"attempt {fact.attempt} of '{fact.step}' was answered"
        case events.AttemptFailed():
            head = f"attempt {fact.attempt} of '{fact.step}' failed"
            return f"{head}: {fact.failure}: {fact.message}"
        case events.AttemptWaits():
            return f"attempt {fact.attempt} of '{fact.step}' was held up: {fact.why}"
        case events.AttemptAdmitted():
            return f"attempt {fact.attempt} of '{fact.step}' was held up no longer"
        case events.AttemptLost():
            return f"attempt {fact.attempt} of '{fact.step}' was lost with its process"
        case events.AttemptEndedLate():
            return f"attempt {fact.attempt} of '{fact.step}' ended after it had been given up"
        case events.RunParked():
            return "the run waited for people"
        case events.Delivered():
            return f"a message of '{fact.step}' was delivered"
        case events.NotDelivered():
            return f"a message of '{fact.step}' was not delivered: {fact.problem}"
        case events.PersonAnswered():
            return f"'{fact.answer}' was answered to '{fact.step}'"
        case events.TimerFired():
            if fact.question is not None:
                return f"the time to answer '{fact.step}' was up"
            return f"the wait of '{fact.step}' was over" if fact.step else "the run's time was up"
        case events.TimeRanOut():
            return f"the time of '{fact.step}' was up"


def _decision(label: str, decision: Decision | None, other: Decision | None) -> Iterator[str]:
    """A decision with the fields in which it differs from the other one, and its reason."""
    if decision is None:
        yield f"  {label:<6} nothing"
        return
    differing = [
        f"{name} {_value(getattr(decision, name))}"
        for name in (field.name for field in fields(decision))
        if name != "reason" and _differs(name, decision, other)
    ]
    head = type(decision).__name__
    yield f"  {label:<6} {head}: {', '.join(differing)}" if differing else f"  {label:<6} {head}"
    reason = decision.reason
    yield f"         because {_shown(reason.text)} [{_shown(reason.rule)}]"
    figures = getattr(getattr(other, "reason", None), "figures", None)
    if reason.figures and reason.figures != figures:
        yield f"         figures {_shown(compact(dict(reason.figures)))}"


def _differs(name: str, decision: Decision, other: Decision | None) -> bool:
    """Is the field worth telling beside the other decision?"""
    if name == "step":
        return other is not None and getattr(other, name, None) != getattr(decision, name)
    if type(other) is not type(decision):
        return True
    return bool(getattr(other, name) != getattr(decision, name))


def _why(found: Divergence) -> str:
    then, now = found.then, found.now
    if found.why is not None:
        return f"this cannot happen any more: {found.why}"
    if then is None:
        return "a decision is made now that was not made then"
    if now is None:
        return "a decision that was made then is not made now"
    if type(then) is not type(now):
        return "another decision is made now"
    names = [
        field.name
        for field in fields(then)
        if getattr(then, field.name) != getattr(now, field.name)
    ]
    if names == ["reason"]:
        return "the decision is the same, its reason is another one"
    return f"the same kind of decision, but not the same {', '.join(names)}"


def _value(value: object) -> str:
    """The value of a field as one short line."""
    if isinstance(value, Failure):
        return _shown(f"{value.kind}: {value.message}")
    if isinstance(value, str):
        return f"'{_shown(value)}'"
    return _shown(compact(value))


def _shown(text: str) -> str:
    return safe(text, limit=_LIMIT, oneline=True)
