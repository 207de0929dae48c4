"""Strings and numbers within bounds, drawn by a generator that the caller seeds.

Text is plainly marked as simulated where the contract leaves room for it.
"""

import random
import re
from datetime import UTC, datetime
from fractions import Fraction
from uuid import UUID

from agentflow.contracts.keywords import Schema
from agentflow.contracts.violations import FORMAT_EXAMPLES

#: The span of a number that is bounded on one side only, or not at all.
_SPAN = 100
#: Repetitions in a pattern and characters of a text that are still drawn, and tries to meet a
#: length besides a pattern.
_MOST_REPEATS = 2_000
_LONGEST = 1_000_000
_TRIES = 20
_HUNDREDTHS = 2**40
_YEAR = 365 * 24 * 3600
_FIRST_SECOND = 1_767_225_600  # the first of 2026

#: What ECMA-262 writes otherwise than Python, or Python does not know.
_DIALECT = (
    (re.compile(r"\(\?<(?![=!])"), "(?P<"),
    (re.compile(r"\\p\{(?:Lu|Uppercase\w*)\}"), "[A-Z]"),
    (re.compile(r"\\p\{(?:Ll|Lowercase\w*)\}"), "[a-z]"),
    (re.compile(r"\\p\{(?:L|Letter|Alphabetic|L\w)\}"), "[A-Za-z]"),
    (re.compile(r"\\p\{(?:N|Nd|Number)\}"), "[0-9]"),
    (re.compile(r"\\d"), "[0-9]"),
)


class CannotDraw(ValueError):
    """There is no value within these bounds, or none was found."""


def draw_text(schema: dict[str, Schema], chance: random.Random) -> str:
    """A string by `pattern`, `format` or the lengths of a schema; raises `CannotDraw`."""
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if isinstance(schema.get("pattern"), str):
        for _ in range(_TRIES):
            text = _by_pattern(schema["pattern"], chance)
            if len(text) >= least and (most is None or len(text) <= most):
                return text
        raise CannotDraw(f"no text found that matches {schema['pattern']} and has a fitting length")
    if schema.get("format") in FORMAT_EXAMPLES:
        return _by_format(schema["format"], chance)
    return simulated_text(chance, least, most)


def simulated_text(chance: random.Random, least: int = 0, most: int | None = None) -> str:
    """A text that says of itself that it is simulated, if its length allows.

    Raises `CannotDraw` if it has to be longer than anybody wants to see.
    """
    if least > _LONGEST:
        raise CannotDraw(f"a text of at least {least} characters is too long to be made up")
    mark = f"{chance.getrandbits(8):02x}"
    for text in (f"simulated text {mark}", f"simulated {mark}", f"sim {mark}", mark, mark[0], ""):
        if most is None or len(text) <= most:
            break
    if len(text) < least:
        filler = "simulated text "
        text = (filler * (least // len(filler) + 1))[: least - len(text)] + text
    return text


def _by_pattern(pattern: str, chance: random.Random) -> str:
    import rstr  # takes 10 ms, and most contracts have no pattern

    for theirs, ours in _DIALECT:
        pattern = theirs.sub(ours, pattern)
    if any(int(number) > _MOST_REPEATS for number in re.findall(r"[{,](\d{1,9})", pattern)):
        raise CannotDraw(f"the pattern {pattern} asks for too long a text")
    try:
        return str(rstr.Rstr(chance).xeger(pattern))
    except (re.error, KeyError, IndexError, OverflowError, RecursionError, ValueError) as error:
        raise CannotDraw(f"no text can be drawn for the pattern {pattern}") from error


def _by_format(name: str, chance: random.Random) -> str:
    """A value of a format that looks simulated where the format has room for it."""
    moment = datetime.fromtimestamp(_FIRST_SECOND + chance.randrange(_YEAR), UTC)
    number = chance.randrange(1, 255)
    match name:
        case "date":
            return moment.date().isoformat()
        case "date-time":
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        case "time":
            return moment.strftime("%H:%M:%SZ")
        case "duration":
            return f"PT{number}M"
        case "email" | "idn-email":
            return f"simulated.{number:02x}@example.org"
        case "hostname" | "idn-hostname":
            return f"simulated-{number:02x}.example.org"
        case "ipv4":
            return f"192.0.2.{number}"
        case "ipv6":
            return f"2001:db8::{number:x}"
        case "uri" | "iri":
            return f"https://example.org/simulated/{number:02x}"
        case "uuid":
            return str(UUID(int=chance.getrandbits(128), version=4))
        case _:
            return FORMAT_EXAMPLES[name]


def draw_number(schema: dict[str, Schema], chance: random.Random, *, whole: bool) -> int | float:
    """A number within the limits of a schema, a multiple of its step; raises `CannotDraw`."""
    low, high = _limits(schema)
    step = Fraction(str(schema["multipleOf"])) if "multipleOf" in schema else None
    if whole:
        # The whole multiples of p/q are the multiples of p.
        step = Fraction(step.numerator) if step else Fraction(1)
    elif step is None:
        # Beyond this a double has no room for hundredths.
        fine = Fraction(1, 100) if max(abs(low), abs(high)) < _HUNDREDTHS else Fraction(1)
        step = fine if high - low >= 1 else (high - low) / 100 or Fraction(1)
    first, last = -(-low // step), high // step
    if first * step == schema.get("exclusiveMinimum"):
        first += 1
    if last * step == schema.get("exclusiveMaximum"):
        last -= 1
    if first > last:
        if low == high and not whole and "multipleOf" not in schema:
            return float(low)
        raise CannotDraw(f"no number from {float(low):g} to {float(high):g} fits")
    value = chance.randint(first, last) * step
    return int(value) if whole or value.denominator == 1 else float(value)


def _limits(schema: dict[str, Schema]) -> tuple[Fraction, Fraction]:
    """The lowest and the highest number, ends included, as if no limit were exclusive."""
    lows = [schema[name] for name in ("minimum", "exclusiveMinimum") if name in schema]
    highs = [schema[name] for name in ("maximum", "exclusiveMaximum") if name in schema]
    low = Fraction(max(lows)) if lows else None
    high = Fraction(min(highs)) if highs else None
    span = max(Fraction(_SPAN), Fraction(str(schema.get("multipleOf", 0))) * 4)
    if low is None:
        low = min(Fraction(0), high - span) if high is not None else Fraction(0)
    return low, high if high is not None else low + span
