"""What `show` prints below the tree: how the run stands, who works on it, what to do next."""

from agentflow.core.events import CancelRequested
from agentflow.core.state import ENDED_RUN
from agentflow.errors import LogDamaged
from agentflow.formats.accepted import accepted_tool
from agentflow.formats.next_text import next_steps, run_named
from agentflow.formats.refusals import refusals
from agentflow.formats.run_text import result_lines
from agentflow.formats.safe import safe
from agentflow.formats.usage import charged
from agentflow.formats.words import moment
from agentflow.trace import Trace

#: Characters of what people said that are shown.
_LIMIT = 300


def render(
    trace: Trace,
    *,
    holder: str | None,
    request: CancelRequested | None,
    damage: LogDamaged | None = None,
    option: str = "",
    limit: int | None = None,
) -> str:
    """`holder` is the process at work on the run, `request` one to end it that is not in the log.

    `damage` is what hides the end of its log, `option` what further commands need to find the
    store, `limit` how many characters of an output are shown.
    """
    died = trace.status in ("running", "crashed") and holder is None and damage is None
    lines = [f"started by {safe(trace.by, oneline=True)}"] if trace.by else []
    if trace.status not in ("running", "crashed") or any(trace.waiting()):
        lines += [*result_lines(trace, option, limit), *charged(trace)]
    lines += refusals(trace, f"agentflow show {run_named(trace, option)} --json")
    lines += [accepted_tool(tool) for tool in trace.accepted]
    if holder is not None:
        lines.append(f"{safe(holder, oneline=True)} works on it")
    if request is not None and trace.status not in ENDED_RUN:
        lines.append(_requested(request))
        if holder is None and damage is None:
            lines.append(f"end it with: agentflow cancel {run_named(trace, option)}")
        elif holder is not None:
            lines.append("the process takes that in when it can")
    stuck = holder is not None or damage is not None
    lines += next_steps(trace, option, died=died, busy=stuck)
    return "\n".join(lines)


def _requested(request: CancelRequested) -> str:
    by = f" by {request.by}" if request.by else ""
    why = f": {request.why}" if request.why else ""
    text = f"asked to cancel{by}, {moment(request.at)}{why}"
    return safe(text, limit=_LIMIT, oneline=True)
