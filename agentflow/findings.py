"""What a check found, and where.

Plain frozen values and nothing else: the document, the parser, the plan and the linter all speak
of problems as `Finding`s, and a format turns them into text.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # it will break, or can do harm
    WARNING = "warning"  # it can break
    ADVICE = "advice"  # worth a thought


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text. Lines and columns count from 1; the end column is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


#: The place of a problem that concerns a file as a whole.
START_OF_FILE = Span(1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Location:
    """A span in a file; `file` is the path as the user named it."""

    file: str
    span: Span


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that helps to understand a finding, and what it has to do with it."""

    message: str
    location: Location


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem.

    `message` is one line, lower case, with names in single quotes; `help` says how to mend it.
    """

    rule: str
    severity: Severity
    message: str
    location: Location
    help: str | None = None
    related: tuple[Related, ...] = ()
