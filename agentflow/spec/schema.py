"""The JSON Schema of the language, made from its models, for editors and for other tools.

It accepts what `spec.parse` accepts. What pydantic generates is right but made for programs; here
it is put into the form that the YAML language servers complete and explain best: closed mappings
everywhere, one definition for a step, a choice of agents told apart by the constant `kind`, and
no titles that only repeat the key.

Source: JSON Schema 2020-12.
"""

import json
from typing import Any, cast

from agentflow.spec.model import STEP_KINDS, Json, Vocabulary
from agentflow.spec.shape import kinds_of

SCHEMA_ID = "urn:agentflow:pipeline:v1"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEFS = "#/$defs/"
#: Keywords whose values are schemas by name; the names are the author's, not keywords.
_SCHEMAS_BY_NAME = frozenset({"properties", "patternProperties", "$defs"})


def language_schema(vocabulary: Vocabulary) -> dict[str, Json]:
    """The JSON Schema of a whole spec with these agent kinds."""
    generated = vocabulary.pipeline.model_json_schema()
    names = _better_names(generated, vocabulary)
    definitions = generated.pop("$defs")
    definitions = {names.get(name, name): schema for name, schema in definitions.items()}
    for name, schema in definitions.items():
        schema["title"] = name
    schema = {**generated, "$defs": definitions}
    step = {"oneOf": [{"$ref": _DEFS + model.__name__} for model in STEP_KINDS.values()]}
    tidy = cast(dict[str, Json], _tidy(schema, names, step))
    tidy["$defs"]["Step"] = {
        "title": "Step",
        "description": f"A step has exactly one of: {', '.join(STEP_KINDS)}.",
        "type": "object",
        **step,
    }
    tidy["$defs"] = dict(sorted(tidy["$defs"].items()))
    head = {
        "$schema": _DIALECT,
        "$id": SCHEMA_ID,
        "title": "agentflow pipeline",
        "description": "A multi-agent pipeline, version 1 of the language.",
    }
    return {**head, **{key: value for key, value in tidy.items() if key not in head}}


def render_schema(vocabulary: Vocabulary) -> str:
    """The schema as the text of a file, the same on every machine."""
    return json.dumps(language_schema(vocabulary), indent=2, ensure_ascii=False) + "\n"


def _better_names(generated: dict[str, Json], vocabulary: Vocabulary) -> dict[str, str]:
    """Names of definitions for agent kinds: all their classes are called `Options`."""
    better = {}
    for model in vocabulary.agent_kinds:
        (kind,) = kinds_of(model)
        for name, schema in generated["$defs"].items():
            of_kind = schema.get("properties", {}).get("kind", {}).get("const") == kind
            if of_kind and name.endswith(model.__name__):
                better[name] = f"{kind.capitalize()}Agent"
    return better


def _tidy(schema: Any, names: dict[str, str], step: dict[str, Json]) -> Any:
    """A schema in the form that editors like, with everything in it."""
    if isinstance(schema, list):
        return [_tidy(item, names, step) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if {"oneOf": schema.get("oneOf")} == step:
        return {"$ref": _DEFS + "Step"}
    tidy: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _SCHEMAS_BY_NAME:
            tidy[key] = {
                name: _without_title(_tidy(inner, names, step), key)
                for name, inner in value.items()
            }
        elif key == "$ref":
            name = value.removeprefix(_DEFS)
            tidy[key] = _DEFS + names.get(name, name)
        elif key == "discriminator" or (key == "default" and value in (None, [], {})):
            continue
        elif key in ("default", "examples", "enum", "const", "required"):
            tidy[key] = value
        else:
            tidy[key] = _tidy(value, names, step)
    if "patternProperties" in tidy:
        # pydantic leaves names that do not match open; the parser does not.
        tidy["additionalProperties"] = False
    return _flat_choice(tidy)


def _without_title(schema: Any, keyword: str) -> Any:
    """A property's title is its key again; a definition's is not."""
    if isinstance(schema, dict) and keyword != "$defs":
        schema.pop("title", None)
    return schema


def _flat_choice(schema: dict[str, Any]) -> dict[str, Any]:
    """`anyOf` within `anyOf`, as pydantic writes optional choices, as one."""
    if "anyOf" not in schema:
        return schema
    flat: list[Any] = []
    for choice in schema["anyOf"]:
        inner = dict(choice)
        description = inner.pop("description", None)
        if set(inner) == {"anyOf"}:
            schema.setdefault("description", description)
            flat.extend(inner["anyOf"])
        else:
            flat.append(choice)
    return {**schema, "anyOf": flat}
