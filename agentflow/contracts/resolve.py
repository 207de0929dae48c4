"""From a contract as an author writes it to one self-contained JSON Schema.

A contract is a name of the `contracts` block, an inline schema, or a reference. References are

- `{$ref: "file.json#/pointer"}`, a JSON file, relative to the file that names it;
- `{$ref: "#/contracts/Name"}`, from anywhere in the spec, so that contracts can use each other;
- `{$ref: "#/$defs/x"}`, `{$ref: "#"}` or `{$ref: "#anchor"}`, within the same contract or file;

or it names a Python class, `{python: "package.module:Model"}`, whose schema the caller passes in.

`Resolver.resolve` gathers everything that a contract reaches under its own `$defs` and rewrites
the references to point there; a recursive schema stays recursive. Nothing is fetched: files come
through the reader that the caller passes in, and an address is refused.

Contracts are JSON Schema 2020-12. Refused by name, since they would change what a reference
means: another `$schema`, a `$id` below the root, `$dynamicRef`. Resolved schemas are shared and
must not be changed.
"""

from collections.abc import Mapping
from typing import Protocol

from agentflow.contracts.bundle import Bundle
from agentflow.contracts.documents import (
    ContractError,
    Documents,
    EndlessReferences,
    TooManyReferences,
    UnknownContent,
)
from agentflow.contracts.keywords import Schema
from agentflow.contracts.models import Models
from agentflow.contracts.wellformed import SchemaProblem, check_schema

__all__ = [
    "ContractError",
    "EndlessReferences",
    "FileReader",
    "Resolver",
    "SchemaProblem",
    "TooManyReferences",
    "UnknownContent",
    "check_schema",
]

_NO_MODELS = Models()


class FileReader(Protocol):
    """Reads a text file of the project."""

    def __call__(self, path: str) -> str:
        """The text of `path`, relative to the spec's folder, with `/` between folders.

        The reader keeps to the project root. It raises `agentflow.errors.FileProblem` for a path
        outside of it and for a file that is missing or cannot be read.
        """
        ...


class Resolver:
    """The contracts of one spec, each resolved once however many steps use it.

    `contracts` is the `contracts` block by name. `folder` is put before the paths that the reader
    is asked for; it is empty for a reader that starts at the spec's own folder. `models` is what
    is known of Python classes.
    """

    def __init__(
        self,
        contracts: Mapping[str, Schema],
        read: FileReader,
        folder: str = "",
        models: Models = _NO_MODELS,
    ) -> None:
        self._documents = Documents(contracts, read, folder, models)
        self._named: dict[str, dict[str, Schema]] = {}
        # By identity; the contract is kept beside the result so that its id stays taken.
        self._inline: dict[int, tuple[object, dict[str, Schema]]] = {}

    @property
    def files(self) -> dict[str, Schema]:
        """The files that were read so far, by their path relative to the spec."""
        return self._documents.files

    def resolve(self, contract: str | Mapping[str, Schema]) -> dict[str, Schema]:
        """The self-contained schema of a contract; raises `ContractError`.

        `UnknownContent` is raised if it depends on a class that is not among the models.
        The path of the error leads into the contract: into the block's entry for a name, else
        into the inline schema.
        """
        if isinstance(contract, str):
            if contract not in self._named:
                self._named[contract] = Bundle(self._documents, (contract, "")).schema()
            return self._named[contract]
        known = self._inline.get(id(contract))
        if known is None:
            document = self._documents.add(contract)
            known = contract, Bundle(self._documents, (document, "")).schema()
            self._inline[id(contract)] = known
        return known[1]
