"""How a run ended, for people: its outputs or the reason why there are none, and what to do next."""

from collections.abc import Sequence

from agentflow.core.state import ENDED_RUN
from agentflow.formats.inbox_text import question_lines
from agentflow.formats.safe import safe
from agentflow.formats.values import pretty
from agentflow.formats.words import count
from agentflow.plan.calls import call_of, is_repeatable, step_at
from agentflow.trace import Trace

#: Characters of one output that are shown to people; pipes and `--json` have all of it.
LIMIT = 2_000
#: How many answers are named that nobody asked for.
_NAMED = 3


def render(
    trace: Trace, store: str, *, brief: bool, option: str = "", limit: int | None = LIMIT
) -> str:
    """The outputs, then where the run is stored and how to go on; `brief` is the outputs alone.

    `option` is what further commands need to find the store, `limit` how many characters of an
    output are shown.
    """
    result = _result(trace, option, limit)
    if brief:
        return "\n".join(result)
    return "\n".join(["", *result, "", *_next_steps(trace, store, option)])


def _result(trace: Trace, option: str, limit: int | None) -> list[str]:
    if trace.outputs is not None:
        marked = "outputs (simulated)" if trace.mode == "simulated" else "outputs"
        lines = [f"{marked}:" if trace.outputs else f"{marked}: none"]
        cut = False
        for name, value in trace.outputs.items():
            whole = pretty(value)
            cut |= limit is not None and len(whole) > limit
            text = safe(whole, limit=limit)
            first, *rest = text.split("\n")
            lines.append(f"  {name}: {first}")
            lines.extend(f"    {line}" for line in rest)
        if cut:
            lines.append(f"all of it with: agentflow show {_named(trace, option)} --json")
        return lines
    if trace.cancelled is not None and trace.failure is not None:
        return [safe(trace.failure.message, oneline=True)]
    if trace.failure is not None:
        return [f"failed: {trace.failure.kind}: {safe(trace.failure.message, oneline=True)}"]
    if trace.status == "waiting":
        questions = [(trace.run_id, asked.question) for asked in trace.waiting()]
        if not questions:
            return [f"answered; go on with: agentflow resume {_named(trace, option)}"]
        return ["waiting for:", *question_lines(questions, option)]
    if trace.status == "interrupted":
        return [f"interrupted by {trace.signal}"]
    return [f"{trace.status or 'not started'}"]


def _named(trace: Trace, option: str) -> str:
    """The run as further commands name it."""
    return f"{trace.run_id} {safe(option, oneline=True)}".rstrip()


def _next_steps(trace: Trace, store: str, option: str) -> list[str]:
    named = _named(trace, option)
    lines = [f"stored in {safe(store, oneline=True)}/runs/{trace.run_id}"]
    if trace.status == "waiting":
        lines.append(f"go on with: agentflow resume {named}")
    if trace.status == "interrupted":
        lines.append(f"go on with: agentflow resume {named}")
        lines.extend(_in_doubt(trace))
    if trace.status in ENDED_RUN:
        lines.extend(untold(trace, option))
    lines.append(f"replay with: agentflow replay {named}")
    return lines


def untold(trace: Trace, option: str) -> list[str]:
    """People who are not known to have been told what they were to be told."""
    if not trace.untold:
        return []
    steps = ", ".join(dict.fromkeys(safe(one.step, oneline=True) for one in trace.untold.values()))
    command = f"agentflow tick {safe(option, oneline=True)}".rstrip()
    return [
        f"not known to have arrived: {count(len(trace.untold), 'notice')} of {steps}",
        f"send with: {command}",
    ]


def unused(file: str, places: Sequence[tuple[str, int]]) -> str:
    """That a recording has answers which the run did not ask for; each is of a step and an attempt."""
    named = [f"attempt {attempt} of '{safe(step, oneline=True)}'" for step, attempt in places]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    answers = count(len(named), "answer")
    return (
        f"note: '{safe(file, oneline=True)}' has {answers} that nobody asked for:"
        f" {', '.join(named[:_NAMED])}{more}"
    )


def _in_doubt(trace: Trace) -> list[str]:
    """What was cut short and may have had its effect: whoever resumes has to know before."""
    once: list[str] = []
    keyed: list[str] = []
    for span in trace.spans():
        if span.status != "running" or not span.attempts:
            continue  # not a call, or not in flight
        call = call_of(step_at(trace.plan, span.address)[1], span.agent)
        if call is not None and not call.effects.repeatable:
            (keyed if is_repeatable(call) else once).append(safe(span.address, oneline=True))
    doubtful = "what may have had its effect"
    return [
        f"  which {words}: {', '.join(addresses)}"
        for words, addresses in (
            (f"will not repeat {doubtful}", once),
            (f"will repeat, with the same key, {doubtful}", keyed),
        )
        if addresses
    ]
