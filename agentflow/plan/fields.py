"""What a contract says of one field, or one item, of the values that keep it.

All demands that a schema makes are asked: its own keywords, each part of an `allOf`, and of each
`anyOf` or `oneOf` whether all options say the same. Where a schema leaves room for doubt
(conditions, patterns of names) nothing is known, and a rule keeps silent.
"""

from collections.abc import Iterable, Iterator
from math import inf
from typing import Literal, TypeAlias

from msgspec import Struct

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.descent import SOME_ITEM
from agentflow.contracts.keywords import TYPES, Schema, json_type
from agentflow.contracts.kinds import remark
from agentflow.contracts.pointers import follow
from agentflow.contracts.shape import types_of
from agentflow.plan.schemas import Contract, past_references
from agentflow.spec.model import Json
from agentflow.spec.wording import quoted

#: Why a part is missing: it does not exist, a contract does not require it, an open contract
#: does not name it, or a list has fewer items.
Lack: TypeAlias = Literal["never", "optional", "unnamed", "fewer"]

_Word: TypeAlias = Literal["never", "there", "unknown", "optional", "unnamed", "nothing"]
_STRONGEST_FIRST: tuple[_Word, ...] = ("never", "there", "unknown", "optional", "unnamed")
#: Schemas that are looked at for one part.
_MOST_SCHEMAS = 300
_EVERY = frozenset(TYPES)
#: Keywords that may demand a field which `required` does not name.
_CONDITIONS = frozenset(
    {
        "dependentRequired",
        "dependentSchemas",
        "if",
        "minProperties",
        "not",
        "patternProperties",
        "propertyNames",
    }
)
#: Keywords that may demand more items than `minItems` of the same schema does.
_COUNTED = frozenset({"$ref", "allOf", "anyOf", "oneOf", "not", "if", "contains", "enum"})
_IN_WORDS = {"array": "a list", "string": "text", "boolean": "true or false", "null": "empty"}


class Part(Struct, frozen=True):
    """What is known about one part of a value.

    `inside` is what it looks like, None if that is not known. With `lack`, `known` are the fields
    that are there, and `what` is what has no fields at all: `a list`. An "optional" part has a
    `what` if the value may be that, and a `case` if only that does not have the part:
    `option 2 of 'oneOf'`.
    """

    inside: Contract | None = None
    lack: Lack | None = None
    known: tuple[str, ...] = ()
    what: str = ""
    case: str = ""


UNKNOWN = Part()


class _Said(Struct, frozen=True):
    """What a schema says of a field: it is `there`, or why not; "nothing", or nothing certain.

    `inside` are the schemas that the field keeps.
    """

    word: _Word
    inside: tuple[Schema, ...] = ()
    known: tuple[str, ...] = ()
    case: str = ""


_NOTHING = _Said("nothing")


def part_of(contract: Contract, key: str | int) -> Part:
    """A field, or an item, of a value that keeps a contract."""
    schema = past_references(contract)
    if not isinstance(schema, dict):
        return UNKNOWN
    if "const" in schema:
        return _part_of_value(schema, key)
    types = types_of(schema, contract.root)
    if isinstance(key, int):
        return _item(schema, types, contract.root, key)
    if "object" not in types:
        return Part(lack="never", what=_in_words(types))
    said = _Field(key, contract.root).of(schema)
    if said.word == "optional" and contract.filled and _has_default(schema, key):
        said = _Said("there", said.inside)
    return _as_part(said, types, contract.root)


def _item(schema: dict[str, Schema], types: frozenset[str], root: Schema, key: int) -> Part:
    if types != {"array"}:
        return UNKNOWN
    plain = "items" in schema and "prefixItems" not in schema
    inside = Contract(schema["items"], root) if plain else None
    here = key == SOME_ITEM or key < schema.get("minItems", 0) or _COUNTED & schema.keys()
    tuple_of = len(schema.get("prefixItems", ())) if schema.get("items") is False else inf
    # That a list can never have the item is told where operands are looked at.
    if here or key >= min(schema.get("maxItems", inf), tuple_of):
        return Part(inside)
    return Part(inside, "fewer")


def _as_part(said: _Said, types: frozenset[str], root: Schema) -> Part:
    if said.word == "never":
        return Part(None, "never", said.known)
    if said.word == "unnamed":
        return Part(None, "unnamed", said.known)
    if not said.inside:
        return UNKNOWN
    several = len(said.inside) > 1
    inside = Contract({"allOf": list(said.inside)} if several else said.inside[0], root)
    if types == _EVERY:
        return Part(inside)  # without a type, nobody says that it is an object
    if said.word == "optional":
        return Part(inside, "optional", said.known, case=said.case)
    if types != {"object"}:
        other = types - {"object"}
        return Part(
            inside, "optional", said.known, "null" if other == {"null"} else _in_words(other)
        )
    return Part(inside)


