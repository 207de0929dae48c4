import pytest

from agentflow.formats.words import count, deadline, duration, money, offset


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0ms"),
        (0, "0ms"),
        (0.0354, "35ms"),
        (0.0996, "0.1s"),
        (0.44, "0.4s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (182.4, "3m02s"),
        (3599.7, "1h00m"),
        (3900, "1h05m"),
        (360_000, "4d04h"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("within", "text"),
    [
        (20, "2026-11-20 13:30:20 UTC"),
        (3599, "2026-11-20 14:29:59 UTC"),
        (3600, "2026-11-20 14:30 UTC"),
    ],
)
def test_a_deadline_within_the_hour_has_seconds(within: int, text: str) -> None:
    asked = 1_795_181_400.0
    assert deadline(asked + within, asked) == text


def test_offset() -> None:
    assert [offset(0), offset(0.126), offset(59.99), offset(61)] == [
        "+0.00s",
        "+0.13s",
        "+59.99s",
        "+1m01s",
    ]


def test_money() -> None:
    assert [money(0), money(0.01234), money(4.5), money(1234)] == [
        "$0.0000",
        "$0.0123",
        "$4.50",
        "$1,234.00",
    ]


def test_count() -> None:
    assert [count(1, "retry", "retries"), count(2, "retry", "retries"), count(3000, "call")] == [
        "1 retry",
        "2 retries",
        "3,000 calls",
    ]
