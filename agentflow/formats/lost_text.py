"""Calls that the log lost sight of, for the people who have to check what became of them."""

from collections.abc import Iterator, Sequence

from agentflow.errors import LostCall
from agentflow.formats.safe import safe
from agentflow.formats.words import count
from agentflow.spec.model import Effects

#: So many calls are named.
_NAMED = 10
#: Characters of a line.
_LIMIT = 600


def lines(calls: Sequence[LostCall]) -> Iterator[str]:
    """Those that may have changed the world come first, each with its key."""
    acted = [call for call in calls if not Effects(call.effects).repeatable]
    others = len(calls) - len(acted)
    if acted:
        yield "calls that were made, and whose outcome is not in the log:"
    for call in acted[:_NAMED]:
        key = f", idempotency key '{call.key}'" if call.key is not None else ""
        about = f"agent '{call.agent}', effects '{call.effects}'{key}"
        text = f"{call.step}  attempt {call.attempt}, {about}: {call.outcome}"
        yield f"  {safe(text, limit=_LIMIT, oneline=True)}"
    if len(acted) > _NAMED:
        yield f"  … {len(acted) - _NAMED:,} more"
    if others:
        yield f"lost besides: {count(others, 'call')} whose effects can be repeated"
