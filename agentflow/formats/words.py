"""Figures in words: counts, times, sums of money, the same everywhere."""

from datetime import UTC, datetime


def count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 step`, `2 steps`, `3,000 entries`."""
    word = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,} {word}"


def duration(seconds: float) -> str:
    """A duration, measured or computed: `35ms`, `0.4s`, `12s`, `3m02s`, `1h05m`, `7d00h`.

    How long something may take is told by `spec.durations.time_in_words`.
    """
    seconds = max(0.0, seconds)
    if seconds < 0.0995:
        return f"{round(seconds * 1000)}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02d}h"


def moment(at: float) -> str:
    """A time as a date: `2026-11-28 13:00 UTC`."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def deadline(due: float, asked: float) -> str:
    """Until when an answer is accepted, by when it was asked for; within an hour, to the second."""
    if due - asked >= 3600:
        return moment(due)
    return f"{datetime.fromtimestamp(due, UTC):%Y-%m-%d %H:%M:%S} UTC"


def offset(seconds: float) -> str:
    """A time since the start of a run: `+0.12s`, `+3m02s`."""
    return f"+{seconds:.2f}s" if seconds < 60 else f"+{duration(seconds)}"


def money(usd: float) -> str:
    """US dollars, in fractions of a cent below one dollar: `$0.0123`, `$4.50`."""
    return f"${usd:.4f}" if usd < 1 else f"${usd:,.2f}"
