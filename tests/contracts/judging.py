"""A second validator of JSON Schema, which what we say of schemas is held against."""

import jsonschema
import referencing

from agentflow.contracts.keywords import Schema


def judge(schema: Schema) -> jsonschema.Draft202012Validator:
    """The second validator; it never leaves the process."""
    return jsonschema.Draft202012Validator(
        schema,
        registry=referencing.Registry(),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )
