"""The graph of a pipeline as a self-contained picture: it needs no font, no script, no program.

A step that contains others is a box around their picture. Lines go from the right of a step to the
left of what waits for it; those on the path that takes longest are thick, and drawn over the
others. There is no line to a step that is waited for anyway, through one between them.
`plan_layout` says where everything is.
"""

from collections.abc import Iterator
from html import escape

from agentflow.formats.plan_layout import LINE, PADDING, Box, Line, Picture, layout
from agentflow.formats.plan_words import effects
from agentflow.formats.safe import safe
from agentflow.plan.overview import Overview

_STYLE = (
    "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1c2330}"
    ".id{font-weight:700}.dim{fill:#5b6675}"
    "rect{fill:#fff;stroke:#7a8699}.holds{fill:#f3f5f8}.critical{stroke:#b4530a;stroke-width:2}"
    ".second{fill:none}.irreversible{stroke-dasharray:6 3}"
    "path{fill:none;stroke:#7a8699}path.critical{stroke:#b4530a;stroke-width:2}"
)

#: What changes the world has a second border, a broken one if that cannot be undone.
_SECOND = frozenset({"write", "idempotent", "irreversible"})


def render(plan: Overview) -> str:
    """An SVG document of its own."""
    picture = layout(plan.nodes)
    size = picture.width + 2 * PADDING, picture.height + 2 * PADDING
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]:.0f}" height="{size[1]:.0f}"'
        f' viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" role="img">'
    )
    title = f"<title>{escape(safe(plan.plan.pipeline.name, oneline=True))}</title>"
    body = _drawn(picture, PADDING, PADDING)
    return "\n".join([head, title, f"<style>{_STYLE}</style>", *body, "</svg>"])


def _drawn(picture: Picture, left: float, top: float) -> Iterator[str]:
    for line in picture.lines:
        yield _path(line, left, top)
    for box in picture.boxes:
        yield from _box(box, left + box.x, top + box.y)


def _box(box: Box, x: float, y: float) -> Iterator[str]:
    names = ["holds"] * bool(box.inside.boxes) + ["critical"] * box.node.critical
    style = f' class="{" ".join(names)}"' if names else ""
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'
        f' rx="4"{style}/>'
    )
    if (acts := effects(box.node.part.step)) in _SECOND:
        yield (
            f'<rect x="{x + 3:.1f}" y="{y + 3:.1f}" width="{box.width - 6:.1f}"'
            f' height="{box.height - 6:.1f}" class="second {acts}"/>'
        )
    for number, line in enumerate(box.lines):
        at = f'x="{x + PADDING:.1f}" y="{y + (number + 1) * LINE:.1f}"'
        style = "dim" if number else "id"
        yield f'<text {at} class="{style}">{escape(line)}</text>'
    yield from _drawn(box.inside, x + PADDING, y + box.top)


def _path(line: Line, left: float, top: float) -> str:
    """Straight through a column, and in a curve from one to the next."""
    places = [(left + x, top + y) for x, y in line.points]
    (x, y), *rest = places
    drawn = f"M{x:.1f},{y:.1f}"
    for number, (x, y) in enumerate(rest):
        if number % 2 == 0:
            drawn += f" H{x:.1f}"
        else:
            before, height = places[number]
            middle = (before + x) / 2
            drawn += f" C{middle:.1f},{height:.1f} {middle:.1f},{y:.1f} {x:.1f},{y:.1f}"
    style = ' class="critical"' if line.critical else ""
    return f'<path d="{drawn}"{style}/>'
