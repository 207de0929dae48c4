"""Contracts that name a Python class: `{python: "package.module:Model"}`.

This layer imports nothing. Whoever may import a module hands in what it found as `Models`; a class
of which nothing was found is a contract of unknown content.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeGuard

from msgspec import Struct, field

from agentflow.contracts.keywords import Schema
from agentflow.spec.model import Json

_KEY = "python"
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


class ModelProblem(Struct, frozen=True):
    """Why a class has no schema, and what to do."""

    message: str
    help: str | None = None


class Models(Struct, frozen=True):
    """What is known of classes, by name: the JSON text of a schema, or why there is none."""

    schemas: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, ModelProblem] = field(default_factory=dict)


#: Looks classes up by name. One that it leaves out of its answer was not looked at.
ModelReader: TypeAlias = Callable[[Sequence[str]], Models]


def no_models(_names: Sequence[str]) -> Models:
    """A reader that looks at nothing."""
    return Models()


def names_model(contract: Schema) -> TypeGuard[dict[str, Json]]:
    """Is it meant to name a class, rightly or not?"""
    return isinstance(contract, dict) and _KEY in contract


def model_name(contract: Schema) -> str | None:
    """The class that a contract names; None if it is another contract, or says it wrongly."""
    name = contract[_KEY] if names_model(contract) and len(contract) == 1 else None
    return name if isinstance(name, str) and _NAME.fullmatch(name) else None
