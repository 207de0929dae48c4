"""Schemas that no value satisfies: where in a contract they are, and which keywords contradict.

The innermost schema that is empty is the one to name; what is around it is empty only because of
it. The contradiction is found by taking keywords away one by one as long as the rest is still
empty. Proofs come from `compat`, and for texts with a pattern from what is in it.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from msgspec import Struct

from agentflow.contracts.assembly import TooLarge, self_contained
from agentflow.contracts.compat import nothing_satisfies
from agentflow.contracts.keywords import BY_TYPE, REMARKS, Path, Schema
from agentflow.contracts.pointers import follow
from agentflow.contracts.shape import types_of
from agentflow.contracts.texts import can_have_format, lengths

#: Parts of one contract that are looked at, and of those how many are put to the proof.
_MOST_PARTS = 2_000
_MOST_PROOFS = 200
#: The length of a path from which on nothing is looked for: references may lead on and on.
_DEEPEST = 400
_LIMITS = frozenset({"format"}).union(*BY_TYPE.values()) - {
    "additionalProperties",
    "items",
    "prefixItems",
    "properties",
    "required",
}
#: Keywords that can contradict those which say what is in a list or an object.
_COUNTING = frozenset({"contains", "maxProperties", "minProperties", "propertyNames"})
_COMBINING = frozenset({"allOf", "if", "not", "oneOf"})
_CHOSEN = frozenset({"const", "enum"})
_RANGES = (
    ("minItems", "maxItems"),
    ("minLength", "maxLength"),
    ("minProperties", "maxProperties"),
    ("minimum", "maximum"),
)
_OF_RANGES = frozenset({"type"}).union(*_RANGES)


class Empty(Struct, frozen=True):
    """A schema that nothing satisfies.

    `path` leads to it in the contract, with `$ref` for each reference on the way; `way` leads to
    the part of the value that it judges, with `[]` for any item. `always` if no value at all can do
    without that part. `keywords` are those that contradict each other. `circle` are the paths of
    the schemas that demand each other without end, this one first; it is empty where something else
    is wrong.
    """

    path: Path
    way: tuple[str, ...]
    always: bool
    schema: dict[str, Schema]
    keywords: tuple[str, ...]
    circle: tuple[Path, ...] = ()


class _Part(Struct, frozen=True):
    """A schema on the way; `needed` if what is around it is empty where this one is."""

    schema: Schema
    path: Path
    way: tuple[str, ...]
    needed: bool


#: A part with whether all that is around it needs it.
_Place: TypeAlias = tuple[_Part, bool]


def empty_parts(contract: Schema) -> list[Empty]:
    """Every innermost schema of a self-contained contract for which there is a proof."""
    return _Search(contract).found()


class _Search:
    """The state of one search, in which each schema is looked at once however often it is named."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._found: list[Empty] = []
        self._seen: set[int] = set()
        self._proofs = _MOST_PROOFS

    def found(self) -> list[Empty]:
        self._is_empty(_Part(self._root, (), (), True), always=True)
        return self._found

    def _is_empty(self, part: _Part, *, always: bool) -> bool:
        """Is a schema empty, or something in it that it needs? The innermost is noted."""
        schema = part.schema
        if not isinstance(schema, dict) or id(schema) in self._seen:
            return False
        if len(self._seen) >= _MOST_PARTS or len(part.path) > _DEEPEST:
            return False
        self._seen.add(id(schema))
        empty = False
        for inner in _parts(part, self._root):
            inside = self._is_empty(inner, always=always and inner.needed)
            empty |= inside and inner.needed
        if empty or not _doubtful(schema) or not self._proved(schema):
            return empty
        keywords = tuple(self._contradiction(schema))
        circle = self._circle(part)
        self._found.append(Empty(part.path, part.way, always, schema, keywords, circle))
        return True

    def _circle(self, start: _Part) -> tuple[Path, ...]:
        """The schemas on the shortest way by which a schema demands itself."""
        came: dict[int, tuple[_Part, _Part]] = {}
        pending = deque([start])
        while pending and len(came) < _MOST_PARTS:
            part = pending.popleft()
            for inner in _parts(part, self._root) if isinstance(part.schema, dict) else ():
                if inner.needed and inner.schema is start.schema:
                    return (start.path, *_way_back(part, came))
                if inner.needed and id(inner.schema) not in came:
                    came[id(inner.schema)] = part, inner
                    pending.append(inner)
        return ()

    def _contradiction(self, schema: dict[str, Schema]) -> list[str]:
        """Keywords that cannot be kept together, and none of which is too much."""
        left = {keyword: value for keyword, value in schema.items() if keyword not in REMARKS}
        for keyword in list(left):
            fewer = {other: value for other, value in left.items() if other != keyword}
            if self._proved(fewer):
                left = fewer
        return list(left)

    def _proved(self, schema: dict[str, Schema]) -> bool:
        if not self._proofs:
            return False
        self._proofs -= 1
        if _no_such_text(schema, self._root):
            return True
        try:
            return nothing_satisfies(self_contained(schema, self._root))
        except TooLarge:
            return False


