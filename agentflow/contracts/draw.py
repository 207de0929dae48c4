"""One value drawn for a schema, keyword by keyword, without a promise that it fits."""

import random
from collections.abc import Iterator
from math import inf

from agentflow.contracts.engine import validator
from agentflow.contracts.keywords import TYPES, Schema
from agentflow.contracts.merge import both, merge
from agentflow.contracts.pointers import follow
from agentflow.contracts.scalars import CannotDraw, draw_number, draw_text
from agentflow.contracts.shape import types_of
from agentflow.contracts.violations import ASSERTIONS
from agentflow.spec.model import Json

#: From this depth on only what has to be there is drawn; at the second depth drawing gives up.
_SHALLOW, _DEEPEST = 4, 60
_MOST_PARTS = 5_000
_MOST_ITEMS = 1_000
_MOST_MERGED = 200
_TRIES = 20
_LIKELY, _SELDOM = 0.8, 0.2

#: Stands for "no value", since every value of Python's is one of JSON's.
_NONE = object()
_OF_TYPE = ("type", "const", "enum")
#: Keywords that say of which type a value is meant to be, if `type` does not.
_TELLING = {
    "object": ("properties", "required", "additionalProperties", "minProperties",
               "patternProperties", "propertyNames", "dependentRequired"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"),
    "string": ("pattern", "format", "minLength", "maxLength"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}  # fmt: skip


class Drawing:
    """One attempt. `chance` decides; `favourites` are values that are tried where they fit."""

    def __init__(
        self, root: Schema, chance: random.Random, favourites: tuple[Json, ...] = ()
    ) -> None:
        self._root = root
        self._chance = chance
        self._favourites = favourites
        self._parts = 0
        self._heights: dict[int, tuple[Schema, float]] = {}

    def value(self) -> Json:
        """A value for the root; raises `CannotDraw`."""
        return self._draw(self._root, 0)

    def _draw(self, schema: Schema, depth: int) -> Json:
        self._parts += 1
        if self._parts > _MOST_PARTS or depth > _DEEPEST:
            raise CannotDraw("the value gets too large or too deep")
        if schema is False:
            raise CannotDraw("nothing is allowed in one place")
        plain = self._flat(schema, depth) if isinstance(schema, dict) else {}
        if plain.get("type") == []:
            raise CannotDraw("no type is left in one place")
        if "const" in plain:
            return plain["const"]
        if "enum" in plain:
            return self._choice(plain)
        favourite = self._favourite(plain)
        return favourite if favourite is not _NONE else self._of_type(plain, depth)

    def _of_type(self, plain: dict[str, Schema], depth: int) -> Json:
        """A value by the type, and by the keywords for that type."""
        match self._type(plain):
            case "object":
                return self._object(plain, depth)
            case "array":
                return self._array(plain, depth)
            case "string":
                return draw_text(plain, self._chance)
            case "integer":
                return draw_number(plain, self._chance, whole=True)
            case "number":
                return draw_number(plain, self._chance, whole=False)
            case "boolean":
                return self._chance.random() < 0.5
            case _:
                return None

    def _flat(self, schema: dict[str, Schema], depth: int) -> dict[str, Schema]:
        """The schema with everything merged in that judges the same value, alternatives chosen."""
        plain: dict[str, Schema] = {}
        pending: list[Schema] = [schema]
        for _ in range(_MOST_MERGED):
            if not pending:
                return plain
            part = pending.pop()
            if part is False:
                raise CannotDraw("nothing is allowed in one place")
            if isinstance(part, dict):
                part = dict(part)
                pending.extend(self._apart(part, plain, depth))
                plain = merge(plain, part)
        raise CannotDraw("alternatives or references in each other without end")

    def _apart(
        self, part: dict[str, Schema], plain: dict[str, Schema], depth: int
    ) -> Iterator[Schema]:
        """Take out of `part` what has schemas for the same value; gives those that are to hold."""
        if "$ref" in part:
            yield follow(part.pop("$ref"), self._root)
        yield from reversed(part.pop("allOf", ()))
        for keyword in ("anyOf", "oneOf"):
            if keyword in part:
                yield self._branch(part.pop(keyword), merge(plain, part), depth)
        if "if" in part:
            condition, then = part.pop("if"), part.pop("then", True)
            otherwise = part.pop("else", True)
            if self._chance.random() < 0.5:
                yield condition
                yield then
            else:
                yield otherwise
        for name, schema in part.pop("dependentSchemas", {}).items():
            if name in part.get("required", ()) or self._chance.random() < 0.5:
                yield {"required": [name]}
                yield schema

    def _branch(self, branches: list[Schema], beside: dict[str, Schema], depth: int) -> Schema:
        """One of several alternatives: any at first, the one that ends soonest further down."""
        types = types_of({key: beside[key] for key in _OF_TYPE if key in beside}, self._root)
        able = [branch for branch in branches if types & types_of(branch, self._root)] or branches
        if depth < _SHALLOW:
            return self._chance.choice(able)
        return min(able, key=self._height)

    def _height(self, schema: Schema) -> float:
        """How deep a value has to be at least; infinite while that is still being worked out."""
        if not isinstance(schema, dict) or "const" in schema or "enum" in schema:
            return 0
        if id(schema) in self._heights:
            return self._heights[id(schema)][1]
        self._heights[id(schema)] = schema, inf  # the schema is kept so that its id stays taken
        heights: list[float] = [0]
        if "$ref" in schema:
            heights.append(self._height(follow(schema["$ref"], self._root)))
        heights += map(self._height, schema.get("allOf", ()))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                heights.append(min(map(self._height, schema[keyword])))
        properties = schema.get("properties", {})
        heights += [1 + self._height(properties.get(name)) for name in schema.get("required", ())]
        if schema.get("minItems", 0) > 0:
            heights.append(1 + self._height(schema.get("items")))
        self._heights[id(schema)] = schema, max(heights)
        return max(heights)

    def _type(self, plain: dict[str, Schema]) -> str:
        """The type to draw: one of the declared ones, or the one that the keywords are about."""
        declared = plain.get("type")
        if isinstance(declared, str):
            return declared
        if declared is not None:
            likely = [name for name in declared if name != "null"]
            seldom = not likely or self._chance.random() < _SELDOM
            return str(self._chance.choice(declared if seldom else likely))
        if "not" in plain:
            return self._chance.choice(TYPES)
        for name, keywords in _TELLING.items():
            if any(keyword in plain for keyword in keywords):
                return name
        return "string"

    def _choice(self, plain: dict[str, Schema]) -> Json:
        """A value of the `enum` that fits what stands beside it."""
        beside = {key: plain[key] for key in ASSERTIONS if key in plain and key != "enum"}
        values = plain["enum"]
        if beside:
            values = list(filter(validator(beside).is_valid, values))
        if not values:
            raise CannotDraw("no value of an 'enum' fits")
        return self._chance.choice(values)

    def _favourite(self, plain: dict[str, Schema]) -> Json:
        """One of the favourites that fits what the schema says of the value itself, or `_NONE`."""
        if not self._favourites or self._chance.random() < 0.5:
            return _NONE
        some = self._chance.sample(self._favourites, min(_TRIES, len(self._favourites)))
        beside = {key: plain[key] for key in ASSERTIONS if key in plain}
        return next(filter(validator(beside).is_valid, some), _NONE)

    def _object(self, plain: dict[str, Schema], depth: int) -> dict[str, Json]:
        in_order = self._required(plain)
        required, properties = frozenset(in_order), plain.get("properties", {})
        likely = _LIKELY if depth < _SHALLOW else 0
        names = [
            name
            for name, schema in properties.items()
            if name in required or (schema is not False and self._chance.random() < likely)
        ]
        names += [name for name in in_order if name not in properties]
        most = plain.get("maxProperties", inf)
        while len(names) > most and len(names) > len(in_order):
            names.remove(next(name for name in reversed(names) if name not in required))
        drawn = frozenset(names)
        left_out = [name for name in properties if name not in drawn]
        fewest = plain.get("minProperties", 0)
        if not properties and depth < _SHALLOW and self._is_map(plain):
            fewest = max(fewest, min(2, most))
        for _ in range(_MOST_ITEMS):
            if len(names) >= fewest:
                break
            name = left_out.pop() if left_out else self._key(plain, len(names) + 1)
            if name not in names:
                names.append(name)
        return {name: self._draw(self._schema_of(plain, name), depth + 1) for name in names}

    def _required(self, plain: dict[str, Schema]) -> list[str]:
        """The required names, with those that go with them."""
        required = list(plain.get("required", ()))
        together = plain.get("dependentRequired", {})
        for name in required:  # it grows while we go
            required += [other for other in together.get(name, ()) if other not in required]
        return required

    def _is_map(self, plain: dict[str, Schema]) -> bool:
        """Is the schema about keys that it does not name?"""
        return isinstance(plain.get("additionalProperties"), dict) or "patternProperties" in plain

    def _key(self, plain: dict[str, Schema], number: int) -> str:
        """A key that the schema does not name."""
        if isinstance(plain.get("propertyNames"), dict):
            return str(self._draw({"type": "string", **plain["propertyNames"]}, 0))
        if plain.get("patternProperties"):
            pattern = self._chance.choice(list(plain["patternProperties"]))
            # Where the end of the pattern is open, the number makes one more key of it.
            key = draw_text({"pattern": pattern}, self._chance)
            return key if self._chance.random() < 0.5 else f"{key}{number}"
        return f"simulated_{number}"

    def _schema_of(self, plain: dict[str, Schema], name: str) -> Schema:
        """What the value of a key has to fit."""
        schema = plain.get("properties", {}).get(name)
        for pattern, other in plain.get("patternProperties", {}).items():
            if validator({"pattern": pattern}).is_valid(name):
                schema = other if schema is None else both(schema, other)
        if schema is not None:
            return schema
        return plain.get("additionalProperties", plain.get("unevaluatedProperties", True))

    def _array(self, plain: dict[str, Schema], depth: int) -> list[Json]:
        first: list[Schema] = plain.get("prefixItems", [])
        rest = plain.get("items", plain.get("unevaluatedItems", True))
        wanted = plain.get("minContains", 1) if "contains" in plain else 0
        least = max(plain.get("minItems", 0), wanted)
        most = plain.get("maxItems", max(least, len(first)) + 2)
        if rest is False:
            most = min(most, len(first))
        if False in first:
            most = min(most, first.index(False))
        if least > min(most, _MOST_ITEMS):
            raise CannotDraw(f"no list of at least {least} items can be drawn")
        usual = 0 if depth >= _SHALLOW else self._chance.randint(1, 3)
        length = min(most, max(least, usual, len(first)))
        schemas = [*first[:length], *[rest] * (length - len(first))]
        for index in range(length - wanted, length):
            schemas[index] = both(schemas[index], plain["contains"])
        items: list[Json] = []
        for schema in schemas:
            items.append(self._item(schema, items, plain.get("uniqueItems") is True, depth))
        return items

    def _item(self, schema: Schema, others: list[Json], unique: bool, depth: int) -> Json:
        for _ in range(_TRIES):
            item = self._draw(schema, depth + 1)
            if not unique or validator({"uniqueItems": True}).is_valid([*others, item]):
                return item
        raise CannotDraw("not enough items that differ were found")
