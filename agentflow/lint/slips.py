"""Keys of schemas that were meant to be keywords of JSON Schema and are not."""

from collections.abc import Mapping

from agentflow.contracts.keywords import KEYWORDS, REMARKS, TYPES, Schema, subschemas
from agentflow.lint.names import Suggestions

#: Words so short that many a remark is near to them.
_SHORT = frozenset({"const", "else", "if", "not", "then"})
#: Keywords that may be meant by a key that is near to them.
MEANT = (
    "$defs",
    "default",
    "description",
    *sorted(KEYWORDS - REMARKS - _SHORT),
)
#: Keys of older drafts, of OpenAPI and of other tools, and what to write instead.
_INSTEAD: Mapping[str, str] = {
    "additionalItems": "write 'items' beside 'prefixItems'",
    "dependencies": "write 'dependentRequired' or 'dependentSchemas'",
    "disallow": "write 'not'",
    "divisibleBy": "write 'multipleOf'",
    "extends": "write 'allOf'",
    "max": "write 'maximum', 'maxLength' or 'maxItems'",
    "min": "write 'minimum', 'minLength' or 'minItems'",
    "nullable": 'write a list of types: type: [string, "null"]',
    "regex": "write 'pattern'",
}


def instead(key: str, value: Schema, suggestions: Suggestions) -> str | None:
    """What to write for a key that is no keyword; None if it is one, or a remark."""
    if key in KEYWORDS or key.startswith("x-"):
        return None
    return _INSTEAD.get(key) or _near(key, suggestions) or _as_field(key, value)


def _near(key: str, suggestions: Suggestions) -> str | None:
    """What a key is near to; to the short keywords nothing is but what has the same letters."""
    plain = key.strip("_").lower()
    return f"did you mean '{plain}'?" if plain in _SHORT else suggestions.near(key, MEANT)


def has_slip(contract: Schema) -> bool:
    """Does a contract, or a schema inside it, have a key that must be a slip for another?"""
    suggestions = Suggestions()
    pending = [contract]
    while pending:
        schema = pending.pop()
        if not isinstance(schema, Mapping):
            continue
        if any(instead(key, value, suggestions) for key, value in schema.items()):
            return True
        pending += [inner for _, inner in subschemas(schema)]
    return False


def _as_field(key: str, value: Schema) -> str | None:
    """The help for a key that holds a schema, and so must be meant as a field."""
    is_schema = isinstance(value, dict) and value.get("type") in TYPES
    return f"a field stands under 'properties': properties: {{{key}: …}}" if is_schema else None
