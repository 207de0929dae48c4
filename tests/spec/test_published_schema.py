"""The published schema of the language is the one that the models give."""

from pathlib import Path

from agentflow.agents import VOCABULARY
from agentflow.spec.schema import render_schema

PUBLISHED = Path(__file__).parents[2] / "schemas" / "pipeline.v1.schema.json"


def test_the_published_schema_is_up_to_date() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == render_schema(VOCABULARY), (
        "run 'agentflow schema > schemas/pipeline.v1.schema.json'"
    )


def test_every_spec_names_it_for_editors() -> None:
    specs = sorted((PUBLISHED.parents[1] / "specs").glob("*.yaml"))
    assert specs
    for spec in specs:
        first = spec.read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=../schemas/pipeline.v1.schema.json"
