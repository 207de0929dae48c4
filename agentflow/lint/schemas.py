"""The schemas of a spec, and where in the file they are written.

Contracts stand in the spec, named or in place, and in JSON files that these refer to. Findings
about a file are reported at the reference in the spec that leads there.
"""

import posixpath
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import unquote

from msgspec import Struct

from agentflow.contracts.keywords import Schema, subschemas
from agentflow.contracts.pointers import NoSuchPlace, below, lookup
from agentflow.plan.graph import reachable
from agentflow.plan.steps import Plan
from agentflow.spec.document import Document, Path
from agentflow.spec.model import Contract, Pipeline
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import Mapping, Node, Scalar

_CONTRACTS = "#/contracts/"
_MOST_REFERENCES = 50


class WrittenSchema(Struct, frozen=True):
    """One schema as its author wrote it, references and all.

    `path` leads to it in the document. `where` is empty, or ` in 'mail.json#/properties/to'`; then
    `path` leads to the reference.
    """

    schema: dict[str, Schema]
    path: Path
    where: str

    def at(self, keyword: str) -> Path:
        """Where to report something about a keyword."""
        return self.path if self.where else (*self.path, keyword)


def written_schemas(plan: Plan) -> Iterator[WrittenSchema]:
    """Every schema in the spec, and what references reach of the files they lead to, each once."""
    pending: deque[_InFile] = deque()
    for path, root in _roots(plan):
        for steps, schema in _inside(root):
            yield WrittenSchema(schema, (*path, *steps), "")
            pending.extend(_referred_file(plan, schema, plan.file, (*path, *steps, "$ref")))
    seen: set[int] = set()
    while pending:
        here = pending.popleft()
        if not isinstance(here.schema, dict) or id(here.schema) in seen:
            continue
        seen.add(id(here.schema))
        at = f"{here.file}#{here.pointer}" if here.pointer else here.file
        yield WrittenSchema(here.schema, here.path, f" in {quoted(at)}")
        pending.extend(
            _InFile(here.file, below(here.pointer, *steps), child, here.path)
            for steps, child in subschemas(here.schema)
        )
        pending.extend(_referred_file(plan, here.schema, here.file, here.path))


class _InFile(Struct, frozen=True):
    """A place in a file of schemas; `path` is that of the reference in the spec that leads there."""

    file: str
    pointer: str
    schema: Schema
    path: Path


def _referred_file(
    plan: Plan, schema: dict[str, Schema], file: str, path: Path
) -> Iterator[_InFile]:
    """Where the reference of a schema that stands in `file` leads, if that is in a file that was read."""
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return
    name, _, fragment = reference.partition("#")
    if name:
        name = posixpath.normpath(posixpath.join(posixpath.dirname(file), unquote(name)))
    elif file != plan.file:
        name = file
    if name not in plan.files:
        return
    root = plan.files[name]
    if fragment and not fragment.startswith("/"):
        for steps, each in _inside(root):
            if each.get("$anchor") == fragment:
                yield _InFile(name, below("", *steps), each, path)
        return
    with suppress(NoSuchPlace):  # of which it is told
        yield _InFile(name, fragment, lookup(root, fragment), path)


def _roots(plan: Plan) -> Iterator[tuple[Path, Schema]]:
    """The contracts that are written in the spec itself."""
    for name, schema in plan.pipeline.contracts.items():
        yield ("contracts", name), schema
    yield ("inputs",), plan.pipeline.inputs
    for name, agent in plan.pipeline.agents.items():
        yield ("agents", name, "input"), agent.input
        yield ("agents", name, "output"), agent.output


def _inside(root: Schema) -> Iterator[tuple[Path, dict[str, Schema]]]:
    """A schema and all schemas inside it, the outer ones first."""
    pending: deque[tuple[Path, Schema]] = deque([((), root)])
    while pending:
        steps, schema = pending.popleft()
        if isinstance(schema, dict):
            yield steps, schema
            pending.extend(((*steps, *more), child) for more, child in subschemas(schema))


def named_contracts(pipeline: Pipeline, contracts: Iterable[Contract | None]) -> set[str]:
    """The names in the `contracts` block that any of these contracts leads to."""
    starts = {name for contract in contracts for name in _names_in(contract)}
    graph = {name: set(_names_in(schema)) for name, schema in pipeline.contracts.items()}
    return starts | reachable(graph, starts)


def _names_in(contract: Contract | None) -> Iterator[str]:
    """The contracts that a contract names or refers to."""
    if isinstance(contract, str):
        yield contract
    for _, schema in _inside(contract):
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith(_CONTRACTS):
            yield reference.removeprefix(_CONTRACTS).partition("/")[0]


def path_in_contract(document: Document, start: Path, steps: Path) -> Path:
    """Where a part of a contract is written, as far as that is in the document.

    `steps` lead to the part in the resolved contract, with `$ref` for every reference on the way.
    """
    root = path = _followed(document, start, start)
    for step in steps:
        if step == "$ref":
            path = _referred(document, path, root)
            if path[:1] == ("contracts",):
                root = path[:2]
            continue
        if document.node((*path, step)) is None:
            break
        path = (*path, step)
    return path


def _followed(document: Document, path: Path, root: Path) -> Path:
    """The path of a contract, after following names and mere references."""
    for _ in range(_MOST_REFERENCES):
        node = document.node(path)
        only = isinstance(node, Mapping) and set(node.entries) == {"$ref"}
        further = _referred(document, path, root) if only or isinstance(node, Scalar) else path
        if further == path:
            break
        path = further
        root = path[:2] if path[:1] == ("contracts",) else root
    return path


def _referred(document: Document, path: Path, root: Path) -> Path:
    """Where the reference of a schema leads; the schema itself if that is not in the document."""
    node: Node | None = document.node(path)
    if isinstance(node, Mapping):
        node = document.node((*path, "$ref"))
        text = node.text if isinstance(node, Scalar) else ""
    else:
        text = _CONTRACTS + node.text if isinstance(node, Scalar) else ""
    if text != "#" and not text.startswith("#/"):
        return path
    base = () if text.startswith(_CONTRACTS) else root
    parts = unquote(text).split("/")[1:]
    target: Path = (*base, *(part.replace("~1", "/").replace("~0", "~") for part in parts))
    return path if document.node(target) is None else target