def _part_of_value(schema: dict[str, Schema], key: str | int) -> Part:
    value: Json = schema["const"]
    if isinstance(key, int):
        some = isinstance(value, list) and key == SOME_ITEM and value
        return Part(Contract({"enum": value, **remark(schema)}, True)) if some else UNKNOWN
    if not isinstance(value, dict):
        return Part(lack="never", what=_in_words({json_type(value)}))
    if key in value:
        return Part(Contract({"const": value[key], **remark(schema)}, True))
    return Part(lack="never", known=tuple(value))


class _Field:
    """The question for one field; it is bounded in the schemas that are looked at."""

    def __init__(self, key: str, root: Schema) -> None:
        self._key = key
        self._root = root
        self._left = _MOST_SCHEMAS

    def of(self, schema: Schema) -> _Said:
        """What a schema says, with all of its parts, of the field of an object."""
        self._left -= 1
        if schema is False:
            return _Said("never")
        if not isinstance(schema, dict):
            return _NOTHING
        if self._left < 0:
            return _Said("unknown")
        return _together([*self._demands(schema)])

    def _demands(self, schema: dict[str, Schema]) -> Iterator[_Said]:
        yield self._own(schema)
        if _CONDITIONS & schema.keys():
            yield _Said("unknown")
        if "$ref" in schema:
            yield self.of(follow(schema["$ref"], self._root))
        for branch in schema.get("allOf", ()):
            yield self.of(branch)
        for word in ("anyOf", "oneOf"):
            if word in schema:
                yield self._one_of(word, schema[word])

    def _own(self, schema: dict[str, Schema]) -> _Said:
        """What the keywords for fields say."""
        properties, key = schema.get("properties", {}), self._key
        named, required = tuple(properties), key in schema.get("required", ())
        if isinstance(schema.get("const"), dict):
            value = schema["const"]
            if key not in value:
                return _Said("never")
            return _Said("there", ({"const": value[key], **remark(schema)},))
        if properties.get(key) is False:
            return _Said(
                "never", known=tuple(name for name in named if properties[name] is not False)
            )
        if key in properties:
            return _Said("there" if required else "optional", (properties[key],), named)
        others = schema.get("additionalProperties", True)
        if others is False and not _is_matched(key, schema.get("patternProperties", {})):
            return _Said("never", known=named)
        if required:
            return _Said("there")
        if others is not True or "patternProperties" in schema:
            return _Said("unknown")
        return _Said("unnamed", known=named) if named else _NOTHING

    def _one_of(self, word: str, options: list[Schema]) -> _Said:
        """What at least one of the options says, for as many of them as are for objects."""
        each = {
            index: self.of(option)
            for index, option in enumerate(options, start=1)
            if "object" in types_of(option, self._root)
        }
        words = {said.word for said in each.values()}
        known = tuple(dict.fromkeys(name for said in each.values() for name in said.known))
        if not words or "unknown" in words:
            return _Said("unknown")
        if len(words) == 1 and not words & {"there", "optional"}:
            return _Said(words.pop(), known=known)
        if not words & {"there", "optional"}:
            return _Said("unnamed", known=known)
        insides = [_whole(said.inside) for said in each.values() if said.inside]
        inside = ({"anyOf": insides},) if len(insides) > 1 else tuple(insides)
        if words == {"there"}:
            # Where an option only requires the field, nothing is known of what is in it.
            return _Said("there", inside if len(insides) == len(each) else ())
        lacking = next(index for index, said in each.items() if said.word != "there")
        case = f"option {lacking} of {quoted(word)}" if words != {"optional"} else ""
        return _Said("optional", inside, known, case)


def _together(demands: list[_Said]) -> _Said:
    """What follows if all of this is demanded."""
    if len(demands) == 1:
        return demands[0]
    known = tuple(dict.fromkeys(name for said in demands for name in said.known))
    inside = tuple(part for said in demands for part in said.inside)
    words = {said.word for said in demands}
    case = next((said.case for said in demands if said.case), "")
    for word in _STRONGEST_FIRST:
        if word in words:
            return _Said(word, inside, known, case)
    return _NOTHING


def _whole(inside: tuple[Schema, ...]) -> Schema:
    return inside[0] if len(inside) == 1 else {"allOf": list(inside)}


def _is_matched(name: str, patterns: dict[str, Schema]) -> bool:
    """Is there a pattern for the fields of this name?"""
    refused = dict.fromkeys(patterns, False)
    return not compile_schema({"patternProperties": refused}).fits({name: None})


def _has_default(schema: dict[str, Schema], key: str) -> bool:
    own = schema.get("properties", {}).get(key)
    return isinstance(own, dict) and "default" in own


def _in_words(types: Iterable[str]) -> str:
    return " or ".join(sorted({_IN_WORDS.get(name, "a number") for name in types}))
