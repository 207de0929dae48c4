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
        ("ｆｕｌｌ", 8),
        ("✓ → …", 5),
    ],
)
def test_width(text: str, cells: int) -> None:
    assert width(text) == cells
