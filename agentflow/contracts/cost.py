"""What it would cost to bring a schema into canonical form, estimated before it is tried.

The canonical form is a choice of plain schemas. Conditions that hold for the same value multiply:
ten `anyOf` of two branches each are a thousand choices, and the library works on each of them
without a pause. So choices are counted first, with every reference written out, and what would be
too many is not asked.
"""

from math import prod

from msgspec import Struct

from agentflow.contracts.keywords import LIST, MAP, ONE, SHELVES, Schema
from agentflow.contracts.pointers import follow

#: Choices in one place, schemas in all, and values that are named; a pattern counts as many.
_MOST_CHOICES = 100
_MOST_SCHEMAS = 2_000
_MOST_VALUES = 500
_MOST_TO_JUDGE = 100_000
_OF_A_PATTERN = 20
_PATTERNS = ("format", "pattern")
_CHOOSING = frozenset({"anyOf", "oneOf"})
_IN_PLACE = frozenset({"allOf", "not", "if", "then", "else", "dependentSchemas"})


class Cost(Struct, frozen=True):
    """The choices for the value itself, the most choices in any place, and what is in it."""

    choices: int = 1
    widest: int = 1
    schemas: int = 1
    values: int = 0

    @property
    def is_judged_soon(self) -> bool:
        """Is a value judged in reasonable time? References that fan out may lead on and on."""
        return self.schemas <= _MOST_TO_JUDGE

    @property
    def is_affordable(self) -> bool:
        """Is it reasonable to bring the schema into canonical form?"""
        return self.widest <= _MOST_CHOICES and self.schemas <= _MOST_SCHEMAS

    @property
    def is_small(self) -> bool:
        """Is it reasonable to subtract another schema, which goes by pairs of values?"""
        return self.is_affordable and self.values <= _MOST_VALUES


def cost_of(schema: Schema) -> Cost:
    """The cost of a self-contained schema."""
    return _Estimate(schema).of(schema)


class _Estimate:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._known: dict[int, Cost] = {}

    def of(self, schema: Schema) -> Cost:
        """The cost of a part; each is worked out once, and inside of itself it costs nothing."""
        if not isinstance(schema, dict):
            return Cost()
        if id(schema) not in self._known:
            self._known[id(schema)] = Cost()
            self._known[id(schema)] = self._of(schema)
        return self._known[id(schema)]

    def _of(self, schema: dict[str, Schema]) -> Cost:
        choices, parts = 1, []
        for keyword, value in schema.items():
            inside = [self.of(part) for part in _parts(keyword, value)]
            parts += inside
            if keyword in _CHOOSING:
                choices *= sum(part.choices for part in inside)
            elif keyword in _IN_PLACE:
                choices *= prod(part.choices for part in inside)
            if keyword in ("dependentRequired", "dependentSchemas"):
                choices *= 2 ** min(len(value), _MOST_CHOICES)
        if "$ref" in schema and schema["$ref"].startswith("#"):
            target = self.of(follow(schema["$ref"], self._root))
            parts.append(target)
            choices *= target.choices
        if "if" in schema:
            choices *= 2
        choices = min(choices, _MOST_SCHEMAS)
        return Cost(
            choices,
            max([choices, *(part.widest for part in parts)]),
            1 + _OF_A_PATTERN * _patterns(schema) + sum(part.schemas for part in parts),
            len(schema.get("enum", ())) + sum(part.values for part in parts),
        )


def _parts(keyword: str, value: Schema) -> list[Schema]:
    """The schemas that a keyword holds."""
    if keyword in ONE:
        return [value]
    if keyword in LIST:
        return list(value)
    return list(value.values()) if keyword in MAP - SHELVES else []


def _patterns(schema: dict[str, Schema]) -> int:
    return sum(name in schema for name in _PATTERNS) + len(schema.get("patternProperties", ()))
