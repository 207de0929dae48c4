"""Inputs of a run as the command line gives them."""

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from agentflow.contracts.shape import types_of
from agentflow.contracts.strict import NotJson, loads
from agentflow.errors import FileProblem, InputError
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
        InputError: the file is no mapping, or an option has no `=` or no sound value.
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
        inputs[name] = _value(name, _decoded(name, text), _is_text(properties.get(name), contract))
    return inputs


def read_value(text: str | None, file: Path | None) -> Json:
    """A value as JSON, from what was typed or from a file; `-` is stdin.

    Raises:
        InputError: it is not JSON.
        FileProblem: the file cannot be read.
    """
    if file is not None:
        named, data = f"'{file}'", _bytes(file, "--file")
    else:
        named, data = "'--value'", os.fsencode(text or "")
    try:
        return loads(data.decode())
    except UnicodeDecodeError:
        raise InputError(f"{named} is not UTF-8 text") from None
    except NotJson as error:
        raise InputError(
            f"{named} is {error}", help="text needs quotes of its own: --value '\"yes\"'"
        ) from None


def _decoded(name: str, text: str) -> str:
    """What was typed. In some locales Python does not take the bytes of arguments for UTF-8."""
    try:
        return os.fsencode(text).decode()
    except UnicodeError:
        raise InputError(f"'--input {name}' is not UTF-8 text") from None


def _from_file(file: Path) -> dict[str, Json]:
    """JSON, or else YAML by the same strict reader that specs go through."""
    data = _bytes(file, "--inputs")
    try:
        value = loads(data.decode())
    except (NotJson, UnicodeDecodeError):
        value = None
    if isinstance(value, dict):
        return value
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


def _bytes(file: Path, option: str) -> bytes:
    """What a file holds that an option names; `-` is stdin. Raises `FileProblem`."""
    if str(file) == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        return read_bytes(file, MAX_BYTES)
    except FileProblem as problem:
        if file.is_fifo():
            advice = f"what another command prints is read from stdin: '{option} -'"
            raise FileProblem(problem.message, help=advice) from None
        raise


def _is_text(schema: Json, contract: Mapping[str, Json]) -> bool:
    """Does the contract of an input want a string?"""
    return types_of(schema, dict(contract)) == {"string"} if schema is not None else False


def _value(name: str, text: str, is_text: bool) -> Json:
    """Text for an input whose contract wants a string; otherwise what it says as JSON or YAML.

    What looks like a list, a mapping or a quoted text and is none is refused. Anything else is
    text: nobody quotes `Answer: yes` on a command line.
    """
    if is_text:
        return text
    with contextlib.suppress(NotJson):
        return loads(text)
    document = parse_document(f"value: {text}", "--input")
    errors = [f for f in document.findings if f.severity is Severity.ERROR]
    if document.root is not None and not errors:
        return to_data(document.root)["value"]
    if text.lstrip().startswith(("[", "{", '"', "'")):
        raise InputError(
            f"'--input {name}' is neither JSON nor YAML: {errors[0].message}",
            help="mind the quotes of the shell: --input 'NAME=[1, 2]'",
        )
    return text
