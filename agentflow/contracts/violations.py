"""What breaks a contract, in words that a person or a model can act on."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from agentflow.contracts.describe import (
    count,
    described,
    excerpt,
    listed,
    path_text,
    shortened,
    shown_values,
)
from agentflow.contracts.keywords import Path
from agentflow.spec.model import Json
from agentflow.spec.wording import did_you_mean

#: One value of each format that is asserted, to show what it looks like.
FORMAT_EXAMPLES: Mapping[str, str] = {
    "date": "2026-05-01",
    "date-time": "2026-05-01T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "P3DT4H",
    "email": "ada@example.org",
    "idn-email": "ada@example.org",
    "hostname": "example.org",
    "idn-hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.org/a",
    "uri-reference": "/a?b=c",
    "iri": "https://example.org/a",
    "iri-reference": "/a?b=c",
    "uri-template": "/a/{b}",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "json-pointer": "/a/0",
    "relative-json-pointer": "1/a",
    "regex": "^[a-z]+$",
}


class Violation(Struct, frozen=True):
    """One thing that a value has and its contract does not allow, or the other way round.

    `path` leads to it as one would write it, `legs[0].date`; it is empty for the value itself.
    `message` is one line; `expected` and `found` are its halves where it has two. `excerpt` is the
    offending value as JSON, cut at 80 characters. `keyword` is the word of JSON Schema that the
    value offends against, empty if there is no single one.
    """

    path: str
    message: str
    expected: str
    found: str
    excerpt: str
    keyword: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def violation(
    path: Path,
    value: Json,
    keyword: str,
    expected: str,
    found: str | None = None,
    message: str | None = None,
) -> Violation:
    """A violation at `path`, whose message is `expected …, found …` unless one is given."""
    found = found or described(value)
    return Violation(
        path=path_text(path),
        message=message or f"expected {expected}, found {found}",
        expected=expected,
        found=found,
        excerpt=excerpt(value),
        keyword=keyword,
    )


def keyword_violation(path: Path, value: Json, keyword: str, limit: Any) -> Violation:
    """The violation of one keyword that looks at the value itself, such as `minLength: 3`."""
    expected = _EXPECTED[keyword](limit) if keyword in _EXPECTED else f"'{keyword}' to hold"
    found = _MEASURED[keyword](value) if keyword in _MEASURED else described(value)
    message = f"expected {expected}, found {found}"
    if keyword == "enum" and isinstance(value, str):
        message += did_you_mean(value, (choice for choice in limit if isinstance(choice, str)))
    return violation(path, value, keyword, expected, found, message)


def choices(values: list[Json]) -> str:
    """`"a"`, or `one of "a", "b" or "c"`."""
    shown = shown_values(values, "or", excerpt)
    return shown if len(values) == 1 else f"one of {shown}"


def _types(limit: Any) -> str:
    return listed(limit, "or") if isinstance(limit, list) else str(limit)


def _format(name: str) -> str:
    article = "an" if name[0] in "aei" else "a"
    example = FORMAT_EXAMPLES.get(name)
    return f"{article} {name} like {example}" if example else f"{article} {name}"


_EXPECTED: Mapping[str, Callable[[Any], str]] = {
    "type": _types,
    "enum": choices,
    "const": excerpt,
    "minLength": lambda limit: f"at least {count(limit, 'character')}",
    "maxLength": lambda limit: f"at most {count(limit, 'character')}",
    "minItems": lambda limit: f"at least {count(limit, 'item')}",
    "maxItems": lambda limit: f"at most {count(limit, 'item')}",
    "minProperties": lambda limit: f"at least {count(limit, 'key')}",
    "maxProperties": lambda limit: f"at most {count(limit, 'key')}",
    "minimum": lambda limit: f"at least {limit}",
    "maximum": lambda limit: f"at most {limit}",
    "exclusiveMinimum": lambda limit: f"more than {limit}",
    "exclusiveMaximum": lambda limit: f"less than {limit}",
    "multipleOf": lambda limit: f"a multiple of {limit}",
    "pattern": lambda limit: f"text that matches {shortened(limit)}",
    "format": _format,
    "uniqueItems": lambda _limit: "items that all differ",
}
_MEASURED: Mapping[str, Callable[[Any], str]] = {
    "minLength": lambda value: count(len(value), "character"),
    "maxLength": lambda value: count(len(value), "character"),
    "minItems": lambda value: count(len(value), "item"),
    "maxItems": lambda value: count(len(value), "item"),
    "minProperties": lambda value: count(len(value), "key"),
    "maxProperties": lambda value: count(len(value), "key"),
    "uniqueItems": lambda _value: "an item that is there twice",
}
#: Keywords that look at the value itself and need no other keyword to be judged, most telling
#: first.
ASSERTIONS = (
    "type", "const", "enum", "pattern", "format", "minLength", "maxLength", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems",
    "minProperties", "maxProperties",
)  # fmt: skip
