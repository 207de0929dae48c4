"""A few specs of each strategy, the same in every run, and how troubles are kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from tests.core.world import examples
from tests.fuzz import hunting
from tests.fuzz.corpus import Case, corpus
from tests.fuzz.grammar import ODD, bent_texts, bent_trees, from_schema, odd, sound
from tests.fuzz.properties import check, look


@examples(30)
@given(bent_trees())
def test_specs_with_other_values(case: Case) -> None:
    check(case)


@examples(30)
@given(bent_texts())
def test_specs_with_other_lines_and_marks(case: Case) -> None:
    check(case)


@examples(20)
@given(from_schema())
def test_specs_that_our_schema_allows(case: Case) -> None:
    check(case)


@examples(20)
@given(sound())
def test_sound_pipelines(case: Case) -> None:
    assert look(case).depth == 3
    check(case)


def test_the_time_of_people_who_know_whether_something_has_happened_is_in_no_worst_case() -> None:
    (case,) = (one for one in corpus() if one.name == "checked_payments.yaml")
    check(case)


@examples(200)
@given(odd())
def test_what_is_drawn_can_be_bent_without_a_trace(value: Any) -> None:
    """Else what is drawn depends on what was, and hypothesis ends the hunt."""
    before = json.dumps(ODD)
    if isinstance(value, dict):
        value["bent"] = True
    elif isinstance(value, list):
        value.append("bent")
    assert json.dumps(ODD) == before


def test_what_is_found_is_kept_and_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_deploying(case: Case) -> None:
        assert "deploy" not in case.text, "there is a deploy"

    monkeypatch.setattr(hunting, "check", no_deploying)
    monkeypatch.setattr(hunting, "FOUND", tmp_path)
    monkeypatch.setattr(hunting, "ROOT", tmp_path.parent)
    hunted = hunting.Hunt(ends=float("inf"))
    for text in ("# a deploy\n", "fine\n", "deploy\n", "# another deploy\n"):
        try:
            hunted.attempt(Case(text, "deploy.yaml"))
        except AssertionError:
            assert "deploy" in text
    assert hunted.tried == 4
    (file,) = tmp_path.glob("*.json")
    assert capsys.readouterr().out == (
        f"AssertionError: there is a deploy\n    sh scripts/fuzz {tmp_path.name}/{file.name}\n"
    )
    assert json.loads(file.read_text())["text"] == "deploy\n"
    assert file.with_suffix(".yaml").read_text() == "deploy\n"
    with pytest.raises(AssertionError, match="there is a deploy"):
        hunting.again(file)


def test_the_corpus_is_that_of_the_project() -> None:
    found = corpus()
    assert len(found) > 200
    hello = next(case for case in found if case.name == "hello.yaml")
    assert (hello.folder, look(hello).sound) == ("tests/cli/project", True)
