"""A run as lines of a log, for pipes and CI: what a reader wants to know, as it happens.

       +0.00s  run 20261120-133000-4f2a91 of pipeline 'incidents' started
       +0.41s  collect  succeeded in 0.4s
       +1.62s  extract[3]  attempt 1 failed: timeout: no answer within 1 s
       +1.62s  extract[3]  again in 0.7 s: 'timeout' in attempt 1 of 3
      +12.40s  extract  succeeded in 12s, 30 items: 29 ok, 1 skipped

For the items of a `for_each` it prints what goes wrong, that limits hold calls back for seconds,
and the totals at the end; for a few items also how each ended, for many how far they are
(`item_lines`). The iterations of a loop are printed one by one.
"""

from collections.abc import Iterator, Sequence

from agentflow.core import events
from agentflow.core.cancelling import in_words
from agentflow.core.events import Decision, Entry, Fact
from agentflow.formats.accepted import accepted_tool
from agentflow.formats.item_lines import MOST, is_told, progress
from agentflow.formats.items import tally
from agentflow.formats.refused_calls import some_refused
from agentflow.formats.safe import safe
from agentflow.formats.usage import of_chat, totals
from agentflow.formats.words import count, deadline, duration, offset
from agentflow.plan import address
from agentflow.plan.calls import plans_within
from agentflow.plan.definitions import from_data
from agentflow.spec.durations import time_in_words
from agentflow.trace import Span, Trace
from agentflow.trace.reasons import answered, turned_to, went_on, why

_LIMIT = 600
_OVER = {
    "pipeline": "the time of the pipeline is over (budget.wall)",
    "timeout": "the time of the step is over (timeout)",
    "budget": "the time of the step is over (budget.wall)",
}
#: Seconds of silence after which a reader would wonder: a limit holds calls back for so long.
_LONG = 5.0
_OFFSET = 10
#: Characters of a message that are shown where it has been told already.
_AGAIN = 60
#: Decisions with which an item ends.
_ENDS = (
    events.AcceptOutput
    | events.CompleteStep
    | events.UseValue
    | events.SkipStep
    | events.FailStep
    | events.TakeAnswer
    | events.CancelStep
    | events.CancelAttempt
)


def event_lines(entry: Entry, trace: Trace) -> list[str]:
    """The lines of an entry; `trace` has taken it in already."""
    when = offset(entry.fact.at - trace.started).rjust(_OFFSET)
    lines = [*_fact(entry.fact, trace)]
    for decision in entry.decisions:
        lines += _decision(decision, trace)
    for said in _messages(entry):
        lines = [*_once(lines, safe(said, oneline=True))]
    return [f"{when}  {line}" for line in lines]


def _messages(entry: Entry) -> Iterator[str]:
    """What went wrong, which the decisions that follow from it give as their reason."""
    if isinstance(entry.fact, events.AttemptFailed):
        yield entry.fact.message
    yield from (
        one.failure.message for one in entry.decisions if isinstance(one, events.RejectOutput)
    )


def _once(lines: Sequence[str], said: str) -> Iterator[str]:
    """The lines with a long text in the first that has it; the others show how it begins."""
    start = said[:_AGAIN]
    told = False
    for line in lines:
        at = line.find(start)
        if at >= 0 and told and len(said) > len(start):
            rest = line[at:]
            same = _common(rest, said)
            yield f"{line[:at]}{start}…{rest[same:].removeprefix('…')}"
        else:
            yield line
        told |= at >= 0


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with that are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _fact(fact: Fact, trace: Trace) -> Iterator[str]:  # noqa: C901 - one case a kind
    match fact:
        case events.RunStarted():
            pipeline = safe(trace.plan.pipeline.name, oneline=True)
            yield f"run {fact.run_id} of pipeline '{pipeline}' started"
            if fact.mode == "simulated":
                yield "SIMULATED: no agent is called, all answers are made up"
            yield from _unpinned(fact, trace)
        case events.RunResumed():
            yield f"run {trace.run_id} resumed"
            for answer in trace.meanwhile:
                yield _about(answer.step, f"answered meanwhile: {answered(answer)}")
            yield from (accepted_tool(tool) for tool in trace.accepted if tool.at == fact.at)
            yield from _unpinned(fact, trace)
        case events.RunInterrupted():
            yield f"run interrupted{f' by {fact.signal}' if fact.signal else f': {fact.why}'}"
        case events.ProcessDied():
            yield "the process of the run is found dead"
        case events.CancelRequested():
            yield f"run {safe(in_words(fact), limit=_LIMIT, oneline=True)}"
        case events.AttemptFailed():
            text = f"attempt {fact.attempt} failed: {fact.failure}: {fact.message}"
            yield from _on_the_way(fact.step, text, trace, is_failure=True)
        case events.AttemptLost():
            yield _about(fact.step, f"attempt {fact.attempt} was lost with its process")
        case events.AttemptEndedLate():
            how = "answered" if fact.failure is None else f"failed ({fact.failure})"
            yield _about(fact.step, f"attempt {fact.attempt} {how} after it had been given up")
        case events.TimeRanOut():
            yield _about(fact.step, _OVER[fact.limit])
        case events.RunParked():
            yield "run waits for people"
        case events.AttemptWaits() if _is_first(fact, trace):
            yield _about(fact.step, f"held up: {fact.why}")
        case events.NotDelivered():
            yield _about(fact.step, f"the message could not be delivered: {fact.problem}")
        case (
            events.AttemptWaits()
            | events.AttemptAdmitted()
            | events.AttemptSucceeded()
            | events.TimerFired()
            | events.Delivered()
            | events.PersonAnswered()
        ):
            pass  # what follows from them is told


