"""The text of a spec by lines and columns.

Lines end where libyaml ends them (LF, CR LF, CR, NEL, LS, PS), so that a line of ours is always
the line that its marks count. Columns count characters.
"""

import re
from bisect import bisect_right
from functools import cached_property

_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class Source:
    """A text, and the way from offsets to lines and columns and back."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _starts(self) -> list[int]:
        """The offset at which each line starts."""
        return [0, *(end.end() for end in _LINE_END.finditer(self.text))]

    def line(self, number: int) -> str:
        """A line, counted from 1, without its end; empty beyond the last one."""
        start, end = self.extent(number)
        return self.text[start:end]

    def between(self, number: int, column: int, end_column: int | None = None) -> str:
        """What stands on a line from a column on, up to another one or to the end of the line.

        A line may be megabytes long: no more of it is copied than that.
        """
        start, end = self.extent(number)
        stop = end if end_column is None else min(start + end_column - 1, end)
        return self.text[min(start + column - 1, end) : stop]

    def extent(self, number: int) -> tuple[int, int]:
        """The offsets between which a line lies, without its end; of none beyond the last one."""
        if not 1 <= number <= len(self._starts):
            return len(self.text), len(self.text)
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n\x85\u2028\u2029":
            end -= 1
        return start, end

    def offset(self, line: int, column: int) -> int:
        """The offset of a place; a line beyond the last one is the end of the text."""
        if line > len(self._starts):
            return len(self.text)
        return min(self._starts[line - 1] + column - 1, len(self.text))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
