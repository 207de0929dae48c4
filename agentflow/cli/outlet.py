"""A stream that cannot fail: what displays write to."""

import sys
from typing import TextIO


class Outlet:
    """A text stream to look at a run through; a run must not depend on being looked at.

    Characters that the stream cannot encode are escaped. If the terminal goes away or the reader
    of a pipe has had enough, everything from then on is dropped without a word.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._closed = False
        self.encoding = stream.encoding or "utf-8"

    @property
    def unicode(self) -> bool:
        """Can it take the symbols of a trace?"""
        try:
            "✓✗⊘→…━".encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def speakable(self, text: str) -> str:
        """The text with an escape for each character that the stream cannot encode."""
        return text.encode(self.encoding, "backslashreplace").decode(self.encoding)

    def write(self, text: str) -> int:
        """Write, or drop."""
        if not self._closed:
            try:
                self._stream.write(self.speakable(text))
            except (OSError, ValueError):
                # A broken pipe, a terminal that is gone, a stream that was closed: there is
                # nobody to tell, and the run goes on.
                self._closed = True
        return len(text)

    def flush(self) -> None:
        """Send on what was written."""
        if not self._closed:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._closed = True  # as above

    def isatty(self) -> bool:
        """Is it a terminal?"""
        return not self._closed and self._stream.isatty()


def standard_output() -> Outlet | None:
    """Standard output; None if the process was started without one."""
    # Python sets it to None if descriptor 1 is closed, whatever the type stubs say.
    stream: TextIO | None = sys.stdout
    return Outlet(stream) if stream is not None else None
