"""The graph of a pipeline as a picture that needs nothing else: no font, no script, no program.

Each scope is a row of columns, one a level. A step that holds others is a box around their picture.
Lines go from the right of a step to the left of what waits for it; those on the way that takes
longest are thick, and drawn over the others. A step that waits for another anyway, through one between
them, has no line to it. Sizes are in pixels.
"""

from collections.abc import Iterator, Sequence
from html import escape

from msgspec import Struct

from agentflow.formats.cells import width
from agentflow.formats.plan_words import at_most, case, effects, kind
from agentflow.formats.safe import safe
from agentflow.plan.amounts import Most
from agentflow.plan.overview import Edge, Node, Overview, edges

_CELL = 7.3  # of the 12 pixel monospace that is asked for
_LINE = 18
_PADDING = 10
_GAP = 26
_BETWEEN = 60  # columns, which is where the lines are
_MOST = 60  # characters of a line

_STYLE = (
    "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1c2330}"
    ".id{font-weight:700}.dim{fill:#5b6675}"
    "rect{fill:#fff;stroke:#7a8699}.holds{fill:#f3f5f8}.critical{stroke:#b4530a;stroke-width:2}"
    ".second{fill:none}.irreversible{stroke-dasharray:6 3}"
    "path{fill:none;stroke:#7a8699}path.critical{stroke:#b4530a;stroke-width:2}"
)

#: What changes the world has a second border, a broken one if that cannot be undone.
_SECOND = frozenset({"write", "idempotent", "irreversible"})


class _Box(Struct, frozen=True):
    """A step with its place in the scope, and the picture of what is inside of it."""

    node: Node
    lines: tuple[str, ...]
    inside: "_Picture"
    x: float = 0
    y: float = 0

    @property
    def width(self) -> float:
        text = max(width(line) for line in self.lines) * _CELL
        return max(text, self.inside.width) + 2 * _PADDING

    @property
    def top(self) -> float:
        """The height of its text."""
        return len(self.lines) * _LINE + _PADDING

    @property
    def height(self) -> float:
        return self.top + (self.inside.height + _PADDING if self.inside.boxes else _PADDING / 2)


class _Picture(Struct, frozen=True):
    """The boxes of one scope."""

    boxes: tuple[_Box, ...]
    width: float = 0
    height: float = 0


def render(plan: Overview) -> str:
    """An SVG document of its own."""
    picture = _scope(plan.nodes)
    size = picture.width + 2 * _PADDING, picture.height + 2 * _PADDING
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]:.0f}" height="{size[1]:.0f}"'
        f' viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" role="img">'
    )
    title = f"<title>{escape(safe(plan.plan.pipeline.name, oneline=True))}</title>"
    body = _drawn(picture, _PADDING, _PADDING)
    return "\n".join([head, title, f"<style>{_STYLE}</style>", *body, "</svg>"])


def _scope(nodes: Sequence[Node]) -> _Picture:
    columns: dict[int, list[_Box]] = {}
    for node in nodes:
        step = node.part.step
        most = node.part.most
        figures = at_most(Most(calls=most.calls, usd=most.usd))
        # There is no room for the field that leaves a figure open.
        brief = " · ".join(figure.partition(" (")[0] for figure in figures)
        acts = " · ".join(filter(None, [case(node.part), effects(step)]))
        lines = (step.id, kind(step), acts, brief)
        shown = tuple(safe(line, limit=_MOST, oneline=True) for line in lines if line)
        columns.setdefault(node.level, []).append(_Box(node, shown, _scope(node.inside)))
    placed: list[_Box] = []
    x = tallest = 0.0
    for level in sorted(columns):
        y = 0.0
        for box in columns[level]:
            placed.append(_Box(box.node, box.lines, box.inside, x, y))
            y += box.height + _GAP
        tallest = max(tallest, y - _GAP)
        x += max(box.width for box in columns[level]) + _BETWEEN
    return _Picture(tuple(placed), max(0.0, x - _BETWEEN), tallest)


def _drawn(picture: _Picture, left: float, top: float) -> Iterator[str]:
    places = {id(box.node): box for box in picture.boxes}
    lines = shown_edges([box.node for box in picture.boxes])
    for edge in sorted(lines, key=_is_critical):
        ends = places[id(edge.before)], places[id(edge.after)]
        yield _line(*ends, left, top, critical=edge.critical)
    for box in picture.boxes:
        x, y = left + box.x, top + box.y
        names = ["holds"] * bool(box.inside.boxes) + ["critical"] * box.node.critical
        style = f' class="{" ".join(names)}"' if names else ""
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
            f' rx="4"{style}/>'
        )
        if effects(box.node.part.step) in _SECOND:
            yield (
                f'<rect x="{x + 3:.1f}" y="{y + 3:.1f}" width="{box.width - 6:.1f}"'
                f' height="{box.height - 6:.1f}" class="second {effects(box.node.part.step)}"/>'
            )
        for number, line in enumerate(box.lines):
            at = f'x="{x + _PADDING:.1f}" y="{y + (number + 1) * _LINE:.1f}"'
            style = "dim" if number else "id"
            yield f'<text {at} class="{style}">{escape(line)}</text>'
        yield from _drawn(box.inside, x + _PADDING, y + box.top)


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


def _is_critical(edge: Edge) -> bool:
    return edge.critical


def _line(before: _Box, after: _Box, left: float, top: float, *, critical: bool) -> str:
    """A curve that leaves to the right and comes in from the left."""
    x1, y1 = left + before.x + before.width, top + before.y + min(before.height, _LINE * 2) / 2
    x2, y2 = left + after.x, top + after.y + min(after.height, _LINE * 2) / 2
    bend = max(_BETWEEN / 2, (x2 - x1) / 2)
    style = ' class="critical"' if critical else ""
    return (
        f'<path d="M{x1:.1f},{y1:.1f} C{x1 + bend:.1f},{y1:.1f} {x2 - bend:.1f},{y2:.1f}'
        f' {x2:.1f},{y2:.1f}"{style}/>'
    )
