"""How many bytes of JSON a value can have that keeps a schema.

The text meant is that of prompts, in UTF-8: text stands in it as it is, in which a character is
four bytes at most, and anything else as JSON, in which only what has to be is escaped, in six
bytes. The bound is never too small. It is infinite where the schema leaves a length open, and then
the place that does is named, so that its author knows what to write.
"""

import json
from collections.abc import Iterable, Mapping
from math import inf

from msgspec import Struct

from agentflow.contracts.descent import Descent
from agentflow.contracts.keywords import Schema, listed_values
from agentflow.contracts.pointers import follow
from agentflow.contracts.shape import types_of
from agentflow.contracts.strict import LIMITS

_OF_A_CHARACTER, _OF_AN_ESCAPE = 4, 6
#: `", "` between two items, `": "` after a key, and a bracket at either end.
_SEPARATOR = 2
#: The longest text of a double, `-1.2345678901234567e-308`.
_OF_A_DOUBLE = 24
_SCALARS = {"null": 4, "boolean": 5}


class Size(Struct, frozen=True):
    """At most so many bytes. If that is infinite, `field` says why: `.text.maxLength`."""

    bytes: float
    field: str | None = None


def size_of(schema: Schema) -> Size:
    """The most bytes that a value can have which keeps a self-contained schema."""
    return _Measure(schema).of(schema, "")


def size_of_fields(schema: Schema, names: Iterable[str]) -> Size:
    """The most bytes of an object with these fields and no others."""
    return size_of_object({name: size_of_part(schema, (name,)) for name in names})


def size_of_object(fields: Mapping[str, Size]) -> Size:
    """The most bytes of an object whose fields have these sizes."""
    names = sum(_json(name) + 2 * _SEPARATOR for name in fields)
    total = _SEPARATOR + names + sum(size.bytes for size in fields.values())
    return Size(total, _first_field(fields.values()))


def size_of_part(schema: Schema, path: Iterable[str | int], *, as_text: bool = False) -> Size:
    """The most bytes of what a path leads to in a value; with `as_text`, text stands as it is.

    An index that is `SOME_ITEM` leads to any item.
    """
    part, descent, at = schema, Descent(), ""
    for key in path:
        part = descent.into(part, schema, key)
        at += f".{key}" if isinstance(key, str) else "[]"
    return _Measure(schema).of(part, at, plain=as_text)


class _Measure:
    """Measures the parts of one schema, and what each reference leads to once."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._known: dict[tuple[str, bool], Size] = {}

    def of(self, schema: Schema, at: str, *, plain: bool = False) -> Size:
        """The size of a part, `at` a place of the value; texts have quotes if not `plain`."""
        if not isinstance(schema, dict):
            return Size(0) if schema is False else Size(inf, f"{at}.type")
        values = listed_values(schema)
        if values is not None:
            return Size(max((_json(value) for value in values), default=0))
        found = [
            self._by_type(schema, at, plain=plain),
            *(self.of(part, at, plain=plain) for part in schema.get("allOf", ())),
        ]
        found += [
            _largest(self.of(part, at, plain=plain) for part in schema[keyword])
            for keyword in ("anyOf", "oneOf")
            if keyword in schema
        ]
        if isinstance(schema.get("$ref"), str):
            found.append(self._referred(schema["$ref"], at, plain=plain))
        # Each of them holds, so the smallest does; of equals the last, which is the most telling.
        return min(reversed(found), key=_bytes)

    def _referred(self, reference: str, at: str, *, plain: bool) -> Size:
        key = reference, plain
        if key not in self._known:
            self._known[key] = Size(inf, f"{at}.$ref")  # it leads into itself
            self._known[key] = self.of(follow(reference, self._root), at, plain=plain)
        return self._known[key]

    def _by_type(self, schema: dict[str, Schema], at: str, *, plain: bool) -> Size:
        types = types_of(schema, self._root)
        if len(types) == len(types_of(True, True)):
            return Size(inf, f"{at}.type")
        sizes = [Size(_SCALARS[name]) for name in types if name in _SCALARS]
        if "number" in types or "integer" in types:
            sizes.append(Size(_number(schema, whole="number" not in types)))
        if "string" in types:
            length = schema.get("maxLength", inf)
            field = f"{at}.maxLength" if length == inf else None
            most = _OF_A_CHARACTER * length if plain else _SEPARATOR + _OF_AN_ESCAPE * length
            sizes.append(Size(most, field))
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
        return size_of_object(
            {name: self.of(part, f"{at}.{name}") for name, part in properties.items()}
        )


def _number(schema: Mapping[str, Schema], *, whole: bool) -> float:
    """Without bounds an integer has as many digits as are read at all."""
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if least is None or most is None:
        return LIMITS.digits
    digits = max(len(str(int(least))), len(str(int(most)))) + 2  # 3.0 is an integer
    return digits if whole else max(digits, _OF_A_DOUBLE)


def _json(value: Schema) -> int:
    """Bytes of a value as JSON; half a character, which has none in UTF-8, is escaped."""
    return len(json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace"))


def _largest(sizes: Iterable[Size]) -> Size:
    return max(sizes, key=_bytes, default=Size(0))


def _first_field(sizes: Iterable[Size]) -> str | None:
    return next((size.field for size in sizes if size.field is not None), None)


def _bytes(size: Size) -> float:
    return size.bytes
