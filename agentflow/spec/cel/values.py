"""What the values of an expression are and do: kinds, equality, order, arithmetic, and their cost.

Values are JSON. A Python `int` is CEL's int (64 bits, with an error on overflow), a `float` its
double; the two compare with each other and do not mix in arithmetic. A bool is never a number.
Where CEL would answer infinity or not-a-number, which JSON cannot hold, there is an error.

Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md, "Equality", "Ordering" and
"Overflow".
"""

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import NoneType
from typing import Literal, TypeAlias

from agentflow.spec.model import Json
from agentflow.spec.wording import quoted

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
#: How many characters the strings that one evaluation builds may have in total.
MAX_CHARACTERS = 10_000_000
#: How deep a value may nest that is read as a whole.
MAX_DEPTH = 100
#: Bits of the largest int that is written as text; Python refuses 4,300 digits and more.
_LONGEST_INT = 10_000
#: Characters that are handled in about the time of one step.
_CHARACTERS_A_STEP = 1_000


class Refused(Exception):
    """An operation that these values do not allow; `message` becomes that of the evaluation."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Missing(Refused):
    """What was asked for does not exist."""


class Exhausted(Refused):
    """The evaluation has used up its steps or characters. Nothing in an expression absorbs it."""


class Absent(KeyError):
    """Raised by a lazy mapping of the scope to say why it has no such key."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Meter:
    """What one evaluation may still use: steps, and characters of strings that it builds."""

    __slots__ = ("_characters", "_limit", "steps")

    def __init__(self, steps: int) -> None:
        self._limit = steps
        self._characters = MAX_CHARACTERS
        self.steps = steps

    def spend(self, steps: int) -> None:
        """Takes steps. Raises `Exhausted` when none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise Exhausted(f"the expression takes more than {self._limit:,} steps")

    def read(self, characters: int) -> None:
        """Takes the steps of going through so many characters."""
        self.spend(characters // _CHARACTERS_A_STEP)

    def build(self, characters: int) -> None:
        """Takes characters, and their steps. To be called before the string is built."""
        self._characters -= characters
        if self._characters < 0:
            raise Exhausted(f"the expression builds more than {MAX_CHARACTERS:,} characters")
        self.read(characters)


Kind: TypeAlias = Literal["null", "bool", "int", "double", "string", "list", "map"]

_KINDS: Mapping[type, Kind] = {
    NoneType: "null",
    bool: "bool",  # before int, of which Python makes it a kind
    int: "int",
    float: "double",
    str: "string",
    dict: "map",
    list: "list",
}
#: What else is a map or a list, such as the values of a run that are looked up when they are asked
#: for.
_BASES: Mapping[type, Kind] = {**_KINDS, Mapping: "map", Sequence: "list"}


def kind_of(value: Json) -> Kind:
    """The type of a value as CEL names it. Raises `Refused` for what is not JSON."""
    cls: type = type(value)
    kind = _KINDS.get(cls) or _kind_of_type(cls)
    if kind is None:
        raise Refused(f"a Python {quoted(type(value).__name__)} is not a JSON value")
    return kind


@lru_cache(maxsize=256)
def _kind_of_type(cls: type) -> Kind | None:
    if issubclass(cls, bytes | bytearray | memoryview):  # sequences, but no lists
        return None
    return next((kind for base, kind in _BASES.items() if issubclass(cls, base)), None)


def field_of(value: Mapping[str, Json], key: str, missing: Callable[[], str]) -> Json:
    """The field of a map.

    Raises `Missing` with the reason that a lazy mapping gives, or else with what `missing` says.
    """
    try:
        return value[key]
    except Absent as absent:
        raise Missing(absent.message) from None
    except KeyError:
        raise Missing(missing()) from None


def entries_of(value: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """The fields of a map that is read as a whole. Raises `Missing` if a lazy one lacks any."""
    for key in value:
        if not isinstance(key, str):
            raise Refused(f"a key of a map is a string, found {kind_of(key)}")
        yield str(key), field_of(value, key, lambda: "a map lists a field that it does not have")


def plain(value: Json, meter: Meter, depth: int = MAX_DEPTH) -> Json:
    """A copy of a value in nothing but dicts, lists and scalars, lazy mappings read in full.

    Raises `Refused` if it nests too deep, `Missing` if a lazy mapping cannot give all it lists.
    """
    meter.spend(1)
    kind = kind_of(value)
    if kind == "string":
        meter.build(len(value))
        return str(value)
    if kind not in ("list", "map"):
        return value
    if depth == 0:
        raise Refused(f"the value nests deeper than {MAX_DEPTH} levels")
    if kind == "list":
        return [plain(item, meter, depth - 1) for item in value]
    return {key: plain(item, meter, depth - 1) for key, item in entries_of(value)}


def weight(value: Json, known: dict[int, int], depth: int = MAX_DEPTH) -> int:
    """The characters and values that a value comes to when it is written out.

    What is shared counts as often as it occurs and is visited once: a few steps can build a value
    that takes no memory and would fill a disk. `known` remembers weights by identity. Raises
    `Refused` if the value nests too deep.
    """
    if isinstance(value, str):
        return 1 + len(value)
    if not isinstance(value, dict | list):
        return 1
    total = known.get(id(value))
    if total is None:
        if depth == 0:
            raise Refused(f"the value nests deeper than {MAX_DEPTH} levels")
        parts = value.values() if isinstance(value, dict) else value
        total = 1 + sum(weight(part, known, depth - 1) for part in parts)
        if isinstance(value, dict):
            total += sum(map(len, value))
        known[id(value)] = total
    return total


def equality_key(value: Json) -> tuple[bool, Json]:
    """A key that is the same for equal values: a boolean is no number, and 1 equals 1.0."""
    return isinstance(value, bool), value


def equal(left: Json, right: Json, meter: Meter) -> bool:
    """CEL's `==`: values of different kinds differ, but an int equals the double of its value.

    Goes without recursion, so that no depth of the data can exhaust the stack.
    """
    pairs = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        kinds = (kind_of(one), kind_of(other))
        if kinds in (("list", "list"), ("map", "map")):
            if len(one) != len(other):
                return False
            meter.spend(len(one))
            if kinds[0] == "list":
                pairs.extend(zip(one, other, strict=True))
                continue
            fields = dict(entries_of(other))
            for key, item in entries_of(one):
                if key not in fields:
                    return False
                pairs.append((item, fields[key]))
        elif not _equal_scalars(one, other, kinds, meter):
            return False
    return True


def _equal_scalars(one: Json, other: Json, kinds: tuple[Kind, Kind], meter: Meter) -> bool:
    if kinds[0] != kinds[1] and not _are_numbers(kinds):
        return False
    if kinds[0] == "string":
        meter.read(min(len(one), len(other)))
    return bool(one == other)


def contains(container: Json, value: Json, meter: Meter) -> bool:
    """CEL's `in`: an equal item of a list, or a key of a map."""
    kind = kind_of(container)
    if kind == "map":
        return isinstance(value, str) and value in container
    if kind == "list":
        for item in container:
            meter.spend(1)
            if equal(item, value, meter):
                return True
        return False
    raise Refused(f"'in' looks into a list or a map, found {kind}")


