"""Strings and numbers within bounds, drawn by a generator that the caller seeds.

Text is plainly marked as simulated where the contract leaves room for it.
"""

import random
import re
from datetime import UTC, datetime
from fractions import Fraction
from uuid import UUID

from agentflow.contracts.engine import validator
from agentflow.contracts.keywords import Schema
from agentflow.contracts.violations import FORMAT_EXAMPLES

#: The span of a number that is bounded on one side only, or not at all.
_SPAN = 100
#: Repetitions in a pattern and characters of a text that are still drawn, and tries to meet a
#: length besides a pattern.
_MOST_REPEATS = 2_000
#: How often something is repeated at most that may be without end, as long as the length does not
#: ask for more.
_REPEATS = 100
_LONGEST = 1_000_000
_TRIES = 20
_HUNDREDTHS = 2**40
_YEAR = 365 * 24 * 3600
_FIRST_SECOND = 1_767_225_600  # the first of 2026

#: Where a pattern of ECMA-262 may read otherwise than one of Python: names of groups, classes of
#: Unicode. The others are looked at to know what stands in a class.
_DIALECT = re.compile(r"\(\?<(?![=!])|\\p\{(\w+)\}|\\.|\[|\]", re.DOTALL)
_CLASSES = (
    (r"Lu|Uppercase\w*", "A-Z"),
    (r"Ll|Lowercase\w*", "a-z"),
    (r"L\w?|Letter|Alphabetic", "A-Za-z"),
    (r"Nd?|Number", "0-9"),
)


class CannotDraw(ValueError):
    """There is no value within these bounds, or none was found."""


def draw_text(schema: dict[str, Schema], chance: random.Random) -> str:
    """A string by `pattern`, `format` or the lengths of a schema; raises `CannotDraw`."""
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if isinstance(schema.get("pattern"), str):
        return _matching(schema["pattern"], chance, least, most)
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


def _matching(pattern: str, chance: random.Random, least: int, most: int | None) -> str:
    """A text of a given length that a pattern matches, with as many repeats as that takes."""
    repeats = _REPEATS
    for _ in range(_TRIES):
        text = _by_pattern(pattern, chance, repeats)
        if len(text) < least:
            # Twice as often at most, since loops in each other multiply.
            repeats = min(repeats * 2, max(2 * least, _REPEATS))
            text = _longer(text, pattern, chance, least)
        elif most is not None and len(text) > most:
            repeats = max(repeats // 2, 1)
        if least <= len(text) and (most is None or len(text) <= most):
            return text
    raise CannotDraw(f"no text found that matches {pattern} and has a fitting length")


def _longer(text: str, pattern: str, chance: random.Random, least: int) -> str:
    """The text with more before or behind it, if the pattern leaves open what stands there."""
    filler = simulated_text(chance, least - len(text), least - len(text))
    matches = validator({"pattern": pattern}).is_valid
    return next(filter(matches, (text + filler, filler + text)), text)


def _by_pattern(pattern: str, chance: random.Random, repeats: int) -> str:
    from agentflow.contracts.xeger import Xeger  # takes 10 ms, and most contracts have no pattern

    pattern = _as_python(pattern)
    if any(int(number) > _MOST_REPEATS for number in re.findall(r"[{,](\d{1,9})", pattern)):
        raise CannotDraw(f"the pattern {pattern} asks for too long a text")
    try:
        return str(Xeger(chance, repeats).xeger(pattern))
    except (re.error, KeyError, IndexError, OverflowError, RecursionError, ValueError) as error:
        raise CannotDraw(f"no text can be drawn for the pattern {pattern}") from error


def _as_python(pattern: str) -> str:
    """A pattern of ECMA-262 as one of Python, as far as that is known."""
    in_class = False

    def translated(found: re.Match[str]) -> str:
        nonlocal in_class
        sign = found[0]
        if sign in ("[", "]"):
            in_class = sign == "["
        elif sign == "(?<":
            return sign if in_class else "(?P<"
        for names, letters in _CLASSES:
            if found[1] is not None and re.fullmatch(names, found[1]):
                return letters if in_class else f"[{letters}]"
        return sign

    return _DIALECT.sub(translated, pattern)


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
