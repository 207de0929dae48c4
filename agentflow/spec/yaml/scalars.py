"""What plain text stands for: the core schema of YAML 1.2, and where it surprises people.

Source of the rules: YAML 1.2.2, section 10.3.2. `yes`, `no`, `on` and `off` are text, `017` is
seventeen, `1_000` and `1:30` are text. A value that JSON cannot hold is refused: `.inf`, `.nan`,
and numbers outside 64 bits, which few readers of JSON keep exactly.
"""

import math
import re

from msgspec import Struct

from agentflow.findings import Severity
from agentflow.spec.model import Json

_WORDS: dict[str, Json] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_A_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_UNDERSCORES = re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9_]*)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")

_SMALLEST = -(2**63)
_LARGEST = 2**64 - 1
_NUMBER_STARTS = frozenset("0123456789+-.")
_STARTS = _NUMBER_STARTS | frozenset(word[0] for word in _WORDS if word)


class Doubt(Struct, frozen=True):
    """Why a plain scalar may not mean what its author thinks."""

    rule: str
    severity: Severity
    message: str
    help: str
    #: The same value, written so that there is no doubt.
    plainly: str | None = None


def may_be_value(text: str) -> bool:
    """Might a plain scalar be anything but text? False for nearly all, at the price of a look."""
    return not text or text[0] in _STARTS


def resolve(text: str) -> Json:
    """The value of a plain scalar. What JSON has no number for stays text; see `doubt`."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _is_ordinary(text):
        return int(text)
    number = _number(text)
    return text if number is None or not _fits(number) else number


def doubt(text: str) -> Doubt | None:
    """What to tell the author of a plain scalar; None for nearly all of them."""
    if not text or text[0] not in _NUMBER_STARTS or _is_ordinary(text):
        return None
    number = _number(text)
    if _NOT_A_NUMBER.fullmatch(text) or (number is not None and not _fits(number)):
        return Doubt(
            "bad-number",
            Severity.ERROR,
            f"'{_short(text)}' is not a number that JSON can hold exactly",
            "write a number within 64 bits, or put it in quotes to have it as text",
        )
    if "_" in text and _UNDERSCORES.fullmatch(text):
        digits = text.replace("_", "")
        return Doubt(
            "ambiguous-scalar",
            Severity.WARNING,
            f"'{_short(text)}' is text here, and a number to readers of YAML 1.1",
            f"write {_short(digits)} for the number, or put it in quotes for the text",
            f'"{text}"',
        )
    if _OCTAL.fullmatch(text) or _LEADING_ZERO.fullmatch(text):
        return Doubt(
            "ambiguous-scalar",
            Severity.WARNING,
            f"'{_short(text)}' is the number {number} here, and something else to readers of YAML 1.1",
            f"write {number} for the number, or put it in quotes to keep it as it is written",
            str(number),
        )
    return None


def _is_ordinary(text: str) -> bool:
    """Is it a number as most are: a few digits, with nothing to think about?"""
    return (
        len(text) < 16 and text.isdecimal() and text.isascii() and (text[0] != "0" or text == "0")
    )


def _number(text: str) -> int | float | None:
    """The number that a text is, of whatever size; an integer of more digits than fit is inf."""
    if _INTEGER.fullmatch(text):
        # int() of very long text is slow, and refused by the interpreter beyond 4,300 digits.
        return int(text) if len(text) < 100 else math.inf
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    return None


def _fits(number: int | float) -> bool:
    """Is it a number that JSON readers keep?"""
    if isinstance(number, int):
        return _SMALLEST <= number <= _LARGEST
    return math.isfinite(number)


def _short(text: str) -> str:
    """The text, cut to what a message can hold."""
    return text if len(text) <= 40 else f"{text[:40]}…"
