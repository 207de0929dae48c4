"""Plain data as bytes: the same value always gives the same bytes, and they read back equal.

JSON with sorted keys, no white space and no NaN, in UTF-8. orjson writes nearly everything, ten
times faster than the standard library. It cannot write integers beyond 64 bits and lone
surrogates, and it writes NaN as `null`; those values go to the standard library instead, which
escapes whatever is not ASCII. Reading is done by the standard library alone, because orjson reads
big integers as floats.
"""

import json
import math
from typing import Any

import orjson

#: Deeper values are refused: the readers of JSON recurse, and must never be the ones to fail.
MAX_DEPTH = 500

_FAST = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_EXACT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def encode(value: Any) -> bytes:
    """The bytes of a value. Raises `ValueError` for what is not plain JSON or nested too deeply."""
    try:
        data = orjson.dumps(value, option=_FAST)
    except orjson.JSONEncodeError:
        return _encode_exactly(value)
    if b"null" in data and orjson.loads(data) != value:
        return _encode_exactly(value)
    return data


def decode(data: bytes) -> Any:
    """The value of bytes that `encode` made. Raises `ValueError` if they are no JSON."""
    try:
        return _DECODER.decode(data.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _encode_exactly(value: Any) -> bytes:
    _check_plain(value)
    return _EXACT.encode(value).encode("ascii")


def _check_plain(value: Any) -> None:
    pending: list[tuple[Any, int]] = [(value, 0)]
    while pending:
        item, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(item, dict):
            for key in item:
                if not isinstance(key, str):
                    raise ValueError(f"key {key!r} is {type(key).__name__}, expected str")  # noqa: TRY004
            pending.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list | tuple):
            pending.extend((child, depth + 1) for child in item)
        elif isinstance(item, float):
            if not math.isfinite(item):
                raise ValueError(f"{item} has no place in JSON")
        elif not (item is None or isinstance(item, str | int)):
            raise ValueError(f"{type(item).__name__} is not plain data")
