"""Where the schemas of a spec stand: its contracts, its inline schemas, its files.

A place is a `Target`: the name of a document and a JSON pointer in it. Contracts are documents
under their own name, files under `/` and their path, inline schemas under `<` and a number, so
that no two can be mistaken for each other.
"""

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import TypeAlias
from urllib.parse import unquote

from agentflow.contracts.describe import described
from agentflow.contracts.keywords import Path, Schema, subschemas
from agentflow.contracts.models import Models, model_name, names_model
from agentflow.contracts.pointers import NoSuchPlace, lookup
from agentflow.contracts.strict import NotJson, loads
from agentflow.errors import AgentflowError, ExitCode, FileProblem
from agentflow.spec.wording import quoted, suggestion

#: A document and a JSON pointer into it, as in the text: ("Trip", "/properties/legs").
Target: TypeAlias = tuple[str, str]

#: How many schemas the references of a spec may lead to, each counted for every contract that
#: leads to it: a contract holds all that it refers to.
MOST_FOLLOWED = 50_000

#: Names that are held against unknown ones, for all of a spec together.
_MOST_COMPARISONS = 20_000
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_CONTRACTS = "/contracts/"
#: More names than this are not listed when none is near.
_MOST_LISTED = 12


class ContractError(AgentflowError):
    """A contract that cannot be resolved or is no schema. `path` leads into it as it was given."""

    exit_code = ExitCode.FINDINGS

    def __init__(self, message: str, path: Path = (), help: str | None = None) -> None:
        super().__init__(message, help=help)
        self.path = path


class EndlessReferences(ContractError):
    """References that lead back to themselves. `circle` are the places, each once."""

    def __init__(self, message: str, path: Path, help: str, circle: tuple[Target, ...]) -> None:
        super().__init__(message, path, help)
        self.circle = circle


class UnknownContent(ContractError):
    """A contract is, or refers to, a Python class of which nothing is known here.

    That is no fault of the contract. If the class has been looked at and has no schema, that is
    reported where the class is named.
    """


