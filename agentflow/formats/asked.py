"""A question for people, as lines: who is asked what about which step, and until when."""

from collections.abc import Iterator

from agentflow.formats.safe import safe
from agentflow.formats.values import compact
from agentflow.formats.words import duration, moment
from agentflow.spec.model import Json


def asked_lines(
    *,
    step: str,
    who: str | None,
    due: float,
    ask: str,
    shown: Json,
    failure: tuple[str, str] | None,
    output: Json,
    tool: str | None,
    four_eyes: bool,
    limit: int,
    now: float | None = None,
) -> Iterator[str]:
    """The lines; `failure` is a class and a message, `limit` is in characters of one value.

    What is `shown` about a `tool` are the arguments that it is to be called with. With `now`, a
    question whose time is up says since when.
    """
    until = f"until {moment(due)}"
    if now is not None and now > due:
        until = f"overdue for {duration(now - due)}"
    yield f"{safe(step, oneline=True)}  asks {safe(who or 'a person', oneline=True)}, {until}"
    yield from (f"  {line}" for line in safe(ask, limit=limit).split("\n"))
    if tool is not None:
        yield f"  calls {safe(tool, oneline=True)} with:"
    if isinstance(shown, dict):
        for name, value in shown.items():
            yield f"  {safe(name, oneline=True)}: {safe(compact(value), limit=limit, oneline=True)}"
    if failure is not None:
        kind, message = failure
        yield f"  because {kind}: {safe(message, limit=limit, oneline=True)}"
    if four_eyes:
        yield "  not by whoever started the run"
    if output is not None:
        yield f"  held back: {safe(compact(output), limit=limit, oneline=True)}"
