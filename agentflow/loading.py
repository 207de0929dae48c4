"""Reading a spec and holding it against the rules, in one place for every caller."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agentflow.agents import VOCABULARY
from agentflow.contracts.resolve import FileReader
from agentflow.errors import SpecError
from agentflow.findings import Finding, Severity
from agentflow.lint.linter import lint
from agentflow.lint.rule import Context
from agentflow.plan.build import build_plan
from agentflow.plan.steps import Plan
from agentflow.project import ProjectReader, read_bytes
from agentflow.spec.document import MAX_BYTES, Document, parse_document
from agentflow.spec.model import Pipeline
from agentflow.spec.parse import parse


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec as it was read: the document, and as much of pipeline and plan as could be built.

    `file` is the path as the user named it. `sources` are the texts it is made of: the spec under
    its `name`, and the files it names by their path relative to `folder`.
    """

    file: str
    name: str
    folder: Path
    document: Document
    pipeline: Pipeline | None
    plan: Plan | None
    problems: tuple[Finding, ...]
    sources: Mapping[str, str]


def load(path: str | Path) -> Spec:
    """Read a spec and all it names.

    Raises:
        FileProblem: the spec itself cannot be read. What is wrong inside is in `problems`.
    """
    return load_bytes(read_bytes(Path(path), MAX_BYTES), str(path), Path(path).parent)


def load_bytes(data: bytes, file: str, folder: Path) -> Spec:
    """Read a spec from its bytes; what it names is looked up from `folder`."""
    reader = ProjectReader(folder)
    document, pipeline, plan, problems = understand(data, file, reader)
    name = Path(file).name
    return Spec(
        file=file,
        name=name,
        folder=reader.folder,
        document=document,
        pipeline=pipeline,
        plan=plan,
        problems=problems,
        sources={**reader.sources, name: document.text},
    )


def understand(
    data: bytes | str, file: str, read: FileReader
) -> tuple[Document, Pipeline | None, Plan | None, tuple[Finding, ...]]:
    """From text to plan, with what was wrong on the way; `read` gives the files it names."""
    document = parse_document(data, file)
    parsed = parse(document, VOCABULARY)
    problems = (*document.findings, *parsed.findings)
    if parsed.pipeline is None:
        return document, None, None, problems
    plan = build_plan(document, parsed.pipeline, read)
    return document, parsed.pipeline, plan, (*problems, *plan.findings)


def check(spec: Spec) -> tuple[Finding, ...]:
    """What the linter finds in a spec, in file order."""
    return lint(Context(spec.document, spec.pipeline, spec.plan, spec.problems))


def runnable(spec: Spec) -> Plan:
    """The plan of a spec without errors.

    Raises:
        SpecError: it has errors; all its findings are in it.
    """
    findings = check(spec)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    if errors or spec.plan is None:
        count = "an error" if errors == 1 else f"{errors} errors"
        raise SpecError(
            f"'{spec.file}' has {count} and cannot run",
            findings,
            {spec.file: spec.document.text},
        )
    return spec.plan
