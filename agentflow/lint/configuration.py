"""How a project has its specs checked: `[tool.agentflow]` in `pyproject.toml`, or `agentflow.toml`.

It concerns `validate` alone. Whether a spec can run is not a matter of configuration.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from agentflow.findings import FailOn, Severity
from agentflow.lint.rules import RULES
from agentflow.lint.selection import FAMILIES, NAMES, Selection, UnknownName, known
from agentflow.spec.document import Path
from agentflow.spec.filling import fill
from agentflow.spec.model import Json, Node
from agentflow.spec.nearest import nearest, nearest_choice
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
    """How severe a finding has to be for exit code 1."""

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


#: What stands below a key, in words; by the key and by how far below.
_BELOW = {
    ("select", 1): "the name of a rule or a family",
    ("ignore", 1): "the name of a rule or a family",
    ("per_file_ignores", 1): "a list of rules and families",
    ("per_file_ignores", 2): "the name of a rule or a family",
    ("exclude", 1): "a pattern",
    ("thresholds", 1): "a table of numbers",
    ("thresholds", 2): "a whole number from 1 on",
}


class Problem(Struct, frozen=True):
    """Something is wrong with a configuration, at a path of keys; `help` says how to mend it.

    `item` is the text of the item of a list that it is about.
    """

    path: Path
    message: str
    help: str
    item: str = ""


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
        if () in inside:
            continue
        if inside and isinstance(value, list):
            gone = {path[0] for path in inside}
            kept[key] = [item for number, item in enumerate(value) if number not in gone]
        else:
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
        left_out = value in ("off", "none", "ignore", False)
        near = _meant(value, Severity) or f"one of: {', '.join(Severity)}"
        ignored = f"to leave it out: ignore = [{json.dumps(path[1])}]"
        return Problem(path, f"{_shown(value)} is no severity", ignored if left_out else near)
    wanted = _BELOW[key, len(path) - 1] if len(path) > 1 else _EXPECTED[key]
    names = [str(part) for part in path if isinstance(part, str)]
    advice = _meant(value, FailOn) if key == "fail_on" else None
    if isinstance(path[-1], str):
        advice = advice or f"write {quoted(names[-1])} as {wanted}"
    return Problem(
        path,
        f"expected {wanted}, found {_shown(value)}",
        advice or f"every item of {quoted(names[-1])} is one",
        "" if isinstance(path[-1], str) else _as_written(value),
    )


def _meant(value: Json, choices: Iterable[str]) -> str | None:
    """The choice that may be meant."""
    near = nearest_choice(value, choices) if isinstance(value, str) else None
    return None if near is None else f"did you mean {quoted(near)}?"


def _shown(value: Json) -> str:
    """A value as a message shows it: texts in quotes, and what else there is as it is."""
    return quoted(value) if isinstance(value, str) else _as_written(value)


def _as_written(value: Json) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


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
            item = "" if path[0] == "severities" else _as_written(name)
            yield Problem(path, str(error), error.help, item)


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