def _way_back(part: _Part, came: Mapping[int, tuple[_Part, _Part]]) -> Iterator[Path]:
    """The paths of what was referred to on the way to a part."""
    while id(part.schema) in came:
        if part.path[-1] == "$ref":
            yield part.path
        part = came[id(part.schema)][0]


def _parts(part: _Part, root: Schema) -> Iterator[_Part]:
    """The schemas in a schema of which it is a mistake to be empty."""
    schema, path, way = part.schema, part.path, part.way
    required = frozenset(schema.get("required", ()))
    is_object = types_of(schema, root) == {"object"}
    for name, inner in schema.get("properties", {}).items():
        needed = is_object and name in required
        yield _Part(inner, (*path, "properties", name), (*way, name), needed)
    is_list = types_of(schema, root) == {"array"} and schema.get("minItems", 0) > 0
    if "items" in schema:
        needed = is_list and "prefixItems" not in schema
        yield _Part(schema["items"], (*path, "items"), (*way, "[]"), needed)
    for index, inner in enumerate(schema.get("prefixItems", ())):
        needed = is_list and index < schema["minItems"]
        yield _Part(inner, (*path, "prefixItems", index), (*way, "[]"), needed)
    for index, inner in enumerate(schema.get("allOf", ())):
        yield _Part(inner, (*path, "allOf", index), way, True)
    for keyword in ("anyOf", "oneOf"):
        options = schema.get(keyword, ())
        for index, inner in enumerate(options):
            yield _Part(inner, (*path, keyword, index), way, len(options) == 1)
    if isinstance(schema.get("$ref"), str):
        yield _Part(follow(schema["$ref"], root), (*path, "$ref"), way, True)


def _doubtful(schema: dict[str, Schema]) -> bool:
    """Are there keywords side by side that could contradict each other?"""
    said = schema.keys() - REMARKS
    if said <= {"not"} or said == {"$ref"}:
        return False  # to allow nothing is what `not` is there for
    if said & _COMBINING or ("$ref" in said and len(said) > 1):
        return True
    if said & _CHOSEN:
        return len(said) > 1 or schema.get("enum") == []
    required, named = schema.get("required", ()), schema.get("properties", {})
    if any(_refers(named.get(name)) for name in required):
        return True  # perhaps to itself
    if schema.get("minItems", 0) > 0 and _refers(schema.get("items")):
        return True
    if any(named.get(name) is False for name in required):
        return True
    if "additionalProperties" in schema and any(name not in named for name in required):
        return True
    return (len(said & _LIMITS) > 1 and not _roomy(schema, said)) or bool(said & _COUNTING)


def _refers(schema: Schema) -> bool:
    return isinstance(schema, dict) and "$ref" in schema


def _no_such_text(schema: dict[str, Schema], root: Schema) -> bool:
    """Is every text that fits the pattern too long, too short, or of another format?"""
    pattern = schema.get("pattern")
    if not isinstance(pattern, str) or types_of(schema, root) != {"string"}:
        return False
    if not can_have_format(pattern, schema.get("format", "")):
        return True
    least, most = lengths(pattern)
    if least > schema.get("maxLength", least):
        return True
    return most is not None and most < schema.get("minLength", 0)


def _roomy(schema: dict[str, Schema], said: set[str]) -> bool:
    """Does it speak of limits only, and is there a whole number between any two of them?"""
    return said <= _OF_RANGES and all(
        schema[high] - schema[low] >= 1 for low, high in _RANGES if low in said and high in said
    )
