"""Values, paths and choices in one short line, for messages."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from agentflow.contracts.keywords import Path, json_type
from agentflow.spec.model import Json
from agentflow.spec.wording import quoted

#: The longest excerpt of a value, in characters.
LONGEST = 80

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_CHOICES = 8


def excerpt(value: Json) -> str:
    """The value as JSON, cut at 80 characters; costs no more for a large value."""
    if isinstance(value, str):
        return shortened(_ENCODER.encode(value[: LONGEST + 1]))
    parts: list[str] = []
    length = 0
    for part in _ENCODER.iterencode(value):
        parts.append(part)
        length += len(part)
        if length > LONGEST:
            break
    return shortened("".join(parts))


def shortened(text: str) -> str:
    """The text, cut at 80 characters."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def described(value: Json) -> str:
    """A value with its type: `number 3`, `string "abc"`, `list of 2 items`."""
    match json_type(value):
        case "null" | "boolean":
            return excerpt(value)
        case "integer" | "number":
            return f"number {excerpt(value)}"
        case "array":
            return f"list of {count(len(value), 'item')}"
        case "object":
            return f"object with {listed(map(quoted, value), 'and')}" if value else "empty object"
        case _:
            return f"string {excerpt(value)}"


def count(number: int, noun: str) -> str:
    """`1 item`, `2 items`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: Iterable[str], conjunction: str) -> str:
    """`a, b or c`; of more than eight the first eight, and how many more."""
    return shown_values(list(words), conjunction, str)


def shown_values(values: Sequence[Any], conjunction: str, show: Callable[[Any], str]) -> str:
    """As `listed`, of what is shown of each value; what is left out is not looked at."""
    every = [show(value) for value in values[:_CHOICES]]
    if len(values) > _CHOICES:
        every.append(f"{len(values) - _CHOICES} more")
        conjunction = "and"
    if len(every) < 2:
        return "".join(every)
    return f"{', '.join(every[:-1])} {conjunction} {every[-1]}"


def type_names(types: frozenset[str]) -> str:
    """`string or null`; where all numbers are meant, integers are not told apart."""
    return listed(sorted(types - {"integer"} if "number" in types else types), "or")


def path_text(path: Path | Sequence[str | int]) -> str:
    """A path as one would write it: `legs[0].date`; a key that is no plain word in brackets."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f"[{excerpt(step)}]"
    return text
