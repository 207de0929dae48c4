"""The version of the language that a spec is written in: the key `agentflow`, before all others."""

from agentflow.findings import START_OF_FILE, Edit, Finding, Fix, Location, Severity, Span
from agentflow.spec.document import Document
from agentflow.spec.nearest import nearest
from agentflow.spec.phrases import found
from agentflow.spec.yaml.nodes import Mapping, Scalar


def wrong_version(document: Document) -> Finding:
    """What is wrong with the key `agentflow` of a document, which is not `1`."""
    node = document.node(("agentflow",))
    if node is None:
        return _finding(
            "the first key has to be 'agentflow: 1'",
            Location(document.file, START_OF_FILE),
            "it says in which version of the language the spec is written",
            _headed(document),
        )
    place = document.locate(("agentflow",))
    if isinstance(node, Scalar) and type(node.value) in (int, float):
        message = f"version {node.text[:40]} of the language is not known here"
        return _finding(message, place, "write 'agentflow: 1'; a newer release may know the other")
    quoted_one = isinstance(node, Scalar) and node.text in ("1", "v1")
    return _finding(
        f"expected a version of the language, found {found(node)}",
        place,
        "write 'agentflow: 1'",
        Fix("write 1", (Edit(place.span, "1"),)) if quoted_one else None,
    )


def _headed(document: Document) -> Fix | None:
    """The header put before the first key, unless a misspelt key may be it."""
    root = document.root
    if not isinstance(root, Mapping) or root.flow or not root.entries:
        return None
    if nearest("agentflow", root.entries) is not None:
        return None
    line = next(iter(root.entries.values())).key.line
    edit = Edit(Span(line, 1, line, 1), "agentflow: 1\n")
    return Fix("put 'agentflow: 1' before the first key", (edit,))


def _finding(message: str, place: Location, help: str, fix: Fix | None = None) -> Finding:
    return Finding("unsupported-version", Severity.ERROR, message, place, help, fix=fix)
