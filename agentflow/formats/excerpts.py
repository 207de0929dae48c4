"""The line that a span is on, and where on the screen the carets under it belong.

Columns of a span count characters; on a screen a tab is four cells, an ideograph two, a control
character as long as its escape. A line that is too long is shown as a window around the span.
"""

from msgspec import Struct

from agentflow.findings import Span
from agentflow.formats.cells import width
from agentflow.formats.safe import safe_characters
from agentflow.spec.yaml.source import Source

#: Cells of an excerpt.
ROOM = 100
#: Cells of a long line that are shown to the left of a span, so that one sees what it belongs to.
_BEFORE = 30
_TAB = "    "


class Excerpt(Struct, frozen=True):
    """A line as it is shown, with `carets` carets to be set under it after `indent` cells."""

    text: str
    indent: int
    carets: int


def excerpt(source: Source, span: Span) -> Excerpt:
    """The first line of a span. A span without width gets one caret; so does the end of a line."""
    begins, ends = source.extent(span.line)
    length = ends - begins
    start = min(span.column - 1, length)
    # A line may be megabytes long: look at no more of it than can be shown.
    first, last = max(0, start - ROOM), min(start + 2 * ROOM, length)
    window = source.text[begins + first : begins + last]
    end = first + len(window.rstrip()) if span.end_line > span.line else span.end_column - 1
    end = max(start, min(end, length))
    shown = [_TAB if char == "\t" else char for char in safe_characters(window)]
    left, marked, right = (
        shown[: start - first],
        shown[start - first : end - first],
        shown[end - first :],
    )
    cut_left = first > 0 or width("".join((*left, *marked, *right))) > ROOM
    if cut_left:
        left = _last_cells(left, _BEFORE, more=first > 0)
    indent = width("".join(left))
    carets = max(1, min(width("".join(marked)), ROOM - indent))
    text = _first_cells([*left, *marked, *right], ROOM, more=last < length)
    return Excerpt(text, indent, carets)


def _last_cells(shown: list[str], room: int, *, more: bool) -> list[str]:
    """The end of a list of characters, with an ellipsis for what is left out before it."""
    kept: list[str] = []
    for char in reversed(shown):
        room -= width(char)
        if room < 0:
            return ["…", *reversed(kept)]
        kept.append(char)
    return ["…", *shown] if more else shown


def _first_cells(shown: list[str], room: int, *, more: bool) -> str:
    """The beginning of a list of characters, with an ellipsis for what is left out after it."""
    if not more and width("".join(shown)) <= room:
        return "".join(shown)
    kept: list[str] = []
    for char in shown:
        room -= width(char)
        if room < 1:
            break
        kept.append(char)
    return "".join((*kept, "…"))
