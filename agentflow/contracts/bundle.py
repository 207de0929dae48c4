"""One schema with everything that it refers to, each target once, under `$defs`."""

import re
from collections import deque
from collections.abc import Iterable

from msgspec import Struct, field

from agentflow.contracts.documents import (
    ContractError,
    Documents,
    EndlessReferences,
    Target,
)
from agentflow.contracts.keywords import IN_PLACE, LIST, MAP, ONE, SHELVES, Path, Schema
from agentflow.spec.wording import quoted

#: How deep a schema may be nested, and how many others it may refer to.
DEEPEST = 100
MOST_TARGETS = 2_000

_DIALECT = re.compile(r"https?://json-schema\.org/draft/2020-12/schema#?")
#: Keywords that name a schema for references; in a bundle nothing refers to it by them.
_NAMES = frozenset({"$schema", "$id", "$anchor", "$dynamicAnchor", *SHELVES})


class _Place(Struct):
    """Where in the sources a schema is being copied from."""

    target: Target
    path: Path  # of the reference in the contract that led here, or of the schema itself
    foreign: bool  # reached over a reference: `path` stays where that reference stands
    depth: int = 0
    in_place: bool = True  # judges the very value that the target judges

    def child(self, step: Path, *, in_place: bool) -> "_Place":
        path = self.path if self.foreign else self.path + step
        return _Place(self.target, path, self.foreign, self.depth + 1, self.in_place and in_place)


class _Found(Struct):
    """A target that was referred to, and what it refers to without going into the value."""

    name: str
    path: Path
    same_value: list[Target] = field(default_factory=list)


