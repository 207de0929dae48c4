"""Durations as the language writes them, and what people write in their place."""

import re

_UNITS = {
    "ms": ("ms", "msec", "millis", "millisecond", "milliseconds"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}


def mended_duration(text: str) -> str | None:
    """`30 sec` as `30s`; a bare number is taken for seconds."""
    match = re.fullmatch(r"([0-9]{1,9})(?:\.0*)? *([A-Za-z]*)", text.strip())
    if match is None and (whole := _in_one_unit(text.strip())):
        return whole
    if match is None or not int(match[1]):
        return None
    unit = _UNIT_OF.get(match[2].lower() or "s")
    return f"{match[1]}{unit}" if unit else None


def _in_one_unit(text: str) -> str | None:
    """`1h30m` and `1.5h` as `90m`: what is written in parts, in the largest unit that takes it whole."""
    parts = re.findall(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)", text)
    if "".join(map("".join, parts)) != text:
        return None
    units = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
    # In thousandths, since a product of decimals need not come out even.
    whole = sum(round(float(number) * 1_000) * units[unit] for number, unit in parts)
    fitting = (
        (whole // (1_000 * size), unit)
        for unit, size in units.items()
        if whole % (1_000 * size) == 0
    )
    return next((f"{count}{unit}" for count, unit in fitting if count), None)
