"""Parts of several contracts put together as one self-contained schema."""

from collections import deque
from typing import Any

from agentflow.contracts.keywords import LIST, MAP, ONE, SHELVES, Schema
from agentflow.contracts.kinds import remark
from agentflow.contracts.pointers import follow

#: How many schemas an assembly may hold.
MOST_SCHEMAS = 2_000

#: What a schema says for people only.
_REMARKS = frozenset(
    {"$comment", "default", "deprecated", "description", "examples", "title", *SHELVES}
)


class TooLarge(Exception):
    """More schemas than an assembly may hold."""


class Assembly:
    """One schema in the making. Remarks for people, such as `description`, are left out."""

    def __init__(self) -> None:
        #: The name of each target, by the identity of the root that a reference leads into.
        self._names: dict[tuple[int, str], str] = {}
        self._pending: deque[tuple[str, Schema, Schema]] = deque()
        self._left = MOST_SCHEMAS

    def take(self, schema: Schema, root: Schema) -> Schema:
        """A copy of a part of `root`, to be put into the schema; may raise `TooLarge`."""
        if not isinstance(schema, dict):
            return schema
        self._left -= 1
        if self._left < 0:
            raise TooLarge
        copy: dict[str, Any] = {}
        for keyword, value in schema.items():
            if keyword in ONE:
                copy[keyword] = self.take(value, root)
            elif keyword in LIST:
                copy[keyword] = [self.take(item, root) for item in value]
            elif keyword == "$ref":
                copy[keyword] = self._refer(value, root)
            elif keyword in MAP - SHELVES:
                copy[keyword] = {name: self.take(item, root) for name, item in value.items()}
            elif keyword not in _REMARKS:
                copy[keyword] = value
        return {**copy, **remark(schema)}

    def whole(self, schema: Schema) -> dict[str, Schema]:
        """The schema with all that its parts refer to; may raise `TooLarge`."""
        targets: dict[str, Schema] = {}
        while self._pending:
            name, target, root = self._pending.popleft()
            targets[name] = self.take(target, root)
        if not isinstance(schema, dict):
            return {} if schema else {"not": {}}
        return {**schema, "$defs": targets} if targets else schema

    def _refer(self, reference: str, root: Schema) -> str:
        name = self._names.get((id(root), reference))
        if name is None:
            name = reference.rpartition("/")[2].removeprefix("#") or "schema"
            if name in self._names.values():
                name = f"{name}_{len(self._names) + 1}"
            self._names[id(root), reference] = name
            self._pending.append((name, follow(reference, root), root))
        return f"#/$defs/{name}"


def self_contained(schema: Schema, root: Schema) -> dict[str, Schema]:
    """A part of one contract by itself, with what it refers to; may raise `TooLarge`."""
    assembly = Assembly()
    return assembly.whole(assembly.take(schema, root))