class Bundle:
    """The self-contained schema of one target; raises `ContractError`.

    Targets are copied in the order in which they are first referred to, so the result is the same
    for the same sources.
    """

    def __init__(self, documents: Documents, root: Target) -> None:
        self._documents = documents
        self._root = root
        self._found: dict[Target, _Found] = {}
        self._names: set[str] = set()
        self._pending: deque[Target] = deque()

    def schema(self) -> dict[str, Schema]:
        """The root with its `$defs`; a boolean schema is written as an object."""
        self._root = self._past_plain_references(self._root)
        self._found[self._root] = _Found("", ())
        result = self._copy_target(self._root, foreign=False)
        if isinstance(result, bool):
            result = {} if result else {"not": {}}
        defs = {}
        while self._pending:
            target = self._pending.popleft()
            defs[self._found[target].name] = self._copy_target(target, foreign=True)
        self._refuse_endless()
        return {**result, "$defs": defs} if defs else result

    def _past_plain_references(self, target: Target) -> Target:
        """Where `{$ref: …}` and nothing else leads in the end."""
        seen: dict[Target, None] = {}
        while True:
            seen[target] = None
            schema = self._documents.schema(target, ())
            if not isinstance(schema, dict) or set(schema) != {"$ref"}:
                return target
            target = self._target(schema["$ref"], _Place(target, (), foreign=False))
            self._documents.follow(("$ref",))
            if target in seen:
                way = list(seen)
                self._raise_endless([*way[way.index(target) :], target], ())

    def _copy_target(self, target: Target, *, foreign: bool) -> Schema:
        found = self._found[target]
        schema = self._documents.schema(target, found.path)
        return self._copy(schema, _Place(target, found.path, foreign))

    def _copy(self, schema: Schema, place: _Place) -> Schema:
        """The schema with its references rewritten; data in it is shared, not copied."""
        if not isinstance(schema, dict):
            return schema
        if place.depth > DEEPEST:
            raise ContractError(f"nested more than {DEEPEST} levels deep", place.path)
        if place.foreign:
            self._documents.follow(place.path)
        self._refuse_unsupported(schema, place)
        copy: dict[str, Schema] = {}
        for keyword, value in schema.items():
            if keyword in _NAMES:
                continue
            same = keyword in IN_PLACE
            if keyword == "$ref" and isinstance(value, str):
                copy[keyword] = self._refer(value, place)
            elif keyword in ONE:
                copy[keyword] = self._copy(value, place.child((keyword,), in_place=same))
            elif keyword in LIST and isinstance(value, list):
                copy[keyword] = [
                    self._copy(item, place.child((keyword, index), in_place=same))
                    for index, item in enumerate(value)
                ]
            elif keyword in MAP and isinstance(value, dict):
                copy[keyword] = {
                    name: self._copy(item, place.child((keyword, name), in_place=same))
                    for name, item in value.items()
                }
            else:
                copy[keyword] = value
        return copy

    def _refer(self, reference: str, place: _Place) -> str:
        """Note a reference and give the one that stands for it in the bundle."""
        path = place.path if place.foreign else (*place.path, "$ref")
        target = self._target(reference, place)
        if target not in self._found:
            if len(self._found) > MOST_TARGETS:
                raise ContractError(f"refers to more than {MOST_TARGETS} schemas", path)
            self._documents.schema(target, path)
            self._found[target] = _Found(self._name(target), path)
            self._pending.append(target)
        if place.in_place:
            self._found[place.target].same_value.append(target)
        name = self._found[target].name
        return f"#/$defs/{name}" if name else "#"

    def _target(self, reference: Schema, place: _Place) -> Target:
        path = place.path if place.foreign else (*place.path, "$ref")
        if not isinstance(reference, str):
            raise ContractError("'$ref' must be a text", path)
        return self._documents.target(reference, place.target[0], path)

    def _name(self, target: Target) -> str:
        """A free name for a target, near to what its author called it."""
        document, pointer = target
        last = pointer.rpartition("/")[2]
        if not last or last.isdecimal():
            last = document.rpartition("/")[2].partition(".")[0]
        base = "schema" if last.startswith("<") else re.sub(r"[^A-Za-z0-9_-]+", "_", last)
        name, count = base, 1
        while name in self._names:
            count += 1
            name = f"{base}_{count}"
        self._names.add(name)
        return name

    def _refuse_unsupported(self, schema: dict[str, Schema], place: _Place) -> None:
        """Raise for what would give the references in it another meaning, or none."""
        where = f" in {self._documents.describe(place.target)}" if place.foreign else ""
        dialect = schema.get("$schema")
        if isinstance(dialect, str) and not _DIALECT.fullmatch(dialect):
            raise ContractError(
                f"'$schema' is {quoted(dialect)}{where}; contracts are JSON Schema 2020-12",
                place.path,
                "write https://json-schema.org/draft/2020-12/schema, or leave '$schema' out",
            )
        at_root = place.depth == 0 and not place.target[1]
        refused = ["$dynamicRef", "$recursiveRef"] if at_root else ["$dynamicRef", "$id"]
        if set(schema) == {"python"}:
            raise ContractError(
                f"'python'{where} is only for a whole contract of the spec",
                (*place.path, "python"),
                "give it a name under 'contracts', and refer to that: {$ref: '#/contracts/Name'}",
            )
        for keyword in refused:
            if keyword in schema:
                raise ContractError(
                    f"{quoted(keyword)}{where} is not supported yet", (*place.path, keyword)
                )

    def _refuse_endless(self) -> None:
        """Raise for references that lead back to themselves without going into the value."""
        done: set[Target] = set()
        for start in self._found:
            trail: dict[Target, Iterable[Target]] = {}
            self._follow(start, trail, done)

    def _follow(
        self, start: Target, trail: dict[Target, Iterable[Target]], done: set[Target]
    ) -> None:
        """Walk depth first from `start`; `trail` holds the way to where the walk stands."""
        if start in done:
            return
        trail[start] = iter(self._found[start].same_value)
        while trail:
            last = next(reversed(trail))
            following = next(iter(trail[last]), None)
            if following is None:
                done.add(last)
                del trail[last]
            elif following in trail:
                way = list(trail)
                cycle = [*way[way.index(following) :], following]
                self._raise_endless(cycle, self._found[following].path)
            elif following not in done:
                trail[following] = iter(self._found[following].same_value)

    def _raise_endless(self, cycle: list[Target], path: Path) -> None:
        way = " → ".join(self._documents.describe(target) for target in cycle)
        raise EndlessReferences(
            f"the references never end: {way}",
            path,
            "a schema may refer to itself only below 'properties', 'items' or the like",
            tuple(cycle[:-1]),
        )
