"""What of a contract a provider can hold its models to.

With `strict`, OpenAI's models can only produce what a schema allows, at the price of a small
dialect: every field is required, nothing else is allowed, and only some keywords exist. A contract
is brought into it where that is possible without another meaning for an answer: objects that are
silent about further fields are closed, and keywords beyond the dialect are left out. Others
(`dialects`) are sent the contract as it is, and leave out what they do not know. An answer is
checked against the contract itself in any case.

Source of the dialect: https://platform.openai.com/docs/guides/structured-outputs
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from agentflow.contracts.keywords import Schema
from agentflow.plan.dialects import Manner
from agentflow.plan.dialects import lost as lost_in
from agentflow.spec.model import Json

_KEPT = frozenset(
    {"$defs", "$ref", "additionalProperties", "anyOf", "const", "description", "enum"}
    | {"exclusiveMaximum", "exclusiveMinimum", "items", "maxItems", "maximum", "minItems"}
    | {"minimum", "multipleOf", "pattern", "properties", "required", "title", "type"}
)
#: Keywords outside the dialect that are left out, although they refuse values.
_LEFT_OUT = frozenset(
    {"contains", "dependentRequired", "dependentSchemas", "else", "format", "if", "maxContains"}
    | {"maxLength", "maxProperties", "minContains", "minLength", "minProperties", "not"}
    | {"propertyNames", "then", "unevaluatedItems", "unevaluatedProperties", "uniqueItems"}
)
_FORMATS = frozenset(
    {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"}
)
#: Keywords that cannot be left out, since they say half of what the contract says.
_ESSENTIAL = frozenset({"$dynamicRef", "allOf", "patternProperties", "prefixItems"})
#: A schema without any of these is refused: "schema must have a 'type' key".
_SAYS_SOMETHING = frozenset({"$ref", "anyOf", "const", "enum", "type"})
#: Why a contract with such a schema has no counterpart in the dialect.
ADMITS_ANY = "it admits any value somewhere"
#: How large a schema may be: levels of objects and lists within each other, fields, values in its
#: enums, characters of all names and of those values.
_LEVELS, _FIELDS, _VALUES, _CHARACTERS = 10, 5_000, 1_000, 120_000


class Form(Struct, frozen=True):
    """A schema that a provider enforces, and the keywords of the contract that it does not.

    It is `strict` in OpenAI's sense. `noted` says that the model reads in the schema what is lost.
    """

    schema: dict[str, Any]
    lost: tuple[str, ...]
    strict: bool = True
    noted: bool = False


def enforced(contract: Schema, manner: Manner) -> Form | None:
    """The part of a contract that a provider enforces; None if it enforces nothing of it."""
    if not isinstance(contract, Mapping) or contract.get("type") != "object":
        return None
    if manner in (Manner.CLAUDE, Manner.GOOGLE, Manner.XAI):
        noted = manner is Manner.CLAUDE
        return Form(dict(contract), lost_in(contract, manner), strict=False, noted=noted)
    if manner is not Manner.STRICT:
        return None
    lost: set[str] = set()
    try:
        schema = _strict(contract, lost)
        _measure(schema)
    except _Beyond:
        return None
    return Form(schema, tuple(sorted(lost)))


def why_not_strict(contract: Schema) -> str | None:
    """What in a contract has no counterpart in OpenAI's dialect, in words; None if nothing."""
    try:
        _measure(_strict(contract, set()))
    except _Beyond as beyond:
        return str(beyond)
    return None


class _Beyond(Exception):
    """A schema has no counterpart in the dialect. It says what."""


def _strict(schema: Json, lost: set[str]) -> dict[str, Any]:
    if not isinstance(schema, Mapping):
        raise _Beyond(ADMITS_ANY)
    essential = sorted(_ESSENTIAL.intersection(schema))
    if essential:
        raise _Beyond(f"it has '{essential[0]}'")
    made: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in ("properties", "$defs"):
            made[keyword] = {name: _strict(inner, lost) for name, inner in value.items()}
        elif keyword in ("anyOf", "oneOf"):
            if "anyOf" in made:
                raise _Beyond("it has 'anyOf' beside 'oneOf'")
            made["anyOf"] = [_strict(inner, lost) for inner in value]
            lost |= {keyword} & {"oneOf"}
        elif keyword == "items":
            made[keyword] = _strict(value, lost)
        elif keyword in _KEPT or (keyword == "format" and value in _FORMATS):
            made[keyword] = value
        elif keyword in _LEFT_OUT:
            lost.add(keyword)
    if not _SAYS_SOMETHING.intersection(made):
        raise _Beyond(ADMITS_ANY)
    return _closed(made)


def _closed(made: dict[str, Any]) -> dict[str, Any]:
    """An object closed to other fields, with all its own required."""
    kinds = made.get("type", [])
    if "object" in ([kinds] if isinstance(kinds, str) else kinds) or "properties" in made:
        properties = made.get("properties", {})
        required = frozenset(made.get("required", ()))
        optional = next((name for name in properties if name not in required), None)
        if optional is not None:
            raise _Beyond(f"'{optional}' is not required")
        if required != properties.keys():
            raise _Beyond("it requires fields that it does not describe")
        if not properties and made.get("additionalProperties") is not False:
            raise _Beyond("it has an object of any fields")
        if made.get("additionalProperties", True) not in (True, False):
            raise _Beyond("it has an object of any fields")
        made["additionalProperties"] = False
    return made


def _measure(schema: Mapping[str, Json]) -> None:
    """Raise `_Beyond` for a schema in the dialect that is larger than it may be."""
    fields = values = characters = 0
    pending: list[tuple[Mapping[str, Json], int]] = [(schema, 1)]
    while pending:
        one, level = pending.pop()
        properties, named = one.get("properties", {}), one.get("$defs", {})
        inside = [*properties.values(), *filter(None, [one.get("items")])]
        if inside and level > _LEVELS:
            raise _Beyond(f"it nests more than {_LEVELS} levels")
        listed = [*one.get("enum", ()), *([one["const"]] if "const" in one else ())]
        fields += len(properties)
        values += len(one.get("enum", ()))
        characters += sum(map(len, [*properties, *named, *map(str, listed)]))
        pending += [(inner, level + 1) for inner in inside]
        pending += [(inner, level) for inner in one.get("anyOf", ())]
        pending += [(inner, 1) for inner in named.values()]
    for found, most, what in (
        (fields, _FIELDS, "fields"),
        (values, _VALUES, "values in its enums"),
        (characters, _CHARACTERS, "characters of names and values"),
    ):
        if found > most:
            raise _Beyond(f"it has more than {most:,} {what}")
