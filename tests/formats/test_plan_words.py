"""What the formats of a plan say in the same words."""

import pytest

from agentflow.formats.plan_words import time


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0ms"),
        (610, "10m10s"),
        (86_400, "1d"),
        (2 * 86_400, "2d"),
        (86_460, "1d 1m"),
    ],
    ids=["nothing", "minutes", "day", "days", "day_and_minute"],
)
def test_times_have_days_and_no_empty_rest(seconds: float, said: str) -> None:
    assert time(seconds) == said
