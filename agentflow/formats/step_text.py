"""Everything that a log says about one step: its input, its answers, what was decided and why."""

from collections.abc import Iterable, Iterator, Mapping

from agentflow.core import events
from agentflow.core.events import Decision, Entry, Fact
from agentflow.formats.receipt_text import context_lines, receipt_lines
from agentflow.formats.safe import safe
from agentflow.formats.values import compact, pretty
from agentflow.formats.words import count, deadline
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import Json
from agentflow.trace.context import Context
from agentflow.trace.reasons import turned_to

#: Characters of one value that are shown; `show --json` has all of it.
LIMIT = 4_000
#: The keys that say which time a step has.
_LIMITS = {"pipeline": "budget.wall", "timeout": "timeout", "budget": "budget.wall"}
_NONE: Mapping[int, Context] = {}


def render(entries: Iterable[Entry], step: str, given: Mapping[int, Context] = _NONE) -> str:
    """The history of the step at an address, in the order of the log; empty if it has none.

    `given` is what its attempts were given of what they could have read, by their numbers.
    """
    lines: list[str] = []
    began = None
    for entry in entries:
        began = entry.fact.at if began is None else began
        when = f"{entry.fact.at - began:+9.3f}s  #{entry.seq}"
        if getattr(entry.fact, "step", None) == step:
            lines.append(f"{when}  {type(entry.fact).__name__}{_fact(entry.fact)}")
            if isinstance(entry.fact, events.AttemptSucceeded | events.AttemptFailed):
                lines.extend(_indented(receipt_lines(entry.fact)))
            lines.extend(_indented(_excess(entry.fact)))
            lines.extend(_values(entry.fact))
        for decision in entry.decisions:
            if getattr(decision, "step", None) == step:
                lines.append(f"{when}  → {type(decision).__name__}{_decision(decision)}")
                lines.extend(_values(decision))
            if isinstance(decision, events.StartAttempt) and decision.step == step:
                context = given.get(decision.attempt)
                lines.extend(_indented(context_lines(context) if context else ()))
    return "\n".join([safe(step, oneline=True), *lines]) if lines else ""


def _excess(fact: Fact) -> Iterator[str]:
    """How much there was of an answer of which only the beginning is kept."""
    if isinstance(fact, events.AttemptFailed) and fact.excess is not None:
        size = f"{count(fact.excess.bytes, 'byte')}{'' if fact.excess.whole else ' and more'}"
        yield f"only its beginning is kept: it had {size}, sha256 {fact.excess.sha256}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"             {line}" for line in lines)


def _fact(fact: Fact) -> str:
    match fact:
        case events.AttemptSucceeded(attempt=attempt, usage=usage):
            used = f", {usage.tokens_in}+{usage.tokens_out} tokens" if usage else ""
            return f" (attempt {attempt}{used})"
        case events.AttemptFailed(attempt=attempt, failure=failure, message=message):
            return f" (attempt {attempt}): {failure}: {safe(message, oneline=True)}"
        case events.AttemptWaits(attempt=attempt, why=why):
            return f" (attempt {attempt}): {safe(why, oneline=True)}"
        case events.AttemptLost(attempt=attempt) | events.AttemptAdmitted(attempt=attempt):
            return f" (attempt {attempt})"
        case events.AttemptEndedLate(attempt=attempt, failure=None):
            return f" (attempt {attempt}): answered after it had been given up"
        case events.AttemptEndedLate(attempt=attempt, failure=failure, message=message):
            return f" (attempt {attempt}): {failure}: {safe(message or '', oneline=True)}"
        case events.Delivered(detail=detail):
            return f": {safe(detail, oneline=True)}"
        case events.NotDelivered(problem=problem):
            return f": {safe(problem, oneline=True)}"
        case events.TimeRanOut(limit=limit):
            return f": {_LIMITS[limit]}"
        case events.PersonAnswered():
            return safe(_answer(fact), oneline=True)
        case _:
            return ""


