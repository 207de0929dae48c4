"""Texts for a regular expression, by rstr: the same for the same seed on every machine.

rstr draws from sets, whose order differs from process to process, and repeats what may be repeated
without end up to 100 times. Here the characters are in the order of `string.printable`, and the
caller says how often.
"""

import random
import string
from collections.abc import Sequence
from itertools import chain
from typing import Any

from rstr import Rstr

_WORD = string.ascii_letters + string.digits + "_"


class Xeger(Rstr):
    """Draws with `chance`, repeating at most `most` times, or as often as the pattern requires."""

    def __init__(self, chance: random.Random, most: int) -> None:
        super().__init__(chance, nonword="".join(c for c in string.printable if c not in _WORD))
        self._most = most

    def _handle_in(self, value: Sequence[Any]) -> Any:
        listed = list(chain(*(self._handle_state(part) for part in value)))
        if listed[0] is False:  # the sign of a class that is negated
            listed = [character for character in string.printable if character not in listed]
        return self._random.choice(listed)

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        times = self._random.randint(start_range, max(start_range, min(end_range, self._most)))
        return "".join(self._handle_state(part) for _ in range(times) for part in value)
