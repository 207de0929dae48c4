"""The configurations that the docs show are ones."""

import tomllib
from pathlib import Path

import pytest

from agentflow.lint.configuration import parse_configuration

from .pages import PAGES, blocks

SHOWN = [
    (page, number, block.text)
    for page in PAGES
    for number, block in enumerate(block for block in blocks(page) if block.language == "toml")
]


@pytest.mark.parametrize(
    ("page", "number", "text"), SHOWN, ids=[f"{page.stem}-{number}" for page, number, _ in SHOWN]
)
def test_a_configuration_in_the_docs(page: Path, number: int, text: str) -> None:
    data = tomllib.loads(text)
    parse_configuration(data["tool"]["agentflow"] if "tool" in data else data)
