"""JSON values as text."""

import json
import re

from agentflow.spec.model import Json

#: An escape of JSON; in groups of their own, a pair of surrogates, and one alone.
_ESCAPE = re.compile(r"\\(?:(ud[89ab]..\\ud[c-f]..)|(ud[89a-f]..)|.)")
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
    """The same JSON without what a reader stumbles over.

    CI systems take `##[` for a command wherever it stands. Half a character, as in the name of a file that
    is no text, is refused by strict parsers of JSON (RFC 8259, 8.2), so it is spelled out.
    """
    if "##" in text:
        text = re.sub("#(?=#)", r"\\u0023", text)
    return _ESCAPE.sub(_spelled_out, text) if r"\ud" in text else text


def _spelled_out(found: re.Match[str]) -> str:
    return found[0] if found[2] is None else f"\\{found[0]}"
