"""Is it a schema? Every keyword of JSON Schema 2020-12 with a value it may have.

The forms follow the metaschema (https://json-schema.org/draft/2020-12/schema). They are written
out here because the metaschema says only that something does not match; it has the last word, so
whatever the table lets pass is still refused.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from msgspec import Struct

from agentflow.contracts.describe import described, listed, shortened
from agentflow.contracts.keywords import LIST, MAP, TYPES, Path, Schema, json_type, subschemas
from agentflow.spec.elsewhere import likely
from agentflow.spec.lookalikes import PLAINLY
from agentflow.spec.wording import quoted

#: How many values an `enum` may list: each is held against whatever the field is compared with.
MOST_CHOICES = 10_000

METASCHEMA = "https://json-schema.org/draft/2020-12/schema"


#: What YAML 1.1 reads as true and false, and others write for them.
_WORDS = {
    **dict.fromkeys(("yes", "on", "true"), True),
    **dict.fromkeys(("no", "off", "false"), False),
}


class SchemaProblem(Struct, frozen=True):
    """Why something is no schema. `path` leads to the value that is wrong."""

    path: Path
    message: str
    help: str | None = None


_Check = Callable[[str, Any, Path], Iterator[SchemaProblem]]


def check_schema(schema: Schema) -> list[SchemaProblem]:
    """What keeps `schema` from being a JSON Schema 2020-12, outer places first; empty if nothing.

    References are not followed: that is the work of `Resolver`.
    """
    problems: list[SchemaProblem] = []
    pending: deque[tuple[Path, Schema]] = deque([((), schema)])
    while pending:
        path, part = pending.popleft()
        if isinstance(part, dict):
            problems += _keyword_problems(part, path)
            pending.extend((path + step, child) for step, child in subschemas(part))
        elif not isinstance(part, bool):
            problems.append(_no_schema(part, path))
    return problems or _metaschema_problems(schema)


def _keyword_problems(schema: Mapping[Any, Any], path: Path) -> Iterator[SchemaProblem]:
    for keyword, value in schema.items():
        if not isinstance(keyword, str):
            yield _no_text(keyword, path)
        elif keyword in _FORMS:
            yield from _FORMS[keyword](keyword, value, (*path, keyword))


def _no_schema(value: Any, path: Path) -> SchemaProblem:
    """A value that stands where a schema should."""
    hint = None
    if isinstance(value, str) and value in TYPES:
        hint = f"write {{type: {value}}}"
    elif path and path[-1] == "items" and isinstance(value, list):
        hint = "schemas by position are 'prefixItems' in JSON Schema 2020-12"
    else:
        hint = _meant(value, lambda each: isinstance(each, bool))
    where = f"{quoted(str(path[-1]))} " if path else ""
    return SchemaProblem(path, f"{where}must be a schema, found {described(value)}", hint)


def _no_text(key: object, path: Path) -> SchemaProblem:
    """A key that JSON cannot have."""
    return SchemaProblem(path, f"the key {key!r} must be a text", "quote it")


def _metaschema_problems(schema: Schema) -> list[SchemaProblem]:
    """The first thing that the metaschema has against it."""
    try:
        error = next(iter(_metaschema().iter_errors(schema)), None)
    except ValueError as problem:
        return [SchemaProblem((), f"cannot be written as JSON: {shortened(str(problem))}")]
    if error is None:
        return []
    return [SchemaProblem(tuple(error.instance_path), shortened(error.message))]


@cache
def _metaschema() -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": METASCHEMA}, offline=True)


def _meant(value: Any, fits: Callable[[Any], bool]) -> str | None:
    """What to write for a text meant as another value: `no`, a quoted `0.5`, a long minus."""
    if not isinstance(value, str):
        return None
    plain = value.translate(PLAINLY).strip().lower()
    meant: bool | int | float | None = _WORDS.get(plain)
    if meant is None and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", plain):
        meant = float(plain) if "." in plain else int(plain)
    if meant is None or not fits(meant):
        return None
    written = json.dumps(meant)
    return f"write {written}{' without quotes' if written == value else ''}"


def _must(what: str, fits: Callable[[Any], bool]) -> _Check:
    """A check that the value of a keyword is `what`."""

    def check(keyword: str, value: Any, path: Path) -> Iterator[SchemaProblem]:
        if not fits(value):
            message = f"'{keyword}' must be {what}, found {described(value)}"
            yield SchemaProblem(path, message, _meant(value, fits))

    return check


def _number(value: Any) -> bool:
    return json_type(value) in ("integer", "number") and value == value  # not NaN


def _count(value: Any) -> bool:
    return json_type(value) == "integer" and value >= 0


def _type(_keyword: str, value: Any, path: Path) -> Iterator[SchemaProblem]:
    for name in value if isinstance(value, list) else [value]:
        if not isinstance(name, str):
            yield SchemaProblem(
                path, f"'type' must be a type or a list of types, found {described(value)}"
            )
        elif name not in TYPES:
            yield SchemaProblem(
                path,
                f"{quoted(name)} is not a type",
                f"did you mean {quoted(meant)}?"
                if (meant := likely(name, TYPES))
                else f"the types are {listed(TYPES, 'and')}",
            )
    if isinstance(value, list) and not value:
        yield SchemaProblem(path, "'type' must name at least one type, found an empty list")
    elif isinstance(value, list) and len(set(map(str, value))) < len(value):
        yield SchemaProblem(path, "'type' names a type twice")


def _choices(keyword: str, value: Any, path: Path) -> Iterator[SchemaProblem]:
    if not isinstance(value, list):
        message = f"'{keyword}' must be a list of values, found {described(value)}"
        yield SchemaProblem(path, message)
    elif len(value) > MOST_CHOICES:
        yield SchemaProblem(
            path,
            f"'{keyword}' lists {len(value):,} values, and {MOST_CHOICES:,} are the most",
            "say what they have in common with 'pattern', and look them up in a step",
        )


def _names(keyword: str, value: Any, path: Path) -> Iterator[SchemaProblem]:
    if not isinstance(value, list):
        hint = None
        if isinstance(value, str):
            hint = f"write {keyword}: [{value}]"
        elif isinstance(value, bool) and keyword == "required":
            hint = "name what is required beside 'properties': required: [name]"
        message = f"{quoted(keyword)} must be a list of names, found {described(value)}"
        yield SchemaProblem(path, message, hint)
        return
    seen: set[str] = set()
    for index, name in enumerate(value):
        if not isinstance(name, str):
            message = f"{quoted(keyword)} must be a list of names, found {described(name)} in it"
            yield SchemaProblem((*path, index), message)
            continue
        if name in seen:
            yield SchemaProblem((*path, index), f"{quoted(keyword)} names {quoted(name)} twice")
        seen.add(name)


def _names_by_name(keyword: str, value: Any, path: Path) -> Iterator[SchemaProblem]:
    if not isinstance(value, dict):
        yield SchemaProblem(path, f"'{keyword}' must be an object, found {described(value)}")
        return
    for name, names in value.items():
        yield from _names(name, names, (*path, name))


def _schemas(keyword: str, value: Any, path: Path) -> Iterator[SchemaProblem]:
    if not isinstance(value, list) or not value:
        found = described(value) if value != [] else "an empty list"
        message = f"'{keyword}' must be a list of at least one schema, found {found}"
        yield SchemaProblem(path, message)


def _schemas_by_name(keyword: str, value: Any, path: Path) -> Iterator[SchemaProblem]:
    if not isinstance(value, dict):
        message = f"'{keyword}' must be an object with a schema a name, found {described(value)}"
        yield SchemaProblem(path, message)
        return
    for name in value:
        if not isinstance(name, str):
            yield _no_text(name, path)
        elif keyword == "patternProperties":
            yield from _pattern(keyword, name, (*path, name))


def _pattern(keyword: str, value: Any, path: Path) -> Iterator[SchemaProblem]:
    if not isinstance(value, str):
        message = f"'{keyword}' must be a regular expression, found {described(value)}"
        yield SchemaProblem(path, message)
        return
    try:
        jsonschema_rs.Draft202012Validator({"pattern": value}, offline=True)
    except ValueError:
        yield SchemaProblem(path, f"{quoted(value)} is not a regular expression")


def _limit(keyword: str, value: Any, path: Path) -> Iterator[SchemaProblem]:
    if not _number(value):
        hint = None
        if isinstance(value, bool):
            hint = f"write the limit itself: {keyword}: 0"
        else:
            hint = _meant(value, _number)
        message = f"'{keyword}' must be a number, found {described(value)}"
        yield SchemaProblem(path, message, hint)


def _forms() -> dict[str, _Check]:
    text = _must("a text", lambda value: isinstance(value, str))
    flag = _must("true or false", lambda value: isinstance(value, bool))
    values = _must("a list of values", lambda value: isinstance(value, list))
    length = _must("a whole number from 0 on", _count)
    step = _must("a number above 0", lambda value: _number(value) and value > 0)
    by_check: list[tuple[_Check, str]] = [
        (text, "$ref $id $anchor $schema $comment $dynamicRef $dynamicAnchor format title"),
        (text, "description contentEncoding contentMediaType"),
        (flag, "uniqueItems deprecated readOnly writeOnly"),
        (values, "examples"),
        (_choices, "enum"),
        (length, "minLength maxLength minItems maxItems minContains maxContains"),
        (length, "minProperties maxProperties"),
        (step, "multipleOf"),
        (_limit, "minimum maximum exclusiveMinimum exclusiveMaximum"),
        (_type, "type"),
        (_names, "required"),
        (_names_by_name, "dependentRequired"),
        (_pattern, "pattern"),
    ]
    forms = {keyword: check for check, keywords in by_check for keyword in keywords.split()}
    forms.update(dict.fromkeys(LIST, _schemas))
    forms.update(dict.fromkeys(MAP, _schemas_by_name))
    return forms


_FORMS: Mapping[str, _Check] = _forms()
