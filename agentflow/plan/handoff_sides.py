"""What a producer is taken to say, and which demands of a consumer are left for a proof as a whole.

A handoff is judged field by field where that is simple. The consumer's other keywords look at the
object or list as a whole (`if`, `contains`, `minProperties`), so the producer is compared with them
as a whole too, read as its author meant it: an object that names its fields has no others.
"""

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from agentflow.contracts.assembly import self_contained
from agentflow.contracts.keywords import Schema, subschemas
from agentflow.contracts.merge import merge
from agentflow.plan.schemas import ANNOTATIONS, Contract, past_references
from agentflow.spec.model import Json

#: Keywords that are judged part by part, besides remarks.
OF_OBJECTS = frozenset({"type", "properties", "required", "additionalProperties"}) | (
    ANNOTATIONS - {"$ref"}
)
COUNTS = frozenset({"type", "minItems", "maxItems", "uniqueItems"})
OF_LISTS = COUNTS | {"items", "prefixItems"} | (ANNOTATIONS - {"$ref"})
UNIONS = ("anyOf", "oneOf")
_BRANCHES = frozenset({"$ref", "allOf", *UNIONS})
#: Keywords about what others leave over, which cannot be judged without those.
_LEFTOVERS = frozenset({"unevaluatedItems", "unevaluatedProperties"})
#: Keywords that look at every field, whatever its name.
_EVERY_FIELD = ("patternProperties", "propertyNames", "unevaluatedProperties")
#: Keywords that mean little without a demand on the whole beside them.
_KEPT: tuple[str, ...] = ("additionalProperties", "type")
_TELLING = frozenset({"const", "enum", "type", "not", *_BRANCHES})
_MAP = frozenset({"additionalProperties", "patternProperties", "properties", "required"})
_LIST = frozenset({"items", "maxItems", "prefixItems"})


class Demands(Struct, frozen=True):
    """What a consumer demands of an object or a list, in parts that are judged separately.

    `plain` is judged part by part, `branches` are other schemas for the same value, and `rest`, if
    there is any, is compared with the producer as a whole.
    """

    plain: dict[str, Schema]
    branches: tuple[Schema, ...]
    rest: dict[str, Schema] | None


def demands(taken: dict[str, Schema], walked: frozenset[str]) -> Demands:
    """The demands of a consumer; `walked` are the keywords that are judged part by part."""
    plain = {word: value for word, value in taken.items() if word in walked}
    rest = {word: value for word, value in taken.items() if word not in walked}
    branches: list[Schema] = []
    if not _LEFTOVERS & taken.keys():
        branches += rest.pop("allOf", ())
        branches += [{word: rest.pop(word)} for word in ("$ref", *UNIONS) if word in rest]
    rest.pop("$defs", None)
    if not rest:
        return Demands(plain, tuple(branches), None)
    # Named fields are judged part by part; here only their names count.
    names = (
        {"properties": dict.fromkeys(taken["properties"], True)} if "properties" in taken else {}
    )
    kept = {word: taken[word] for word in _KEPT if word in taken}
    if kept.get("additionalProperties") is False and "patternProperties" not in taken:
        del kept["additionalProperties"]
    if "prefixItems" in taken:
        kept["prefixItems"] = [True] * len(taken["prefixItems"])
    return Demands(plain, tuple(branches), {**kept, **names, **rest})


def plainly(given: Contract) -> Contract:
    """A producer in parts or a constant, told field by field where that is exact."""
    schema = given.schema
    if not isinstance(schema, dict):
        return given
    if isinstance(schema.get("const"), dict):
        return Contract(_written_out(schema["const"]), given.root)
    if "allOf" not in schema:
        return given
    own = {word: value for word, value in schema.items() if word not in ("allOf", "$defs")}
    whole: dict[str, Schema] = {}
    for part in (own, *(past_references(Contract(one, given.root)) for one in schema["allOf"])):
        if not isinstance(part, dict) or part.keys() - OF_OBJECTS:
            return given
        if not isinstance(part.get("additionalProperties", True), bool):
            return given
        whole = merge(whole, part)
    if isinstance(whole.get("type"), list) and len(whole["type"]) == 1:
        whole["type"] = whole["type"][0]
    return Contract(whole, given.root)


def _written_out(value: dict[str, Json]) -> Schema:
    """The schema of a constant object."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(value),
        "properties": {name: {"const": part} for name, part in value.items()},
    }


def as_meant(given: Contract, taken: Schema) -> Schema:
    """The producer as a schema of its own, closed to other fields; None if it says too little.

    It says enough if it says something about everything the consumer looks at. May raise
    `TooLarge`.
    """
    whole = self_contained(given.schema, given.root)
    if any(_says_little(part) for part in _asked_for(whole, whole, json.dumps(taken), frozenset())):
        return None
    try:
        return _closed(whole)
    except _SharedError:
        return None


class _SharedError(Exception):
    """A schema stands for a whole object in one place, and for a part of one in another."""


def _closed(schema: Schema, *, part: bool = False) -> Schema:
    """A copy without unnamed fields; a `part` of an object does not name all of its fields."""
    if not isinstance(schema, dict):
        return schema
    combined = bool(schema.keys() & _BRANCHES) and (
        "allOf" in schema or "properties" in schema or len(schema.keys() - ANNOTATIONS) > 1
    )
    if "$ref" in schema and (part or combined):
        raise _SharedError
    copy: dict[str, Any] = dict(schema)
    for word, value in schema.items():
        if word in ("allOf", *UNIONS):
            copy[word] = [_closed(one, part=part or combined) for one in value]
        elif word in ("properties", "patternProperties", "$defs"):
            copy[word] = {name: _closed(one) for name, one in value.items()}
        elif word in ("items", "additionalProperties"):
            copy[word] = _closed(value)
        elif word == "prefixItems":
            copy[word] = [_closed(one) for one in value]
    names = "properties" in schema or "allOf" in schema
    if names and not part and schema.get("additionalProperties", True) is True:
        word = "unevaluatedProperties" if combined else "additionalProperties"
        copy.pop("additionalProperties", None)
        copy[word] = False
    return copy


def _asked_for(
    schema: Schema, root: dict[str, Schema], asked: str, open_: frozenset[str]
) -> Iterator[Schema]:
    """The schemas of all parts of a value that a consumer may look at, as text."""
    yield schema
    everything = any(f'"{word}"' in asked for word in _EVERY_FIELD)
    if not isinstance(schema, dict):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in open_:
        target = past_references(Contract({"$ref": reference}, root))
        yield from _asked_for(target, root, asked, open_ | {reference})
    for path, inner in subschemas(schema):
        named = path[0] != "properties" or everything or f'"{path[1]}"' in asked
        if named and path[0] not in ("$defs", "not", "if", "propertyNames"):
            yield from _asked_for(inner, root, asked, open_)


def _says_little(schema: Schema) -> bool:
    """Is this a value without a type, an object that names no fields, or a list of anything?"""
    if not isinstance(schema, dict):
        return schema is True
    if not schema.keys() & (_TELLING | _MAP | _LIST):
        return True
    if schema.keys() & {"const", "enum", *_BRANCHES}:
        return False
    declared = schema.get("type")
    types = [declared] if isinstance(declared, str) else declared or ()
    return ("object" in types and not schema.keys() & _MAP) or (
        "array" in types and not schema.keys() & _LIST
    )
