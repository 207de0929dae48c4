"""The published schema says what the parser says."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agentflow.findings import Severity
from agentflow.spec.document import Document, parse_document
from agentflow.spec.parse import parse
from agentflow.spec.schema import SCHEMA_ID, language_schema, render_schema
from agentflow.spec.yaml.nodes import to_data
from tests.spec.test_parse import BAD, GOOD
from tests.spec.vocabulary import VOCABULARY

SCHEMA = language_schema(VOCABULARY)
VALIDATOR = Draft202012Validator(SCHEMA)


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == SCHEMA_ID == "urn:agentflow:pipeline:v1"


def read(path: Path) -> Document:
    return parse_document(path.read_bytes(), path.name)


def is_question_for_the_schema(path: Path) -> bool:
    """Not where YAML itself is refused: the schema sees data only."""
    return all(finding.severity is not Severity.ERROR for finding in read(path).findings)


QUESTIONS = [path for path in (*GOOD, *BAD) if is_question_for_the_schema(path)]


def test_there_are_questions() -> None:
    assert len(QUESTIONS) >= 90


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_parser_and_schema_agree(path: Path) -> None:
    document = read(path)
    assert document.root is not None
    accepted = not parse(document, VOCABULARY).findings
    assert VALIDATOR.is_valid(to_data(document.root)) is accepted


def schemas_in(schema: Any) -> list[dict[str, Any]]:
    """All mappings of a schema, itself included."""
    if isinstance(schema, list):
        return [inner for item in schema for inner in schemas_in(item)]
    if isinstance(schema, dict):
        return [schema, *(inner for item in schema.values() for inner in schemas_in(item))]
    return []


def test_every_mapping_of_the_language_is_closed() -> None:
    closed = [s for s in schemas_in(SCHEMA) if "properties" in s or "patternProperties" in s]
    assert closed
    assert all(schema["additionalProperties"] is False for schema in closed)


def test_references_lead_somewhere() -> None:
    references = {s["$ref"] for s in schemas_in(SCHEMA) if isinstance(s.get("$ref"), str)}
    assert references == {f"#/$defs/{name}" for name in SCHEMA["$defs"]}


def test_agents_are_told_apart_by_their_kind() -> None:
    (choice,) = SCHEMA["properties"]["agents"]["patternProperties"].values()
    names = [option["$ref"].removeprefix("#/$defs/") for option in choice["oneOf"]]
    assert names == ["PythonAgent", "CommandAgent"]
    kinds = [SCHEMA["$defs"][name]["properties"]["kind"]["const"] for name in names]
    assert kinds == ["python", "command"]


def test_steps_are_defined_once() -> None:
    step = {"$ref": "#/$defs/Step"}
    assert list(SCHEMA["properties"]["steps"]["patternProperties"].values()) == [step]
    for name in ("GroupStep", "Case"):
        steps = SCHEMA["$defs"][name]["properties"]["steps"]
        assert list(steps["patternProperties"].values()) == [step]


def test_it_is_free_of_the_noise_of_its_making() -> None:
    for schema in schemas_in(SCHEMA):
        assert "discriminator" not in schema
        assert schema.get("default", 0) not in (None, [], {})
        assert "anyOf" not in schema or all(set(choice) != {"anyOf"} for choice in schema["anyOf"])


@pytest.mark.parametrize("name", ["", "AgentStep", "SwitchStep", "PythonAgent", "CommandAgent"])
def test_an_editor_has_something_to_show(name: str) -> None:
    schema = SCHEMA["$defs"][name] if name else SCHEMA
    assert schema["description"]
    silent = [key for key, value in schema["properties"].items() if not hover(value)]
    assert set(silent) <= {"kind", "description", "retry", "effects", "for_each", "output"}


def hover(schema: dict[str, Any]) -> bool:
    """Is there a text to show for a key?"""
    return "description" in schema or any(hover(choice) for choice in schema.get("anyOf", []))


def test_it_renders_as_a_file() -> None:
    text = render_schema(VOCABULARY)
    assert text.endswith("}\n")
    assert json.loads(text) == SCHEMA
    assert render_schema(VOCABULARY) == text
