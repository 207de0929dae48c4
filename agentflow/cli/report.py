"""Text on its way out: one place that writes to streams, and that knows what they can take."""

import os
import sys
from pathlib import Path
from typing import TextIO

from agentflow.errors import AgentflowError, CouldNot, SpecError
from agentflow.findings import Report
from agentflow.formats.safe import safe
from agentflow.project import replace_file


def emit(text: str, stream: TextIO | None = None) -> None:
    """Write text and a newline.

    A character that the stream cannot show is escaped. If nobody reads any more (`| head`), the
    rest is dropped: what has been done does not change by not being read.

    Raises:
        CouldNot: it cannot be written for another reason.
    """
    out = stream or sys.stdout
    try:
        encoding = out.encoding or "utf-8"
        out.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        out.flush()
    except OSError as error:
        # Python flushes once more at exit and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        if not isinstance(error, BrokenPipeError):
            raise CouldNot(f"cannot write the output: {error.strerror}") from error


def save(text: str, file: Path) -> None:
    """Put text and a newline into a file: all of it or nothing. What is no file is written to as it is.

    Raises:
        CouldNot: it cannot be written.
    """
    data = (text + "\n").encode("utf-8", "backslashreplace") if text else b""
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(data)
        else:
            replace_file(file.resolve(), data)
    except OSError as error:
        raise CouldNot(f"cannot write '{file}': {error.strerror}") from error


def wants_color(stream: TextIO) -> bool:
    """Colour goes to terminals only, and not if NO_COLOR (https://no-color.org) is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def report_error(error: AgentflowError, stream: TextIO) -> None:
    """Say what went wrong and what to do next."""
    if isinstance(error, SpecError) and error.findings:
        from agentflow.formats import findings_format

        report = Report(error.findings, error.sources)
        emit(findings_format("text")(report, color=wants_color(stream)), stream)
    emit(f"error: {safe(error.message, oneline=True)}", stream)
    for line in error.details:
        emit(line, stream)
    if error.help:
        emit(f"help: {safe(error.help, oneline=True)}", stream)
