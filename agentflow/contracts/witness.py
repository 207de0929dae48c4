"""A value that one schema allows and another rejects: the proof that they do not go together.

The search is seeded and bounded. It tries what jsonschema-rs computes as the difference of both
schemas, then values drawn for the producer, and then changes to them: the limits and constants
that both schemas name, keys that only one of them knows, something left out. Whatever is found
is a proof only because both schemas have judged it; how it was found does not matter.
"""

import json
import random
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import TypeAlias

from msgspec import Struct

from agentflow.contracts.draw import Drawing
from agentflow.contracts.keywords import Schema, subschemas
from agentflow.contracts.scalars import CannotDraw, draw_text
from agentflow.spec.model import Json

#: Does a value prove it?
Test: TypeAlias = Callable[[Json], bool]

_DRAWN = 40
_CHANGED = 400
_SHRUNK = 100
_MOST_HINTS = 300
#: Numbers, the simplest first.
_SIMPLE = (0, 0.5, 1, -1, 2, 10, 100)

#: Values on the edges of many schemas.
_ORDINARY: tuple[Json, ...] = (
    None, True, False, 0, 1, -1, 0.5, -0.5, 1_000_003, 2**53 + 1, 1e10,
    "", "a", "ab", "A", "0", " ", "\n", "é", "😀", "simulated text" * 20,
    [], [None], [0], ["a"], [[]], {}, {"a": None}, {"simulated": 0},
)  # fmt: skip


def find_witness(producer: Schema, consumer: Schema, proves: Test, apart: Schema) -> list[Json]:
    """A witness, made small, as a list of one; or an empty list.

    `proves` says whether the producer allows a value and the consumer rejects it. `apart` is a
    schema for such values, or `None` if it is not known.
    """
    chance = random.Random("witness")  # noqa: S311  # a search, not a secret
    for value in _candidates(producer, consumer, apart, chance):
        if proves(value):
            return [_smaller(value, proves)]
    return []


def _candidates(
    producer: Schema, consumer: Schema, apart: Schema, chance: random.Random
) -> Iterator[Json]:
    if apart is not None:
        yield from _drawn(apart, (), chance, _DRAWN // 4)
    hints = _Hints.of((producer, consumer), chance)
    drawn = [*_drawn(producer, (), chance, _DRAWN // 4)]
    yield from drawn
    yield from hints.values
    bolder = [*_drawn(producer, hints.values, chance, _DRAWN)]
    yield from bolder
    pool = drawn + bolder or list(hints.values)
    for _ in range(_CHANGED):
        value = chance.choice(pool)
        for _ in range(chance.randint(1, 3)):
            value = _changed(value, hints, chance)
        yield value


def _drawn(
    schema: Schema, favourites: tuple[Json, ...], chance: random.Random, count: int
) -> Iterator[Json]:
    for _ in range(count):
        try:
            yield Drawing(schema, chance, favourites).value()
        except CannotDraw:
            continue


class _Hints(Struct, frozen=True):
    """What schemas name: values at and beside their limits, and keys."""

    values: tuple[Json, ...]
    keys: tuple[str, ...]

    @staticmethod
    def of(schemas: tuple[Schema, ...], chance: random.Random) -> "_Hints":
        values: dict[str, Json] = {}
        keys: dict[str, None] = {"simulated": None}
        pending = list(schemas)
        while pending and len(values) < _MOST_HINTS:
            schema = pending.pop()
            if isinstance(schema, dict):
                values |= {json.dumps(value): value for value in _values_of(schema, chance)}
                keys |= dict.fromkeys(_keys_of(schema, chance))
            pending.extend(child for _, child in subschemas(schema))
        values |= {json.dumps(value): value for value in _ORDINARY}
        return _Hints(tuple(values.values()), tuple(keys))


def _values_of(schema: dict[str, Schema], chance: random.Random) -> Iterator[Json]:
    """Values at the edges of what a schema says of the value itself."""
    for keyword, limit in schema.items():
        match keyword:
            case "const":
                yield limit
            case "enum":
                yield from limit[:_DRAWN]
            case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
                yield from (limit, limit - 1, limit + 1, limit + 0.5)
            case "multipleOf":
                yield from (limit, limit * 3, limit * 7)
            case "minLength" | "maxLength":
                yield from ("a" * min(length, 10_000) for length in (limit, limit + 1))
                yield "a" * (limit - 1 if 0 < limit < 10_000 else 0)
            case "minItems" | "maxItems":
                yield from ([None] * min(length, 1_000) for length in (limit, limit + 1))
            case "pattern" | "format":
                yield from _texts({keyword: limit}, chance)


def _keys_of(schema: dict[str, Schema], chance: random.Random) -> Iterator[str]:
    yield from schema.get("properties", ())
    yield from schema.get("required", ())
    for pattern in schema.get("patternProperties", ()):
        yield from _texts({"pattern": pattern}, chance)


def _texts(schema: dict[str, Schema], chance: random.Random) -> Iterator[str]:
    for _ in range(3):
        try:
            text = draw_text(schema, chance)
        except CannotDraw:
            return
        yield from (text, text + "a", text[:-1])


def _changed(value: Json, hints: _Hints, chance: random.Random) -> Json:
    """The value with one change somewhere in it."""
    if isinstance(value, dict) and chance.random() < 0.8:
        changed = dict(value)
        if changed and chance.random() < 0.3:
            del changed[chance.choice(list(changed))]
        elif changed and chance.random() < 0.6:
            key = chance.choice(list(changed))
            changed[key] = _changed(changed[key], hints, chance)
        else:
            changed[chance.choice(hints.keys)] = chance.choice(hints.values)
        return changed
    if isinstance(value, list) and chance.random() < 0.8:
        items = list(value)
        index = chance.randrange(len(items) + 1)
        if index == len(items):
            items.append(chance.choice(items or hints.values))
        elif chance.random() < 0.4:
            del items[index]
        else:
            items[index] = _changed(items[index], hints, chance)
        return items
    return chance.choice(hints.values)


def _smaller(value: Json, proves: Test) -> Json:
    """The witness without what it does not need to be one, as far as a bounded search finds."""
    for _ in range(_SHRUNK):
        less = next(filter(proves, _simpler(value)), None)
        if less is None:
            return value
        value = less
    return value


def _simpler(value: Json) -> Iterator[Json]:
    """Values with one key, one item or some text less, or a simple number."""
    if isinstance(value, dict):
        for key in value:
            yield {name: part for name, part in value.items() if name != key}
        for key, part in value.items():
            yield from ({**value, key: less} for less in _simpler(part))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            rest = value[index + 1 :]
            yield value[:index] + rest
            yield from ([*value[:index], less, *rest] for less in _simpler(item))
    elif isinstance(value, str) and value:
        texts = ("", value[:1], value[: len(value) // 2], value[:-1])
        yield from (text for text in texts if text != value)
    elif isinstance(value, int | float):
        yield from takewhile(lambda simple: simple != value, (*_SIMPLE, int(value)))
