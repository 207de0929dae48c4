"""How a run ended, for people: its outputs or why there are none, and what to do next."""

from collections.abc import Sequence

from agentflow.formats.asked import open_question
from agentflow.formats.inbox_text import question_lines
from agentflow.formats.next_text import cause, next_steps, run_named
from agentflow.formats.safe import safe
from agentflow.formats.usage import charged
from agentflow.formats.values import pretty
from agentflow.formats.words import count
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
    result = result_lines(trace, option, limit)
    if brief:
        return "\n".join(result)
    return "\n".join(["", *result, *charged(trace), "", *_after(trace, store, option)])


def result_lines(trace: Trace, option: str, limit: int | None) -> list[str]:
    """The outputs of a run, or why there are none."""
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
            lines.append(f"all of it with: agentflow show {run_named(trace, option)} --json")
        return lines
    if trace.cancelled is not None and trace.failure is not None:
        return [safe(trace.failure.message, oneline=True)]
    if trace.failure is not None:
        lines = [f"failed: {trace.failure.kind}: {safe(trace.failure.message, oneline=True)}"]
        culprit = cause(trace)
        if culprit is not None and culprit.no_more:
            lines.append(f"  {safe(culprit.no_more, oneline=True)}")
        return lines
    if trace.status == "interrupted":
        if trace.stopped is not None:
            return [f"interrupted: {safe(trace.stopped, oneline=True)}"]
        return [f"interrupted by {trace.signal}"]
    questions = [
        open_question(trace.run_id, trace.plan, asked.question) for asked in trace.waiting()
    ]
    if questions:
        return ["waiting for:", *question_lines(questions, option)]
    if trace.status == "waiting":
        return ["answered"]
    return [f"{trace.status or 'not started'}"]


def _after(trace: Trace, store: str, option: str) -> list[str]:
    return [
        f"stored in {safe(store, oneline=True)}/runs/{trace.run_id}",
        *next_steps(trace, option),
        f"replay with: agentflow replay {run_named(trace, option)}",
    ]


def unused(file: str, places: Sequence[tuple[str, int]]) -> str:
    """That a recording has answers that the run never asked for, each of a step and an attempt."""
    named = [f"attempt {attempt} of '{safe(step, oneline=True)}'" for step, attempt in places]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    answers = count(len(named), "answer")
    return (
        f"note: '{safe(file, oneline=True)}' has {answers} that nobody asked for:"
        f" {', '.join(named[:_NAMED])}{more}"
    )


def aside(place: str | None, stays: str) -> str:
    """Where the recording of a failed run is; it does not replace an earlier one."""
    where = "called no model" if place is None else f"is recorded in '{safe(place, oneline=True)}'"
    return f"note: '{safe(stays, oneline=True)}' stays as it was; this run {where}"
