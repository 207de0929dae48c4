"""Everything this package raises on purpose, and the exit code of each.

    AgentflowError
    ├── UsageError            2   the caller asked for something that makes no sense
    │   ├── InputError        2   an input breaks the pipeline's input contract
    │   └── UnknownRun        2   no run with that id in the store
    ├── SpecError             1   the spec has errors; carries the findings
    ├── RecordingMiss         1   a run that is played back asks what was not recorded
    ├── Interrupted       128 + n   signal n came before the run called anything
    └── CouldNot              3   the world did not let us
        ├── FileProblem       3   a file is missing, unreadable or outside the project
        ├── MissingSecret     3   the environment has no value for a secret of the spec
        ├── ToolChanged       3   a tool of a server is not what the spec or the run knows it as
        └── StoreError        3   the event log cannot be used
            ├── RunLocked     3   another process owns the run
            ├── LogDamaged    3   bytes are missing or changed; says from which entry on
            ├── LogTooNew     3   written by a newer agentflow; left untouched
            └── LostRace      3   another writer appended first; nothing further is done

A contract breach, an empty budget or a failed attempt is not in this tree: those are decisions of
the orchestrator and live in the event log. Exceptions are for the caller's mistakes, the world's
refusals, and our own bugs (`IllegalTransition`, an `AssertionError` by nature).
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum

from msgspec import Struct

from agentflow.findings import Finding


class ExitCode(IntEnum):
    """What a process ends with."""

    OK = 0
    FINDINGS = 1  # findings, a failed run, a divergence
    USAGE = 2
    COULD_NOT = 3
    WAITING = 4  # only people can make the run go on
    CANCELLED = 5  # somebody ended the run


class AgentflowError(Exception):
    """Base of all errors that are meant for the user.

    `help` says what to do next, and `details` are lines that stand before
    that, ready to be shown. With `--json`, the object that the command has printed may say it
    already: then it is `in_document`.
    """

    details: Sequence[str] = ()
    in_document: bool = False

    exit_code: int = ExitCode.COULD_NOT

    def __init__(self, message: str, *, help: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


class UsageError(AgentflowError):
    """The caller asked for something that makes no sense."""

    exit_code = ExitCode.USAGE


class InputError(UsageError):
    """An input breaks the pipeline's input contract."""


class UnknownRun(UsageError):
    """No run with that id in the store."""


class SpecError(AgentflowError):
    """The spec has errors. `findings` holds them in file order, `sources` the texts by file."""

    exit_code = ExitCode.FINDINGS

    def __init__(
        self, message: str, findings: Sequence[Finding], sources: Mapping[str, str]
    ) -> None:
        super().__init__(message)
        self.findings = tuple(findings)
        self.sources = sources


class RecordingMiss(AgentflowError):
    """A run that is played back asks a model what the recording has no answer to."""

    exit_code = ExitCode.FINDINGS


class Interrupted(AgentflowError):
    """A signal came before the run had called anything, and nothing was recorded."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(f"interrupted by {name} before anything was called")
        self.exit_code = 128 + number


class CouldNot(AgentflowError):
    """The world did not let us."""


class FileProblem(CouldNot):
    """A file is missing, unreadable or outside the project root."""


class MissingSecret(CouldNot):
    """The environment has no value for a secret that the spec names."""


class ToolChanged(CouldNot):
    """A tool of a server is not what the spec pins, or not what it was when the run began."""


class LostCall(Struct, frozen=True):
    """An attempt that was made and of which the log has no more than its intent.

    `outcome` says in words what came of it, as far as that is known. `key` is its idempotency key.
    """

    step: str
    attempt: int
    agent: str
    effects: str
    key: str | None
    outcome: str


class StoreError(CouldNot):
    """The event log cannot be used. `lost` are calls that were made and are not in it."""

    lost: tuple[LostCall, ...] = ()


class RunLocked(StoreError):
    """Another process owns the run."""


class LogDamaged(StoreError):
    """Bytes of the log are missing or changed. `seq` is the first entry that cannot be trusted."""

    def __init__(self, message: str, *, seq: int, help: str | None = None) -> None:
        super().__init__(message, help=help)
        self.seq = seq


class LogTooNew(StoreError):
    """The log was written by a newer agentflow; it is left untouched."""


class LostRace(StoreError):
    """Another writer appended this entry first; nothing further may be done by this process."""
