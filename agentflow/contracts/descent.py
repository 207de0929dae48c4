"""What a schema says about one part of a value: a field, an item, any item.

Every value of that part fits the answer. The answer may admit more than the schema does where that
depends on the rest of the value (`if`, `not`, `contains`, which branch of a `oneOf` it is); `False`
means that no value has this part.
"""

from collections.abc import Iterator

from agentflow.contracts.engine import validator
from agentflow.contracts.keywords import Schema, listed_values
from agentflow.contracts.kinds import remark
from agentflow.contracts.pointers import follow
from agentflow.contracts.shape import types_of
from agentflow.spec.model import Json

#: Any item of a list, where a path has an index.
SOME_ITEM = -1


class Descent:
    """Goes into schemas; each part is looked for once."""

    def __init__(self) -> None:
        # By identity; the schema is kept beside the answer so that its id stays taken.
        self._known: dict[tuple[int, str | int], tuple[Schema, Schema]] = {}

    def into(self, schema: Schema, root: Schema, key: str | int) -> Schema:
        """The schema of a part; references in it lead into `root`, as those of `schema` do."""
        if not isinstance(schema, dict):
            return schema
        known = self._known.get((id(schema), key))
        if known is None:
            # A reference that comes back to itself says nothing more.
            self._known[id(schema), key] = schema, True
            known = schema, self._of(schema, root, key)
            self._known[id(schema), key] = known
        return known[1]

    def _of(self, schema: dict[str, Schema], root: Schema, key: str | int) -> Schema:
        types = types_of(schema, root)
        if isinstance(key, str) and "object" not in types:
            return False
        if isinstance(key, int) and "object" in types:
            return True  # its fields, or what a macro takes for items: the keys
        if isinstance(key, int) and "array" not in types:
            return False
        demands: list[Schema] = []
        for demand in self._demands(schema, root, key):
            if demand is False:
                return False
            if demand not in (True, {}) and not any(demand is other for other in demands):
                demands.append(demand)
        if len(demands) > 1:
            return {"allOf": demands}
        return demands[0] if demands else True

    def _demands(self, schema: dict[str, Schema], root: Schema, key: str | int) -> Iterator[Schema]:
        """Everything that the part has to fit."""
        values = listed_values(schema)
        if values is not None:
            parts = [part for value in values for part in _parts(value, key)]
            yield {"enum": parts, **remark(schema)} if parts else False
        yield from _field(schema, key) if isinstance(key, str) else _item(schema, key)
        for branch in schema.get("allOf", ()):
            yield self.into(branch, root, key)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                yield one_of([self.into(branch, root, key) for branch in schema[keyword]])
        if "$ref" in schema:
            yield self.into(follow(schema["$ref"], root), root, key)


def one_of(options: list[Schema]) -> Schema:
    """A schema for what fits any of several; options that nothing fits are left out."""
    possible: list[Schema] = []
    for option in options:
        if option in (True, {}):
            return True
        if option is not False and not any(option is other for other in possible):
            possible.append(option)
    if len(possible) > 1:
        return {"anyOf": possible}
    return possible[0] if possible else False


def _field(schema: dict[str, Schema], key: str) -> Iterator[Schema]:
    properties = schema.get("properties", {})
    patterns = [
        part
        for pattern, part in schema.get("patternProperties", {}).items()
        if validator({"pattern": pattern}).is_valid(key)
    ]
    yield from patterns
    if key in properties:
        yield properties[key]
    elif not patterns:
        yield schema.get("additionalProperties", True)


def _item(schema: dict[str, Schema], key: int) -> Iterator[Schema]:
    first = schema.get("prefixItems", [])
    rest = schema.get("items", True)
    if key == SOME_ITEM:
        yield one_of([*first, rest])
    else:
        yield first[key] if 0 <= key < len(first) else rest


def _parts(value: Json, key: str | int) -> list[Json]:
    """The part of one value, if it has it."""
    if isinstance(key, str):
        return [value[key]] if isinstance(value, dict) and key in value else []
    if not isinstance(value, list):
        return []
    return value if key == SOME_ITEM else value[key : key + 1]
