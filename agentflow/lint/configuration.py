"""What a project says about how its specs are checked: `[tool.agentflow]` in `pyproject.toml`, or
`agentflow.toml`.

It is about `validate` alone. Whether a spec can run is not a matter of configuration.
"""

import json
from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from agentflow.findings import FailOn, Severity
from agentflow.lint.rules import RULES
from agentflow.lint.selection import FAMILIES, NAMES, Selection, UnknownName, known
from agentflow.spec.document import Path
from agentflow.spec.filling import fill
from agentflow.spec.model import Json, Node
from agentflow.spec.nearest import nearest
from agentflow.spec.shape import keys_of
from agentflow.spec.wording import quoted
from agentflow.spec.yaml.nodes import from_data

#: The rules that have numbers, with the numbers they have by default.
THRESHOLDS: Mapping[str, Mapping[str, int]] = {
    rule.NAME: numbers for rule in RULES if (numbers := getattr(rule, "THRESHOLDS", None))
}


Names = list[str]
Pattern = Annotated[str, Meta(min_length=1)]
Number = Annotated[int, Meta(ge=1)]


class Configuration(Node, frozen=True, kw_only=True):
    """How `agentflow validate` checks the specs of a project."""

    select: Names | None = None
    """Rules and families that count; without it, all of them."""

    ignore: Names = []
    """Rules and families that do not count."""

    severities: dict[str, Severity] = {}
    """Another severity for the findings of a rule or a family."""

    fail_on: FailOn = FailOn.ERROR
    """How grave a finding has to be for exit code 1."""

    drilled: bool = False
    """The receipts of drills are held against the specs, as with `--drilled`."""

    exclude: list[Pattern] = []
    """Files and folders that are passed over, by their path from the folder of this file; * stands
    for anything, and a pattern without a slash is a name in any folder."""

    thresholds: dict[str, dict[str, Number]] = {}
    """Other numbers for the rules that have some."""


#: What a key holds, in words.
_EXPECTED = {
    "select": "a list of rules and families",
    "ignore": "a list of rules and families",
    "severities": "a table with error, warning or advice for rules and families",
    "fail_on": "error, warning, advice or never",
    "drilled": "true or false",
    "exclude": "a list of patterns",
    "thresholds": "a table with a table of numbers for each rule",
}


class ConfigurationProblem(Exception):
    """Something is wrong with a configuration, at a path of keys in it; `help` says how to mend it."""

    def __init__(self, path: tuple[str | int, ...], message: str, help: str) -> None:
        super().__init__(message)
        self.path = path
        self.help = help


def parse_configuration(data: Mapping[str, Json]) -> Configuration:
    """The configuration that a table of TOML holds.

    Raises:
        ConfigurationProblem: the table holds anything else; the first thing that is wrong.
    """
    for key in data:
        if key == "tool":
            message = "there is no table 'tool' in a file that is a configuration as a whole"
            raise ConfigurationProblem((key,), message, "leave 'tool.agentflow' out of the names")
        if key not in keys_of(Configuration):
            raise _unknown((key,), "key", keys_of(Configuration))
    configuration, breaches = fill(Configuration, from_data(data))
    if configuration is None:
        raise _wrong(breaches[0].path, data)
    _expect_known(configuration)
    return configuration


def selection_of(configuration: Configuration) -> Selection:
    """Which findings count by a configuration."""
    select = configuration.select
    return Selection(
        None if select is None else known(select),
        known(configuration.ignore),
        configuration.severities,
    )


def configuration_schema() -> str:
    """The JSON Schema of a configuration, as `schemas/config.v1.schema.json` has it."""
    from agentflow.spec.schema import model_schema

    schema = model_schema(Configuration)
    schema["$defs"]["name"] = {"description": "A rule, or a family of rules.", "enum": [*NAMES]}
    name = {"$ref": "#/$defs/name"}
    keys = schema["properties"]
    keys["select"]["anyOf"][0]["minItems"] = 1
    keys["select"]["anyOf"][0]["items"] = keys["ignore"]["items"] = name
    keys["severities"]["propertyNames"] = name
    keys["thresholds"] |= _closed(
        {rule: _closed_numbers(known) for rule, known in THRESHOLDS.items()}
    )
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:agentflow:config:v1",
        "title": "Configuration of agentflow",
    }
    return json.dumps(head | schema, indent=2) + "\n"


