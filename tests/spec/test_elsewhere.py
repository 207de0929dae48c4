"""The words of other tools for keys of the language."""

import pytest

from agentflow.agents import VOCABULARY
from agentflow.spec.elsewhere import HERE, called_here
from agentflow.spec.schema import render_schema

SCHEMA = render_schema(VOCABULARY)


@pytest.mark.parametrize("word", HERE)
def test_what_a_word_stands_for_is_a_key_of_the_language(word: str) -> None:
    assert all(f'"{key}": {{' in SCHEMA for key in HERE[word])


def test_the_first_key_that_stands_there_is_meant() -> None:
    assert called_here("args", ["argv", "with"]) == "with"
    assert called_here("args", ["argv"]) == "argv"
    assert called_here("args", ["needs"]) is None
    assert called_here("nothing", ["needs"]) is None
