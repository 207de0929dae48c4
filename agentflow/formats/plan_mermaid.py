"""The graph of a pipeline for Mermaid, which GitHub and GitLab draw in Markdown.

Steps that contain others are subgraphs. What cannot be undone is a hexagon, other changes of the
world have a second line at either side. The path that takes longest is drawn with thick lines.
"""

from collections.abc import Iterator, Mapping, Sequence

from agentflow.formats.plan_words import effects, numbered, told
from agentflow.formats.safe import safe
from agentflow.plan.overview import Node, Overview, edges

_SHAPES = {"irreversible": "{{{{{}}}}}", "write": "[[{}]]", "idempotent": "[[{}]]"}


def render(plan: Overview) -> str:
    """A flowchart; nodes are numbered in the order of the spec."""
    return "\n".join(["flowchart LR", *_scope(plan.nodes, numbered(plan.nodes), "  ")])


def _scope(nodes: Sequence[Node], names: Mapping[int, str], indent: str) -> Iterator[str]:
    for node in nodes:
        drawn = names[id(node)] + _shape(node).format(_text(node))
        if node.inside:
            yield f"{indent}subgraph {names[id(node)]}[{_text(node)}]"
            yield from _scope(node.inside, names, indent + "  ")
            yield f"{indent}end"
        else:
            yield f"{indent}{drawn}"
    for edge in edges(nodes):
        arrow = "==>" if edge.critical else "-->"
        yield f"{indent}{names[id(edge.before)]} {arrow} {names[id(edge.after)]}"


def _shape(node: Node) -> str:
    return _SHAPES.get(effects(node.part.step) or "none", "[{}]")


def _text(node: Node) -> str:
    """A text in quotes. What could end it, or is markup, is written as a character's number."""
    text = safe(f"{node.part.step.id}: {told(node)}", oneline=True)
    return '"' + "".join(c if c.isalnum() or c in " :,.-_'/" else f"#{ord(c)};" for c in text) + '"'