class TooManyReferences(ContractError):
    """The contracts of a spec lead to more schemas than there may be."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the contracts of this file refer to more than {MOST_FOLLOWED:,} schemas, counted once"
            " for each contract that leads to them",
            path,
            "let fewer contracts refer to each other, or leave out what nothing uses",
        )


class Documents:
    """All schemas that references of one spec can reach. Each file is read and parsed once.

    `followed` is how many schemas were gone through so far because a reference led to them.
    """

    def __init__(
        self,
        contracts: Mapping[str, Schema],
        read: Callable[[str], str],
        folder: str,
        models: Models,
    ) -> None:
        self._contracts = contracts
        self._read = read
        self._folder = folder
        self._models = models
        self._others: dict[str, Schema] = {}
        self._schemas: dict[str, Schema] = {}
        self.followed = 0
        self._comparable = _MOST_COMPARISONS

    def follow(self, path: Path) -> None:
        """Count a schema that a reference led to; raises `TooManyReferences` at `path`."""
        self.followed += 1
        if self.followed > MOST_FOLLOWED:
            raise TooManyReferences(path)

    @property
    def files(self) -> dict[str, Schema]:
        """The files that were read so far, by their path."""
        return {name[1:]: schema for name, schema in self._others.items() if name.startswith("/")}

    def add(self, schema: Schema) -> str:
        """Take an inline schema in; gives the name of its document."""
        name = f"<{len(self._others)}"
        self._others[name] = schema
        return name

    def target(self, reference: str, document: str, path: Path) -> Target:
        """Where a `$ref` that stands in `document` leads; raises `ContractError` at `path`."""
        if _ADDRESS.match(reference):
            raise ContractError(
                f"{quoted(reference)} is an address; contracts are never fetched",
                path,
                "save the schema in the project and refer to the file",
            )
        file, _, fragment = reference.partition("#")
        if file:
            return self._file(unquote(file), document, path), fragment
        if fragment.startswith(_CONTRACTS) and not document.startswith("/"):
            name, slash, rest = fragment.removeprefix(_CONTRACTS).partition("/")
            return name, slash + rest
        return document, fragment

    def schema(self, target: Target, path: Path) -> Schema:
        """The schema at a target; raises `ContractError` at `path` if there is none."""
        document, pointer = target
        root = self._document(document, path)
        if pointer and not pointer.startswith("/"):
            return self._anchored(root, pointer, document, path)
        try:
            place = lookup(root, pointer)
        except NoSuchPlace as nowhere:
            known = nowhere.place if isinstance(nowhere.place, dict) else ()
            near = self._nearest(nowhere.key, known)
            message = f"{self.describe(target)} does not exist"
            raise ContractError(message, path, near or _there(known)) from None
        if not isinstance(place, dict | bool):
            raise ContractError(f"{self.describe(target)} is not a schema", path)
        return place

    def describe(self, target: Target) -> str:
        """A target in words, for messages."""
        document, pointer = target
        if document.startswith("/"):
            return quoted(f"{document[1:]}#{pointer}" if pointer else document[1:])
        if document.startswith("<"):
            return quoted(f"#{pointer}")
        return quoted(f"#/contracts/{document}{pointer}")

    def _nearest(self, name: str, known: Collection[str]) -> str | None:
        """The nearest name, unless so many were compared before that nobody reads it."""
        self._comparable -= len(known)
        return suggestion(name, known) if self._comparable >= 0 else None

    def _document(self, document: str, path: Path) -> Schema:
        if document in self._others:
            contract = self._others[document]
        elif document in self._contracts:
            contract = self._contracts[document]
        else:
            near = self._nearest(document, self._contracts)
            message = f"unknown contract {quoted(document)}"
            raise ContractError(message, path, near or _there(self._contracts))
        if names_model(contract) and not document.startswith("/"):
            return self._model(contract, path)
        return contract

    def _model(self, contract: dict[str, Schema], path: Path) -> Schema:
        """The schema of the class that a contract names."""
        name = model_name(contract)
        if name is None:
            raise _wrongly_named(contract, path)
        if name not in self._models.schemas:
            raise UnknownContent(f"nothing is known of {quoted(name)}", path)
        if name not in self._schemas:
            try:
                self._schemas[name] = loads(self._models.schemas[name])
            except NotJson as problem:
                raise ContractError(
                    f"it cannot be read: {problem.reason}", (*path, "python")
                ) from problem
        return self._schemas[name]

    def _file(self, reference: str, document: str, path: Path) -> str:
        """Read the file that `document` refers to; gives the name of its document."""
        here = posixpath.dirname(document[1:]) if document.startswith("/") else self._folder
        file = posixpath.normpath(posixpath.join(here, reference))
        name = "/" + file
        if name in self._others:
            return name
        if posixpath.isabs(file):
            raise ContractError(
                f"{quoted(reference)} is an absolute path",
                path,
                "write the path relative to the file that names it",
            )
        try:
            self._others[name] = loads(self._read(file))
        except FileProblem as problem:
            raise ContractError(problem.message, path, problem.help) from problem
        except NotJson as problem:
            raise ContractError(
                f"{quoted(file)} cannot be read as a contract: {problem.reason}",
                path,
                "a schema in a file of its own is written as JSON",
            ) from problem
        return name

    def _anchored(self, root: Schema, anchor: str, document: str, path: Path) -> Schema:
        """The schema that carries `$anchor: anchor`."""
        known = {}
        pending = [root]
        while pending:
            schema = pending.pop()
            if isinstance(schema, dict) and isinstance(schema.get("$anchor"), str):
                known[schema["$anchor"]] = schema
            pending.extend(child for _, child in subschemas(schema))
        if anchor not in known:
            near = self._nearest(anchor, known)
            raise ContractError(
                f"{self.describe((document, anchor))} does not exist",
                path,
                near or "write a reference to a place as '#/$defs/name'",
            )
        return known[anchor]


def _there(known: Iterable[str]) -> str | None:
    """What there is to refer to, where no name is near; None if that is nothing, or much."""
    names = list(islice(known, _MOST_LISTED + 1))
    return f"there is: {', '.join(names)}" if 0 < len(names) <= _MOST_LISTED else None


def _wrongly_named(contract: dict[str, Schema], path: Path) -> ContractError:
    """What is wrong with `{python: …}`; `path` leads to it."""
    beside = next((key for key in contract if key != "python"), None)
    if beside is not None:
        return ContractError(
            f"{quoted(beside)} cannot stand beside 'python'",
            (*path, beside),
            "a contract that names a Python class says nothing else",
        )
    return ContractError(
        f"'python' must be a text like package.module:Model, found {described(contract['python'])}",
        (*path, "python"),
    )