def _is_first(fact: events.AttemptWaits, trace: Trace) -> bool:
    """Of the items of a step that wait for the same, the first stands for the others."""
    reasons = list(trace.held_up[address.static(fact.step)].values())
    return reasons.count(fact.why) == 1


def _unpinned(fact: events.RunStarted | events.RunResumed, trace: Trace) -> Iterator[str]:
    """Tools that the spec does not pin, with what would pin them."""
    if not fact.tools:
        return
    plans = {plan.file: plan for plan in plans_within(trace.plan)}
    for file, servers in fact.tools.items():
        for server, tools in servers.items():
            pins = plans[file].servers[server].pins
            for name in sorted(tools.keys() - pins.keys()):
                pin = from_data(name, tools[name]).pin
                shown = safe(name, limit=_LIMIT, oneline=True)
                yield f"tool '{shown}' of server '{server}' is not pinned; it is {pin}"


def _decision(decision: Decision, trace: Trace) -> Iterator[str]:
    if isinstance(decision, events.FinishRun):
        yield _end_of_run(decision, trace)
        return
    yield from _about_step(decision, trace)
    if decision.step.endswith("]") and address.in_item(decision.step):
        yield from _about_item(decision, trace)


def _about_item(decision: Decision, trace: Trace) -> Iterator[str]:
    """That an item has ended well, or how far the items are with it."""
    if not isinstance(decision, _ENDS):
        return
    at = decision.step
    item, outer = _span(at, trace), _span(address.parent(at) or "", trace)
    if item is None or item.ended is None:
        return
    if isinstance(decision, events.AcceptOutput | events.CompleteStep) and is_told(at, outer):
        yield _about(at, _ending(decision, trace))
    for text in progress(item, outer):
        yield _about(address.parent(at) or "", text)


def _on_the_way(at: str, text: str, trace: Trace, *, is_failure: bool = False) -> Iterator[str]:
    """What happens on the way to an outcome; of the items of one list only so much of it."""
    outer = _span(address.outermost_list(at) or "", trace)
    if outer is None or outer.failures <= MOST:
        yield _about(at, text)
    elif is_failure and outer.failures == MOST + 1:
        more = (
            f"more than {MOST} attempts of its items have failed; from here on, what comes of them"
        )
        yield _about(outer.address, more)


def _about_step(decision: Decision, trace: Trace) -> Iterator[str]:  # noqa: C901 - one case a kind
    assert not isinstance(decision, events.FinishRun)
    at = decision.step
    reason = decision.reason.text
    in_item = address.in_item(at)
    match decision:
        case events.RejectOutput():
            text = f"attempt {decision.attempt} rejected: {decision.failure.message}"
            yield from _on_the_way(at, text, trace, is_failure=True)
        case events.Repair():
            yield from _on_the_way(at, f"asked again: {reason}", trace)
        case events.Retry():
            yield from _on_the_way(at, f"again in {time_in_words(decision.delay)}: {reason}", trace)
        case events.FallBack():
            text = f"falls back to '{decision.model}': {reason}"
            yield from _on_the_way(at, text, trace)
        case events.Escalate():
            yield _about(at, f"{turned_to(decision)}: {why(decision)}")
        case events.TryLevel():
            target = f"model '{decision.model}'" if decision.model else f"'{decision.agent}'"
            yield _about(at, f"level {decision.level + 1}: {target}")
        case events.LeaveLevel():
            yield _about(at, f"level {decision.level + 1} did not help: {reason}")
        case events.Notify():
            who = decision.who or "people"
            yield _about(at, f"tells {who} ({decision.channel}): {decision.text}")
        case events.AskPerson():
            who, until = decision.who or "a person", deadline(decision.due, decision.asked)
            yield _about(at, f"asks {who} ({decision.channel}, until {until}): {decision.ask}")
        case events.TakeAnswer():
            yield _about(at, f"answered: {answered(decision)}")
        case events.RefuseAnswer():
            by = f" of {decision.by}" if decision.by else ""
            yield _about(at or "run", f"an answer{by} was refused: {reason}")
        case events.UseValue():
            yield _about(at, went_on(decision))
            yield from _doubtful(at, trace)
        case events.HandOver():
            yield _about(at, f"handed over to agent '{decision.agent}': {why(decision)}")
        case events.SkipStep():
            # A condition that does not hold for some items is the normal course of things.
            if not (in_item and decision.reason.rule.endswith(".when")):
                yield _about(at, f"skipped: {why(decision)}")
                yield from _doubtful(at, trace)
        case events.FailStep():
            ending = _ending(decision, trace)
            yield _about(at, f"{ending}: {decision.failure.kind}: {why(decision)}")
        case events.HoldBack(until=float(until)) if in_item and until - trace.now >= _LONG:
            yield _about(at, f"held back for {duration(until - trace.now)}: {reason}")
        case events.CancelAttempt(status="unknown"):
            yield _about(at, f"stopped, its effect may have happened: {reason}")
        case events.CancelAttempt() | events.CancelStep():
            yield _about(at, f"cancelled: {reason}")
        case _ if not in_item:
            yield from _course(decision, trace)


