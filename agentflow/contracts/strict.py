"""JSON text to a value, strictly: exactly what was written, or a reason why not.

`json` is lenient where it matters here: it takes `NaN`, keeps the last of two equal keys, turns
`1e999` into infinity, passes lone surrogates on, and recurses as deep as the text says. `orjson`
also keeps the last of two keys, and rounds integers beyond 64 bits. So the text is measured
first, then read by `json` with hooks that refuse. Two equal keys are let pass if their values are
equal too: then every reader takes the same value from the text.
"""

import json
import re
from functools import lru_cache
from itertools import accumulate
from typing import NoReturn

from msgspec import Struct

from agentflow.spec.model import Json
from agentflow.spec.wording import quoted


class Limits(Struct, frozen=True):
    """How much JSON is read at most."""

    size: int = 8 * 1024 * 1024  # characters
    depth: int = 200  # lists and objects in each other; the log and `orjson` take 254
    digits: int = 1_000  # characters of one number


LIMITS = Limits()


class NotJson(ValueError):
    """The text is not JSON, or not JSON that can be kept exactly. `reason` is one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# Possessive, and content with a missing end quote: linear on every text.
_STRINGS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)
_NO_BRACKETS = re.compile(r"[^\[\]{}]++")
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


def loads(text: str, limits: Limits = LIMITS) -> Json:
    """The value of a JSON text (RFC 8259), integers exact; raises `NotJson`."""
    check_size(text, limits)
    check_depth(text, limits)
    try:
        value = _decoder(limits).decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON: {_place(text, error)}") from None
    if _SURROGATE.search(text):
        _check_surrogates(value)
    return value


def check_size(text: str, limits: Limits = LIMITS) -> None:
    """Raise `NotJson` for a text that is longer than it may be."""
    if len(text) > limits.size:
        raise NotJson(f"too long: {len(text)} characters, at most {limits.size} are read")


def check_depth(text: str, limits: Limits = LIMITS) -> None:
    """Raise `NotJson` for a text whose brackets, outside of strings, are nested too deep."""
    if text.count("[") + text.count("{") <= limits.depth:
        return
    brackets = _NO_BRACKETS.sub("", _STRINGS.sub("", text))
    depth = max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)
    if depth > limits.depth:
        raise NotJson(f"nested too deep: {depth} levels, at most {limits.depth} are read")


@lru_cache(maxsize=8)
def _decoder(limits: Limits) -> json.JSONDecoder:
    """A decoder that refuses what `json` would bend."""

    def number(literal: str) -> str:
        if len(literal) > limits.digits:
            raise NotJson(
                f"a number of {len(literal)} characters, at most {limits.digits} are read"
            )
        return literal

    return json.JSONDecoder(
        object_pairs_hook=_object,
        parse_int=lambda literal: int(number(literal)),
        parse_float=lambda literal: _finite(number(literal)),
        parse_constant=_constant,
    )


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """The pairs as a dict; which of two values a repeated key has is for nobody to guess."""
    result = dict(pairs)
    if len(result) < len(pairs):
        for key, value in pairs:
            if json.dumps(value, sort_keys=True) != json.dumps(result[key], sort_keys=True):
                raise NotJson(f"the key {quoted(key)} is there twice, with different values")
    return result


def _finite(literal: str) -> float:
    """A number with a fraction or an exponent, as the nearest double."""
    value = float(literal)
    if value in (float("inf"), float("-inf")):
        raise NotJson(f"the number {literal[:40]} is too large")
    return value


def _constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not a JSON value")


def _check_surrogates(value: Json) -> None:
    """Raise `NotJson` if a string or key holds half of a surrogate pair: UTF-8 cannot carry it."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            try:
                item.encode()
            except UnicodeEncodeError:
                raise NotJson(
                    "a string holds half of a surrogate pair (a '\\u' escape without its partner)",
                ) from None
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, dict):
            pending.extend(item)
            pending.extend(item.values())


#: What `json` says, in the words of the messages here.
_SAID = {
    "Expecting value": "a value is expected",
    "Expecting property name enclosed in double quotes": "a key in double quotes is expected",
    "Expecting ',' delimiter": "a comma or the end is expected",
    "Expecting ':' delimiter": "a colon is expected",
    "Extra data": "there is more after the value",
    "Unterminated string starting at": "a string has no end",
    "Invalid control character at": "a line break or other control character in a string",
    "Invalid \\escape": "an escape that JSON does not have",
    "Invalid \\uXXXX escape": "an escape of fewer than four digits",
    "Illegal trailing comma before end of object": "a comma after the last pair",
    "Illegal trailing comma before end of array": "a comma after the last item",
}


def _place(text: str, error: json.JSONDecodeError) -> str:
    """What is wrong, where, and what stands there."""
    what = _SAID.get(error.msg.removesuffix(": "), error.msg)
    if error.pos >= len(text.rstrip()):
        return f"{what}, but the text ends"
    found = quoted(text[error.pos : error.pos + 20])
    return f"{what} at line {error.lineno} column {error.colno}, where {found} stands"