def _closed_numbers(known: Mapping[str, int]) -> dict[str, Json]:
    """The schema of the numbers of a rule."""
    return _closed(
        {key: {"type": "integer", "minimum": 1, "default": number} for key, number in known.items()}
    )


def _closed(properties: dict[str, Json]) -> dict[str, Json]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _wrong(path: Path, data: Mapping[str, Json]) -> ConfigurationProblem:
    """What is wrong with what stands at a path."""
    key = str(path[0])
    value: Json = data
    for part in path:
        value = value[part]
    if len(path) > 1 and key == "severities":
        choices = ", ".join(Severity)
        left_out = value in ("off", "none", "ignore", False)
        advice = f"to leave it out: ignore = [{json.dumps(path[1])}]" if left_out else ""
        return ConfigurationProblem(
            path[:2], f"{_shown(value)} is no severity", advice or f"one of: {choices}"
        )
    if len(path) > 2 and key == "thresholds":
        message = f"expected a whole number from 1 on, found {_shown(value)}"
        return ConfigurationProblem(path[:3], message, "write a number")
    return ConfigurationProblem(
        path[:1],
        f"expected {_EXPECTED[key]}, found {_shown(value)}",
        f"write {quoted(key)} as {_EXPECTED[key]}",
    )


def _shown(value: Json) -> str:
    return quoted(value) if isinstance(value, str) else quoted(json.dumps(value, default=str))


def _expect_known(configuration: Configuration) -> None:
    """Raise for the first name of no rule, no family or no number, and what can have no effect."""
    if configuration.select == []:
        message = "'select' names nothing, so that no rule would count"
        raise ConfigurationProblem(("select",), message, "leave it out for all rules")
    named: list[tuple[tuple[str | int, ...], str]] = [
        *((("select", n), name) for n, name in enumerate(configuration.select or ())),
        *((("ignore", n), name) for n, name in enumerate(configuration.ignore)),
        *((("severities", name), name) for name in configuration.severities),
    ]
    for path, name in named:
        try:
            known([name])
        except UnknownName as error:
            raise ConfigurationProblem(path, str(error), error.help) from None
    for rule, numbers in configuration.thresholds.items():
        if rule not in THRESHOLDS:
            if rule in FAMILIES:
                message = f"rule {quoted(rule)} has no numbers"
                listing = ", ".join(THRESHOLDS)
                raise ConfigurationProblem(("thresholds", rule), message, f"these have: {listing}")
            raise _unknown(("thresholds", rule), "rule", THRESHOLDS)
        for number in numbers:
            if number not in THRESHOLDS[rule]:
                raise _unknown(("thresholds", rule, number), "number", THRESHOLDS[rule])
        both = {**THRESHOLDS[rule], **numbers}
        if "warning" in both and "error" in both and both["warning"] > both["error"]:
            message = (
                f"the warnings of {quoted(rule)} begin at {both['warning']}, behind its errors, "
                f"which begin at {both['error']}"
            )
            raise ConfigurationProblem(
                ("thresholds", rule), message, "give the errors a greater number"
            )


def _unknown(path: tuple[str, ...], what: str, names: Mapping[str, object]) -> ConfigurationProblem:
    near = nearest(path[-1], names)
    listing = ", ".join(names)
    owner = f" of {quoted(path[-2])}" if len(path) > 1 else " of the configuration"
    return ConfigurationProblem(
        path,
        f"{quoted(path[-1])} is not a {what}{owner}",
        f"did you mean {quoted(near)}?" if near else f"it knows: {listing}",
    )
