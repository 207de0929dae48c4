"""Durations: as the language writes them, as people do instead, and as messages show them."""

import re

_UNITS = {
    "ms": ("ms", "msec", "millis", "millisecond", "milliseconds"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "w": ("w", "week", "weeks"),
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words}

#: ISO 8601, "Durations", without years and months, which have no length of their own.
_ISO_8601 = r"P(?=.)(\d{1,9}W)?(\d{1,9}D)?(?:T(?=.)(\d{1,9}H)?(\d{1,9}M)?(\d{1,9}S)?)?"


def time_in_words(seconds: float) -> str:
    """`20s`, `3d`, `1m 30s`, `44ms`: as the language writes it, in the two largest units.

    This is how messages tell the times that something has. What was measured stands in figures,
    which `formats.words.duration` rounds.
    """
    left = round(seconds * 1_000)
    if left < 1_000:
        return f"{left}ms" if left else f"{seconds * 1_000:.2g}ms" if seconds else "0s"
    parts: list[str] = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000)):
        whole, left = divmod(left, size)
        if whole:
            parts.append(f"{whole}{unit}")
    if left and not parts:
        return f"{left / 1_000:g}s"
    if left >= 1_000:
        parts.append(f"{left // 1_000}s")
    return " ".join(parts[:2])


def mended_duration(text: str) -> str | None:
    """`30 sec` as `30s`, `1w` as `7d`, `PT30S` as `30s`; a bare number is taken for seconds."""
    if iso := re.fullmatch(_ISO_8601, text.strip()):
        return _in_one_unit("".join(filter(None, iso.groups())).lower())
    match = re.fullmatch(r"([0-9]{1,9})(?:\.0*)? *([A-Za-z]*)", text.strip())
    if match is None and (whole := _in_one_unit(text.strip())):
        return whole
    if match is None or not int(match[1]):
        return None
    unit = _UNIT_OF.get(match[2].lower() or "s")
    if unit == "w":
        return f"{7 * int(match[1])}d"
    return f"{match[1]}{unit}" if unit else None


def _in_one_unit(text: str) -> str | None:
    """A duration in one unit, the largest in which it is whole: `1h30m` and `1.5h` are `90m`."""
    parts = re.findall(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d|w)", text)
    if "".join(map("".join, parts)) != text:
        return None
    units = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
    sizes = {**units, "w": 7 * units["d"]}
    # In thousandths, since a product of decimals need not come out even.
    whole = sum(round(float(number) * 1_000) * sizes[unit] for number, unit in parts)
    fitting = (
        (whole // (1_000 * size), unit)
        for unit, size in units.items()
        if whole % (1_000 * size) == 0
    )
    return next((f"{count}{unit}" for count, unit in fitting if count), None)
