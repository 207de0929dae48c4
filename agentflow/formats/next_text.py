"""What to type next, for people: the command that explains, resumes, sends or replays.

What a person has to check comes first: steps of which nobody knows whether they had their effect.
"""

import shlex
from collections.abc import Iterator, Sequence

from agentflow.core.state import ENDED_RUN
from agentflow.formats.safe import safe
from agentflow.formats.words import count
from agentflow.plan.calls import is_repeatable
from agentflow.plan.unknown_effects import WHETHER_IT_HAPPENED
from agentflow.trace import Span, Trace

#: So many steps are named; the rest is counted.
_NAMED = 5
#: Characters of a reason that are shown.
_LIMIT = 300


def next_steps(
    trace: Trace, option: str, *, died: bool = False, busy: bool = False
) -> Iterator[str]:
    """What there is to check, then the commands; `option` is what they need to find the store.

    `died` says that the process of the run has died in the middle, `busy` that one is at
    work on it, or that nothing can go on for another reason.
    """
    named = run_named(trace, option)
    doubtful = list(trace.unknown())
    yield from _to_be_checked(doubtful, named)
    culprit = cause(trace) or next(iter(doubtful), None)
    if culprit is not None:
        step = safe(shlex.quote(culprit.address), oneline=True)  # that of an item has brackets
        yield f"see why with: agentflow show {_with(f'{trace.run_id} --step {step}', option)}"
    if busy:
        return
    if died:
        yield f"its process died; go on with: agentflow resume {named}"
    elif any(trace.waiting()) and trace.status != "interrupted":
        is_all = "that is" if len(list(trace.waiting())) == 1 else "they are"
        yield f"once {is_all} answered, go on with: agentflow resume {named}"
        yield from _nobody_to_ask(trace, named)
    elif trace.status in ("waiting", "interrupted"):
        yield f"go on with: agentflow resume {named}"
    if died or trace.status == "interrupted":
        yield from _cut_short(trace)
    if trace.status in ENDED_RUN:
        yield from _untold(trace, option)


def run_named(trace: Trace, option: str) -> str:
    """The run as further commands name it."""
    return _with(trace.run_id, option)


def _with(words: str, option: str) -> str:
    return f"{words} {safe(option, oneline=True)}".rstrip()


def cause(trace: Trace) -> Span | None:
    """The step that failed first and took the run with it; None if the run failed by itself."""
    if trace.status != "failed":
        return None
    found, inside = None, list(trace.steps.values())
    while failed := [span for span in inside if span.status in ("failed", "unknown")]:
        # What was stopped because of it ends at the same time.
        first = min(failed, key=lambda span: (span.ended or trace.now, span.status == "unknown"))
        if found is not None and not _came_from(found, first):
            break
        found, inside = first, list(first.children.values())
    return found


def _came_from(outer: Span, inner: Span) -> bool:
    """Did a step fail because of this one inside? A model whose tool fails is only told so."""
    return not outer.attempts or inner.status == "unknown"


def _to_be_checked(spans: Sequence[Span], named: str) -> Iterator[str]:
    """The steps whose effect may have happened, with all that helps to find out."""
    if not spans:
        return
    yield "nobody knows whether these had their effect; check it:"
    for span in spans[:_NAMED]:
        key = f" (idempotency key '{span.key}')" if span.key else ""
        text = f"{span.address}{key}: {span.unknown}"
        yield f"  {safe(text, limit=_LIMIT, oneline=True)}"
    if len(spans) > _NAMED:
        yield f"  … {len(spans) - _NAMED:,} more: agentflow show {named} --json"


def _nobody_to_ask(trace: Trace, named: str) -> Iterator[str]:
    """What to do where a person is asked that nobody has named, and there is none."""
    asked = [one.question for one in trace.waiting()]
    if any(question.escalation == WHETHER_IT_HAPPENED.name for question in asked):
        yield f"if there is nobody to look, end it with: agentflow cancel {named}"
        yield "  and let the spec say so: catch: {unknown_effect: fail}"


def _cut_short(trace: Trace) -> list[str]:
    """What was cut short and may have had its effect: whoever resumes has to know before."""
    once: list[str] = []
    keyed: list[str] = []
    for span in trace.spans():
        if span.status != "running" or not span.attempts:
            continue  # not a call, or not in flight
        call = trace.call_of(span)
        if call is not None and not call.effects.repeatable:
            (keyed if is_repeatable(call) else once).append(safe(span.address, oneline=True))
    doubtful = "what may have had its effect"
    return [
        f"  which {words}: {_list(addresses)}"
        for words, addresses in (
            (f"will not repeat {doubtful}", once),
            (f"will repeat, with the same key, {doubtful}", keyed),
        )
        if addresses
    ]


def _untold(trace: Trace, option: str) -> Iterator[str]:
    """People who are not known to have been told what they were to be told."""
    if trace.untold:
        steps = dict.fromkeys(safe(one.step, oneline=True) for one in trace.untold.values())
        notices = count(len(trace.untold), "notice")
        yield f"not known to have arrived: {notices} of {_list(list(steps))}"
        yield f"send with: agentflow {_with('tick', option)}"


def _list(addresses: Sequence[str]) -> str:
    more = f" and {len(addresses) - _NAMED:,} more" if len(addresses) > _NAMED else ""
    return ", ".join(addresses[:_NAMED]) + more
