"""How long the text of a value can get that keeps a schema, and how short.

Both are in characters, of a text itself and of JSON otherwise, without what stands between the
parts. `longest` is of a value that there is: where the schema restricts a text by more than its
length (a pattern, a format) nothing is taken for granted, and the part counts for nothing. Where it
leaves the length open, it is infinite. `shortest` is never too large.
"""

import json
from collections.abc import Iterator
from math import inf

from agentflow.contracts.keywords import TYPES, Schema
from agentflow.contracts.pointers import follow
from agentflow.contracts.shape import types_of

#: Keywords by which a text is more than its length.
_NARROW = ("pattern", "format", "contentEncoding", "contentMediaType")
_OF_A_NUMBER = 20
_EVERY = frozenset(TYPES)
#: Keywords that say by themselves how long something can be, and those that may say it elsewhere.
_KEYS = frozenset({"type", "maxLength", "maxItems", "properties", "items", "prefixItems"})
_ELSEWHERE = frozenset({"$ref", "anyOf", "oneOf", "allOf"})
#: Keywords that may take away any value that the others allow.
_DOUBTFUL = frozenset({"not", "if"})
#: The room that a text needs to tell somebody what to do.
_SENTENCE = 20


def longest(schema: Schema, root: Schema | None = None) -> float:
    """The characters of the longest value of a schema whose references lead into `root`."""
    return _Lengths(schema if root is None else root).longest(schema, frozenset())


def shortest(schema: Schema, root: Schema | None = None) -> float:
    """The characters of the shortest value."""
    return _Lengths(schema if root is None else root).shortest(schema, frozenset())


def is_free_text(schema: Schema, root: Schema | None = None) -> bool:
    """Can a value hold a sentence of anybody's choice, in itself or in a part of it?

    Where a text has a pattern, a format or a few values, or has no room for three words, it cannot.
    """
    return _is_free(schema, schema if root is None else root, frozenset())


def _is_free(schema: Schema, root: Schema, seen: frozenset[str]) -> bool:
    if not isinstance(schema, dict):
        return schema is True
    if _fixed(schema) is not None:
        return False
    parts = [schema[key] for key in ("items", "additionalProperties") if key in schema]
    parts += [*schema.get("prefixItems", ()), *schema.get("properties", {}).values()]
    for keyword in ("anyOf", "oneOf", "allOf"):
        parts += schema.get(keyword, ())
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        parts.append(follow(reference, root))
        seen |= {reference}
    if any(_is_free(part, root, seen) for part in parts if part is not True):
        return True
    if parts or any(keyword in schema for keyword in _NARROW):
        return False
    types = types_of(schema, root)
    if "string" in types:
        return bool(schema.get("maxLength", inf) >= _SENTENCE)
    return "array" in types or "object" in types


class _Lengths:
    """`seen` are the references on the way: one that comes back to itself adds nothing."""

    def __init__(self, root: Schema) -> None:
        self._root = root

    def longest(
        self, schema: Schema, seen: frozenset[str], within: frozenset[str] = _EVERY
    ) -> float:
        """Of values of the types `within`."""
        if not isinstance(schema, dict):
            return inf if schema is True else 0
        if (fixed := _fixed(schema)) is not None:
            return max(map(_length, fixed), default=0)
        if not _DOUBTFUL.isdisjoint(schema):
            return 0
        types = within & types_of(schema, self._root)
        found = [self._longest_by_type(schema, types, seen)]
        found += [self.longest(part, seen, types) for part in schema.get("allOf", ())]
        for keyword in ("anyOf", "oneOf"):
            options = [self.longest(part, seen, types) for part in schema.get(keyword, ())]
            found += [max(options)] if options else []
        reference = schema.get("$ref")
        if isinstance(reference, str):
            inside, further = follow(reference, self._root), seen | {reference}
            found.append(0 if reference in seen else self.longest(inside, further, types))
        return min(found)

    def _longest_by_type(
        self, schema: dict[str, Schema], types: frozenset[str], seen: frozenset[str]
    ) -> float:
        if _KEYS.isdisjoint(schema) and not _ELSEWHERE.isdisjoint(schema):
            return inf  # the other keywords say it
        lengths = [_OF_A_NUMBER if types & {"number", "integer"} else 0.0]
        if "string" in types:
            narrow = any(keyword in schema for keyword in _NARROW)
            lengths.append(0 if narrow else schema.get("maxLength", inf))
        if "array" in types:
            first, rest = schema.get("prefixItems", []), schema.get("items", True)
            count = schema.get("maxItems", inf if rest is not False else len(first))
            each = self.longest(rest, seen)
            more = max(0, count - len(first))
            lengths.append(sum(self.longest(item, seen) for item in first) + _times(more, each))
        if "object" in types:
            named = schema.get("properties")
            parts = (named or {}).items()
            open_ = named is None and schema.get("additionalProperties") is not False
            sizes = [len(name) + self.longest(part, seen) for name, part in parts]
            lengths.append(inf if open_ else sum(sizes))
        return max(lengths)

    def shortest(self, schema: Schema, seen: frozenset[str]) -> float:
        if not isinstance(schema, dict):
            return 0
        if (fixed := _fixed(schema)) is not None:
            return min(map(_length, fixed), default=0)
        found = [self._shortest_by_type(schema, seen)]
        found += [self.shortest(part, seen) for part in schema.get("allOf", ())]
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                found.append(
                    min((self.shortest(part, seen) for part in schema[keyword]), default=0)
                )
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            found.append(self.shortest(follow(reference, self._root), seen | {reference}))
        return max(found)

    def _shortest_by_type(self, schema: dict[str, Schema], seen: frozenset[str]) -> float:
        types = types_of(schema, self._root)
        if types == {"string"}:
            return float(schema.get("minLength", 0))
        if types == {"array"}:
            first, rest = schema.get("prefixItems", []), schema.get("items", True)
            least = schema.get("minItems", 0)
            parts = [self.shortest(item, seen) for item in first[:least]]
            return sum(parts) + _times(max(0, least - len(first)), self.shortest(rest, seen))
        if types == {"object"}:
            return sum(self._required(schema, seen))
        return 0

    def _required(self, schema: dict[str, Schema], seen: frozenset[str]) -> Iterator[float]:
        properties = schema.get("properties", {})
        for name in schema.get("required", ()):
            yield len(name) + self.shortest(properties.get(name, True), seen)


def _fixed(schema: dict[str, Schema]) -> list[Schema] | None:
    """The only values that there are, if they are written out."""
    if "const" in schema:
        return [schema["const"]]
    return list(schema["enum"]) if "enum" in schema else None


def _length(value: Schema) -> int:
    return len(value) if isinstance(value, str) else len(json.dumps(value, ensure_ascii=False))


def _times(count: float, each: float) -> float:
    """A product in which none of something endless is nothing."""
    return count * each if count and each else 0.0
