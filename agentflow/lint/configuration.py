"""What a project says about how its specs are checked: `[tool.agentflow]` in `pyproject.toml`, or
`agentflow.toml`.

It is about `validate` alone. Whether a spec can run is not a matter of configuration.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agentflow.findings import FailOn, Severity
from agentflow.lint.rules import RULES
from agentflow.lint.selection import FAMILIES, NAMES, Selection, UnknownName, known
from agentflow.spec.model import Json
from agentflow.spec.nearest import nearest
from agentflow.spec.wording import quoted

#: The rules that have numbers, with the numbers they have by default.
THRESHOLDS: Mapping[str, Mapping[str, int]] = {
    rule.NAME: numbers for rule in RULES if (numbers := getattr(rule, "THRESHOLDS", None))
}


Names = tuple[str, ...]
Number = Annotated[int, Field(ge=1, strict=True)]


class Configuration(BaseModel):
    """How `agentflow validate` checks the specs of a project."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Configuration of agentflow")

    select: Names | None = Field(
        None, description="Rules and families that count; without it, all of them."
    )
    ignore: Names = Field((), description="Rules and families that do not count.")
    severities: dict[str, Severity] = Field(
        {},
        description="Another severity for the findings of a rule or a family.",
    )
    fail_on: FailOn = Field(
        FailOn.ERROR, description="How grave a finding has to be for exit code 1."
    )
    drilled: bool = Field(
        False,
        strict=True,
        description="The receipts of drills are held against the specs, as with `--drilled`.",
    )
    exclude: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (),
        description="Files and folders that are passed over, by their path from the folder of this"
        " file; * stands for anything, and a pattern without a slash is a name in any folder.",
    )
    thresholds: dict[str, dict[str, Number]] = Field(
        {},
        description="Other numbers for the rules that have some.",
        json_schema_extra={
            "additionalProperties": False,
            "properties": {
                name: {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        key: {"type": "integer", "minimum": 1, "default": number}
                        for key, number in numbers.items()
                    },
                }
                for name, numbers in THRESHOLDS.items()
            },
        },
    )


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
        if key not in Configuration.model_fields:
            raise _unknown((key,), "key", Configuration.model_fields)
    try:
        configuration = Configuration.model_validate(data)
    except ValidationError as error:
        raise _wrong(error.errors()[0]) from None
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
    schema = Configuration.model_json_schema()
    schema["$defs"]["name"] = {"description": "A rule, or a family of rules.", "enum": [*NAMES]}
    name = {"$ref": "#/$defs/name"}
    keys = schema["properties"]
    keys["select"]["anyOf"][0]["minItems"] = 1
    keys["select"]["anyOf"][0]["items"] = keys["ignore"]["items"] = name
    keys["severities"]["propertyNames"] = name
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:agentflow:config:v1",
    }
    return json.dumps(head | schema, indent=2) + "\n"


def _wrong(complaint: Any) -> ConfigurationProblem:
    """The first complaint of pydantic in words of ours."""
    path: tuple[str | int, ...] = complaint["loc"]
    key = str(path[0])
    if len(path) > 1 and key == "severities":
        choices = ", ".join(Severity)
        name = str(path[1])
        left_out = complaint["input"] in ("off", "none", "ignore", False)
        advice = f"to leave it out: ignore = [{json.dumps(name)}]" if left_out else ""
        return ConfigurationProblem(
            path[:2], f"{_shown(complaint)} is no severity", advice or f"one of: {choices}"
        )
    if len(path) > 2 and key == "thresholds":
        message = f"expected a whole number from 1 on, found {_shown(complaint)}"
        return ConfigurationProblem(path[:3], message, "write a number")
    return ConfigurationProblem(
        path[:1],
        f"expected {_EXPECTED[key]}, found {_shown(complaint)}",
        f"write {quoted(key)} as {_EXPECTED[key]}",
    )


def _shown(complaint: Any) -> str:
    value = complaint["input"]
    return quoted(value) if isinstance(value, str) else quoted(json.dumps(value, default=str))


def _expect_known(configuration: Configuration) -> None:
    """Raise for the first name of no rule, no family or no number, and what can have no effect."""
    if configuration.select == ():
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
