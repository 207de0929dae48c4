"""A schema has a key that JSON Schema 2020-12 does not know.

JSON Schema passes over what it does not know, so nothing complains: `requried` requires nothing,
`maxlength` bounds nothing, `nullable` lets no null in, and a field that stands beside `properties`
instead of in it is no field. A key is reported if it is near to a keyword, or was one in an older
draft, or holds a schema; so is a `format` that is near to one that exists. Remarks of your own, and
keys that begin with `x-`, are let pass.

Bad:

    agentflow: 1
    name: letters
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object}
        output:
          type: object
          requried: [kind]
          properties: {kind: {enum: [question, praise]}}
    steps:
      sort: {agent: sorter}
    outputs: {kind: "${{ steps.sort.output.kind }}"}

Says:

    11:7 'requried' is no keyword of JSON Schema 2020-12 and has no effect

Good:

    agentflow: 1
    name: letters
    agents:
      sorter:
        kind: command
        argv: [./sort]
        effects: none
        input: {type: object}
        output:
          type: object
          required: [kind]
          properties: {kind: {enum: [question, praise]}}
    steps:
      sort: {agent: sorter}
    outputs: {kind: "${{ steps.sort.output.kind }}"}
"""

from collections.abc import Iterator, Mapping

from agentflow.contracts.keywords import KEYWORDS, REMARKS, TYPES, Schema
from agentflow.contracts.violations import FORMAT_EXAMPLES
from agentflow.findings import Finding, Fix, Location, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.lint.schemas import WrittenSchema, written_schemas
from agentflow.spec.wording import quoted

NAME = "misspelt-keyword"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING
FIX = Fixable.SAFE

#: What can be meant. Words so short that many a remark is near to them are left out.
_MEANT = (
    "$defs",
    "default",
    "description",
    *sorted(KEYWORDS - REMARKS - {"const", "else", "if", "not", "then"}),
)
#: Keys of older drafts, of OpenAPI and of other tools, and what to write.
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


def check(context: Context) -> Iterator[Finding]:
    """Each key, and each format, that is meant to judge and does not."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    for written in written_schemas(context.plan):
        for key, value in written.schema.items():
            if key not in KEYWORDS and not key.startswith("x-"):
                advice = _INSTEAD.get(key) or suggestions.near(key, _MEANT) or _as_field(key, value)
                if advice is not None:
                    what = f"{quoted(key)} is no keyword of JSON Schema 2020-12"
                    left = [word for word in _MEANT if word not in written.schema]
                    fix = suggestions.fix(
                        context.document, _place(context, written, key), key, left
                    )
                    yield _finding(context, written, key, what, advice, fix)
            elif key == "format" and isinstance(value, str) and value not in FORMAT_EXAMPLES:
                advice = suggestions.near(value, FORMAT_EXAMPLES)
                if advice is not None:
                    what = f"{quoted(value)} is no format of JSON Schema 2020-12"
                    yield _finding(context, written, key, what, advice)


def _as_field(key: str, value: Schema) -> str | None:
    """What to say of a key that holds a schema, and so must be meant as a field."""
    is_schema = isinstance(value, dict) and value.get("type") in TYPES
    return f"a field stands under 'properties': properties: {{{key}: …}}" if is_schema else None


def _place(context: Context, written: WrittenSchema, key: str) -> Location:
    return context.document.locate_key(written.at(key))


def _finding(
    context: Context,
    written: WrittenSchema,
    key: str,
    what: str,
    advice: str,
    fix: Fix | None = None,
) -> Finding:
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{what} and has no effect{written.where}",
        location=_place(context, written, key),
        help=advice,
        fix=fix,
    )