def _doubtful(at: str, trace: Trace) -> Iterator[str]:
    """What was passed over may have had its effect, which only a person can find out."""
    span = _span(at, trace)
    if span is not None and span.unknown is not None:
        yield _about(at, "nobody knows whether it had its effect; it has to be checked")


def _course(decision: Decision, trace: Trace) -> Iterator[str]:
    """How a step begins and ends that goes well."""
    match decision:
        case events.HoldBack():
            yield _about(decision.step, f"held back: {decision.reason.text}")
        case events.StartAttempt(attempt=1):
            yield _about(decision.step, f"started, agent '{decision.agent}'")
        case events.StartAttempt():
            yield _about(decision.step, f"attempt {decision.attempt} started")
        case events.ExpandItems():
            yield _about(decision.step, f"started, {count(decision.count, 'item')}")
        case events.AssignTasks():
            yield _about(decision.step, f"started, {count(len(decision.tasks), 'task')}")
        case events.CallTools():
            yield _about(decision.step, f"turn {decision.turn}: {decision.reason.text}")
            refused = [one for one in decision.calls if "refused" in one]
            whys = [f"'{one['tool']}' refused: {one['refused']}" for one in refused]
            yield from (_about(decision.step, text) for text in some_refused(whys))
        case events.BeginIteration():
            most = decision.reason.figures["max"]
            yield _about(decision.step, f"iteration {decision.index + 1} of at most {most}")
        case events.EnterGroup() | events.EnterPipeline():
            yield _about(decision.step, "started")
        case events.TakeCase():
            taken = "the default" if decision.case is None else f"case '{decision.case}'"
            yield _about(decision.step, f"took {taken}")
        case events.AcceptOutput() | events.CompleteStep():
            yield _about(decision.step, _ending(decision, trace))
        case _:
            pass  # `BeginStep` only says that more is to come


def _ending(
    decision: events.AcceptOutput | events.CompleteStep | events.FailStep, trace: Trace
) -> str:
    """`succeeded in 12s, 30 items: 29 ok, 1 skipped`."""
    span = _span(decision.step, trace)
    if isinstance(decision, events.FailStep):
        text = "outcome unknown" if decision.status == "unknown" else "failed"
        preposition = "after"
    else:
        text, preposition = "succeeded", "in"
    assert span is not None
    if span.started is not None:
        text += f" {preposition} {duration(trace.now - span.started)}"
    if span.items is not None and not address.in_item(decision.step):
        text += f", {tally(span).sentence()}"
    if span.iterations is not None:
        text += f", {count(span.iterations, 'iteration')}"
    return ", ".join([text, *of_chat(span)])


def _end_of_run(decision: events.FinishRun, trace: Trace) -> str:
    took = duration(trace.now - trace.started)
    preposition = "in" if decision.status == "succeeded" else "after"
    return f"run {decision.status} {preposition} {took}, {', '.join(totals(trace))}"


def _span(at: str, trace: Trace) -> Span | None:
    """The span of an address, found from the outside in; cases are not spans and are passed by."""
    found, inside = None, trace.steps
    for end in (*(index for index, char in enumerate(at) if char in "/["), len(at)):
        span = inside.get(at[:end])
        if span is not None:
            found, inside = span, span.children
    return found


def _about(at: str, text: str) -> str:
    return f"{safe(at, oneline=True)}  {safe(text, limit=_LIMIT, oneline=True)}"
