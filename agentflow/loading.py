"""Reading a spec and holding it against the rules, in one place for every caller."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from agentflow.agents import VOCABULARY
from agentflow.agents.known_models import known_model
from agentflow.agents.recording_files import unreadable
from agentflow.contracts.models import ModelProblem, ModelReader, Models, no_models
from agentflow.contracts.resolve import FileReader
from agentflow.errors import FileProblem, SpecError, UsageError
from agentflow.findings import Finding, Severity
from agentflow.lint.linter import Outcome, examine
from agentflow.lint.rule import Context
from agentflow.plan.build import build_plan
from agentflow.plan.calls import plans_within
from agentflow.plan.contract_places import models_of
from agentflow.plan.library import texts_by_file
from agentflow.plan.reading import is_too_large
from agentflow.plan.steps import Plan
from agentflow.project import CLASS, ProjectReader, find_root, read_bytes
from agentflow.spec.document import MAX_BYTES, Document, parse_document
from agentflow.spec.model import Pipeline
from agentflow.spec.parse import parse

if TYPE_CHECKING:
    from agentflow.drill.receipt import Drilled


class Spec(Struct, frozen=True):
    """A spec as it was read: the document, and as much of pipeline and plan as could be built.

    `file` is the path as the user named it. `sources` are the texts it is made of: the spec under
    its `name`, the files it names by their path relative to `folder`, and the schemas of Python
    classes by `python:` and their name. `unseen` is how many contracts name classes that nobody
    has looked at.
    """

    file: str
    name: str
    folder: Path
    document: Document
    pipeline: Pipeline | None
    plan: Plan | None
    problems: tuple[Finding, ...]
    sources: Mapping[str, str]
    unseen: int


class ImportedModels:
    """Looks Python classes up by importing their modules, in a process of their own.

    `sources` collects what was found, so that a run can keep all it was made of.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder
        self._root = root
        self.sources: dict[str, str] = {}

    def __call__(self, names: Sequence[str]) -> Models:
        """What there is to know of the classes."""
        from agentflow.classes.schemas import read_schemas

        schemas: dict[str, str] = {}
        problems: dict[str, ModelProblem] = {}
        for folder, own in _by_folder(names).items():
            here = (self._folder / folder).resolve()
            found = read_schemas(own, here, find_root(here) if folder else self._root)
            schemas |= {folder + name: text for name, text in found.schemas.items()}
            problems |= {folder + name: problem for name, problem in found.problems.items()}
        self.sources.update((CLASS + name, text) for name, text in schemas.items())
        return Models(schemas, problems)


def _by_folder(names: Sequence[str]) -> dict[str, list[str]]:
    """The classes that are named in each folder, which stands before their names with a slash."""
    found: dict[str, list[str]] = {}
    for name in names:
        folder, slash, own = name.rpartition("/")
        found.setdefault(folder + slash, []).append(own)
    return found


