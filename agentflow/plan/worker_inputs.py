"""What is known of a worker's input from its task alone, before anything runs."""

from collections.abc import Iterator
from contextlib import suppress

from msgspec import Struct

from agentflow.contracts.assembly import TooLarge, self_contained
from agentflow.contracts.checker import Checker, compile_schema
from agentflow.contracts.descent import Descent
from agentflow.contracts.keywords import Schema
from agentflow.spec.cel.references import references
from agentflow.spec.templates import MapOf, Template, template_expressions

#: What of `task` is known before it runs; its `results` are not.
_KNOWN = frozenset({"id", "input"})


class KnownField(Struct, frozen=True):
    """A field of a worker's input that its task determines, and the contract of that field.

    `schema` is self-contained, and allows everything if it would be too large.
    """

    field: str
    value: Template
    schema: Schema
    checker: Checker


def known_fields(arguments: Template, contract: Schema) -> Iterator[KnownField]:
    """The fields of a worker's input that are made of its task's id and input, and nothing else."""
    for field, template in arguments.entries if isinstance(arguments, MapOf) else ():
        if _reads_the_task_alone(template):
            asked = _asked(contract, field)
            yield KnownField(field, template, asked, compile_schema(asked))


def _reads_the_task_alone(template: Template) -> bool:
    found = [
        reference for _, _, expr in template_expressions(template) for reference in references(expr)
    ]
    return bool(found) and all(
        reference.root == "task" and reference.path and reference.path[0] in _KNOWN
        for reference in found
    )


def _asked(contract: Schema, field: str) -> Schema:
    with suppress(TooLarge):
        return self_contained(Descent().into(contract, contract, field), contract)
    return {}
