"""A schema has a key that is not a keyword of JSON Schema 2020-12.

JSON Schema ignores keywords that it does not know, so nothing complains: `requried` requires
nothing, `maxlength` limits nothing, `nullable` does not allow null, and a field that is written
beside `properties` instead of inside it is no field. A key is reported if it resembles a keyword,
was one in an older draft, or holds a schema; so is a `format` that resembles an existing one. Your
own annotations and keys that begin with `x-` are not reported.

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

from collections.abc import Iterator

from agentflow.contracts.violations import FORMAT_EXAMPLES
from agentflow.findings import Finding, Fix, Location, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family, Fixable
from agentflow.lint.schemas import WrittenSchema, written_schemas
from agentflow.lint.slips import MEANT, instead
from agentflow.spec.wording import quoted

NAME = "misspelt-keyword"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING
FIX = Fixable.SAFE


def check(context: Context) -> Iterator[Finding]:
    """Each key, and each format, that is meant to judge and does not."""
    if context.plan is None:
        return
    suggestions = Suggestions()
    for written in written_schemas(context.plan):
        for key, value in written.schema.items():
            advice = instead(key, value, suggestions)
            if advice is not None:
                what = f"{quoted(key)} is no keyword of JSON Schema 2020-12"
                left = [word for word in MEANT if word not in written.schema]
                place = context.document.locate_key(written.at(key))
                fix = suggestions.fix(context.document, place, key, left)
                yield _finding(written, place, what, advice, fix)
            elif key == "format" and isinstance(value, str) and value not in FORMAT_EXAMPLES:
                advice = suggestions.near(value, FORMAT_EXAMPLES)
                if advice is not None:
                    what = f"{quoted(value)} is no format of JSON Schema 2020-12"
                    place = context.document.locate_key(written.at(key))
                    yield _finding(written, place, what, advice)


def _finding(
    written: WrittenSchema,
    place: Location,
    what: str,
    advice: str,
    fix: Fix | None = None,
) -> Finding:
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{what} and has no effect{written.where}",
        location=place,
        help=advice,
        fix=fix,
    )
