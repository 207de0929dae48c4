"""The graph of a pipeline for Graphviz.

Steps that contain others are clusters; a line to or from one ends at its border (`compound`). What
cannot be undone is an octagon, other changes of the world have a double border. The path that takes
longest is drawn bold.
"""

from collections.abc import Iterator, Mapping, Sequence

from agentflow.formats.plan_words import effects, numbered, told
from agentflow.formats.safe import safe
from agentflow.plan.overview import Edge, Node, Overview, edges

_SHAPES = {
    "irreversible": ", shape=octagon",
    "write": ", peripheries=2",
    "idempotent": ", peripheries=2",
}


def render(plan: Overview) -> str:
    """A directed graph; nodes are numbered in the order of the spec."""
    head = [
        f"digraph {_quoted(plan.plan.pipeline.name)} {{",
        "  rankdir=LR; compound=true; fontname=Helvetica;",
        '  node [shape=box, fontname=Helvetica, margin="0.2,0.08"];',
    ]
    return "\n".join([*head, *_scope(plan.nodes, numbered(plan.nodes), "  "), "}"])


def _scope(nodes: Sequence[Node], names: Mapping[int, str], indent: str) -> Iterator[str]:
    for node in nodes:
        name = names[id(node)]
        if node.inside:
            yield f"{indent}subgraph cluster_{name} {{"
            style = "bold" if node.critical else "solid"  # else it is that of the cluster around it
            yield f"{indent}  label={_label(node)}; style={style};"
            yield from _scope(node.inside, names, indent + "  ")
            yield f"{indent}}}"
        else:
            style = _SHAPES.get(effects(node.part.step) or "none", "")
            style += ", style=bold" if node.critical else ""
            yield f"{indent}{name} [label={_label(node)}{style}];"
    for edge in edges(nodes):
        yield f"{indent}{_edge(edge, names)};"


def _edge(edge: Edge, names: Mapping[int, str]) -> str:
    says = []
    if edge.before.inside:
        says.append(f"ltail=cluster_{names[id(edge.before)]}")
    if edge.after.inside:
        says.append(f"lhead=cluster_{names[id(edge.after)]}")
    if edge.critical:
        says.append("style=bold")
    line = f"{names[id(_leaf(edge.before))]} -> {names[id(_leaf(edge.after))]}"
    return f"{line} [{', '.join(says)}]" if says else line


def _leaf(node: Node) -> Node:
    """A node that stands for all around it, since lines begin and end at nodes only."""
    while node.inside:
        node = node.inside[0]
    return node


def _label(node: Node) -> str:
    return _quoted(f"{node.part.step.id}\n{told(node)}")


def _quoted(text: str) -> str:
    """A string. Graphviz reads entities of HTML in it, besides what has a backslash before it."""
    escaped = safe(text).replace("&", "&amp;").replace("\\", "\\\\")
    escaped = escaped.replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
