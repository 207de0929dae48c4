"""Why a value does not fit a schema: the few places that matter, in document order.

jsonschema-rs is asked whether parts fit, and nothing else: listing errors takes it 35 seconds for
a long list of wrong items, and time exponential in the depth for a recursive `anyOf`. So the walk
is ours. It goes down only where something does not fit, lazily, and stops after a number of
violations and of places looked at. Of the branches of an `anyOf` it reports the one that comes
nearest to the value.
"""

from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

from msgspec import Struct

from agentflow.contracts.describe import excerpt, listed
from agentflow.contracts.engine import Parts, validator
from agentflow.contracts.keywords import TYPES, Path, Schema, json_type
from agentflow.contracts.pointers import below, follow
from agentflow.contracts.shape import types_of
from agentflow.contracts.violations import (
    ASSERTIONS,
    Violation,
    keyword_violation,
    violation,
)
from agentflow.spec.model import Json
from agentflow.spec.wording import did_you_mean, quoted

#: Violations that are reported at most, and places that are looked at to find them.
MOST = 20
MOST_PLACES = 20_000


class _Node(Struct, frozen=True):
    """A value that does not fit the schema at `pointer`."""

    pointer: str
    schema: Schema
    value: Json
    path: Path


#: Keywords that leave a few values only.
_CHOICE = frozenset({"const", "enum"})
_LOOKED_AT = 50
#: In the order of messages: `string or null`.
_TYPES = (*(name for name in TYPES if name != "null"), "null")

_Found: TypeAlias = Iterator[_Node | Violation]


def explain(schema: Schema, value: Json) -> tuple[Violation, ...]:
    """The violations of a value that does not fit a self-contained schema: at least one.

    At most 20, and one more that says how many more there are. A schema that refers to its parts in
    ways that `Resolver` refuses gets one violation that says no more than that.
    """
    try:
        found = _Explanation(schema).of(value)
    except ValueError:
        found = ()
    return found or (violation((), value, "", "a value that fits the contract"),)


