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
    root = PUBLISHED.parents[1]
    specs = sorted((root / "specs").rglob("*.yaml"))
    assert specs
    for spec in specs:
        first = spec.read_text(encoding="utf-8").splitlines()[0]
        up = "../" * len(spec.parent.relative_to(root).parts)
        assert first == f"# yaml-language-server: $schema={up}schemas/pipeline.v1.schema.json"
