"""Proofs that one schema lies within another, by their structure.

jsonschema-rs gives up on a whole pair when one corner of it is beyond its canonical form. Then the
pair is taken apart by rules that hold whatever the parts are, and the library is asked again about
those. Each rule is of the form "it is enough to prove …", so a wrong answer cannot come out:

- everything is within `true` and within itself; `false` is within everything;
- an `anyOf` or `oneOf` is within what all its branches are within;
- an `allOf` is within what one of its branches is within;
- something is within an `allOf` if it is within all branches, within an `anyOf` if within one, and
  within any `anyOf` that holds both a schema and its negation; an `allOf` of such two is empty;
- objects are within objects property by property, lists within lists item by item.
"""

import json
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, TypeAlias

from agentflow.contracts.keywords import LIST, MAP, ONE, SHELVES, Schema
from agentflow.contracts.merge import both
from agentflow.contracts.pointers import follow

#: Asks the library: is the first schema, for certain, within the second?
Certain: TypeAlias = Callable[[Schema, Schema], bool]

_DEEPEST = 8
_MOST_STEPS = 300
_LARGEST = 2_000

_REMARKS = frozenset({"title", "description", "default", "examples", "deprecated", "$comment"})
_OF_OBJECTS = frozenset({"type", "properties", "required", "additionalProperties"})
_OF_LISTS = frozenset({"type", "items", "minItems", "maxItems", "uniqueItems"})
#: They see what their neighbours have judged, so a schema that has one is not taken apart.
_LOOKING_AROUND = frozenset({"unevaluatedItems", "unevaluatedProperties"})


def within(producer: Schema, consumer: Schema, certain: Certain) -> bool:
    """Is `producer` provably within `consumer`? Both are self-contained.

    Gives up on recursive and on large schemas.
    """
    try:
        given, taken = (_Inlining(schema).of(schema, ()) for schema in (producer, consumer))
        return _Proof(certain).of(given, taken, 0)
    except _Recursive:
        return False


def same(left: Schema, right: Schema) -> bool:
    """Are they the same JSON text, whatever the order of keys? `1` is neither `true` nor `1.0`."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


class _Recursive(Exception):
    """The schema refers to itself, or grows too large without references."""


class _Proof:
    """One search for a proof, bounded in depth and steps."""

    def __init__(self, certain: Certain) -> None:
        self._certain = certain
        self._steps = 0

    def of(self, producer: Schema, consumer: Schema, depth: int) -> bool:
        """Is there a proof?"""
        self._steps += 1
        if self._steps > _MOST_STEPS or depth > _DEEPEST:
            return False
        if producer is False or consumer in (True, {}) or same(producer, consumer):
            return True
        if self._certain(producer, consumer):
            return True
        if isinstance(producer, dict) and self._producer_apart(producer, consumer, depth + 1):
            return True
        if not isinstance(consumer, dict):
            return False
        if self._consumer_apart(producer, consumer, depth + 1):
            return True
        return isinstance(producer, dict) and (
            self._objects(producer, consumer, depth + 1)
            or self._lists(producer, consumer, depth + 1)
        )

    def _consumer_apart(self, producer: Schema, consumer: dict[str, Schema], depth: int) -> bool:
        for keyword in ("allOf", "anyOf"):
            if keyword not in consumer:
                continue
            branches = consumer[keyword]
            each = (self.of(producer, branch, depth) for branch in branches)
            fits = all(each) if keyword == "allOf" else _excluded_middle(branches) or any(each)
            if fits and self.of(producer, _without(consumer, keyword), depth):
                return True
        return False

    def _producer_apart(self, producer: dict[str, Schema], consumer: Schema, depth: int) -> bool:
        conjuncts = producer.get("allOf", ())
        if _excluded_middle(conjuncts):
            return True  # nothing fits both a schema and its negation
        if any(self.of(conjunct, consumer, depth) for conjunct in conjuncts):
            return True
        for keyword in ("anyOf", "oneOf"):
            if keyword in producer and not _LOOKING_AROUND & producer.keys():
                rest = _without(producer, keyword)
                branches = [both(rest, branch) for branch in producer[keyword]]
                if all(self.of(branch, consumer, depth) for branch in branches):
                    return True
        return False

    def _objects(
        self, producer: dict[str, Schema], consumer: dict[str, Schema], depth: int
    ) -> bool:
        if not _plainly("object", _OF_OBJECTS, producer, consumer):
            return False
        if not set(consumer.get("required", ())) <= set(producer.get("required", ())):
            return False
        given, taken = producer.get("properties", {}), consumer.get("properties", {})
        more_given = producer.get("additionalProperties", True)
        more_taken = consumer.get("additionalProperties", True)
        return self.of(more_given, more_taken, depth) and all(
            self.of(given.get(name, more_given), taken.get(name, more_taken), depth)
            for name in given | taken
        )

    def _lists(self, producer: dict[str, Schema], consumer: dict[str, Schema], depth: int) -> bool:
        if not _plainly("array", _OF_LISTS, producer, consumer):
            return False
        return (
            producer.get("minItems", 0) >= consumer.get("minItems", 0)
            and producer.get("maxItems", inf) <= consumer.get("maxItems", inf)
            and producer.get("uniqueItems", False) >= consumer.get("uniqueItems", False)
            and self.of(producer.get("items", True), consumer.get("items", True), depth)
        )


class _Inlining:
    """Replaces the references in a schema by their targets, and leaves remarks out."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._size = 0

    def of(self, schema: Schema, inside: tuple[str, ...]) -> Schema:
        """A copy of a schema; `inside` are the references that led to it."""
        self._size += 1
        if self._size > _LARGEST:
            raise _Recursive
        if not isinstance(schema, dict):
            return schema
        copy: dict[str, Any] = {}
        for keyword, value in schema.items():
            if keyword in ONE:
                copy[keyword] = self.of(value, inside)
            elif keyword in LIST:
                copy[keyword] = [self.of(item, inside) for item in value]
            elif keyword in MAP - SHELVES:
                copy[keyword] = {name: self.of(item, inside) for name, item in value.items()}
            elif keyword not in _REMARKS | SHELVES | {"$ref"}:
                copy[keyword] = value
        reference = schema.get("$ref")
        if reference is None:
            return copy
        if reference in inside or not reference.startswith("#/"):
            raise _Recursive
        target = self.of(follow(reference, self._root), (*inside, reference))
        # Beside its neighbours, not around them: some of them see what the target has judged.
        return {**copy, "allOf": [*copy.get("allOf", ()), target]} if copy else target


def _excluded_middle(branches: Sequence[Schema]) -> bool:
    """Is there a schema among these and also its negation?"""
    negated = [b["not"] for b in branches if isinstance(b, dict) and b.keys() == {"not"}]
    return any(same(one, other) for one in negated for other in branches)


def _without(schema: dict[str, Schema], keyword: str) -> dict[str, Schema]:
    return {key: value for key, value in schema.items() if key != keyword}


def _plainly(
    kind: str, keywords: frozenset[str], producer: dict[str, Schema], consumer: dict[str, Schema]
) -> bool:
    """Are both schemas for values of one type, and said in these keywords only?"""
    types = consumer.get("type", kind)
    return (
        producer.get("type") in (kind, [kind])
        and kind in ([types] if isinstance(types, str) else types)
        and keywords >= producer.keys() | consumer.keys()
    )
