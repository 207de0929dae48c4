"""Where the steps of a pipeline stand in a drawing, and how the lines between them run.

Each scope is a row of columns, one per level (Sugiyama, Tagawa and Toda 1981). A line that passes a
level has a lane of its own in that column, which is shared by all that wait for the same step; so
no line runs behind a step that it has nothing to do with. A column has the order of the steps that
lead to it, and each step is as high up as those, if there is room. Sizes are in pixels.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from agentflow.formats.cells import width
from agentflow.formats.plan_words import at_most, case, effects, kind
from agentflow.formats.safe import safe
from agentflow.plan.amounts import Most
from agentflow.plan.overview import Edge, Node, edges

CELL = 7.3  # of the 12 pixel monospace that is asked for
LINE = 18
PADDING = 10
_GAP = 26
_BETWEEN = 60  # columns, which is where lines bend
_MOST = 60  # characters of a line

Point = tuple[float, float]


class Box(Struct, frozen=True):
    """A step with its place in the scope, and the picture of what is inside of it."""

    node: Node
    lines: tuple[str, ...]
    inside: "Picture"
    x: float = 0
    y: float = 0

    @property
    def width(self) -> float:
        text = max(width(line) for line in self.lines) * CELL
        return max(text, self.inside.width) + 2 * PADDING

    @property
    def top(self) -> float:
        """The height of its text."""
        return len(self.lines) * LINE + PADDING

    @property
    def height(self) -> float:
        return self.top + (self.inside.height + PADDING if self.inside.boxes else PADDING / 2)


class Line(Struct, frozen=True):
    """One step waits for another; the line is straight to odd points, and bent to even ones."""

    points: tuple[Point, ...]
    critical: bool


class Picture(Struct, frozen=True):
    """The boxes of one scope, and the lines between them."""

    boxes: tuple[Box, ...] = ()
    lines: tuple[Line, ...] = ()
    width: float = 0
    height: float = 0


class _Piece(Struct, frozen=True):
    """What takes a place in a column: a step, or (no `box`) a lane for what waits for step `of`."""

    of: Node
    box: Box | None = None


#: Of each column, the height at which a line meets what stands for a step there, by that step's
#: identity.
_Heights = dict[int, dict[int, float]]


def layout(nodes: Sequence[Node]) -> Picture:
    """The picture of one scope."""
    shown = shown_edges(nodes)
    columns = _columns(nodes, shown)
    heights: _Heights = {}
    lefts: dict[int, Point] = {}  # of each column, where it begins and ends
    boxes: list[Box] = []
    x = tallest = 0.0
    for level, pieces in columns.items():
        pulls = _pulls(level, pieces, shown, heights)
        here = heights[level] = {}
        y = wide = 0.0
        for piece in sorted(pieces, key=lambda piece: pulls.get(id(piece.of), 0.0)):
            meets = 0 if piece.box is None else LINE
            y = max(y, pulls.get(id(piece.of), 0.0) - meets)
            here[id(piece.of)] = y + meets
            if piece.box is not None:
                boxes.append(Box(piece.box.node, piece.box.lines, piece.box.inside, x, y))
                wide = max(wide, piece.box.width)
                y += piece.box.height
            tallest = max(tallest, y)
            y += _GAP
        lefts[level] = x, x + wide
        x += wide + _BETWEEN
    lines = _lines(shown, boxes, heights, lefts)
    return Picture(tuple(boxes), tuple(lines), max(0.0, x - _BETWEEN), tallest)


def _columns(nodes: Sequence[Node], shown: Sequence[Edge]) -> dict[int, list[_Piece]]:
    """What stands in each column: steps in the order of the spec, then lanes."""
    found: dict[int, list[_Piece]] = {level: [] for level in sorted({n.level for n in nodes})}
    for node in nodes:
        found[node.level].append(_Piece(node, Box(node, _text(node), layout(node.inside))))
    last: dict[int, int] = {}
    for edge in shown:
        last[id(edge.before)] = max(last.get(id(edge.before), 0), edge.after.level)
    for node in nodes:
        for level in range(node.level + 1, last.get(id(node), 0)):
            found[level].append(_Piece(node))
    return found


def _text(node: Node) -> tuple[str, ...]:
    step, most = node.part.step, node.part.most
    figures = at_most(Most(calls=most.calls, usd=most.usd))
    # There is no room for the field that leaves a figure open.
    brief = " · ".join(figure.partition(" (")[0] for figure in figures)
    acts = " · ".join(filter(None, [case(node.part), effects(step)]))
    lines = (step.id, kind(step), acts, brief)
    return tuple(safe(line, limit=_MOST, oneline=True) for line in lines if line)


def _pulls(
    level: int, pieces: Sequence[_Piece], shown: Sequence[Edge], heights: _Heights
) -> dict[int, float]:
    """How high each piece would be: as what leads to it, or what is on the longest way of that."""
    before = heights.get(level - 1, {})
    found: dict[int, float] = {}
    for piece in pieces:
        if piece.box is None:
            found[id(piece.of)] = before[id(piece.of)]
    into: dict[int, list[Edge]] = {}
    for edge in shown:
        if edge.after.level == level:
            into.setdefault(id(edge.after), []).append(edge)
    for after, every in into.items():
        leading = [edge for edge in every if edge.critical] or every
        found[after] = sum(before[id(edge.before)] for edge in leading) / len(leading)
    return found


def _lines(
    shown: Sequence[Edge],
    boxes: Sequence[Box],
    heights: _Heights,
    lefts: Mapping[int, Point],
) -> Iterator[Line]:
    """Those on the longest way last, which is over the others."""
    ends = {id(box.node): box.x + box.width for box in boxes}
    for edge in sorted(shown, key=_is_critical):
        before, after = edge.before, edge.after
        y = heights[before.level][id(before)]
        points = [(ends[id(before)], y), (lefts[before.level][1], y)]
        for level in range(before.level + 1, after.level):
            y, (left, right) = heights[level][id(before)], lefts[level]
            if y == points[-1][1]:
                points[-1] = right, y
            else:
                points += [(left, y), (right, y)]
        points.append((lefts[after.level][0], heights[after.level][id(after)]))
        yield Line(tuple(points), edge.critical)


def _is_critical(edge: Edge) -> bool:
    return edge.critical


def shown_edges(nodes: Sequence[Node]) -> list[Edge]:
    """Who waits for whom, without what follows from others (the transitive reduction)."""
    found = edges(nodes)
    after: dict[int, list[Edge]] = {}
    for edge in found:
        after.setdefault(id(edge.before), []).append(edge)
    bits = {id(node): 1 << number for number, node in enumerate(nodes)}
    reach: dict[int, int] = {}  # of each node, what waits for it, and what waits for that, as bits
    for node in sorted(nodes, key=_level, reverse=True):
        here = 0
        for edge in after.get(id(node), ()):
            here |= bits[id(edge.after)] | reach[id(edge.after)]
        reach[id(node)] = here

    def is_implied(edge: Edge) -> bool:
        others = (other.after for other in after[id(edge.before)])
        return any(bits[id(edge.after)] & reach[id(other)] for other in others)

    return [edge for edge in found if not is_implied(edge)]


def _level(node: Node) -> int:
    return node.level
