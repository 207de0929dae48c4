import pytest

from agentflow.formats.cells import width


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0),
        ("plain", 5),
        ("über", 4),
        ("日本語", 6),
        ("cafe\u0301", 4),
        ("😀", 2),
        ("\uff46\uff55", 4),
        ("✓ → …", 5),
    ],
)
def test_width(text: str, cells: int) -> None:
    assert width(text) == cells
