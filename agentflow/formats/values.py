"""JSON values as text."""

import json
import re

from agentflow.spec.model import Json

#: What fits into this many characters stays on one line.
ONE_LINE = 88


def pretty(value: Json) -> str:
    """A value for people: text as it is, everything else as JSON, indented if it is long."""
    if isinstance(value, str):
        return value
    short = compact(value)
    return short if len(short) <= ONE_LINE else json.dumps(value, ensure_ascii=False, indent=2)


def compact(value: Json) -> str:
    """A value on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def document(value: Json) -> str:
    """A value as a JSON document for programs: ASCII only, so that any stream can take it."""
    return _harmless(json.dumps(value, indent=2))


def line(value: Json) -> str:
    """The same on one line."""
    return _harmless(json.dumps(value))


def _harmless(text: str) -> str:
    """The same JSON without `##[`, which CI systems take for a command wherever it stands."""
    return re.sub("#(?=#)", r"\\u0023", text) if "##" in text else text
