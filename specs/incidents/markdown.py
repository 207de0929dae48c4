"""Text for a Markdown document that reads well raw, too: escaped words, aligned tables, dates."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"  # bidi and invisible too
)
_MARKUP = re.compile(r"[\\`*_\[\]<>|~]|&(?=#?\w+;)|(?<=[a-z]):(?=//)", re.IGNORECASE)


def safe(text: str) -> str:
    """Foreign text as one line of plain words: no control characters, no markup, no links."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(_CONTROL.sub(" ", text).split()))


def harmless(markdown: str) -> str:
    """Foreign Markdown with its layout, but without control characters and HTML."""
    lines = (_CONTROL.sub(" ", line).rstrip() for line in markdown.split("\n"))
    return re.sub(r"(?<!\\)<", r"\\<", "\n".join(lines)).strip()


def moment(text: str) -> datetime:
    """An `Instant` of the contracts as a date."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def moment_text(value: datetime) -> str:
    """A date for a reader: `13 Mar 07:15`."""
    return f"{value.day} {value:%b %H:%M}"


def money(currency: str, cents: int) -> str:
    """An amount for a reader: `EUR 1,249.00`."""
    return f"{currency} {cents // 100:,}.{cents % 100:02d}"


def plural(count: int, one: str, many: str) -> str:
    """`1 message`, `3 messages`."""
    return f"{count} {one if count == 1 else many}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A table with columns of even width; the columns in `numbers` are aligned to the right."""
    widths = [max(3, *(len(row[i]) for row in (head, *rows))) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if i in numbers else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    rule = ("-" * (w - 1) + ":" if i in numbers else "-" * w for i, w in enumerate(widths))
    return "\n".join([line(head), f"| {' | '.join(rule)} |", *(line(row) for row in rows)])
