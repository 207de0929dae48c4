"""Inputs of a run as the command line gives them."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from agentflow.contracts.shape import types_of
from agentflow.errors import InputError
from agentflow.findings import Severity
from agentflow.project import read_bytes
from agentflow.spec.document import MAX_BYTES, parse_document
from agentflow.spec.model import Json
from agentflow.spec.yaml.nodes import to_data


def read_inputs(
    given: Sequence[str], file: Path | None, contract: Mapping[str, Json]
) -> dict[str, Json]:
    """The inputs from `--inputs FILE`, and over them those from `--input NAME=VALUE`.

    Raises:
        InputError: the file is no mapping, or an option has no `=`.
        FileProblem: the file cannot be read.
    """
    inputs = _from_file(file) if file is not None else {}
    properties = contract.get("properties", {})
    for option in given:
        name, equals, text = option.partition("=")
        if not equals or not name:
            raise InputError(
                f"'--input {option}' has no value", help=f"write '--input {name or 'NAME'}=VALUE'"
            )
        inputs[name] = _value(_decoded(name, text), _is_text(properties.get(name), contract))
    return inputs


def _decoded(name: str, text: str) -> str:
    """What was typed. In some locales Python does not take the bytes of arguments for UTF-8."""
    try:
        return os.fsencode(text).decode()
    except UnicodeError:
        raise InputError(f"'--input {name}' is not UTF-8 text") from None


def _from_file(file: Path) -> dict[str, Json]:
    """YAML, and JSON with it, by the same strict reader that specs go through."""
    data = sys.stdin.buffer.read(MAX_BYTES + 1) if str(file) == "-" else read_bytes(file, MAX_BYTES)
    document = parse_document(data, str(file))
    for finding in document.findings:
        if finding.severity is Severity.ERROR:
            span = finding.location.span
            # The help of the finding is about specs.
            raise InputError(
                f"{file}:{span.line}:{span.column}: {finding.message}",
                help="inputs are names with values, in JSON or YAML, such as 'name: value'",
            )
    assert document.root is not None
    inputs: dict[str, Json] = to_data(document.root)
    return inputs


def _is_text(schema: Json, contract: Mapping[str, Json]) -> bool:
    """Does the contract of an input want a string?"""
    return types_of(schema, dict(contract)) == {"string"} if schema is not None else False


def _value(text: str, is_text: bool) -> Json:
    """Text for an input whose contract wants a string; otherwise what it says as YAML."""
    if is_text:
        return text
    document = parse_document(f"value: {text}", "--input")
    if document.root is None or any(f.severity is Severity.ERROR for f in document.findings):
        return text
    return to_data(document.root)["value"]
