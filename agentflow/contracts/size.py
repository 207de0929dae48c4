"""How many bytes of JSON a value can have that keeps a schema.

The text meant is what `json.dumps` writes with its defaults, which is how prompts are measured: a
character beyond the first 65,536 is twelve bytes, every other one six at most. The bound is never
too small. It is infinite where the schema leaves a length open, and then the place that does is
named, so that its author knows what to write.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from agentflow.contracts.keywords import Schema
from agentflow.contracts.pointers import follow
from agentflow.contracts.shape import types_of
from agentflow.contracts.strict import LIMITS

_OF_A_CHARACTER = 12
#: `", "` between two items, `": "` after a key, and a bracket at either end.
_SEPARATOR = 2
#: The longest text of a double, `-1.2345678901234567e-308`.
_OF_A_DOUBLE = 24
_SCALARS = {"null": 4, "boolean": 5}


@dataclass(frozen=True, slots=True)
class Size:
    """At most so many bytes. If that is infinite, `field` says why: `.text.maxLength`."""

    bytes: float
    field: str | None = None


def size_of(schema: Schema) -> Size:
    """The most bytes that a value can have which keeps a self-contained schema."""
    return _Measure(schema).of(schema, "")


def size_of_fields(schema: Schema, names: Iterable[str]) -> Size:
    """The most bytes of an object with these fields and no others."""
    measure = _Measure(schema)
    return _sum((name, measure.of(_field(schema, name), f".{name}")) for name in names)


class _Measure:
    """Measures the parts of one schema, and what each reference leads to once."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._known: dict[str, Size] = {}

    def of(self, schema: Schema, at: str) -> Size:
        """The size of a part that stands `at` a place in the value."""
        if not isinstance(schema, dict):
            return Size(0) if schema is False else Size(inf, f"{at}.type")
        if "const" in schema or "enum" in schema:
            values = [schema["const"]] if "const" in schema else schema["enum"]
            return Size(max((len(json.dumps(value)) for value in values), default=0))
        found = [
            self._by_type(schema, at),
            *(self.of(part, at) for part in schema.get("allOf", ())),
        ]
        found += [
            _largest(self.of(part, at) for part in schema[keyword])
            for keyword in ("anyOf", "oneOf")
            if keyword in schema
        ]
        if isinstance(schema.get("$ref"), str):
            found.append(self._referred(schema["$ref"], at))
        # Each of them holds, so the smallest does; of equals the last, which is the most telling.
        return min(reversed(found), key=_bytes)

    def _referred(self, reference: str, at: str) -> Size:
        if reference not in self._known:
            self._known[reference] = Size(inf, f"{at}.$ref")  # it leads into itself
            self._known[reference] = self.of(follow(reference, self._root), at)
        return self._known[reference]

    def _by_type(self, schema: dict[str, Schema], at: str) -> Size:
        types = types_of(schema, self._root)
        if len(types) == len(types_of(True, True)):
            return Size(inf, f"{at}.type")
        sizes = [Size(_SCALARS[name]) for name in types if name in _SCALARS]
        if "number" in types or "integer" in types:
            sizes.append(Size(_number(schema, whole="number" not in types)))
        if "string" in types:
            length = schema.get("maxLength", inf)
            field = f"{at}.maxLength" if length == inf else None
            sizes.append(Size(_SEPARATOR + _OF_A_CHARACTER * length, field))
        if "array" in types:
            sizes.append(self._array(schema, at))
        if "object" in types:
            sizes.append(self._object(schema, at))
        return _largest(sizes)

    def _array(self, schema: dict[str, Schema], at: str) -> Size:
        first, rest = schema.get("prefixItems", []), schema.get("items", True)
        count = len(first) if rest is False else schema.get("maxItems")
        if count is None:
            return Size(inf, f"{at}.maxItems")
        sizes = [self.of(item, f"{at}[{n}]") for n, item in enumerate(first[:count])]
        total = sum(size.bytes for size in sizes)
        if count > len(first):
            sizes.append(self.of(rest, f"{at}[]"))
            total += sizes[-1].bytes * (count - len(first))
        return Size(total + _SEPARATOR * (count + 1), _first_field(sizes))

    def _object(self, schema: dict[str, Schema], at: str) -> Size:
        closed = schema.get("additionalProperties") is False and not schema.get("patternProperties")
        if not closed and schema.get("maxProperties") != 0:
            return Size(inf, f"{at}.additionalProperties")
        properties = schema.get("properties", {})
        return _sum((name, self.of(part, f"{at}.{name}")) for name, part in properties.items())


def _number(schema: Mapping[str, Schema], *, whole: bool) -> float:
    """Without bounds an integer has as many digits as are read at all."""
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if least is None or most is None:
        return LIMITS.digits
    digits = max(len(str(int(least))), len(str(int(most)))) + 2  # 3.0 is an integer
    return digits if whole else max(digits, _OF_A_DOUBLE)


def _sum(fields: Iterable[tuple[str, Size]]) -> Size:
    """The size of an object with these fields."""
    sizes = dict(fields)
    names = sum(len(json.dumps(name)) + 2 * _SEPARATOR for name in sizes)
    total = _SEPARATOR + names + sum(size.bytes for size in sizes.values())
    return Size(total, _first_field(sizes.values()))


def _field(schema: Schema, name: str) -> Schema:
    """What a schema says of a field at its top, past references."""
    root, seen = schema, set[str]()
    while isinstance(schema, dict) and "$ref" in schema and schema["$ref"] not in seen:
        seen.add(schema["$ref"])
        schema = follow(schema["$ref"], root)
    if not isinstance(schema, dict):
        return schema
    return schema.get("properties", {}).get(name, schema.get("additionalProperties", True))


def _largest(sizes: Iterable[Size]) -> Size:
    return max(sizes, key=_bytes, default=Size(0))


def _first_field(sizes: Iterable[Size]) -> str | None:
    return next((size.field for size in sizes if size.field is not None), None)


def _bytes(size: Size) -> float:
    return size.bytes
