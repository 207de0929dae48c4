"""Times in words: as the language writes them."""

import pytest

from agentflow.spec.durations import mended_duration, time_in_words
from agentflow.spec.model import seconds


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "0s"),
        (0.0000123, "0.012ms"),
        (0.044, "44ms"),
        (1.7221, "1.722s"),
        (59.9996, "1m"),
        (90, "1m 30s"),
        (90.25, "1m 30s"),
        (3_600, "1h"),
        (259_200, "3d"),
        (100_000, "1d 3h"),
        (86_405, "1d 5s"),
    ],
)
def test_time_in_words(amount: float, words: str) -> None:
    assert time_in_words(amount) == words


@pytest.mark.parametrize("written", ["500ms", "30s", "15m", "4h", "2d"])
def test_what_the_author_writes_is_told_so(written: str) -> None:
    assert time_in_words(seconds(written)) == written


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("30 seconds", "30s"),
        ("1h30m", "90m"),
        ("1w", "7d"),
        ("2 weeks", "14d"),
        ("1w2d", "9d"),
        ("PT30S", "30s"),
        ("PT1H30M", "90m"),
        ("P1DT12H", "36h"),
        ("P2W", "14d"),
        ("P", None),
        ("PT0S", None),
        ("P1Y", None),
        ("1 fortnight", None),
    ],
)
def test_what_others_write_for_a_time_is_understood(written: str, meant: str | None) -> None:
    assert mended_duration(written) == meant