_ORDERS: Mapping[str, Callable[[Json, Json], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(symbol: str, left: Json, right: Json, meter: Meter) -> bool:
    """CEL's `<`, `<=`, `>`, `>=`: numbers, strings by code points, false before true."""
    kinds = (kind_of(left), kind_of(right))
    if not _are_numbers(kinds) and (kinds[0] != kinds[1] or kinds[0] not in ("string", "bool")):
        raise Refused(f"'{symbol}' does not compare {' and '.join(kinds)}")
    if kinds[0] == "string":
        meter.read(min(len(left), len(right)))
    return _ORDERS[symbol](left, right)


def calculate(symbol: str, left: Json, right: Json, meter: Meter) -> Json:
    """CEL's `+ - * / %`. Raises `Refused` for kinds that do not go together and for overflow."""
    kinds = (kind_of(left), kind_of(right))
    if kinds == ("int", "int"):
        return _whole(symbol, left, right)
    if kinds == ("double", "double") and symbol != "%":
        return _double(symbol, left, right)
    if symbol == "+" and kinds == ("string", "string"):
        meter.build(len(left) + len(right))
        return left + right
    if symbol == "+" and kinds == ("list", "list"):
        meter.spend(len(left) + len(right))
        return [*left, *right]
    pair = " and ".join(kinds)
    if _are_numbers(kinds) and symbol != "%":
        raise Refused(f"'{symbol}' does not mix {pair}; convert one with int() or double()")
    raise Refused(f"'{symbol}' does not take {pair}")


def _whole(symbol: str, left: int, right: int) -> int:
    if symbol in "/%" and right == 0:
        raise Refused("division by zero")
    if symbol == "/":
        # Truncates toward zero, where Python's own division rounds down.
        result = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    elif symbol == "%":
        result = abs(left) % abs(right) * (-1 if left < 0 else 1)
    else:
        result = _CALCULATIONS[symbol](left, right)
    return in_range(result)


def _double(symbol: str, left: float, right: float) -> float:
    if symbol == "/" and right == 0:
        raise Refused("division by zero")
    result = _CALCULATIONS[symbol](left, right)
    if not math.isfinite(result):
        raise Refused("the result is too large for a double")
    return float(result)


_CALCULATIONS: Mapping[str, Callable[[Json, Json], Json]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def negate(value: Json) -> int | float:
    """CEL's unary `-`."""
    kind = kind_of(value)
    if kind == "int":
        return in_range(-value)
    if kind == "double":
        return -float(value)
    raise Refused(f"'-' takes a number, found {kind}")


def in_range(number: int) -> int:
    """The number, if it is one of CEL's 64-bit ints; raises `Refused` if it is not."""
    if not INT_MIN <= number <= INT_MAX:
        raise Refused("the result is too large for an int of 64 bits")
    return number


def elements(value: Json) -> Iterator[Json]:
    """What a macro goes through: the items of a list, the keys of a map."""
    kind = kind_of(value)
    if kind not in ("list", "map"):
        raise Refused(f"only a list or a map has elements, found {kind}")
    return iter(value)


def text_of(value: Json, meter: Meter) -> str:
    """A scalar as text: a string as it is, numbers and bools as in JSON. Raises `Refused`."""
    kind = kind_of(value)
    if kind == "string":
        text = str(value)
    elif kind == "bool":
        text = "true" if value else "false"
    elif kind == "int":
        if value.bit_length() > _LONGEST_INT:
            raise Refused("the int is too large to be written as text")
        text = str(int(value))
    elif kind == "double":
        text = repr(float(value))
    else:
        message = f"only a string, a number or a bool goes into text, found {kind}"
        raise Refused(f"{message}; json(x) writes any value")
    meter.build(len(text))
    return text


def _are_numbers(kinds: tuple[Kind, Kind]) -> bool:
    return kinds[0] in ("int", "double") and kinds[1] in ("int", "double")
