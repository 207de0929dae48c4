"""The one place where jsonschema-rs is set up, so that every question is asked the same way.

Offline: a reference that leads out of a schema is an error, never a request or a file. `format`
is asserted, for every format that JSON Schema 2020-12 defines (date, date-time, time, duration,
email, hostname, ipv4, ipv6, uri, uuid and their kin), because that is what authors mean by it; a
format that it does not define is a remark. Patterns are linear unless they look around or refer
back, and then they give up after a bounded number of steps and count as not matching.
"""

import jsonschema_rs

from agentflow.contracts.keywords import Schema
from agentflow.spec.model import Json

PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)

_RESOURCE = "urn:contract"


def validator(schema: Schema) -> jsonschema_rs.Validator:
    """A compiled validator; raises `ValueError` for what is no schema or cannot be resolved."""
    return jsonschema_rs.Draft202012Validator(
        schema, offline=True, validate_formats=True, pattern_options=PATTERNS
    )


def canonical(schema: Schema) -> jsonschema_rs.CanonicalSchema:
    """The canonical form of a schema; raises `ValueError` for one that has none.

    jsonschema-rs calls this part of itself experimental; only `compat` uses it.
    """
    return jsonschema_rs.canonicalize(
        schema,
        draft=jsonschema_rs.Draft202012,
        offline=True,
        validate_formats=True,
        pattern_options=PATTERNS,
    )


class Parts:
    """Validators for the parts of one self-contained schema, made when they are asked for."""

    def __init__(self, schema: Schema) -> None:
        self._registry = jsonschema_rs.Registry([(_RESOURCE, schema)])
        self._made: dict[str, jsonschema_rs.Validator] = {}

    def is_valid(self, pointer: str, value: Json) -> bool:
        """Does the value fit the schema at `pointer`, such as `/properties/legs`?"""
        part = self._made.get(pointer)
        if part is None:
            part = self._made[pointer] = jsonschema_rs.Draft202012Validator(
                {"$ref": f"{_RESOURCE}#{pointer}"},
                registry=self._registry,
                offline=True,
                validate_formats=True,
                pattern_options=PATTERNS,
            )
        return part.is_valid(value)
