"""The recordings that tests name: whether they can be read, judging by their first lines."""

from collections.abc import Iterator

from agentflow.contracts.resolve import FileReader
from agentflow.errors import FileProblem
from agentflow.findings import Finding, Severity
from agentflow.spec.document import Document
from agentflow.spec.model import Pipeline

RULE = "unreadable-recording"


def unreadable(document: Document, pipeline: Pipeline, read: FileReader) -> Iterator[Finding]:
    """A finding for each recording that a test names and that is none."""
    for name, test in pipeline.tests.items():
        if test.recording is None:
            continue
        from agentflow.agents.recording import read_head  # most specs need none of it

        try:
            read_head(read(test.recording), test.recording)
        except FileProblem as problem:
            location = document.locate(("tests", name, "recording"))
            yield Finding(RULE, Severity.WARNING, problem.message, location, problem.help)
