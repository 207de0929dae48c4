"""Answers of people that did not count, each with the reason."""

from collections.abc import Iterator

from agentflow.formats.safe import safe
from agentflow.formats.words import count, moment, offset
from agentflow.trace import Trace

#: So many of them are shown, the last ones.
_MOST = 10
#: Characters of each that are shown.
_LIMIT = 300


def refusals(trace: Trace, more: str) -> Iterator[str]:
    """Lines about them, none if there are none; `more` tells how to see those that are left out."""
    if not trace.refused:
        return
    number = len(trace.refused)
    yield f"{count(number, 'answer')} {'was' if number == 1 else 'were'} refused:"
    if number > _MOST:
        yield f"  … {number - _MOST:,} before: {more}"
    for refused in trace.refused[-_MOST:]:
        by = f" of {refused.by}" if refused.by else ""
        at = moment(refused.at)
        if trace.mode == "simulated":
            at = offset(refused.at - trace.started)
        text = f"{refused.step or 'run'}{by}, {at}: {refused.why}"
        yield f"  {safe(text, limit=_LIMIT, oneline=True)}"
