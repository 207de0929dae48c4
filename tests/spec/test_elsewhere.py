"""The words of other tools for keys of the language."""

import pytest

from agentflow.agents import VOCABULARY
from agentflow.spec.elsewhere import KEYS, WORDS, called_here, likely
from agentflow.spec.schema import render_schema

SCHEMA = render_schema(VOCABULARY)


@pytest.mark.parametrize("word", KEYS)
def test_what_a_word_stands_for_is_a_key_of_the_language(word: str) -> None:
    assert all(f'"{key}": {{' in SCHEMA for key in KEYS[word])


@pytest.mark.parametrize("word", WORDS)
def test_what_a_word_stands_for_is_a_word_of_the_language(word: str) -> None:
    assert all(f'"{name}"' in SCHEMA for name in WORDS[word])


def test_the_first_key_that_stands_there_is_meant() -> None:
    assert called_here("args", ["argv", "with"]) == "with"
    assert called_here("args", ["argv"]) == "argv"
    assert called_here("args", ["needs"]) is None
    assert called_here("nothing", ["needs"]) is None


def test_how_the_parts_of_a_word_are_joined_is_no_difference() -> None:
    for word in ("depends_on", "depends-on", "dependsOn", "DEPENDS ON"):
        assert called_here(word, ["needs"]) == "needs"


def test_a_slip_of_the_finger_comes_before_the_words_of_others() -> None:
    assert likely("skp", ["fail", "skip"]) == "skip"
    assert likely("continue", ["fail", "skip"]) == "skip"
    assert likely("conti", ["fail", "skip"]) is None
