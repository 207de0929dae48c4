"""The functions that an expression can call: one table, read by the parser, the types, evaluation.

Source: the standard definitions of CEL, and its strings extension
(https://github.com/google/cel-spec/blob/master/doc/extensions/strings.md); `json` is our own.
`matches` is left out: CEL promises it linear time, which Python's `re` cannot.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from enum import Flag, auto

from msgspec import Struct

from agentflow.spec.cel.values import (
    INT_MAX,
    INT_MIN,
    Kind,
    Meter,
    Refused,
    in_range,
    kind_of,
    plain,
    text_of,
)
from agentflow.spec.model import Json
from agentflow.spec.wording import quoted

Kinds = frozenset[Kind]


class Style(Flag):
    """How a function may be called."""

    PLAIN = auto()  # f(x)
    METHOD = auto()  # x.f()


class Function(Struct, frozen=True):
    """A function: how it is called, what it takes, what it gives, and the work itself.

    `parameters` are the kinds that each argument may have, the receiver of a method first;
    the last `optional` of them may be left out. `call` gets the meter and the arguments, whose
    kinds have been checked, and raises `Refused`.
    """

    name: str
    style: Style
    parameters: tuple[Kinds, ...]
    result: Kind
    call: Callable[..., Json]
    optional: int = 0


def apply(function: Function, args: list[Json], meter: Meter) -> Json:
    """Calls a function. Raises `Refused` if an argument has a kind that it does not take."""
    # The receiver of a method counts as argument 0.
    first = 0 if Style.METHOD in function.style else 1
    for number, (value, kinds) in enumerate(zip(args, function.parameters, strict=False), first):
        kind = kind_of(value)
        if kind not in kinds:
            taken = " or ".join(sorted(kinds))
            if number == 0:
                raise Refused(f"'{function.name}' works on {taken}, found {kind}")
            raise Refused(f"argument {number} of '{function.name}' has to be {taken}, found {kind}")
    return function.call(meter, *args)


def _size(_: Meter, value: Json) -> int:
    return len(value)


def _string(meter: Meter, value: Json) -> str:
    return text_of(value, meter)


_INT = re.compile(r"[+-]?0*[0-9]{1,19}")
_DOUBLE = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def _int(meter: Meter, value: str | int | float) -> int:
    """From a double toward zero, from a string in decimal digits."""
    if isinstance(value, str):
        meter.read(len(value))
        if not _INT.fullmatch(value):
            raise Refused(f"{quoted(value)} is not an int of 64 bits")
        return in_range(int(value))
    # Of doubles CEL takes those strictly between the limits; the upper one rounds up to 2^63.
    edges = isinstance(value, float) and value in (float(INT_MIN), float(INT_MAX))
    if edges or not INT_MIN <= value <= INT_MAX:
        raise Refused("the number is too large for an int of 64 bits")
    return int(value)


def _double(meter: Meter, value: str | int | float) -> float:
    """From a string in decimal digits, with a fraction and an exponent if need be."""
    if isinstance(value, str):
        meter.read(len(value))
        if not _DOUBLE.fullmatch(value):
            raise Refused(f"{quoted(value)} is not a double")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Refused("the number is too large for a double")
    return number


def _json(meter: Meter, value: Json) -> str:
    """The canonical text: keys in order, no spaces, no character escaped that need not be."""
    copy = plain(value, meter)
    try:
        text = json.dumps(
            copy, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
        )
    except ValueError:  # infinity, not-a-number, an int of thousands of digits
        raise Refused("the value holds a number that JSON cannot hold") from None
    meter.read(len(text))
    return text


def _contains(meter: Meter, text: str, part: str) -> bool:
    meter.read(len(text))
    return part in text


def _starts_with(meter: Meter, text: str, part: str) -> bool:
    meter.read(len(part))
    return text.startswith(part)


def _ends_with(meter: Meter, text: str, part: str) -> bool:
    meter.read(len(part))
    return text.endswith(part)


_TO_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_TO_UPPER = {lower: upper for upper, lower in _TO_LOWER.items()}
#: Unicode's White_Space; Python's own `strip` also takes the separators U+001C to U+001F.
_SPACES = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005"
    "\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def _lower(meter: Meter, text: str) -> str:
    meter.build(len(text))
    return text.translate(_TO_LOWER)


def _upper(meter: Meter, text: str) -> str:
    meter.build(len(text))
    return text.translate(_TO_UPPER)


def _trim(meter: Meter, text: str) -> str:
    meter.build(len(text))
    return text.strip(_SPACES)


def _split(meter: Meter, text: str, separator: str, limit: int = -1) -> list[str]:
    """At most `limit` parts, the last with the rest; all of them if `limit` is negative."""
    meter.read(len(text))
    parts = text.count(separator) + 1 if separator else len(text)
    if 0 <= limit < parts:
        parts = limit
    meter.spend(parts)
    meter.build(len(text))
    if parts == 0:
        return []
    if separator:
        return text.split(separator, parts - 1)
    return [*text[: parts - 1], text[parts - 1 :]]  # an empty one separates every character


def _join(meter: Meter, items: list[Json], separator: str = "") -> str:
    meter.spend(len(items))
    for number, item in enumerate(items):
        if kind_of(item) != "string":
            raise Refused(f"'join' takes a list of strings; item {number} is {kind_of(item)}")
    meter.build(sum(map(len, items)) + len(separator) * len(items))
    return separator.join(items)


def _replace(meter: Meter, text: str, old: str, new: str, limit: int = -1) -> str:
    """The first `limit` occurrences; all of them if `limit` is negative."""
    meter.read(len(text))
    times = text.count(old)
    if 0 <= limit < times:
        times = limit
    meter.build(len(text) + times * max(0, len(new) - len(old)))
    return text.replace(old, new, times)


def _kinds(*kinds: Kind) -> Kinds:
    return frozenset(kinds)


_STRING = _kinds("string")
_WHOLE = _kinds("int")
_METHOD, _PLAIN = Style.METHOD, Style.PLAIN
_SCALAR = _kinds("bool", "double", "int", "string")
_NUMERIC = _kinds("double", "int", "string")
_ANY = _kinds("null", "bool", "int", "double", "string", "list", "map")

FUNCTIONS: Mapping[str, Function] = {
    function.name: function
    for function in (
        Function("size", _PLAIN | _METHOD, (_kinds("string", "list", "map"),), "int", _size),
        Function("string", _PLAIN, (_SCALAR,), "string", _string),
        Function("int", _PLAIN, (_NUMERIC,), "int", _int),
        Function("double", _PLAIN, (_NUMERIC,), "double", _double),
        Function("json", _PLAIN, (_ANY,), "string", _json),
        Function("contains", _METHOD, (_STRING, _STRING), "bool", _contains),
        Function("startsWith", _METHOD, (_STRING, _STRING), "bool", _starts_with),
        Function("endsWith", _METHOD, (_STRING, _STRING), "bool", _ends_with),
        Function("lowerAscii", _METHOD, (_STRING,), "string", _lower),
        Function("upperAscii", _METHOD, (_STRING,), "string", _upper),
        Function("trim", _METHOD, (_STRING,), "string", _trim),
        Function("split", _METHOD, (_STRING, _STRING, _WHOLE), "list", _split, optional=1),
        Function("join", _METHOD, (_kinds("list"), _STRING), "string", _join, optional=1),
        Function(
            "replace",
            _METHOD,
            (_STRING, _STRING, _STRING, _WHOLE),
            "string",
            _replace,
            optional=1,
        ),
    )
}