class RecordedModels:
    """Looks Python classes up in the sources that a run recorded."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources

    def __call__(self, names: Sequence[str]) -> Models:
        """What the run knew of the classes."""
        texts = {name: self._sources.get(CLASS + name) for name in names}
        return Models(
            {name: text for name, text in texts.items() if text is not None},
            {
                name: ModelProblem(f"the run did not record a class '{name}'")
                for name, text in texts.items()
                if text is None
            },
        )


def load(
    path: str | Path, *, imports: bool = False, recorded: Mapping[str, str] | None = None
) -> Spec:
    """Read a spec and all it names.

    With `imports`, the modules of Python classes that contracts name are imported. With `recorded`,
    the sources of a run, they are looked up there. Otherwise those contracts are of unknown
    content.

    Raises:
        FileProblem: the spec itself cannot be read. What is wrong inside is in `problems`.
    """
    data = read_bytes(Path(path), MAX_BYTES)
    return load_bytes(data, str(path), Path(path).parent, imports=imports, recorded=recorded)


def load_bytes(
    data: bytes,
    file: str,
    folder: Path,
    *,
    imports: bool = False,
    recorded: Mapping[str, str] | None = None,
) -> Spec:
    """Read a spec from its bytes; what it names is looked up from `folder`."""
    reader = ProjectReader(folder)
    imported = ImportedModels(reader.folder, reader.root)
    models: ModelReader = imported if imports else no_models
    if recorded is not None:
        models = RecordedModels(recorded)
    document, pipeline, plan, problems = understand(data, file, reader, models)
    name = Path(file).name
    return Spec(
        file=file,
        name=name,
        folder=reader.folder,
        document=document,
        pipeline=pipeline,
        plan=plan,
        problems=problems,
        sources={**_run_of(reader.sources, pipeline), **imported.sources, name: document.text},
        unseen=_classes_in(pipeline, plan) if models is no_models else 0,
    )


def _run_of(sources: Mapping[str, str], pipeline: Pipeline | None) -> dict[str, str]:
    """What a run is made of: all that was read but for the recordings of tests."""
    tests = pipeline.tests.values() if pipeline is not None else ()
    recordings = {test.recording for test in tests}
    return {name: text for name, text in sources.items() if name not in recordings}


def _classes_in(pipeline: Pipeline | None, plan: Plan | None) -> int:
    """How many contracts name Python classes, in a pipeline and in those that it runs."""
    inside = [each.pipeline for each in plans_within(plan)] if plan else []
    return sum(1 for each in inside or filter(None, [pipeline]) for _ in models_of(each))


def understand(
    data: bytes | str, file: str, read: FileReader, read_models: ModelReader = no_models
) -> tuple[Document, Pipeline | None, Plan | None, tuple[Finding, ...]]:
    """From text to plan, with what was wrong on the way.

    `read` gives the files that it names, and `read_models` the schemas of Python classes. Of what
    is too large there is no pipeline and no plan: rules would look at a part of it.
    """
    document = parse_document(data, file)
    parsed = parse(document, VOCABULARY)
    document = document.read_as(parsed.root)
    problems = (*document.findings, *parsed.findings)
    if parsed.pipeline is None:
        return document, None, None, problems
    plan = build_plan(document, parsed.pipeline, read, VOCABULARY, read_models)
    if is_too_large(plan.findings):
        return document, None, None, (*problems, *plan.findings)
    recordings = unreadable(document, parsed.pipeline, read)
    return document, parsed.pipeline, plan, (*problems, *plan.findings, *recordings)


def check(spec: Spec) -> tuple[Finding, ...]:
    """What the linter finds in a spec, in file order."""
    return examine_spec(spec).findings


def examine_spec(
    spec: Spec,
    thresholds: Mapping[str, Mapping[str, int]] | None = None,
    *,
    drilled: bool = False,
) -> Outcome:
    """All that the linter has to say about a spec; `thresholds` as in `lint.rule.Context`.

    With `drilled` the receipt of its drill is held against it.
    """
    context = context_of(spec, thresholds)
    return examine(replace(context, drilled=_drilled(spec)) if drilled else context)


def receipt_file(spec: Spec) -> str:
    """The name of the file beside a spec that the receipt of its drill lies in."""
    return f"{spec.name.removesuffix('.yaml')}.drill.json"


def receipt_text(spec: Spec) -> str | None:
    """The receipt of the last drill as it lies beside a spec; None if there is none.

    Raises:
        FileProblem: it is there and cannot be read.
    """
    name = receipt_file(spec)
    return ProjectReader(spec.folder)(name) if os.path.exists(spec.folder / name) else None


def _drilled(spec: Spec) -> "Drilled":
    """What is known of the last drill of a spec."""
    from agentflow.drill.receipt import Drilled, NoReceipt, read

    name = receipt_file(spec)
    try:
        text = receipt_text(spec)
        return Drilled(name, None if text is None else read(text))
    except FileProblem as problem:
        return Drilled(name, None, problem.message)
    except NoReceipt as problem:
        return Drilled(name, None, f"'{name}' {problem}")


def context_of(spec: Spec, thresholds: Mapping[str, Mapping[str, int]] | None = None) -> Context:
    """What rules may look at."""
    return Context(
        spec.document,
        spec.pipeline,
        spec.plan,
        spec.problems,
        known=known_model,
        thresholds=thresholds or {},
    )


def runnable(spec: Spec) -> Plan:
    """The plan of a spec without errors.

    Raises:
        SpecError: it has errors; all its findings are in it.
        UsageError: it was loaded without the Python classes that its contracts name.
    """
    if spec.unseen:
        raise UsageError(
            f"'{spec.file}' has contracts from Python that were not looked at",
            help="load it with imports",
        )
    findings = check(spec)
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    if errors or spec.plan is None:
        count = "an error" if errors == 1 else f"{errors} errors"
        raise SpecError(
            f"'{spec.file}' has {count} and cannot run",
            findings,
            texts_by_file(spec.document, spec.plan),
        )
    return spec.plan
