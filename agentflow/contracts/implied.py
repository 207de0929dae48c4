"""The short proof that one schema lies within another: each demand is met by the same keyword.

Most contracts that are meant to fit say the same words with other limits, and of those it is seen
at once: a `maxLength` of 99 is within one of 2,000, a list of integers within a list of numbers.
Every keyword of the consumer has to follow from the producer's keyword of that name, or to speak of
a type that the producer's values never have. Keywords that only the producer has make it narrower
and are left aside. So `True` is a proof, and `False` means nothing: then `contracts.compat` is
asked.

A pair that comes back to itself inside a field or an item is taken to hold there. That is induction
on the depth of the value.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from agentflow.contracts.keywords import REMARKS, Schema, listed_values
from agentflow.contracts.pointers import follow
from agentflow.contracts.shape import types_of

_MOST_STEPS = 5_000
_DEEPEST = 60
_NUMBERS = frozenset({"integer", "number"})
_STRINGS = frozenset({"string"})
_LISTS = frozenset({"array"})
_OBJECTS = frozenset({"object"})
#: The types that a keyword speaks of.
_OF: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"), _NUMBERS),
    "multipleOf": _NUMBERS,
    **dict.fromkeys(("minLength", "maxLength", "pattern", "format"), _STRINGS),
    **dict.fromkeys(("minItems", "maxItems", "uniqueItems", "items", "prefixItems"), _LISTS),
    **dict.fromkeys(("minProperties", "maxProperties", "required", "properties"), _OBJECTS),
    "additionalProperties": _OBJECTS,
}

_Dict: TypeAlias = dict[str, Any]
_ANYTHING: _Dict = {}


def implied(given: Schema, root: Schema, taken: Schema, taken_root: Schema) -> bool:
    """Does all that `given` allows plainly fit `taken`?

    Both are valid schemas; the roots are what their references lead into, and there is no `$id`
    below them.
    """
    return counted(given, root, taken, taken_root)[0]


def counted(given: Schema, root: Schema, taken: Schema, taken_root: Schema) -> tuple[bool, int]:
    """As `implied`, and how many pairs of schemas were looked at for it."""
    proof = _Proof(root, taken_root)
    return proof.of(given, taken, 0), proof.steps


def tagged_otherwise(given: Schema, taken: Schema, taken_root: Schema) -> bool:
    """Has every object of `given` a text in some field, and does `taken` want others there?

    Then no object fits both.
    """
    target = _target(taken, taken_root) if isinstance(taken, dict) else None
    wanted = taken if target is None else target
    if not isinstance(given, dict) or not isinstance(wanted, dict):
        return False
    for name in given.get("required", ()):
        ours = _texts(given.get("properties", {}).get(name))
        theirs = _texts(wanted.get("properties", {}).get(name))
        if ours is not None and theirs is not None and not ours & theirs:
            return True
    return False


class _Proof:
    """One search, bounded in steps and depth."""

    def __init__(self, root: Schema, taken_root: Schema) -> None:
        self._root = root
        self._taken_root = taken_root
        self._left = _MOST_STEPS
        #: The pairs that are being proved, and how deep in the value each of them stands.
        self._open: dict[tuple[int, int], int] = {}
        self._types: dict[int, frozenset[str]] = {}

    @property
    def steps(self) -> int:
        """How many steps were made."""
        return _MOST_STEPS - self._left

    def of(self, given: Schema, taken: Schema, depth: int) -> bool:
        """Is there a proof for a part of the value, so many fields and items deep in it?"""
        if given is False or taken is True or taken == {}:
            return True
        if not isinstance(taken, dict):
            return False
        if not isinstance(given, dict):
            given = _ANYTHING
        pair = id(given), id(taken)
        if pair in self._open:
            return self._open[pair] < depth
        self._left -= 1
        if self._left < 0 or len(self._open) > _DEEPEST:
            return False
        self._open[pair] = depth
        proved = self._apart(given, taken, depth) or self._each(given, taken, depth)
        del self._open[pair]
        return proved

    def _apart(self, given: _Dict, taken: _Dict, depth: int) -> bool:
        """Does it follow from what the producer refers to, or from its branches?"""
        target = _target(given, self._root)
        if target is not None and self.of(target, taken, depth):
            return True
        if any(self.of(branch, taken, depth) for branch in given.get("allOf", ())):
            return True
        return any(
            word in given and all(self.of(branch, taken, depth) for branch in given[word])
            for word in ("anyOf", "oneOf")
        )

    def _each(self, given: _Dict, taken: _Dict, depth: int) -> bool:
        """Does each keyword of the consumer follow?"""
        types = self._types.get(id(given))
        if types is None:  # an option after the other asks for those of the same producer
            types = self._types[id(given)] = types_of(given, self._root)
        return all(
            self._follows(keyword, given, taken, types, depth)
            for keyword in taken
            if keyword not in REMARKS
        )

    def _follows(
        self, keyword: str, given: _Dict, taken: _Dict, types: frozenset[str], depth: int
    ) -> bool:
        spoken_of = _OF.get(keyword)
        if spoken_of is not None and not types & spoken_of:
            return True
        wanted = taken[keyword]
        rule = _RULES.get(keyword)
        if rule is not None:
            return rule(given, wanted)
        match keyword:
            case "type":
                return types <= types_of({"type": wanted}, True)
            case "$ref":
                target = _target(taken, self._taken_root)
                return target is not None and self.of(given, target, depth)
            case "allOf":
                return all(self.of(given, branch, depth) for branch in wanted)
            case "anyOf":
                return any(self.of(given, branch, depth) for branch in wanted)
            case "oneOf":
                return self._one_of(given, wanted, types, depth)
            case "items" | "prefixItems":
                return self._items(given, taken, depth)
            case "properties" | "additionalProperties":
                return self._fields(keyword, given, taken, depth)
            case _:
                return False

    def _one_of(
        self, given: _Dict, branches: list[Schema], types: frozenset[str], depth: int
    ) -> bool:
        """Is it within one branch, while the others are for other types or other tags?"""
        possible = [
            one
            for one in branches
            if types & types_of(one, self._taken_root)
            and not (types == _OBJECTS and tagged_otherwise(given, one, self._taken_root))
        ]
        return len(possible) == 1 and self.of(given, possible[0], depth)

    def _items(self, given: _Dict, taken: _Dict, depth: int) -> bool:
        ours, theirs = given.get("prefixItems", ()), taken.get("prefixItems", ())
        rest, rest_taken = given.get("items", True), taken.get("items", True)
        for index in range(max(len(ours), len(theirs))):
            item = ours[index] if index < len(ours) else rest
            demand = theirs[index] if index < len(theirs) else rest_taken
            if not self.of(item, demand, depth + 1):
                return False
        return self.of(rest, rest_taken, depth + 1)

    def _fields(self, keyword: str, given: _Dict, taken: _Dict, depth: int) -> bool:
        """The fields that the consumer names, or the others."""
        ours, theirs = given.get("properties", {}), taken.get("properties", {})
        patterns = given.get("patternProperties", {})
        # What a pattern speaks of is no additional field.
        others = True if patterns else given.get("additionalProperties", True)
        if keyword == "properties":
            return all(
                self.of(ours.get(name, others), demand, depth + 1)
                for name, demand in theirs.items()
            )
        if "patternProperties" in taken:
            return False
        demand = taken["additionalProperties"]
        parts = [part for name, part in ours.items() if name not in theirs]
        parts += [*patterns.values(), given.get("additionalProperties", True)]
        return all(self.of(part, demand, depth + 1) for part in parts)


def _target(schema: _Dict, root: Schema) -> Schema:
    """What a schema refers to by a pointer; None if it does not."""
    reference = schema.get("$ref")
    if isinstance(reference, str) and (reference == "#" or reference.startswith("#/")):
        return follow(reference, root)
    return None


def _values(schema: _Dict) -> set[str] | None:
    """All values that a schema names, by their keys; None if it names none."""
    values = listed_values(schema)
    return None if values is None else set(map(_key, values))


def _key(value: Any) -> str:
    """What tells values apart: their JSON, or a quote and the text, which are no JSON."""
    return f'"{value}' if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _texts(schema: Schema) -> set[str] | None:
    """All values that a schema names, if they are texts; None if not."""
    if not isinstance(schema, dict):
        return None
    values = listed_values(schema)
    return set(values) if values and all(isinstance(one, str) for one in values) else None


def _within_values(given: _Dict, wanted: list[Any]) -> bool:
    # 1 and 1.0 are the same value and not the same text; then there is no short proof.
    named = _values(given)
    return named is not None and named <= set(map(_key, wanted))


def _is_above(given: _Dict, limit: float) -> bool:
    """Are all numbers greater?"""
    over = "minimum" in given and given["minimum"] > limit
    return over or ("exclusiveMinimum" in given and given["exclusiveMinimum"] >= limit)


def _is_below(given: _Dict, limit: float) -> bool:
    """Are all numbers smaller?"""
    under = "maximum" in given and given["maximum"] < limit
    return under or ("exclusiveMaximum" in given and given["exclusiveMaximum"] <= limit)


def _multiples(given: _Dict, step: float) -> bool:
    ours = given.get("multipleOf")
    if isinstance(ours, int) and isinstance(step, int):
        return ours % step == 0
    return bool(ours == step)


def _at_least(keyword: str) -> Callable[[_Dict, Any], bool]:
    return lambda given, wanted: bool(given.get(keyword, 0) >= wanted)


def _at_most(keyword: str) -> Callable[[_Dict, Any], bool]:
    return lambda given, wanted: keyword in given and bool(given[keyword] <= wanted)


def _equal(keyword: str) -> Callable[[_Dict, Any], bool]:
    return lambda given, wanted: keyword in given and bool(given[keyword] == wanted)


#: Does what the consumer wants by a keyword follow from what the producer says by it and its kin?
_RULES: Mapping[str, Callable[[_Dict, Any], bool]] = {
    "const": lambda given, wanted: _within_values(given, [wanted]),
    "enum": _within_values,
    "minimum": lambda given, limit: given.get("minimum") == limit or _is_above(given, limit),
    "maximum": lambda given, limit: given.get("maximum") == limit or _is_below(given, limit),
    "exclusiveMinimum": _is_above,
    "exclusiveMaximum": _is_below,
    "multipleOf": _multiples,
    "minLength": _at_least("minLength"),
    "maxLength": _at_most("maxLength"),
    "pattern": _equal("pattern"),
    "format": _equal("format"),
    "minItems": _at_least("minItems"),
    "maxItems": _at_most("maxItems"),
    "uniqueItems": lambda given, wanted: not wanted or given.get("uniqueItems", False) is True,
    "minProperties": lambda given, least: (
        max(given.get("minProperties", 0), len(set(given.get("required", ())))) >= least
    ),
    "maxProperties": _at_most("maxProperties"),
    "required": lambda given, names: set(names) <= set(given.get("required", ())),
}