class _Explanation:
    """One walk through a schema and a value side by side."""

    def __init__(self, schema: Schema) -> None:
        self._root = schema
        self._parts = Parts(schema)
        self._places = 0

    def of(self, value: Json) -> tuple[Violation, ...]:
        found: list[Violation] = []
        beyond = 0
        for item in self._walk(_Node("", self._root, value, ())):
            if len(found) < MOST:
                found.append(item)
            else:
                beyond += 1
        if beyond:
            more = f"and {beyond} more" if self._places < MOST_PLACES else "and more"
            found.append(Violation("", more, "", "", ""))
        return tuple(found)

    def _walk(self, start: _Node) -> Iterator[Violation]:
        """Depth first with a stack of its own: values may be deeper than Python's."""
        stack = [self._expand(start)]
        while stack and self._places < MOST_PLACES:
            item = next(stack[-1], None)
            if item is None:
                stack.pop()
            elif isinstance(item, _Node):
                stack.append(self._expand(item))
            else:
                yield item

    def _expand(self, node: _Node) -> _Found:
        """What is wrong with a node: violations of its own, then nodes below it."""
        self._places += 1
        if not isinstance(node.schema, dict):
            yield violation(node.path, node.value, "false", "nothing here")
            return
        nothing_else = True
        for keyword in ASSERTIONS:
            if keyword in node.schema and not self._holds(keyword, node):
                nothing_else = False
                yield keyword_violation(node.path, node.value, keyword, node.schema[keyword])
                if keyword in ("type", "const", "enum"):
                    return
        for item in self._deeper(node):
            nothing_else = False
            yield item
        if nothing_else:
            yield from self._unevaluated(node)

    def _deeper(self, node: _Node) -> _Found:
        """What the schemas inside of a schema say."""
        yield from self._in_place(node)
        if isinstance(node.value, dict):
            yield from self._object(node, node.value)
        elif isinstance(node.value, list):
            yield from self._array(node, node.value)

    def _holds(self, keyword: str, node: _Node) -> bool:
        return validator({keyword: node.schema[keyword]}).is_valid(node.value)

    def _fits(self, pointer: str, value: Json) -> bool:
        self._places += 1
        return self._parts.is_valid(pointer, value)

    def _below(
        self, node: _Node, steps: Path, schema: Schema, value: Json, key: str | int | None
    ) -> Iterator[_Node]:
        """The node for a schema below this one, if the value does not fit it."""
        pointer = below(node.pointer, *steps)
        if not self._fits(pointer, value):
            path = node.path if key is None else (*node.path, key)
            yield _Node(pointer, schema, value, path)

    def _in_place(self, node: _Node) -> _Found:
        """What the schemas that judge the same value say against it."""
        schema = node.schema
        if "$ref" in schema:
            pointer = schema["$ref"].removeprefix("#")
            if not self._fits(pointer, node.value):
                target = follow(schema["$ref"], self._root)
                yield _Node(pointer, target, node.value, node.path)
        for index, branch in enumerate(schema.get("allOf", ())):
            yield from self._below(node, ("allOf", index), branch, node.value, None)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                yield from self._branches(node, keyword)
        if "if" in schema:
            fits = self._fits(below(node.pointer, "if"), node.value)
            branch = "then" if fits else "else"
            if branch in schema:
                yield from self._below(node, (branch,), schema[branch], node.value, None)
        if "not" in schema and self._fits(below(node.pointer, "not"), node.value):
            yield violation(node.path, node.value, "not", f"anything but {excerpt(schema['not'])}")

    def _branches(self, node: _Node, keyword: str) -> _Found:
        """What is wrong with `anyOf` or `oneOf`: the branch that comes nearest speaks for all."""
        branches = [
            _Node(below(node.pointer, keyword, index), branch, node.value, node.path)
            for index, branch in enumerate(node.schema[keyword])
        ]
        fitting = [i for i, b in enumerate(branches) if self._fits(b.pointer, node.value)]
        if fitting:
            if keyword == "oneOf" and len(fitting) > 1:
                which = listed((str(index + 1) for index in fitting), "and")
                found = f"a value that fits alternatives {which}"
                yield violation(
                    node.path, node.value, keyword, "exactly one alternative to fit", found
                )
            return
        shapes = [types_of(branch.schema, self._root) for branch in branches]
        near = [b for b, types in zip(branches, shapes, strict=True) if _admits(types, node.value)]
        if not near:
            every = frozenset[str]().union(*shapes)
            names = [name for name in _TYPES if name in every and not _implied(name, every)]
            yield violation(node.path, node.value, keyword, listed(names, "or") or "nothing here")
        elif all(isinstance(b.schema, dict) and _CHOICE & b.schema.keys() for b in near):
            values = [value for branch in near for value in _chosen(branch.schema)]
            yield keyword_violation(node.path, node.value, "enum", values)
        else:
            yield self._telling_apart(node, near) or min(near, key=self._distance)

    def _telling_apart(self, node: _Node, branches: list[_Node]) -> Violation | None:
        """The violation at a key whose constant tells all branches apart, if none has its value."""
        constants = [self._constants(branch.schema) for branch in branches]
        for name in constants[0]:
            if name not in node.value or not all(name in others for others in constants):
                continue
            values = [value for others in constants for value in others[name]]
            if not validator({"enum": values}).is_valid(node.value[name]):
                return keyword_violation((*node.path, name), node.value[name], "enum", values)
        return None

    def _constants(self, schema: Schema) -> dict[str, list[Json]]:
        """The properties of a schema that leave a few values only, with these values."""
        for _ in range(_LOOKED_AT):
            if isinstance(schema, dict) and "$ref" in schema:
                schema = follow(schema["$ref"], self._root)
        properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
        return {
            name: _chosen(part)
            for name, part in properties.items()
            if isinstance(part, dict) and _CHOICE & part.keys()
        }

    def _distance(self, node: _Node) -> int:
        """How far a value is from a schema that it does not fit: roughly, mistakes at this level.

        A wrong constant tells alternatives apart, so it counts like many other mistakes.
        """
        distance = 0
        pending = [node]
        for _ in range(_LOOKED_AT):
            if not pending:
                break
            for item in islice(self._expand(pending.pop()), _LOOKED_AT):
                if isinstance(item, _Node) and item.path == node.path:
                    pending.append(item)
                elif isinstance(item, _Node):
                    constant = isinstance(item.schema, dict) and _CHOICE & item.schema.keys()
                    distance += _LOOKED_AT if constant else 1
                else:
                    distance += 1
        return distance

    def _object(self, node: _Node, value: dict[str, Json]) -> _Found:
        schema = node.schema
        yield from self._missing(node, value)
        properties = schema.get("properties", {})
        for name, part in value.items():
            known = name in properties
            if known:
                yield from self._below(node, ("properties", name), properties[name], part, name)
            for pattern, other in schema.get("patternProperties", {}).items():
                if validator({"pattern": pattern}).is_valid(name):
                    known = True
                    yield from self._below(node, ("patternProperties", pattern), other, part, name)
            if not known and "additionalProperties" in schema:
                yield from self._additional(node, name, part)
            if "propertyNames" in schema:
                for wrong in self._below(
                    node, ("propertyNames",), schema["propertyNames"], name, None
                ):
                    first = next(self._walk(wrong), None)
                    because = f": {first.message}" if first else ""
                    message = f"the key {quoted(name)} is not allowed{because}"
                    yield violation(
                        node.path, value, "propertyNames", "other keys", quoted(name), message
                    )
        for name, other in schema.get("dependentSchemas", {}).items():
            if name in value:
                yield from self._below(node, ("dependentSchemas", name), other, value, None)

    def _missing(self, node: _Node, value: dict[str, Json]) -> Iterator[Violation]:
        wanted = dict.fromkeys(node.schema.get("required", ()), ("required", ""))
        for name, others in node.schema.get("dependentRequired", {}).items():
            if name in value:
                reason = f", which goes with {quoted(name)}"
                wanted = dict.fromkeys(others, ("dependentRequired", reason)) | wanted
        for name, (keyword, reason) in wanted.items():
            if name not in value:
                message = f"missing {quoted(name)}{reason}"
                yield violation(
                    node.path, value, keyword, f"the key {quoted(name)}", message=message
                )

    def _additional(self, node: _Node, name: str, part: Json) -> _Found:
        """A key that neither `properties` nor `patternProperties` knows."""
        schema = node.schema["additionalProperties"]
        if schema is not False:
            yield from self._below(node, ("additionalProperties",), schema, part, name)
            return
        known = [key for key in node.schema.get("properties", {}) if key not in node.value]
        message = f"unexpected {quoted(name)}{did_you_mean(name, known)}"
        expected = listed(map(quoted, known), "or") if known else "no more keys"
        yield violation(
            node.path, {name: part}, "additionalProperties", expected, quoted(name), message
        )

    def _array(self, node: _Node, value: list[Json]) -> _Found:
        schema = node.schema
        first = schema.get("prefixItems", ())
        for index, item in enumerate(value):
            if index < len(first):
                yield from self._below(node, ("prefixItems", index), first[index], item, index)
            elif "items" in schema:
                yield from self._below(node, ("items",), schema["items"], item, index)
            else:
                break
        if "contains" in schema:
            pointer = below(node.pointer, "contains")
            fitting = sum(1 for item in value if self._fits(pointer, item))
            least, most = schema.get("minContains", 1), schema.get("maxContains", len(value))
            if not least <= fitting <= most:
                wanted = f"at least {least}" if fitting < least else f"at most {most}"
                what = excerpt(schema["contains"])
                yield violation(
                    node.path,
                    value,
                    "contains",
                    f"{wanted} of the items to fit {what}",
                    str(fitting),
                )

    def _unevaluated(self, node: _Node) -> Iterator[Violation]:
        """Parts that no keyword has judged, where `unevaluated…: false` forbids such parts.

        Asked when nothing else is wrong. Which parts it is about is found by putting the value
        together again: a part with which it no longer fits is one.
        """
        schema, value = node.schema, node.value
        if schema.get("unevaluatedProperties") is False and isinstance(value, dict):
            kept = {name: value[name] for name in schema.get("required", ()) if name in value}
            for name in list(value)[:_LOOKED_AT]:
                if self._fits(node.pointer, {**kept, name: value[name]}):
                    kept[name] = value[name]
                else:
                    message = f"unexpected {quoted(name)}"
                    yield violation(
                        node.path,
                        value,
                        "unevaluatedProperties",
                        "no more keys",
                        quoted(name),
                        message,
                    )
        elif schema.get("unevaluatedItems") is False and isinstance(value, list):
            yield violation(node.path, value, "unevaluatedItems", "no more items")


def _admits(types: frozenset[str], value: Json) -> bool:
    return json_type(value) in types


def _implied(name: str, types: frozenset[str]) -> bool:
    """Is the type said already by a wider one?"""
    return name == "integer" and "number" in types


def _chosen(schema: dict[str, Schema]) -> list[Json]:
    """The values that a `const` or an `enum` leaves."""
    return [schema["const"]] if "const" in schema else list(schema["enum"])
