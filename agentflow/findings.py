"""What a check found, and where.

Plain frozen values and nothing else: the document, the parser, the plan and the linter all speak
of problems as `Finding`s, and a format turns them into text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # it will break, or can do harm
    WARNING = "warning"  # it can break
    ADVICE = "advice"  # worth a thought


class FailOn(StrEnum):
    """How grave a finding has to be to make `validate` fail."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"
    NEVER = "never"


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
class Edit:
    """A text in the place of a span; where the span has no width, a text put in."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits of the file that a finding is about, which mend it. `title` says what they do.

    A safe one is the one answer there is. Another may not be what the author meant, or changes
    what the pipeline does.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem.

    `message` is one line, lower case, with names in single quotes; `help` says how to mend it, and
    `fix` does so where that can be left to a program.
    """

    rule: str
    severity: Severity
    message: str
    location: Location
    help: str | None = None
    related: tuple[Related, ...] = ()
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that a comment in the spec takes back, with the reason that it gives."""

    finding: Finding
    reason: str
    comment: Location


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say about some specs.

    `sources` are the texts of the files that were looked at, by the names that locations have.
    `hidden` is how many findings are too slight to be shown, and `complete` is whether every file
    could be read and every rule went through.
    """

    findings: tuple[Finding, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    suppressed: tuple[Suppressed, ...] = ()
    hidden: int = 0
    complete: bool = True