def _decision(decision: Decision) -> str:  # noqa: C901 - one case a kind
    reason = decision.reason
    text = f": {safe(reason.text, oneline=True)} [{safe(reason.rule, oneline=True)}]"
    match decision:
        case events.StartAttempt():
            about = f"attempt {decision.attempt}, agent '{decision.agent}'"
            return f" ({about}, effects {decision.effects}, timeout {time_in_words(decision.timeout)}){text}"
        case events.CallTools() | events.NextTurn():
            return f" (turn {decision.turn}){text}"
        case events.Repair():
            return f" (attempt {decision.attempt})" + text
        case events.FallBack():
            return f" (attempt {decision.attempt}, to '{decision.model}'){text}"
        case events.Retry():
            return f" (attempt {decision.attempt} in {time_in_words(decision.delay)}){text}"
        case events.BeginIteration():
            return f" (index {decision.index}){text}"
        case events.Escalate():
            return f" ({turned_to(decision)}){text}"
        case events.TryLevel() | events.LeaveLevel() | events.Notify():
            return f" (level {decision.level + 1}){text}"
        case events.AskPerson():
            about = f"{decision.who or 'a person'}, channel '{decision.channel}'"
            return f" ({about}, until {deadline(decision.due, decision.asked)}){text}"
        case events.HandOver():
            return f" (to agent '{decision.agent}'){text}"
        case events.TakeCase():
            return f" ({'default' if decision.case is None else decision.case!r}){text}"
        case events.FailStep() | events.CancelAttempt():
            return f" ({decision.status}){text}"
        case _:
            return text


def _answer(fact: events.PersonAnswered) -> str:
    """Who said what, through what, to which question."""
    by = f" by {fact.by}" if fact.by else ""
    via = f" through {fact.via}" if fact.via else ""
    why = f": {fact.why}" if fact.why else ""
    return f" ('{fact.answer}'{by}{via}, question {fact.question}){why}"


def _values(event: Fact | Decision) -> Iterator[str]:
    """The data that came with an event, and the figures that a decision used."""
    for name, value in _data(event):
        first, *rest = safe(pretty(value), limit=LIMIT).split("\n")
        yield f"             {name}: {first}"
        yield from (f"               {line}" for line in rest)
    figures = getattr(getattr(event, "reason", None), "figures", {})
    plain = {key: value for key, value in figures.items() if key != "violations"}
    if plain:
        yield f"             figures: {safe(compact(plain), oneline=True)}"


#: The data of events, by the words for them; None is none.
_DATA: Mapping[type, tuple[tuple[str, str], ...]] = {
    events.StartAttempt: (("input", "input"), ("held back", "held"), ("key", "key")),
    events.AssignTasks: (("tasks", "tasks"),),
    events.CallTools: (("calls", "calls"),),
    events.BeginIteration: (("state", "state"),),
    events.EnterPipeline: (("inputs", "inputs"),),
    events.AttemptFailed: (("said", "detail"), ("answer that does not count", "text")),
    events.AskPerson: (("ask", "ask"), ("shown", "input"), ("held back", "output")),
    events.Notify: (("text", "text"),),
    events.PersonAnswered: (("value", "value"),),
    events.CompleteStep: (("output", "output"),),
}


def _data(event: Fact | Decision) -> Iterator[tuple[str, Json]]:
    for name, key in _DATA.get(type(event), ()):
        value = getattr(event, key)
        if value is not None and not (key == "held" and not value):
            yield name, value
    match event:
        case events.AttemptSucceeded():
            if event.text is not None or not event.calls:
                yield "answer", event.value if event.text is None else event.text.rstrip("\n")
            if event.calls:
                yield "asks for", event.calls
            if event.thoughts is not None:
                yield "thoughts", dict(event.thoughts)
        case events.TakeAnswer(answer="approve") | events.UseValue():
            yield "value", event.value
        case events.RejectOutput():
            for text in event.reason.figures.get("violations", ()):
                yield "violation", text
