"""From a located document to the pipeline it describes, or to what is wrong with it.

`spec.filling` holds the nodes against the models of the language; `spec.breaches` says what it
finds. Keys that are misspelt or unknown do not keep the rest from being looked at, nor do values of
another type that can hardly mean but one thing: a pipeline in which these are as they were meant,
without the others, is returned too, marked as partial. So what stands under such a key is not
missing anywhere else.
"""

from msgspec import Struct

from agentflow.findings import Finding, Location, Severity
from agentflow.spec.breaches import Breaches
from agentflow.spec.document import Document
from agentflow.spec.filling import fill
from agentflow.spec.model import Pipeline, Vocabulary
from agentflow.spec.yaml.collector import collector_paused
from agentflow.spec.yaml.nodes import Mapping, Node, with_names, with_values
from agentflow.spec.yaml.reader import MAX_FINDINGS

#: A misspelt key may hold others, which are met when it has its name; so may what is of the wrong
#: type.
_MOST_PASSES = 10


class ParseResult(Struct, frozen=True):
    """What a document says.

    `pipeline` is None if it says nothing that could be looked at further. It is `partial` if keys
    had to be renamed or left out, each with a finding: then it may be linted and must not be run.
    `findings` are in file order and do not repeat those of the document. `root` has the nodes under
    the names that the pipeline has for them, at their old places; None if those are the author's.
    """

    pipeline: Pipeline | None
    findings: tuple[Finding, ...]
    partial: bool = False
    root: Node | None = None


def parse(document: Document, vocabulary: Vocabulary) -> ParseResult:
    """Check a document against the language and build its pipeline. Raises nothing of its own."""
    root = document.root
    if not isinstance(root, Mapping):
        return ParseResult(None, ())
    with collector_paused():
        return _parse(document, root, vocabulary)


def _parse(document: Document, root: Mapping, vocabulary: Vocabulary) -> ParseResult:
    misspelt: list[Finding] = []
    for _ in range(_MOST_PASSES):
        breaches, pipeline, too_many = _examine(document, root, vocabulary)
        changed = {**breaches.renamed, **breaches.meant}
        if not changed or too_many:
            break
        misspelt += (finding for _, finding in changed.values())
        values = {path: value for path, (value, _) in breaches.meant.items()}
        names = {path: name for path, (name, _) in breaches.renamed.items()}
        as_meant = with_names(with_values(root, values), names)
        assert isinstance(as_meant, Mapping)
        root = as_meant
        document = document.read_as(root)
    findings = _without_echoes([*misspelt, *breaches.findings], document)
    if too_many:
        findings.append(_more(too_many, document))
    findings.sort(key=lambda finding: finding.location.span)
    partial = pipeline is not None and bool(misspelt or breaches.findings)
    return ParseResult(pipeline, tuple(findings), partial, root if misspelt else None)


def _examine(
    document: Document, root: Mapping, vocabulary: Vocabulary
) -> tuple[Breaches, Pipeline | None, int]:
    """What is wrong, the pipeline if it can be used, and how many problems were left out."""
    pipeline, found = fill(vocabulary.pipeline, root)
    breaches = Breaches(document, vocabulary)
    breaches.add(found[:MAX_FINDINGS])
    too_many = max(0, len(found) - MAX_FINDINGS)
    return breaches, pipeline if breaches.unknown_keys_only and not too_many else None, too_many


def _without_echoes(findings: list[Finding], document: Document) -> list[Finding]:
    """Leave out what only follows from an error of the document at the same place."""
    said = {
        (finding.location.span.line, finding.location.span.column)
        for finding in document.findings
        if finding.severity is Severity.ERROR
    }
    return [
        finding
        for finding in findings
        if (finding.location.span.line, finding.location.span.column) not in said
    ]


def _more(count: int, document: Document) -> Finding:
    return Finding(
        "too-large",
        Severity.ERROR,
        f"{count:,} more problems are not listed",
        Location(document.file, document.locate(()).span),
        "mend the first ones and look again",
    )
