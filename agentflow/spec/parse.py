"""From a located document to the pipeline it describes, or to what is wrong with it.

pydantic checks the data against the models of the language; `spec.breaches` says it in our words.
Keys that are misspelt, unknown or not supported yet do not keep the rest from being looked at: a pipeline
in which the misspelt ones have the names that they were meant for, without the others, is returned too,
marked as partial. So what stands under such a key is not missing anywhere else.
"""

from itertools import islice

from msgspec import Struct
from pydantic import ValidationError
from pydantic_core import ErrorDetails, to_json

from agentflow.findings import Finding, Location, Severity
from agentflow.spec.breaches import Breaches
from agentflow.spec.document import Document, Path
from agentflow.spec.model import Json, Pipeline, Vocabulary
from agentflow.spec.yaml.collector import collector_paused
from agentflow.spec.yaml.nodes import Mapping, Node, Scalar, to_data, with_names
from agentflow.spec.yaml.reader import MAX_FINDINGS

#: A misspelt key may hold others, which are met when it has its name.
_MOST_PASSES = 10


class ParseResult(Struct, frozen=True):
    """What a document says.

    `pipeline` is None if it says nothing that could be looked at further. It is `partial` if keys
    had to be renamed or left out, each with a finding: then it may be linted and must not be run.
    `findings` are in file order and do not repeat those of the document. `root` has the nodes under the
    names that the pipeline has for them, at their old places; None if those are the author's.
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
        if not breaches.renamed or too_many:
            break
        misspelt += (finding for _, finding in breaches.renamed.values())
        names = {path: name for path, (name, _) in breaches.renamed.items()}
        renamed = with_names(root, names)
        assert isinstance(renamed, Mapping)
        root = renamed
        document = document.read_as(root)
    findings = _without_echoes([*misspelt, *breaches.findings], document)
    if too_many:
        findings.append(_more(too_many, document))
    partial = bool(misspelt)
    if pipeline is None and breaches.removable and not too_many:
        pipeline = _without(breaches.removable, to_data(root), vocabulary)
        partial = True
    findings.sort(key=lambda finding: finding.location.span)
    partial = partial and pipeline is not None
    return ParseResult(pipeline, tuple(findings), partial, root if misspelt else None)


def _examine(
    document: Document, root: Mapping, vocabulary: Vocabulary
) -> tuple[Breaches, Pipeline | None, int]:
    """What is wrong, the pipeline if nothing is, and how much more is wrong that was not looked at."""
    data = to_data(root)
    breaches = Breaches(document, vocabulary)
    if _is_bool(root, "agentflow"):
        breaches.version()
    try:
        pipeline = _validate(data, vocabulary)
    except ValidationError as error:
        complaints = _complaints(error, data, vocabulary)
        breaches.add(complaints)
        return breaches, None, error.error_count() - len(complaints)
    return breaches, pipeline if breaches.removable is not None else None, 0


def _validate(data: Json, vocabulary: Vocabulary) -> Pipeline:
    # By way of JSON, since only there strict checking takes text for an enumeration: otherwise
    # "3" would do for a number and "no" for false, and the schema in the editor would object.
    return vocabulary.pipeline.model_validate_json(to_json(data), strict=True)


def _complaints(error: ValidationError, data: Json, vocabulary: Vocabulary) -> list[ErrorDetails]:
    """What pydantic has to say, up to `MAX_FINDINGS` of it."""
    if error.error_count() > 10 * MAX_FINDINGS:
        # Its list cannot be had in parts, and takes more than a kilobyte for each complaint: look
        # at the head of every collection instead.
        try:
            _validate(_head(data), vocabulary)
        except ValidationError as fewer:
            error = fewer
        else:
            return []
    return error.errors(include_url=False, include_input=False)[:MAX_FINDINGS]


def _head(data: Json) -> Json:
    """The data with the first hundred of everything."""
    if isinstance(data, dict):
        return {key: _head(value) for key, value in islice(data.items(), 100)}
    if isinstance(data, list):
        return [_head(item) for item in data[:100]]
    return data


def _without(paths: list[Path], data: Json, vocabulary: Vocabulary) -> Pipeline | None:
    """The pipeline without some keys; None if it needs them.

    A mapping left empty goes as well if it may not be empty, as the action of a `catch` may not.
    """
    for remove in (_remove, _remove_empty):
        for path in paths:
            remove(path, data)
        try:
            return _validate(data, vocabulary)
        except ValidationError:
            continue
    return None


def _remove(path: Path, data: Json) -> None:
    """Take out the key that a path leads to."""
    mapping = _at(path[:-1], data)
    if isinstance(mapping, dict):
        mapping.pop(path[-1], None)


def _remove_empty(path: Path, data: Json) -> None:
    """Take out the mapping around a key if nothing is left in it."""
    if _at(path[:-1], data) == {}:
        _remove(path[:-1], data)


def _at(path: Path, data: Json) -> Json:
    """What a path leads to; None if it was taken out."""
    for part in path:
        if isinstance(data, dict) and part not in data:
            return None
        data = data[part]
    return data


def _is_bool(root: Mapping, key: str) -> bool:
    """Is it `true`, which Python takes for 1?"""
    entry = root.entries.get(key)
    return (
        entry is not None
        and isinstance(entry.value, Scalar)
        and isinstance(entry.value.value, bool)
        and entry.value.value
    )


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
