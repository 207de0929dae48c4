"""What a check found, and where.

Plain frozen values and nothing else: the document, the parser, the plan and the linter all speak
of problems as `Finding`s, and a format turns them into text.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # it will break, or can do harm
    WARNING = "warning"  # it can break
    ADVICE = "advice"  # worth a thought


class FailOn(StrEnum):
    """How severe a finding has to be to make `validate` fail."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"
    NEVER = "never"


class Span(Struct, frozen=True, order=True):
    """A stretch of text. Lines and columns count from 1; the end column is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


#: The place of a problem that concerns a file as a whole.
START_OF_FILE = Span(1, 1, 1, 1)
#: What a spec on stdin is called.
STDIN = "<stdin>"


class Location(Struct, frozen=True):
    """A span in a file; `file` is the path as the user named it."""

    file: str
    span: Span


class Related(Struct, frozen=True):
    """A second place that helps to understand a finding, and what it has to do with it."""

    message: str
    location: Location


class Edit(Struct, frozen=True):
    """A text in the place of a span; where the span has no width, a text put in."""

    span: Span
    text: str


class Fix(Struct, frozen=True):
    """Edits of the file that a finding is about, which mend it. `title` says what they do.

    A safe one is the one answer there is. Another may not be what the author meant, or changes
    what the pipeline does.
    """

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


class Finding(Struct, frozen=True):
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


class Suppressed(Struct, frozen=True):
    """A finding that a comment in the spec takes back, with the reason that it gives."""

    finding: Finding
    reason: str
    comment: Location


class Note(Struct, frozen=True):
    """What there is to say of a configuration or of the command line; no finding.

    It is no reason to fail, unless it says that what is not shown `fails`.
    """

    message: str
    location: Location | None = None
    fails: bool = False


class Report(Struct, frozen=True):
    """What there is to say about some specs.

    `sources` are the texts of the files that were looked at, by the names that locations have.
    `hidden` is how many findings are too slight to be shown, and `complete` is whether every file
    could be read and every rule went through. `failing` says of each finding whether it makes the
    command fail; left out, errors do. `fixed` are findings of before, which are mended.
    """

    findings: tuple[Finding, ...]
    sources: Mapping[str, str] = field(default_factory=dict)
    suppressed: tuple[Suppressed, ...] = ()
    hidden: int = 0
    complete: bool = True
    notes: tuple[Note, ...] = ()
    failing: tuple[bool, ...] = ()
    fixed: tuple[Finding, ...] = ()
