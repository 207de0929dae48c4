"""How a project has its specs checked: `[tool.agentflow]` in `pyproject.toml`, or `agentflow.toml`.

It concerns `validate` alone. Whether a spec can run is not a matter of configuration.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

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

    per_file_ignores: dict[str, Names] = {}
    """Rules and families that do not count in some files, by patterns as in `exclude`."""

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
    "per_file_ignores": "a table with a list of rules and families for each pattern",
    "severities": "a table with error, warning or advice for rules and families",
    "fail_on": "error, warning, advice or never",
    "drilled": "true or false",
    "exclude": "a list of patterns",
    "thresholds": "a table with a table of numbers for each rule",
}


class Problem(Struct, frozen=True):
    """Something is wrong with a configuration, at a path of keys; `help` says how to mend it."""

    path: Path
    message: str
    help: str


class ConfigurationProblem(Exception):
    """All that is wrong with a configuration, at least one thing."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


def parse_configuration(data: Mapping[str, Json]) -> Configuration:
    """The configuration that a table of TOML holds.

    Raises:
        ConfigurationProblem: the table holds anything else.
    """
    keys = keys_of(Configuration)
    problems = [_no_key(key) for key in data if key not in keys]
    kept = {key: value for key, value in data.items() if key in keys}
    configuration, breaches = fill(Configuration, from_data(kept))
    if configuration is None:
        wrong = {(each := _wrong(breach.path, kept)).path: each for breach in breaches}
        problems += wrong.values()
        # What is said beside it is looked at all the same.
        configuration, _ = fill(Configuration, from_data(_without(kept, wrong)))
        assert configuration is not None
    problems += _unknown_names(configuration)
    problems += _senseless_numbers(configuration)
    if problems:
        raise ConfigurationProblem(problems)
    return configuration


def _without(table: Mapping[str, Json], paths: Collection[Path]) -> dict[str, Json]:
    """A table without what stands at some paths in it."""
    kept: dict[str, Json] = {}
    for key, value in table.items():
        inside = [path[1:] for path in paths if path[0] == key]
        if () not in inside:
            kept[key] = _without(value, inside) if inside else value
    return kept


def _no_key(key: str) -> Problem:
    if key == "tool":
        message = "there is no table 'tool' in a file that is a configuration as a whole"
        return Problem((key,), message, "leave 'tool.agentflow' out of the names")
    return _unknown((key,), "key", keys_of(Configuration))


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
    keys["per_file_ignores"]["additionalProperties"]["items"] = name
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


def _wrong(path: Path, data: Mapping[str, Json]) -> Problem:
    """What is wrong with what stands at a path."""
    key = str(path[0])
    value: Json = data
    for part in path:
        value = value[part]
    if len(path) > 1 and key == "severities":
        choices = ", ".join(Severity)
        left_out = value in ("off", "none", "ignore", False)
        advice = f"to leave it out: ignore = [{json.dumps(path[1])}]" if left_out else ""
        return Problem(path[:2], f"{_shown(value)} is no severity", advice or f"one of: {choices}")
    if len(path) > 2 and key == "thresholds":
        message = f"expected a whole number from 1 on, found {_shown(value)}"
        return Problem(path[:3], message, "write a number")
    return Problem(
        path[:1],
        f"expected {_EXPECTED[key]}, found {_shown(value)}",
        f"write {quoted(key)} as {_EXPECTED[key]}",
    )


def _shown(value: Json) -> str:
    return quoted(value) if isinstance(value, str) else quoted(json.dumps(value, default=str))


def _unknown_names(configuration: Configuration) -> Iterator[Problem]:
    """Names of no rule and no family, and a list that names nothing."""
    if configuration.select == []:
        message = "'select' names nothing, so that no rule would count"
        yield Problem(("select",), message, "leave it out for all rules")
    lists: dict[Path, Names] = {
        ("select",): configuration.select or [],
        ("ignore",): configuration.ignore,
        **{("per_file_ignores", at): names for at, names in configuration.per_file_ignores.items()},
    }
    named: list[tuple[Path, str]] = [
        ((*path, number), name)
        for path, names in lists.items()
        for number, name in enumerate(names)
    ]
    named += [(("severities", name), name) for name in configuration.severities]
    for path, name in named:
        try:
            known([name])
        except UnknownName as error:
            yield Problem(path, str(error), error.help)


def _senseless_numbers(configuration: Configuration) -> Iterator[Problem]:
    """Numbers of rules that have none, and those that can have no effect."""
    for rule, numbers in configuration.thresholds.items():
        if rule not in THRESHOLDS and rule in FAMILIES:
            message = f"rule {quoted(rule)} has no numbers"
            yield Problem(("thresholds", rule), message, f"these have: {', '.join(THRESHOLDS)}")
            continue
        if rule not in THRESHOLDS:
            yield _unknown(("thresholds", rule), "rule", THRESHOLDS)
            continue
        for number in numbers:
            if number not in THRESHOLDS[rule]:
                yield _unknown(("thresholds", rule, number), "number", THRESHOLDS[rule])
        both = {**THRESHOLDS[rule], **numbers}
        if "warning" in both and "error" in both and both["warning"] > both["error"]:
            message = (
                f"the warnings of {quoted(rule)} begin at {both['warning']}, behind its errors, "
                f"which begin at {both['error']}"
            )
            yield Problem(("thresholds", rule), message, "give the errors a greater number")


def _unknown(path: tuple[str, ...], what: str, names: Mapping[str, object]) -> Problem:
    near = nearest(path[-1], names)
    listing = ", ".join(names)
    owner = f" of {quoted(path[-2])}" if len(path) > 1 else " of the configuration"
    return Problem(
        path,
        f"{quoted(path[-1])} is not a {what}{owner}",
        f"did you mean {quoted(near)}?" if near else f"it knows: {listing}",
    )
